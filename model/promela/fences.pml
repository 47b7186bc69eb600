/* SPDX-License-Identifier: MIT
 * Fences, polls and sync_files: DBUF-FEN, POL, SFE, SFI, SYF, and what waits for a fence (CPU-003, MAP-015).
 *
 * A configuration defines
 *   slots     FENCES, SYNC_FILES
 *   alphabet  FENCE_USAGES (each usage a fence may have), and any of POLLS SYNC_FILE_EXPORTS SYNC_FILE_IMPORTS MERGES
 *             FILE_INFOS SYNC_FILE_POLLS SYNC_FILE_CLOSES; IMPORT_AS (only as WRITE, or READ)
 *   profile   TIMELINES (fences may share one) FENCE_ERRORS REFUSES_CONFLICTS NO_SYNC_FILE NO_POLL_REFERENCE
 */

/* enum dma_resv_usage: who asks for one gets those before it, too. */
#define KERNEL 0
#define WRITE 1
#define READ 2
#define BOOKKEEP 3
#define U_KERNEL(X, ...) X(KERNEL, "kernel", __VA_ARGS__)
#define U_WRITE(X, ...) X(WRITE, "write", __VA_ARGS__)
#define U_READ(X, ...) X(READ, "read", __VA_ARGS__)
#define U_BOOKKEEP(X, ...) X(BOOKKEEP, "bookkeep", __VA_ARGS__)
#define ONLY_WRITE 1
#define ONLY_READ 2
#define BOTH 3
#define ALL 4
#if FENCE_USAGES == ONLY_WRITE
#define EACH_USAGE U_WRITE
#elif FENCE_USAGES == ONLY_READ
#define EACH_USAGE U_READ
#elif FENCE_USAGES == BOTH
#define EACH_USAGE(X, ...) U_WRITE(X, __VA_ARGS__) U_READ(X, __VA_ARGS__)
#else
#define EACH_USAGE(X, ...) \
  U_KERNEL(X, __VA_ARGS__) U_WRITE(X, __VA_ARGS__) U_READ(X, __VA_ARGS__) U_BOOKKEEP(X, __VA_ARGS__)
#endif

/* -- the state ----------------------------------------------------------------------------------------------- */
#define NEW 0
#define PENDING_FENCE 1
#define DONE 2
#define FAILED 3
byte fence[FENCES];
byte line[FENCES];      /* the timeline it is on: 0 one of its own, 1 the shared one */
byte older[FENCES];     /* of the fences that are pending, how many were made before it */
/* A reservation: entries in its order, each the fence + 2, or 1 for one whose fence has signalled: a place to fill. */
#define ENTRIES 6
#define FILLABLE 1
byte entry[BUFFERS * ENTRIES];
byte usage[BUFFERS * ENTRIES];
byte armed_in[BUFFERS]; /* the fence + 1 that the slot waits for */
byte armed_out[BUFFERS];
#if SYNC_FILES > 0
/* Members, in the container's order: the fence + 2, or 1 for a stub, which has always been signalled. */
byte member[SYNC_FILES * ENTRIES];
#endif
byte i, j, n, x;        /* of a step; 0 between steps */

