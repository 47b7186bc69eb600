/* SPDX-License-Identifier: MIT
 * Handles on two open files of one DRM device: DBUF-PRM. A handle names an object; a file has at most one of each (PRM-005).
 * CREATE_DUMB makes an object that is no buffer, the first export makes the buffer (PRM-009). Each file that has a handle
 * to a buffer holds a reference on it, and its object holds another as long as there is any handle (PRM-006, PRM-010).
 * Alphabet: HANDLES, which then says which file; ODD_EXPORTS: also sizes, access modes and flags that are refused.
 */
#define SHARED 1
#define UNSHARED 2           /* a handle to what is no buffer yet */
byte second[BUFFERS];        /* the handle on the second file, as `handle` is the one on the first */
#define HANDLELESS(b) (handle[b] == 0 && second[b] == 0)
#define HELD_BY_HANDLES(b) \
  ((handle[b] == SHARED) + (second[b] == SHARED) + (handle[b] == SHARED || second[b] == SHARED) * (OWN_REFERENCES - 1))

/* What is asked for is looked at before there is a question whose handle it is (PRM-001). */
#ifdef ODD_EXPORTS
#define CREATE_DUMB_EMPTY(b) REFUSE("create_dumb b" #b " pages=0", EINVAL, UNBORN(b))
#define SHARE_ODD(b, f, word) \
  REFUSE("handle_to_fd b" #b " f" #f " access=wo" word, EINVAL, fd[f] == 0) \
  REFUSE("handle_to_fd b" #b " f" #f " access=rw" word " flags=unknown", EINVAL, fd[f] == 0)
#else
#define CREATE_DUMB_EMPTY(b)
#define SHARE_ODD(b, f, word)
#endif
#define CREATE_DUMB(b) \
  OP("create_dumb b" #b " pages=" TEXT(PAGES), UNBORN(b), handle[b] = UNSHARED) \
  CREATE_DUMB_EMPTY(b)

/* The access mode is the first export's (PRM-003); later ones find the buffer there is (PRM-002). */
#define SHARE_AS(b, f, h, word, x, name) \
  SHARE_FULL(b, f, h, "handle_to_fd b" #b " f" #f " access=" name word, x) \
  OP("handle_to_fd b" #b " f" #f " access=" name word, h[b] == UNSHARED && fd[f] == 0 && ROOM(0), \
     BORN(b, FIRST_PLACE); SET_ACCESS(b, x); h[b] = SHARED; count[b] = 1 + OWN_REFERENCES; fd[f] = b + 1; SET_PROCESS(f, 0)) \
  OP("handle_to_fd b" #b " f" #f " access=" name word, h[b] == SHARED && fd[f] == 0 && ROOM(0), \
     TAKE(b); fd[f] = b + 1; SET_PROCESS(f, 0)) \
  REFUSE("handle_to_fd b" #b " f" #f " access=" name word, ENOENT, h[b] == 0 && fd[f] == 0 && LOOKED_UP)
/* PRM-019: up to 6.8 everything but the fd is there when there is no number for it, and stays; from 6.12 nothing is. */
#ifdef RESERVES_FIRST
#define LOOKED_UP ROOM(0)
#define SHARE_FULL(b, f, h, label, x) NO_FD(label, 0, fd[f] == 0)
#else
#define LOOKED_UP true
#if PLANT == 21
#define LEFT(b, h, x) skip
#else
#define LEFT(b, h, x) BORN(b, FIRST_PLACE); SET_ACCESS(b, x); h[b] = SHARED; count[b] = OWN_REFERENCES
#endif
#define SHARE_FULL(b, f, h, label, x) \
  NO_FD_FOR(label, 0, h[b] == UNSHARED && fd[f] == 0, LEFT(b, h, x)) \
  NO_FD(label, 0, h[b] == SHARED && fd[f] == 0)
#endif
#ifdef ACCESS_MODES
#define SHARE(b, f, h, word) SHARE_AS(b, f, h, word, RW, "rw") SHARE_AS(b, f, h, word, RO, "ro") SHARE_ODD(b, f, word)
#else
#define SHARE(b, f, h, word) SHARE_AS(b, f, h, word, RW, "rw") SHARE_ODD(b, f, word)
#endif
#define SHARE_F(f, b) SHARE(b, f, handle, "") SHARE(b, f, second, " second")
#define PRIME_B(b, ...) CREATE_DUMB(b) EACH_F(SHARE_F, b)

/* A handle the file has already is found again (PRM-005). A new one is a reference, and if it is the only one, the
 * object gets its own again (PRM-011). The files are open in the first process. */
#if PLANT == 18
#define FOUND_AGAIN(label, condition) REFUSE(label, EINVAL, condition)
#else
#define FOUND_AGAIN(label, condition) OP(label, condition, skip)
#endif
#define IMPORT_HANDLE(b, f, h, other, word) \
  FOUND_AGAIN("fd_to_handle f" #f word, fd[f] == b + 1 && PROCESS(f) == 0 && h[b] == SHARED) \
  OP("fd_to_handle f" #f word, fd[f] == b + 1 && PROCESS(f) == 0 && h[b] == 0 && other[b] == SHARED, TAKE(b); h[b] = SHARED) \
  OP("fd_to_handle f" #f word, fd[f] == b + 1 && PROCESS(f) == 0 && h[b] == 0 && other[b] == 0, \
     count[b] = count[b] + OWN_REFERENCES; h[b] = SHARED)
#define IMPORT_HANDLE_B(b, f) IMPORT_HANDLE(b, f, handle, second, "") IMPORT_HANDLE(b, f, second, handle, " second")
#define IMPORT_HANDLE_F(f, ...) \
  EACH_B(IMPORT_HANDLE_B, f) \
  REFUSE("fd_to_handle f" #f, EBADF, fd[f] == 0) REFUSE("fd_to_handle f" #f " second", EBADF, fd[f] == 0)
#define IMPORT_HANDLE_NONE(word) \
  REFUSE("fd_to_handle bad" word, EBADF, true) REFUSE("fd_to_handle foreign" word, EINVAL, true)

#define CLOSE_HANDLE_OF(b, h, other, word) \
  STEP("close_handle b" #b word, h[b] == UNSHARED, h[b] = 0) \
  STEP("close_handle b" #b word, h[b] == SHARED && other[b] != 0, h[b] = 0; DROP(b)) \
  STEP("close_handle b" #b word, h[b] == SHARED && other[b] == 0, h[b] = 0; DROP_N(b, OWN_REFERENCES)) \
  REFUSE("close_handle b" #b word, EINVAL, h[b] == 0)
#define CLOSE_HANDLE(b, ...) CLOSE_HANDLE_OF(b, handle, second, "") CLOSE_HANDLE_OF(b, second, handle, " second")
