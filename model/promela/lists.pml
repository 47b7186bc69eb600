/* SPDX-License-Identifier: MIT
 * Memfds, and udmabuf's lists of their pages: DBUF-UDM. Slots: MEMFDS, each of PAGES pages. What the pages hold is not told
 * apart; a memfd that is gone may have left pages to a buffer, so its slot is empty until no buffer is there.
 * Profile: EMPTY_ITEMS (UDM-009), FUTURE_WRITE_TAKEN (UDM-003), STAYS_WHILE_MAPPED (UDM-013).
 */
#define N1(X, ...) X(0, __VA_ARGS__)
#define N2(X, ...) N1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define EACH_N JOIN(N, MEMFDS)
/* Whatever an item may name: a memfd, nothing, or something else. X(name, open, suited, ...) */
#define I1(X, ...) X("n0", MEMFD_OPEN(0), SUITED(0), __VA_ARGS__)
#define I2(X, ...) I1(X, __VA_ARGS__) X("n1", MEMFD_OPEN(1), SUITED(1), __VA_ARGS__)
#define EACH_L(X, ...) JOIN(I, MEMFDS)(X, __VA_ARGS__) X("bad", false, false, __VA_ARGS__) X("foreign", false, false, __VA_ARGS__)
#define QI1(X, ...) X("n0", MEMFD_OPEN(0), SUITED(0), __VA_ARGS__)
#define QI2(X, ...) QI1(X, __VA_ARGS__) X("n1", MEMFD_OPEN(1), SUITED(1), __VA_ARGS__)
#define ALL_L(X, ...) JOIN(QI, MEMFDS)(X, __VA_ARGS__) X("bad", false, false, __VA_ARGS__) X("foreign", false, false, __VA_ARGS__)

#define CLOSED 0
#define OPENED 1
#define GONE 2
#define FOR_SHRINK 0
#define FOR_NONE 1
#define FOR_WRITE 2
#define FOR_FUTURE_WRITE 3
#define NOT_FOR_SEALING 4
byte mem[MEMFDS];
byte seal[MEMFDS];           /* what it is sealed for, beside shrinking where that is not none */
#define MEMFD_OPEN(n) (mem[n] == OPENED)
#ifdef FUTURE_WRITE_TAKEN
#define SUITED(n) (seal[n] == FOR_SHRINK || seal[n] == FOR_FUTURE_WRITE)
#else
#define SUITED(n) (seal[n] == FOR_SHRINK)
#endif
#define IS_THERE(b, n) || buf[b] == LIVE || buf[b] == DYING
#define IS_MAPPED(v, n) || vma[v] > 0
#ifdef STAYS_WHILE_MAPPED
#define MAY_CLOSE(n) !(false ALL_V(IS_MAPPED, n))
#else
#define MAY_CLOSE(n) true
#endif