#define E(b, k) entry[(b) * ENTRIES + (k)]
#define U(b, k) usage[(b) * ENTRIES + (k)]
#define Y(y, k) member[(y) * ENTRIES + (k)]
#define SIX(X, a, join) X(a, 0) join X(a, 1) join X(a, 2) join X(a, 3) join X(a, 4) join X(a, 5)
#define IS_USED(b, k) (E(b, k) > 0)
#define IS_FILLABLE(b, k) (E(b, k) == FILLABLE)
#define USED_ENTRIES(b) (SIX(IS_USED, b, +))
#define ANY_FILLABLE(b) (SIX(IS_FILLABLE, b, ||))
#define WAITS_0(b, k) (E(b, k) > FILLABLE && U(b, k) <= KERNEL)
#define WAITS_1(b, k) (E(b, k) > FILLABLE && U(b, k) <= WRITE)
#define WAITS_2(b, k) (E(b, k) > FILLABLE && U(b, k) <= READ)
/* A query for a usage finds those up to it: a read waits for what is up to WRITE, a write for what is up to READ. */
#undef PENDING
#define PENDING(b, usage) (SIX(JOIN(WAITS_, usage), b, ||))
#define IS_ARMED(b) ((armed_in[b] > 0) + (armed_out[b] > 0))
#ifdef NO_POLL_REFERENCE
#define ARMED(b)
/* REL-014: a release under an armed slot is a BUG. Whoever would cause it is not asked for. */
#define MAY_GO(b) (count[b] > 1 || IS_ARMED(b) == 0)
#define TAKE_ARMED(b) skip
#define DROP_ARMED(b) skip
#else
#define ARMED(b) + IS_ARMED(b)
#define MAY_GO(b) true
#if PLANT == 14
#define TAKE_ARMED(b) skip
#else
#define TAKE_ARMED(b) TAKE(b)
#endif
#define DROP_ARMED(b) DROP(b)
#endif

/* Its own reservation goes with the buffer (DBUF-REL, after the exporter's release). */
#define FORGET_ENTRY(b, k) E(b, k) = 0; U(b, k) = 0
#define FORGET_RESERVATION(b) SIX(FORGET_ENTRY, b, ;); assert(IS_ARMED(b) == 0)

/* FEN-004, dma_resv_add_fence: over the first entry whose fence has signalled, or is of the same context, of this usage or
 * a weaker one, and no later; behind the others if there is none. A fence that has signalled already fills a place. */
#if PLANT == 15
#define STRONGER(u, old) false
#else
#define STRONGER(u, old) (old < u)
#endif
#define OVER(f, u, b, k) \
  (E(b, k) == FILLABLE || (f > FILLABLE && !STRONGER(u, U(b, k)) && (E(b, k) == f || \
   (line[f - 2] > 0 && line[f - 2] == line[E(b, k) - 2] && older[f - 2] > older[E(b, k) - 2]))))
#define ENTER(b, f, u) \
  i = 0; \
  do :: i < ENTRIES && E(b, i) > 0 && !OVER(f, u, b, i) -> i++ :: else -> break od; \
  assert(i < ENTRIES); E(b, i) = f; \
  if :: f > FILLABLE -> U(b, i) = u :: else -> U(b, i) = 0 fi; \
  i = 0
/* FEN-012: before that, a table that has to grow drops what has signalled. It has room for four at least; for how many
 * more, the allocator says, so it may or may not have to. */
#define MAY_GROW(b, more) (USED_ENTRIES(b) + (more) > 4 && ANY_FILLABLE(b))
#define GROW(b) \
  i = 0; j = 0; \
  do \
  :: i == ENTRIES -> break \
  :: i < ENTRIES && E(b, i) > FILLABLE -> \
     n = E(b, i); x = U(b, i); E(b, i) = 0; U(b, i) = 0; E(b, j) = n; U(b, j) = x; i++; j++ \
  :: else -> E(b, i) = 0; U(b, i) = 0; i++ \
  od; \
  i = 0; j = 0; n = 0; x = 0

/* -- loops --------------------------------------------------------------------------------------------------- */
#define C1(X, ...) X(0, __VA_ARGS__)
#define C2(X, ...) C1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define C3(X, ...) C2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define C4(X, ...) C3(X, __VA_ARGS__) X(3, __VA_ARGS__)
#define EACH_C JOIN(C, FENCES)
#define Y0(X, ...)
#define Y1(X, ...) X(0, __VA_ARGS__)
#define Y2(X, ...) Y1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define Y3(X, ...) Y2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define EACH_Y JOIN(Y, SYNC_FILES)
#define Z1(X, ...) X(0, __VA_ARGS__)
#define Z2(X, ...) Z1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define Z3(X, ...) Z2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define EACH_Z JOIN(Z, SYNC_FILES)
#define W1(X, ...) X(0, __VA_ARGS__)
#define W2(X, ...) W1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define W3(X, ...) W2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define EACH_W JOIN(W, SYNC_FILES)
#define QC1(X, ...) X(0, __VA_ARGS__)
#define QC2(X, ...) QC1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QC3(X, ...) QC2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define QC4(X, ...) QC3(X, __VA_ARGS__) X(3, __VA_ARGS__)
#define ALL_C JOIN(QC, FENCES)
#define QY0(X, ...)
#define QY1(X, ...) X(0, __VA_ARGS__)
#define QY2(X, ...) QY1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QY3(X, ...) QY2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define ALL_Y JOIN(QY, SYNC_FILES)

/* -- fences -------------------------------------------------------------------------------------------------- */
#define HOLDS(y, c) || (SIX(IS_MEMBER_##c, y, ||))
#define IS_MEMBER_0(y, k) (Y(y, k) == 2)
#define IS_MEMBER_1(y, k) (Y(y, k) == 3)
#define IS_MEMBER_2(y, k) (Y(y, k) == 4)
#define IS_MEMBER_3(y, k) (Y(y, k) == 5)
/* A name may be given again once its fence has signalled and no sync_file speaks of it. */
#define NAMELESS(c) (fence[c] != PENDING_FENCE && !(false ALL_Y(HOLDS, c)))
#define COUNT_PENDING(c, ...) + (fence[c] == PENDING_FENCE)
#define MAKE(c, t) older[c] = 0 ALL_C(COUNT_PENDING, 0); fence[c] = PENDING_FENCE; line[c] = t
#ifdef REFUSES_CONFLICTS
#define CONFLICT(b, u) ((u == READ && PENDING(b, WRITE)) || (u != READ && PENDING(b, READ)))
#else
#define CONFLICT(b, u) false
#endif
#define CAN_ADD(b, f, c) (fd[f] == b + 1 && NAMELESS(c) && (USED_ENTRIES(b) < ENTRIES || ANY_FILLABLE(b)))
#define ADD_ON(b, f, c, u, label, t) \
  OP(label, CAN_ADD(b, f, c) && !CONFLICT(b, u), MAKE(c, t); ENTER(b, (c + 2), u)) \
  OP(label, CAN_ADD(b, f, c) && !CONFLICT(b, u) && MAY_GROW(b, 1), MAKE(c, t); GROW(b); ENTER(b, (c + 2), u)) \
  ADD_CONFLICTING(b, f, c, u, label)
#ifdef REFUSES_CONFLICTS
#define ADD_CONFLICTING(b, f, c, u, label) REFUSE(label, EBUSY, CAN_ADD(b, f, c) && CONFLICT(b, u))
#else
#define ADD_CONFLICTING(b, f, c, u, label)
#endif
#define ADD_NAME(f, c, word) "add_fence f" #f " c" #c " " word
#ifdef TIMELINES
#define ADD(b, u, word, f, c) \
  ADD_ON(b, f, c, u, ADD_NAME(f, c, word), 0) ADD_ON(b, f, c, u, ADD_NAME(f, c, word) " timeline=t0", 1)
#else
#define ADD(b, u, word, f, c) ADD_ON(b, f, c, u, ADD_NAME(f, c, word), 0)
#endif
#define ADD_U(u, word, f, c) EACH_B(ADD, u, word, f, c)
#define ADD_C(c, f) EACH_USAGE(ADD_U, f, c)
#define ADD_F(f, ...) EACH_C(ADD_C, f)

/* FEN-011: of one context, the earlier first. */
#define EARLIER(d, c) || (fence[d] == PENDING_FENCE && line[c] > 0 && line[d] == line[c] && older[d] < older[c])
#define GROWS_OLD(d, c) if :: fence[d] == PENDING_FENCE && older[d] > older[c] -> older[d]-- :: else fi;
#define SIGNAL_ENTRY(b, k) if :: E(b, k) == x -> E(b, k) = FILLABLE; U(b, k) = 0 :: else fi
#define SIGNAL_B(b, ...) \
  SIX(SIGNAL_ENTRY, b, ;); \
  if :: armed_out[b] == x - 1 -> armed_out[b] = 0; DROP_ARMED(b) :: else fi; \
  if :: armed_in[b] == x - 1 -> armed_in[b] = 0; DROP_ARMED(b) :: else fi;