#define MEMFD_FREE(n) (mem[n] == CLOSED || (mem[n] == GONE && !(false ALL_B(IS_THERE, n))))
#define MEMFD(n, name, what) \
  NO_FD("memfd n" #n " pages=" TEXT(PAGES) " seals=" name, 0, MEMFD_FREE(n)) \
  OP("memfd n" #n " pages=" TEXT(PAGES) " seals=" name, MEMFD_FREE(n) && ROOM(0), \
     mem[n] = OPENED; seal[n] = what)
#define MEMFD_N(n, ...) \
  MEMFD(n, "shrink", FOR_SHRINK) MEMFD(n, "none", FOR_NONE) MEMFD(n, "shrink|write", FOR_WRITE) \
  MEMFD(n, "shrink|future_write", FOR_FUTURE_WRITE) MEMFD(n, "not_for_sealing", NOT_FOR_SEALING) \
  STEP("close_memfd n" #n, MEMFD_OPEN(n) && MAY_CLOSE(n), mem[n] = GONE; seal[n] = 0) \
  OP("read_memfd n" #n " page=0", MEMFD_OPEN(n), skip) \
  OP("write_memfd n" #n " page=0 tag=0x1", MEMFD_OPEN(n) && seal[n] != FOR_WRITE && seal[n] != FOR_FUTURE_WRITE, skip) \
  REFUSE("write_memfd n" #n " page=0 tag=0x1", EPERM, MEMFD_OPEN(n) && (seal[n] == FOR_WRITE || seal[n] == FOR_FUTURE_WRITE))

/* Items are looked at one after the other: is a memfd open there (EBADFD, for whatever else is there, too), is it
 * sealed as it must be, does it have those pages (EINVAL)? Before that the list is, as a whole (UDM-001). */
#define CAN_LIST(b, f) (UNBORN(b) && fd[f] == 0)
#define MADE_LIST(b, f) BORN(b, FIRST_PLACE); count[b] = 1; fd[f] = b + 1; SET_PROCESS(f, 0)
#define LIST_NAME(b, f, first, items, second, more, form) "create_list b" #b " f" #f " " first items second more form
#define SINGLE(first, open, suited, b, f, from, fits) \
  NO_FD(LIST_NAME(b, f, first, " from=" #from " pages=" TEXT(PAGES) " ", "n0", " from2=0 pages2=0 ", "single"), 0, \
     CAN_LIST(b, f) && open && suited && fits) \
  OP(LIST_NAME(b, f, first, " from=" #from " pages=" TEXT(PAGES) " ", "n0", " from2=0 pages2=0 ", "single"), \
     CAN_LIST(b, f) && open && suited && fits && ROOM(0), MADE_LIST(b, f)) \
  REFUSE(LIST_NAME(b, f, first, " from=" #from " pages=" TEXT(PAGES) " ", "n0", " from2=0 pages2=0 ", "single"), EBADFD, \
         CAN_LIST(b, f) && !open) \
  REFUSE(LIST_NAME(b, f, first, " from=" #from " pages=" TEXT(PAGES) " ", "n0", " from2=0 pages2=0 ", "single"), EINVAL, \
         CAN_LIST(b, f) && open && !(suited && fits))
#define OF_TWO(second, open2, suited2, b, f, first, open, suited, form) \
  NO_FD(LIST_NAME(b, f, first, " from=0 pages=1 ", second, " from2=1 pages2=1 ", form), 0, \
     CAN_LIST(b, f) && open && suited && open2 && suited2) \
  OP(LIST_NAME(b, f, first, " from=0 pages=1 ", second, " from2=1 pages2=1 ", form), \
     CAN_LIST(b, f) && open && suited && open2 && suited2 && ROOM(0), MADE_LIST(b, f)) \
  REFUSE(LIST_NAME(b, f, first, " from=0 pages=1 ", second, " from2=1 pages2=1 ", form), EBADFD, \
         CAN_LIST(b, f) && (!open || (suited && !open2))) \
  REFUSE(LIST_NAME(b, f, first, " from=0 pages=1 ", second, " from2=1 pages2=1 ", form), EINVAL, \
         CAN_LIST(b, f) && open && (!suited || (open2 && !suited2)))
#define LIST_OF(first, open, suited, b, f) \
  SINGLE(first, open, suited, b, f, 0, true) ALL_L(OF_TWO, b, f, first, open, suited, "list")
#define REFUSE_LIST(b, f, n, form, errno) \
  REFUSE(LIST_NAME(b, f, n, " from=0 pages=1 ", n, " from2=1 pages2=1 ", form), errno, CAN_LIST(b, f))
#define REFUSE_LISTS(b, f, n) \
  REFUSE_LIST(b, f, n, "empty", EINVAL) REFUSE_LIST(b, f, n, "too_many", EINVAL) REFUSE_LIST(b, f, n, "too_large", EINVAL) \
  REFUSE_LIST(b, f, n, "odd_offset", EINVAL) REFUSE_LIST(b, f, n, "odd_size", EINVAL) REFUSE_LIST(b, f, n, "unmapped", EFAULT)
#if PLANT == 19
#define PAST_ITS_END true
#else
#define PAST_ITS_END false
#endif
#ifdef EMPTY_ITEMS
#define TAKES_NOTHING true
#else
#define TAKES_NOTHING false
#endif
#define LIST_WITH_EMPTY(b, f) LIST_NAME(b, f, "n0", " from=0 pages=" TEXT(PAGES) " ", "n0", " from2=0 pages2=0 ", "list")
#define LIST(f, b) \
  EACH_L(LIST_OF, b, f) \
  REFUSE(LIST_NAME(b, f, "n0", " from=0 pages=0 ", "n0", " from2=0 pages2=0 ", "single"), EINVAL, CAN_LIST(b, f)) \
  REFUSE(LIST_NAME(b, f, "n0", " from=0 pages=0 ", "n0", " from2=0 pages2=0 ", "list"), EINVAL, CAN_LIST(b, f)) \
  NO_FD(LIST_WITH_EMPTY(b, f), 0, CAN_LIST(b, f) && MEMFD_OPEN(0) && SUITED(0) && TAKES_NOTHING) \
  OP(LIST_WITH_EMPTY(b, f), CAN_LIST(b, f) && MEMFD_OPEN(0) && SUITED(0) && TAKES_NOTHING && ROOM(0), MADE_LIST(b, f)) \
  REFUSE(LIST_WITH_EMPTY(b, f), EBADFD, CAN_LIST(b, f) && !MEMFD_OPEN(0)) \
  REFUSE(LIST_WITH_EMPTY(b, f), EINVAL, CAN_LIST(b, f) && MEMFD_OPEN(0) && !(SUITED(0) && TAKES_NOTHING)) \
  SINGLE("n0", MEMFD_OPEN(0), SUITED(0), b, f, 1, PAST_ITS_END) \
  OF_TWO("n0", MEMFD_OPEN(0), SUITED(0), b, f, "n0", MEMFD_OPEN(0), SUITED(0), "odd") \
  OF_TWO("bad", false, false, b, f, "bad", false, false, "odd") \
  REFUSE_LISTS(b, f, "n0") REFUSE_LISTS(b, f, "bad")
#define LIST_B(b, ...) EACH_F(LIST, b)
#if PAGES != 2
#error "items are written down for memfds of two pages"
#endif