#define SIGNAL_AS(c, label, state) \
  STEP(label, fence[c] == PENDING_FENCE && !(false ALL_C(EARLIER, c)), \
       ALL_C(GROWS_OLD, c) fence[c] = state; line[c] = 0; older[c] = 0; x = c + 2; ALL_B(SIGNAL_B, 0) x = 0)
/* FEN-008, VGM-008: once. */
#define SIGNAL_AGAIN(c, label) REFUSE(label, EINVAL, fence[c] == DONE || fence[c] == FAILED)
#ifdef FENCE_ERRORS
#define SIGNAL_C(c, ...) \
  SIGNAL_AS(c, "signal c" #c, DONE) SIGNAL_AS(c, "signal c" #c " error", FAILED) \
  SIGNAL_AGAIN(c, "signal c" #c) SIGNAL_AGAIN(c, "signal c" #c " error")
#else
#define SIGNAL_C(c, ...) SIGNAL_AS(c, "signal c" #c, DONE) SIGNAL_AGAIN(c, "signal c" #c)
#endif

/* -- poll ---------------------------------------------------------------------------------------------------- */
/* A slot that is busy stays as it is. Else it is armed on the first fence that matters, if there is one. */
#define ARM(b, slot, usage_) \
  if \
  :: slot[b] == 0 && PENDING(b, usage_) -> \
     i = 0; \
     do :: !(E(b, i) > FILLABLE && U(b, i) <= usage_) -> i++ :: else -> break od; \
     slot[b] = E(b, i) - 1; i = 0; TAKE_ARMED(b) \
  :: else \
  fi
#define POLL(b, f) \
  OP("poll f" #f " in", fd[f] == b + 1, ARM(b, armed_in, WRITE)) \
  OP("poll f" #f " out", fd[f] == b + 1, ARM(b, armed_out, READ)) \
  OP("poll f" #f " in|out", fd[f] == b + 1, ARM(b, armed_out, READ); ARM(b, armed_in, WRITE)) \
  OP("poll f" #f " nothing", fd[f] == b + 1, skip) \
  OP("poll f" #f " other", fd[f] == b + 1, skip)
#define EVENT_WORDS(X, a) X(a, "in") X(a, "out") X(a, "in|out") X(a, "nothing") X(a, "other")
#define POLL_CLOSED(f, what) REFUSE("poll f" #f " " what, EBADF, fd[f] == 0)
#define POLL_F(f, ...) EACH_B(POLL, f) EVENT_WORDS(POLL_CLOSED, f)
#define POLL_NONE(a, what) REFUSE("poll bad " what, EBADF, true)

/* -- sync_files ---------------------------------------------------------------------------------------------- */
#if SYNC_FILES > 0
#define OPEN(y) (Y(y, 0) > 0)
#define LATER_MEMBER(y, k) (Y(y, k) > 0)
#define MEMBERS(y) (SIX(LATER_MEMBER, y, +))

/* SFE-003, 005: what is pending of the usages that matter, or a stub. */
#define SNAPSHOT_ENTRY(b, k) if :: E(b, k) > FILLABLE && U(b, k) <= n -> Y(x, j) = E(b, k); j++ :: else fi
#define SNAPSHOT(b, y, upto) \
  n = upto; x = y; j = 0; SIX(SNAPSHOT_ENTRY, b, ;); \
  if :: j == 0 -> Y(y, 0) = FILLABLE :: else fi; n = 0; x = 0; j = 0
#define EXPORT_NAME(f, y, what) "export_sync_file " f " y" #y " " what
#define EXPORT_WORDS(X, a, y) \
  X(a, y, "read") X(a, y, "write") X(a, y, "read|write") X(a, y, "neither") X(a, y, "read|0x4") \
  X(a, y, "read argument=unmapped") X(a, y, "write argument=readonly")
#ifdef NO_SYNC_FILE
/* IOC-004 */
#define EXPORT_UNKNOWN(f, y, what) REFUSE(EXPORT_NAME("f" #f, y, what), ENOTTY, fd[f] > 0 && !OPEN(y))
#define EXPORT_Y(y, f) EXPORT_WORDS(EXPORT_UNKNOWN, f, y) EXPORT_WORDS(EXPORT_CLOSED, f, y)
#else
#define EXPORT_FILE(b, f, y) \
  OP(EXPORT_NAME("f" #f, y, "read"), fd[f] == b + 1 && !OPEN(y) && ROOM(0), SNAPSHOT(b, y, WRITE)) \
  OP(EXPORT_NAME("f" #f, y, "write"), fd[f] == b + 1 && !OPEN(y) && ROOM(0), SNAPSHOT(b, y, READ)) \
  OP(EXPORT_NAME("f" #f, y, "read|write"), fd[f] == b + 1 && !OPEN(y) && ROOM(0), SNAPSHOT(b, y, READ))
#define EXPORT_Y(y, f) \
  EACH_B(EXPORT_FILE, f, y) \
  REFUSE(EXPORT_NAME("f" #f, y, "read argument=unmapped"), EFAULT, fd[f] > 0 && !OPEN(y)) \
  REFUSE(EXPORT_NAME("f" #f, y, "read|0x4"), EINVAL, fd[f] > 0 && !OPEN(y)) \
  REFUSE(EXPORT_NAME("f" #f, y, "neither"), EINVAL, fd[f] > 0 && !OPEN(y)) \
  REFUSE(EXPORT_NAME("f" #f, y, "write argument=readonly"), EFAULT, fd[f] > 0 && !OPEN(y) && ROOM(0)) \
  EXPORT_FULL(f, y, "read") EXPORT_FULL(f, y, "write") EXPORT_FULL(f, y, "read|write") \
  EXPORT_FULL(f, y, "write argument=readonly") \
  EXPORT_WORDS(EXPORT_CLOSED, f, y)
#endif
#define EXPORT_FULL(f, y, what) NO_FD(EXPORT_NAME("f" #f, y, what), 0, fd[f] > 0 && !OPEN(y))
#define EXPORT_CLOSED(f, y, what) REFUSE(EXPORT_NAME("f" #f, y, what), EBADF, fd[f] == 0 && !OPEN(y))
#define EXPORT_F(f, ...) EACH_Y(EXPORT_Y, f)
#define EXPORT_NONE(a, y, what) \
  REFUSE(EXPORT_NAME("bad", y, what), EBADF, !OPEN(y)) REFUSE(EXPORT_NAME("foreign", y, what), ENOTTY, !OPEN(y))
#define EXPORT_NONE_Y(y, ...) EXPORT_WORDS(EXPORT_NONE, 0, y)

/* SFI-002, 003: each member becomes an entry; what has signalled by now fills a place. */
#define IS_PENDING_MEMBER(m) (m > FILLABLE && fence[m - 2] == PENDING_FENCE)
#define IMPORT_MEMBER(b, y, k, u) \
  if \
  :: Y(y, k) > 0 && IS_PENDING_MEMBER(Y(y, k)) -> ENTER(b, Y(y, k), u) \
  :: Y(y, k) > 0 && !IS_PENDING_MEMBER(Y(y, k)) -> ENTER(b, FILLABLE, u) \
  :: else \
  fi
#define IMPORT_ALL(b, y, u) \
  IMPORT_MEMBER(b, y, 0, u); IMPORT_MEMBER(b, y, 1, u); IMPORT_MEMBER(b, y, 2, u); \
  IMPORT_MEMBER(b, y, 3, u); IMPORT_MEMBER(b, y, 4, u); IMPORT_MEMBER(b, y, 5, u)
#define IMPORT_NAME(f, y, what) "import_sync_file " f " " y " " what
#define IMPORT_AS_USAGE(b, f, y, u, what) \
  OP(IMPORT_NAME("f" #f, "y" #y, what), fd[f] == b + 1 && OPEN(y), IMPORT_ALL(b, y, u)) \
  OP(IMPORT_NAME("f" #f, "y" #y, what), fd[f] == b + 1 && OPEN(y) && MAY_GROW(b, MEMBERS(y)), \
     GROW(b); IMPORT_ALL(b, y, u))
/* Every y as WRITE, y0 also as READ; or only one of these. */
#if !defined(IMPORT_AS) || IMPORT_AS == ONLY_WRITE
#define IMPORT_WORDS_WRITE(X, f, y) X(f, y, "write")
#define IMPORT_WRITE(b, f, y) IMPORT_AS_USAGE(b, f, y, WRITE, "write")
#else
#define IMPORT_WORDS_WRITE(X, f, y)
#define IMPORT_WRITE(b, f, y)
#endif
#if !defined(IMPORT_AS) || IMPORT_AS == ONLY_READ
#define IMPORT_WORDS_READ(X, f, y) X(f, y, "read")
#define IMPORT_READ(b, f) IMPORT_AS_USAGE(b, f, 0, READ, "read")
#else
#define IMPORT_WORDS_READ(X, f, y)
#define IMPORT_READ(b, f)
#endif
#define IMPORT_WORDS_0(X, f) \
  IMPORT_WORDS_READ(X, f, "y0") X(f, "y0", "neither") X(f, "y0", "read|0x4") X(f, "y0", "read argument=unmapped")
#define IMPORT_WORDS_Y(y, X, f) IMPORT_WORDS_WRITE(X, f, "y" #y)
#define IMPORT_WORDS(X, f) EACH_Y(IMPORT_WORDS_Y, X, f) X(f, "bad", "write") X(f, "foreign", "write") IMPORT_WORDS_0(X, f)
#define IMPORT_CLOSED(f, y, what) REFUSE(IMPORT_NAME("f" #f, y, what), EBADF, fd[f] == 0)
#define IMPORT_NONE(f, y, what) \
  REFUSE(IMPORT_NAME("bad", y, what), EBADF, true) REFUSE(IMPORT_NAME("foreign", y, what), ENOTTY, true)
#ifdef NO_SYNC_FILE
#define IMPORT_UNKNOWN(f, y, what) REFUSE(IMPORT_NAME("f" #f, y, what), ENOTTY, fd[f] > 0)
#define IMPORT_F(f, ...) IMPORT_WORDS(IMPORT_UNKNOWN, f) IMPORT_WORDS(IMPORT_CLOSED, f)
#else
#define IMPORT_B(b, y, f) IMPORT_WRITE(b, f, y)
#define IMPORT_Y(y, f) EACH_B(IMPORT_B, y, f) IMPORT_WORDS_WRITE(IMPORT_EMPTY, f, y)
#define IMPORT_EMPTY(f, y, what) REFUSE(IMPORT_NAME("f" #f, "y" #y, what), EINVAL, fd[f] > 0 && !OPEN(y))
#define IMPORT_NO_FILE(f, y, what) REFUSE(IMPORT_NAME("f" #f, y, what), EINVAL, fd[f] > 0)
#define IMPORT_F(f, ...) \
  EACH_Y(IMPORT_Y, f) EACH_B(IMPORT_READ, f) IMPORT_WORDS_READ(IMPORT_EMPTY, f, 0) \
  REFUSE(IMPORT_NAME("f" #f, "y0", "read argument=unmapped"), EFAULT, fd[f] > 0) \
  IMPORT_NO_FILE(f, "y0", "neither") IMPORT_NO_FILE(f, "y0", "read|0x4") \
  IMPORT_NO_FILE(f, "bad", "write") IMPORT_NO_FILE(f, "foreign", "write") \
  IMPORT_WORDS(IMPORT_CLOSED, f)
#endif

/* SYF-007: what is pending, in the order of contexts: a context is as old as its first fence, and these have one each. */
#define MERGE_MEMBER(y, k) \
  if :: Y(y, k) > FILLABLE && fence[Y(y, k) - 2] == PENDING_FENCE && older[Y(y, k) - 2] == i -> n = Y(y, k) :: else fi
#define MERGE_INTO(y, z, w) \
  i = 0; j = 0; \
  do \
  :: i < FENCES -> \
     n = 0; SIX(MERGE_MEMBER, y, ;); SIX(MERGE_MEMBER, z, ;); \
     if :: n > 0 -> Y(w, j) = n; j++ :: else fi; \
     i++ \
  :: else -> break \
  od; \
  if :: j == 0 -> Y(w, 0) = FILLABLE :: else fi; i = 0; j = 0; n = 0
#define MERGE_NAME(y, z, w) "merge " y " " z " " w
#define EMPTY_INTO(y, w) (!OPEN(w) && y != w)
/* SYF-006: the number comes before all else that can be wrong. */
#define NUMBERED(y) (OPEN(y) && ROOM(0))
#define MERGE_GOOD(w, z, y) \
  OP(MERGE_NAME("y" #y, "y" #z, "y" #w), NUMBERED(y) && OPEN(z) && EMPTY_INTO(y, w) && z != w, MERGE_INTO(y, z, w)) \
  REFUSE(MERGE_NAME("y" #y, "y" #z, "y" #w), EBADF, !OPEN(y) && EMPTY_INTO(y, w) && z != w) \
  REFUSE(MERGE_NAME("y" #y, "y" #z, "y" #w), ENOENT, NUMBERED(y) && !OPEN(z) && EMPTY_INTO(y, w) && z != w) \
  NO_FD(MERGE_NAME("y" #y, "y" #z, "y" #w), 0, OPEN(y) && EMPTY_INTO(y, w) && z != w)
#define MERGE_Z(z, y) EACH_W(MERGE_GOOD, z, y)
#define MERGE_FORMS(X, w, y) X(w, y, " set=flags") X(w, y, " argument=unmapped") X(w, y, " argument=readonly")
#define MERGE_CLOSED(w, y, what) REFUSE(MERGE_NAME("y" #y, "y0", "y" #w) what, EBADF, !OPEN(y) && EMPTY_INTO(y, w) && w > 0)
#define MERGE_FULL(w, y, what) NO_FD(MERGE_NAME("y" #y, "y0", "y" #w) what, 0, OPEN(y) && EMPTY_INTO(y, w) && w > 0)
#define MERGE_WRONG(w, y) \
  REFUSE(MERGE_NAME("y" #y, "y0", "y" #w) " argument=unmapped", EFAULT, NUMBERED(y) && EMPTY_INTO(y, w) && w > 0) \
  REFUSE(MERGE_NAME("y" #y, "y0", "y" #w) " set=flags", EINVAL, NUMBERED(y) && EMPTY_INTO(y, w) && w > 0) \
  REFUSE(MERGE_NAME("y" #y, "y0", "y" #w) " argument=readonly", ENOENT, \
         NUMBERED(y) && !OPEN(0) && EMPTY_INTO(y, w) && w > 0) \
  REFUSE(MERGE_NAME("y" #y, "y0", "y" #w) " argument=readonly", EFAULT, \
         NUMBERED(y) && OPEN(0) && EMPTY_INTO(y, w) && w > 0) \
  MERGE_FORMS(MERGE_CLOSED, w, y) MERGE_FORMS(MERGE_FULL, w, y) \
  NO_FD(MERGE_NAME("y" #y, "bad", "y" #w), 0, OPEN(y) && EMPTY_INTO(y, w)) \
  NO_FD(MERGE_NAME("y" #y, "foreign", "y" #w), 0, OPEN(y) && EMPTY_INTO(y, w)) \
  REFUSE(MERGE_NAME("y" #y, "bad", "y" #w), EBADF, !OPEN(y) && EMPTY_INTO(y, w)) \
  REFUSE(MERGE_NAME("y" #y, "foreign", "y" #w), EBADF, !OPEN(y) && EMPTY_INTO(y, w)) \
  REFUSE(MERGE_NAME("y" #y, "bad", "y" #w), ENOENT, NUMBERED(y) && EMPTY_INTO(y, w)) \
  REFUSE(MERGE_NAME("y" #y, "foreign", "y" #w), ENOENT, NUMBERED(y) && EMPTY_INTO(y, w))
#define MERGE_Y(y, ...) EACH_Z(MERGE_Z, y) EACH_W(MERGE_WRONG, y)
/* What a file that is no sync_file says to the ioctls of one, nobody has read. */
#define MERGE_OF_NONE(w, what) REFUSE(MERGE_NAME("bad", what, "y" #w), EBADF, !OPEN(w))
#define MERGE_OF_NONE_Z(z, w) REFUSE(MERGE_NAME("bad", "y" #z, "y" #w), EBADF, !OPEN(w) && z != w)
#define MERGE_OF_NONE_FORM(w, y, what) REFUSE(MERGE_NAME("bad", "y0", "y" #w) what, EBADF, !OPEN(w) && w > 0)
#define MERGE_NONE(w, ...) \
  EACH_Z(MERGE_OF_NONE_Z, w) MERGE_OF_NONE(w, "bad") MERGE_OF_NONE(w, "foreign") MERGE_FORMS(MERGE_OF_NONE_FORM, w, 0)

/* SYF-002, 003. Without records, whether a container of several tells of an error once all have signalled depends on
 * who looked at it before (dma-fence-array.c): it may answer either way. */
#define INFO_NAME(y, what) "file_info " y " " what
#define IS_FAILED_MEMBER(y, k) (Y(y, k) > FILLABLE && fence[Y(y, k) - 2] == FAILED)
#define IS_WAITING_MEMBER(y, k) (IS_PENDING_MEMBER(Y(y, k)))
#define EITHER_STATUS(y) (MEMBERS(y) > 1 && (SIX(IS_FAILED_MEMBER, y, ||)) && !(SIX(IS_WAITING_MEMBER, y, ||)))
#define INFO_WORDS(X, y) \
  X(y, "count") X(y, "records") X(y, "one_record") X(y, "flags") X(y, "unmapped_records") \
  X(y, "count argument=unmapped") X(y, "count argument=readonly")
#define INFO_CLOSED(y, what) REFUSE(INFO_NAME("y" #y, what), EBADF, !OPEN(y))
#define INFO_NONE(y, what) REFUSE(INFO_NAME("bad", what), EBADF, true)
#define INFO_Y(y, ...) \
  OP(INFO_NAME("y" #y, "count"), OPEN(y), skip) \
  OP(INFO_NAME("y" #y, "count"), OPEN(y) && EITHER_STATUS(y), skip) \
  OP(INFO_NAME("y" #y, "records"), OPEN(y), skip) \
  OP(INFO_NAME("y" #y, "one_record"), OPEN(y) && MEMBERS(y) == 1, skip) \
  REFUSE(INFO_NAME("y" #y, "one_record"), EINVAL, OPEN(y) && MEMBERS(y) > 1) \
  REFUSE(INFO_NAME("y" #y, "flags"), EINVAL, OPEN(y)) \
  REFUSE(INFO_NAME("y" #y, "unmapped_records"), EFAULT, OPEN(y)) \
  REFUSE(INFO_NAME("y" #y, "count argument=unmapped"), EFAULT, OPEN(y)) \
  REFUSE(INFO_NAME("y" #y, "count argument=readonly"), EFAULT, OPEN(y)) \
  INFO_WORDS(INFO_CLOSED, y)

#define SYNC_POLL(y, what) \
  OP("poll_sync_file y" #y " " what, OPEN(y), skip) REFUSE("poll_sync_file y" #y " " what, EBADF, !OPEN(y))
#define SYNC_POLL_NONE(y, what) REFUSE("poll_sync_file bad " what, EBADF, true)
#define SYNC_POLL_Y(y, ...) EVENT_WORDS(SYNC_POLL, y)
#define FORGET_MEMBER(y, k) Y(y, k) = 0
#define SYNC_CLOSE_Y(y, ...) \
  STEP("close_sync_file y" #y, OPEN(y), SIX(FORGET_MEMBER, y, ;)) REFUSE("close_sync_file y" #y, EBADF, !OPEN(y))
#endif
