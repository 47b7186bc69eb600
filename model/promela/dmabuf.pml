/* SPDX-License-Identifier: MIT
 *
 * The dma-buf contract once more, in Promela, written by hand from the prose of the requirements and not from the
 * C++ tables. One process, one control state; each operation is one d_step, so that a state of Spin is a state of
 * the contract and a step of Spin is one operation. README.md says what is a state and what is counted.
 *
 * A configuration (configurations/NAME.pml) defines, and then includes this file:
 *   slots     BUFFERS FDS REFERENCES ATTACHMENTS MAPPINGS VMAS MESSAGES; PAGES
 *   alphabet  EXPORTS or CREATES, and any of DUPS CLOSES HANDLES SENDS RECEIVES DISCARDS GETS PUTS IMPORTS
 *             DEVICE_ACCESS SYNCS KERNEL_CPU_ACCESS MMAPS SEEKS NAMES
 *             ONE_DEVICE (not the stricter one)
 *             TWO_DIRECTIONS (1: to and from device only; 2: bidirectional and to device only)
 *             ACCESS_MODES (1: also read-only and write-only, 2: also write-only, 3: also read-only)
 *             ODD_CREATIONS (also of size 0 and with unknown flags; HEAP_FIELDS: and with what the heap's other fields must not be)
 *             RESHAPES (what becomes of CPU mappings: reshaped.pml; GROWING_PAST: they may end behind their buffer)
 *             CHILDREN (children.pml; CLOSE_ON_EXEC: fds of both kinds)
 *             and of fences, with slots FENCES and SYNC_FILES: fences.pml; of kernel mappings, with VMAPS: vmaps.pml;
 *             DYNAMIC (importers that are told of moves: dynamic.pml)
 *             PRIMES (handles on two files, of objects that may be no buffers yet: prime.pml; ODD_EXPORTS: refused ones)
 *             FILLS (processes that have no fd free: full.pml)
 *             and of memfds and udmabuf's lists of their pages, with slots MEMFDS: lists.pml; of a video queue, with INDICES: queue.pml
 *   profile   OWN_REFERENCES ALLOCATES_AT_EXPORT CACHES REFUSES_AFTER_MAP REFUSES_ATTACH CONSTRAINTS ONE_MAP NO_MMAP
 *             PRIVATE_MMAP END_NEEDS_BEGIN NO_WRITE_ONLY IGNORES_ACCESS GROWTH UNGUARDED NO_RENAME_WHILE_ATTACHED
 *             RESERVES_FIRST (PRM-019: HANDLE_TO_FD looks for a number before anything else)
 *             CHECKS (with ODD_CREATIONS: SIZE, or SIZE_AND_FLAGS; nobody knows if it is not defined)
 *
 * -DTEARDOWN   at any moment everything may begin to be torn down; adds a liveness property, as do the next two
 * -DSTALLS     a map that the storage would have to move for waits, and meanwhile the others give back what they have
 * -DWORKER     released files' release runs in a process of its own, whenever that is scheduled
 * -DSAY        for simulation: says what is done
 * -DPLAIN      without anything beside the search: how fast is it?
 * -DPLANT=N    a deliberate mistake, see PLANTED
 */

/* -- defaults ------------------------------------------------------------------------------------------------ */
#ifndef REFERENCES
#define REFERENCES 0
#endif
#ifndef ATTACHMENTS
#define ATTACHMENTS 0
#endif
#ifndef MAPPINGS
#define MAPPINGS 0
#endif
#ifndef VMAS
#define VMAS 0
#endif
#ifndef MESSAGES
#define MESSAGES 0
#endif
#ifndef FENCES
#define FENCES 0
#endif
#ifndef SYNC_FILES
#define SYNC_FILES 0
#endif
#ifndef VMAPS
#define VMAPS 0
#endif
#ifndef MEMFDS
#define MEMFDS 0
#endif
#ifndef INDICES
#define INDICES 0
#endif
#ifndef PAGES
#define PAGES 2          /* of every buffer that can be made */
#endif
#ifndef OWN_REFERENCES
#define OWN_REFERENCES 0
#endif
#ifndef PLANT
#define PLANT 0
#endif
#define IGNORED 0            /* the exporter asks nobody where the storage must be */
#define REFUSED_AT_ATTACH 1  /* the stricter device is refused when it attaches */
#define REFUSED_AT_MAP 2     /* ... when it maps */
#define MIGRATES 3           /* the storage moves, if nobody has it mapped */
#ifndef CONSTRAINTS
#define CONSTRAINTS IGNORED
#endif

/* The answers of a profile: no, yes, or unknown, and then both can happen. */
#define NO 0
#define YES 1
#define MAYBE 2
#define ONE_PAGE 3  /* of PRIVATE_MMAP: one page, and no more (MMU-006) */
#ifndef CACHES
#define CACHES NO
#endif
#ifndef REFUSES_AFTER_MAP
#define REFUSES_AFTER_MAP NO
#endif
#ifndef REFUSES_ATTACH
#define REFUSES_ATTACH NO
#endif
#ifndef ALLOCATES_AT_EXPORT
#define ALLOCATES_AT_EXPORT NO
#endif
#ifndef GROWTH
#define GROWTH NO
#endif
#ifndef PRIVATE_MMAP
#define PRIVATE_MMAP NO
#endif

/* -- loops over slots ---------------------------------------------------------------------------------------- */
/* EACH_F(X, ...) is X(0, ...) X(1, ...) and so on, for every fd slot. EACH_G is a second loop over fds. ALL_F is
 * the same for sums and assertions inside of such loops, since no macro expands within itself. */
#define B1(X, ...) X(0, __VA_ARGS__)
#define B2(X, ...) B1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define F1(X, ...) X(0, __VA_ARGS__)
#define F2(X, ...) F1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define F3(X, ...) F2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define G1(X, ...) X(0, __VA_ARGS__)
#define G2(X, ...) G1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define G3(X, ...) G2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define R0(X, ...)
#define R1(X, ...) X(0, __VA_ARGS__)
#define R2(X, ...) R1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define R3(X, ...) R2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define A0(X, ...)
#define A1(X, ...) X(0, __VA_ARGS__)
#define A2(X, ...) A1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define A3(X, ...) A2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define M0(X, ...)
#define M1(X, ...) X(0, __VA_ARGS__)
#define M2(X, ...) M1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define M3(X, ...) M2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define M4(X, ...) M3(X, __VA_ARGS__) X(3, __VA_ARGS__)
#define V0(X, ...)
#define V1(X, ...) X(0, __VA_ARGS__)
#define V2(X, ...) V1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define S0(X, ...)
#define S1(X, ...) X(0, __VA_ARGS__)
#define S2(X, ...) S1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QB1(X, ...) X(0, __VA_ARGS__)
#define QB2(X, ...) QB1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QF1(X, ...) X(0, __VA_ARGS__)
#define QF2(X, ...) QF1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QF3(X, ...) QF2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define QR0(X, ...)
#define QR1(X, ...) X(0, __VA_ARGS__)
#define QR2(X, ...) QR1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QR3(X, ...) QR2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define QA0(X, ...)
#define QA1(X, ...) X(0, __VA_ARGS__)
#define QA2(X, ...) QA1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QA3(X, ...) QA2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define QM0(X, ...)
#define QM1(X, ...) X(0, __VA_ARGS__)
#define QM2(X, ...) QM1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QM3(X, ...) QM2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define QM4(X, ...) QM3(X, __VA_ARGS__) X(3, __VA_ARGS__)
#define QV0(X, ...)
#define QV1(X, ...) X(0, __VA_ARGS__)
#define QV2(X, ...) QV1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QS0(X, ...)
#define QS1(X, ...) X(0, __VA_ARGS__)
#define QS2(X, ...) QS1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define EACH_B JOIN(B, BUFFERS)
#define EACH_F JOIN(F, FDS)
#define EACH_G JOIN(G, FDS)
#define EACH_R JOIN(R, REFERENCES)
#define EACH_A JOIN(A, ATTACHMENTS)
#define EACH_M JOIN(M, MAPPINGS)
#define EACH_V JOIN(V, VMAS)
#define EACH_S JOIN(S, MESSAGES)
#define ALL_B JOIN(QB, BUFFERS)
#define ALL_F JOIN(QF, FDS)
#define ALL_R JOIN(QR, REFERENCES)
#define ALL_A JOIN(QA, ATTACHMENTS)
#define ALL_M JOIN(QM, MAPPINGS)
#define ALL_V JOIN(QV, VMAS)
#define ALL_S JOIN(QS, MESSAGES)
/* enum dma_data_direction */
#define BIDIRECTIONAL 0
#define TO_DEVICE 1
#define FROM_DEVICE 2
#define D_BOTH(X, ...) X(0, bidirectional, __VA_ARGS__)
#define D_TO(X, ...) X(1, to_device, __VA_ARGS__)
#define D_FROM(X, ...) X(2, from_device, __VA_ARGS__)
#define EACH_D(X, ...) D_BOTH(X, __VA_ARGS__) D_TO(X, __VA_ARGS__) D_FROM(X, __VA_ARGS__)
#if !defined(TWO_DIRECTIONS)
#define EACH_MAP_D EACH_D
#elif TWO_DIRECTIONS == 1
#define EACH_MAP_D(X, ...) D_TO(X, __VA_ARGS__) D_FROM(X, __VA_ARGS__)
#else
#define EACH_MAP_D(X, ...) D_BOTH(X, __VA_ARGS__) D_TO(X, __VA_ARGS__)
#endif

/* -- the state: bytes, all zero at the start ----------------------------------------------------------------- */
/* A slot that names something holds its number + 1; 0 is an empty slot. */
#define ABSENT 0
#define LIVE 1
#define DYING 2     /* f_count is 0 and the exporter's release has not run yet */
#define RELEASED 3
byte buf[BUFFERS];
byte count[BUFFERS];     /* f_count, counted step by step and compared with the ledger below */
byte released[BUFFERS];  /* how often release has run in this life */
byte used[BUFFERS];      /* somebody has mapped it for a device in this life (MIG-003) */
byte begun[BUFFERS];     /* CPU access was begun in this life (UDM-020) */
#define NOWHERE 0
#define ANYWHERE 1
#define CONFINED 2       /* where the strict device d1 reaches it, too */
byte place[BUFFERS];
#ifdef ACCESS_MODES
#define RW 0
#define RO 1
#define WO 2
byte mode[BUFFERS];
#define READABLE(b) (mode[b] != WO)
#define WRITABLE(b) (mode[b] != RO)
#else
#define READABLE(b) true
#define WRITABLE(b) true
#endif
#if OWN_REFERENCES > 0
byte handle[BUFFERS];    /* the exporter's handle is open */
#endif
#ifdef PRIMES
#include "prime.pml"
#else
#define HANDLELESS(b) true
#endif
byte fd[FDS];
#if MESSAGES > 0
byte fdp[FDS];           /* the fd's process */
byte msg[MESSAGES];
byte msgp[MESSAGES];     /* the process it is on its way to */
#define PROCESS(f) fdp[f]
#define SET_PROCESS(f, p) fdp[f] = p
#else
#define PROCESS(f) 0
#define SET_PROCESS(f, p) skip
#endif
#ifdef FILLS
#include "full.pml"
#else
#define ROOM(p) true
#define NO_FD(label, p, guard)
#define NO_FD_FOR(label, p, guard, ...)
#endif
#if REFERENCES > 0
byte ref[REFERENCES];
#endif
#if ATTACHMENTS > 0
byte att[ATTACHMENTS];
byte dev[ATTACHMENTS];
byte atts[BUFFERS];      /* attachments listed, counted */
#define ATTACHED(b) (atts[b] > 0)
#else
#define ATTACHED(b) false
#endif
#if MAPPINGS > 0
byte map[MAPPINGS];      /* its attachment + 1 */
byte dir[MAPPINGS];
byte maps[ATTACHMENTS];  /* mappings handed out, counted */
#endif
#if CACHES != NO || defined(DYNAMIC)
byte cached[ATTACHMENTS];  /* the direction + 1 of the table the core keeps (MAP-007) */
#endif
#if VMAS > 0
byte vma[VMAS];
byte vmaw[VMAS];         /* how it is mapped: 0 read-only, 1 writable, 2 private, 3 private and writable */
#if MESSAGES > 0
byte vmap[VMAS];         /* the process it is mapped in */
#define SET_VMA_PROCESS(v, p) vmap[v] = p
#else
#define SET_VMA_PROCESS(v, p) skip
#endif
#ifdef RESHAPES
byte vmao[VMAS];         /* of which page of the buffer it begins with */
byte vmal[VMAS];         /* its length in pages */
#define SET_SHAPE(v, o, l) vmao[v] = o; vmal[v] = l
#else
#define SET_SHAPE(v, o, l) skip
#endif
#endif
#ifdef CHILDREN
byte child;              /* 0 none, 1 a copy of p0, 2 another program */
byte cfd[FDS];           /* its fds and mappings, by the slots they were copied from */
byte cvma[VMAS];
byte cvmaw[VMAS];
#ifdef RESHAPES
byte cvmao[VMAS];
byte cvmal[VMAS];
#endif
#ifdef CLOSE_ON_EXEC
byte cfdx[FDS];
#endif
#endif
#ifdef CLOSE_ON_EXEC
byte fdx[FDS];           /* the fd is close-on-exec */
#define SET_FLAG(f, x) fdx[f] = x
#define EACH_X(X, ...) X("", 0, __VA_ARGS__) X(" cloexec", 1, __VA_ARGS__)
#else
#define SET_FLAG(f, x) skip
#define EACH_X(X, ...) X("", 0, __VA_ARGS__)
#endif
#if defined(TEARDOWN)
byte tearing;
#define GROWING (!tearing)
#elif defined(STALLS)
byte stalled;            /* the attachment + 1 whose map waits for the storage to move */
#define GROWING (stalled == 0)
#else
#define GROWING true
#endif

#if FENCES > 0
#include "fences.pml"
#else
#define PENDING(b, usage) false
#define ARMED(b)
#define MAY_GO(b) true
#define FORGET_RESERVATION(b) skip
#endif

#if VMAPS > 0
#include "vmaps.pml"
#define VMAPPED(b) (kmaps[b] > 0)
#else
#define VMAPPED(b) false
#define CHECK_KMAPS(b) skip
#endif

#if INDICES > 0
#include "queue.pml"
#else
#define PLANES(b)
#endif

#ifdef DYNAMIC
#include "dynamic.pml"
#else
#define HELD(b) (MAPPED(b) || VMAPPED(b))
#define TELL(b)
#define KEPT_AT_ATTACH(dynamic) false
#define KEEP_AT_ATTACH(dynamic, a, b) skip
#define SET_DYNAMIC(a, dynamic) skip
#define PINNED(a) false
#define IS_STALE(m) false
#define FORGET_STALE(m) skip
#define ATTACH_DYNAMIC(b, r, d, a)
#define ATTACH_DYNAMIC_NONE(r, d, a)
#define CHECK_DYNAMIC(a)
#endif

/* -- what is said of it -------------------------------------------------------------------------------------- */
#define IS_FD(f, b) + (fd[f] == b + 1)
#define IS_REF(r, b) + (ref[r] == b + 1)
#define IS_MSG(s, b) + (msg[s] == b + 1)
#define IS_VMA(v, b) + (vma[v] == b + 1)
#ifdef CHILDREN
#define IS_CFD(f, b) + (cfd[f] == b + 1)
#define IS_CVMA(v, b) + (cvma[v] == b + 1)
#define INHERITED(b) ALL_F(IS_CFD, b) ALL_V(IS_CVMA, b)
#else
#define INHERITED(b)
#endif
#define IS_ATT(a, b) + (att[a] == b + 1)
#define IS_STRICT(a, b) || (att[a] == b + 1 && dev[a] == 1)
#define IS_MAP(m, a) + (map[m] == a + 1)
#define MAPS_OF(a, b) + (att[a] == b + 1) * maps[a]
#define KERNEL_REFERENCES(b) (0 ALL_R(IS_REF, b))
#if defined(PRIMES)
#define OWN(b) HELD_BY_HANDLES(b)
#elif OWN_REFERENCES > 0
#define OWN(b) (handle[b] * OWN_REFERENCES)
#else
#define OWN(b) 0
#endif
/* Ledger of references: INV-001. Attachments and mappings hold none (ATT-007, MAP-020). */
#define LEDGER(b) (OWN(b) ALL_F(IS_FD, b) ALL_R(IS_REF, b) ALL_S(IS_MSG, b) ALL_V(IS_VMA, b) INHERITED(b) ARMED(b) PLANES(b))
#define ATTACHMENTS_OF(b) (0 ALL_A(IS_ATT, b))
#define MAPPINGS_OF(a) (0 ALL_M(IS_MAP, a))
#define STRICT_ATTACHED(b) (false ALL_A(IS_STRICT, b))
#if MAPPINGS > 0
#define MAPPED(b) ((0 ALL_A(MAPS_OF, b)) > 0)
#else
#define MAPPED(b) false
#endif

/* Asserted after every step, of every buffer, attachment and mapping. */
#define CHECK_B(b, ...) \
  assert(count[b] == LEDGER(b)); \
  assert((buf[b] == LIVE) == (count[b] > 0)); \
  assert(released[b] == (buf[b] == RELEASED)); \
  CHECK_KMAPS(b); \
  CHECK_ATTS(b)
#if ATTACHMENTS > 0
#define CHECK_ATTS(b) assert(atts[b] == ATTACHMENTS_OF(b)); assert(atts[b] == 0 || buf[b] == LIVE)
#else
#define CHECK_ATTS(b) skip
#endif
#define CHECK_A(a, ...) assert(maps[a] == MAPPINGS_OF(a)); CHECK_DYNAMIC(a)
#define CHECK_M(m, ...) assert(map[m] == 0 || att[map[m] - 1] > 0);
#define SEMI_CHECK_B(b, ...) CHECK_B(b);
#if MAPPINGS > 0
#define CHECK ALL_B(SEMI_CHECK_B, 0) ALL_A(CHECK_A, 0) ALL_M(CHECK_M, 0)
#else
#define CHECK ALL_B(SEMI_CHECK_B, 0)
#endif

/* -- steps --------------------------------------------------------------------------------------------------- */
/* An operation is permitted if `guard`. STEP may be taken while all is torn down, too. A refusal leads back to its
 * state, but for one that has done something by then: REFUSE_AND.
 * -DSAY is for Spin's own simulation, which runs no C; it joins no strings either: lib.sh does. */
#if defined(SAY)
#define STEP(label, guard, ...) :: d_step { (guard) -> __VA_ARGS__; CHECK printf(label "\n") }
#define REFUSE(label, errno, guard) :: d_step { (guard) -> printf(label " -> " #errno "\n") }
#define REFUSE_AND(label, errno, guard, ...) :: d_step { (guard) -> __VA_ARGS__; CHECK printf(label " -> " #errno "\n") }
#elif defined(PLAIN)
#define STEP(label, guard, ...) :: d_step { (guard) -> __VA_ARGS__; CHECK skip }
#define REFUSE(label, errno, guard) :: d_step { (guard) -> skip }
#define REFUSE_AND(label, errno, guard, ...) STEP(label, guard, __VA_ARGS__)
#elif defined(TEARDOWN) || defined(STALLS) || defined(WORKER)
#define STEP(label, guard, ...) :: d_step { (guard) -> __VA_ARGS__; CHECK skip }
#define REFUSE(label, errno, guard)
#define REFUSE_AND(label, errno, guard, ...)
#else
c_code {
\#include "beside.h"
};
int at;  /* the next line of the walk that is followed; 0 without one */
#define NAMED(label) c_expr { (named(label, now.at)) }
#define STEP(label, guard, ...) \
  :: d_step { (guard) && NAMED(label) -> c_code { before(); }; __VA_ARGS__; CHECK c_code { after(label); } }
#define REFUSE(label, errno, guard) \
  :: d_step { (guard) && NAMED(label " -> " #errno) -> c_code { before(); refused(label " -> " #errno); } }
/* One that does something all the same. */
#define REFUSE_AND(label, errno, guard, ...) \
  :: d_step { (guard) && NAMED(label " -> " #errno) -> c_code { before(); }; __VA_ARGS__; CHECK c_code { refused(label " -> " #errno); } }
#endif
#define OP(label, guard, ...) STEP(label, GROWING && (guard), __VA_ARGS__)

/* PLANTED
 *  1  a table cached for both directions serves only requests for both
 *  2  a name that was released is not given to another buffer
 *  3  the last reference of an attached importer may be made an fd
 *  4  an fd that was received stays where it was sent from
 *  5  an attach after the first map is refused by everybody
 *  6  SYNC END never needs a START
 * and for the properties:
 *  7  an attachment may go while it is mapped
 *  8  a message that is never received keeps its reference for ever
 *  9  nobody unmaps while all is torn down, or while a map waits
 * 10  release runs as long as somebody asks for it
 * 11  the storage moves under a mapping
 * 12  release waits until no fd is open, of no buffer
 * of children and fences:
 * 13  exec closes nothing
 * 14  a slot that is armed holds nothing
 * 15  a fence takes the place of an earlier one of its context, though that mattered to more
 * of dynamic importers:
 * 16  an importer's pin holds nothing
 * 17  a pin may be left behind at detach
 * of lists:
 * 19  an item that begins inside its memfd may end behind it
 * of a video queue:
 * 20  STREAMOFF leaves what is prepared prepared
 * of processes without a free fd:
 * 21  a failed export leaves no buffer behind
 * of handles:
 * 18  a buffer that the file has a handle of is not imported again
 */

#define BORN(b, where) buf[b] = LIVE; released[b] = 0; place[b] = where
#if ALLOCATES_AT_EXPORT == YES
#define FIRST_PLACE ANYWHERE
#else
#define FIRST_PLACE NOWHERE
#endif
#if ALLOCATES_AT_EXPORT == MAYBE
#define CREATE_ELSEWHERE(b, f, x, name) CREATE_AT(b, f, x, name, ANYWHERE)
#else
#define CREATE_ELSEWHERE(b, f, x, name)
#endif
#if PLANT == 2
#define UNBORN(b) (buf[b] == ABSENT && HANDLELESS(b))
#else
#define UNBORN(b) ((buf[b] == ABSENT || buf[b] == RELEASED) && HANDLELESS(b))
#endif
#define TAKE(b) assert(buf[b] == LIVE); count[b]++
#define DROP(b) DROP_N(b, 1)
#define DROP_N(b, n) \
  assert(buf[b] == LIVE && count[b] >= n); count[b] = count[b] - n; \
  if :: count[b] == 0 -> buf[b] = DYING :: else fi

/* Exporters. */
#ifdef ACCESS_MODES
#define SET_ACCESS(b, x) mode[b] = x
#else
#define SET_ACCESS(b, x) skip
#endif
#define EXPORT_AS(b, r, x, name) \
  OP("export b" #b " r" #r " pages=" TEXT(PAGES) " access=" name, UNBORN(b) && ref[r] == 0, \
     BORN(b, FIRST_PLACE); SET_ACCESS(b, x); count[b] = 1; ref[r] = b + 1)
#define CREATE_AS(b, f, x, name) CREATE_AT(b, f, x, name, FIRST_PLACE) CREATE_ELSEWHERE(b, f, x, name)
#define CREATE_AT(b, f, x, name, where) EACH_X(CREATE_X, b, f, x, name, where)
#define CREATE_X(word, flag, b, f, x, name, where) \
  NO_FD("create b" #b " f" #f " pages=" TEXT(PAGES) " access=" name word, 0, UNBORN(b) && fd[f] == 0) \
  OP("create b" #b " f" #f " pages=" TEXT(PAGES) " access=" name word, UNBORN(b) && fd[f] == 0 && ROOM(0), \
     BORN(b, where); SET_ACCESS(b, x); SET_HANDLE(b); count[b] = 1 + OWN_REFERENCES; fd[f] = b + 1; SET_PROCESS(f, 0); \
     SET_FLAG(f, flag))
#if OWN_REFERENCES > 0
#define SET_HANDLE(b) handle[b] = 1
#else
#define SET_HANDLE(b) skip
#endif
#ifdef ACCESS_MODES
#if ACCESS_MODES == 1
#define MODES(X, a, b) X(a, b, RW, "rw") X(a, b, RO, "ro") X(a, b, WO, "wo")
#elif ACCESS_MODES == 3
#define MODES(X, a, b) X(a, b, RW, "rw") X(a, b, RO, "ro")
#elif defined(NO_WRITE_ONLY)
#define MODES(X, a, b) X(a, b, RW, "rw")
#elif defined(IGNORES_ACCESS)
#define MODES(X, a, b) X(a, b, RW, "rw") X(a, b, RW, "wo")
#else
#define MODES(X, a, b) X(a, b, RW, "rw") X(a, b, WO, "wo")
#endif
#else
#define MODES(X, a, b) X(a, b, RW, "rw")
#endif
#define EXPORT(r, b, ...) MODES(EXPORT_AS, b, r)
#define EXPORT_B(b, ...) EACH_R(EXPORT, b)
/* What a device refuses to make, before there is a buffer: EINVAL, whatever it is that it does not like. O_WRONLY is
 * a flag that PRIME does not know (PRM-001). udmabuf ignores flags (UDM-007), and nobody takes a size of 0 (UDM-001,
 * HEP-001, VGM-002). */
#define REFUSE_CREATE(b, f, what) REFUSE("create b" #b " f" #f " " what, EINVAL, UNBORN(b) && fd[f] == 0)
#if defined(ACCESS_MODES) && defined(NO_WRITE_ONLY)
#define CREATE_WRITE_ONLY(b, f) REFUSE_CREATE(b, f, "pages=" TEXT(PAGES) " access=wo")
#else
#define CREATE_WRITE_ONLY(b, f)
#endif
#define SIZE 1
#define SIZE_AND_FLAGS 2
#if !defined(ODD_CREATIONS) || !defined(CHECKS)
#define CREATE_ODD(b, f)
#else
#define CREATE_EMPTY(b, f) \
  REFUSE_CREATE(b, f, "pages=0 access=rw") REFUSE_CREATE(b, f, "pages=0 access=rw flags=unknown")
#define REFUSE_FLAGS(b, f, name) REFUSE_CREATE(b, f, "pages=" TEXT(PAGES) " access=rw flags=" name)
#if CHECKS == SIZE
#define CREATE_ODD(b, f) CREATE_EMPTY(b, f) CREATE_AS(b, f, RW, "rw flags=unknown")
#elif defined(HEAP_FIELDS)
#define CREATE_ODD(b, f) CREATE_EMPTY(b, f) REFUSE_FLAGS(b, f, "unknown") REFUSE_FLAGS(b, f, "heap") REFUSE_FLAGS(b, f, "answer")
#else
#define CREATE_ODD(b, f) CREATE_EMPTY(b, f) REFUSE_FLAGS(b, f, "unknown")
#endif
#endif
#define CREATE(f, b, ...) MODES(CREATE_AS, b, f) CREATE_WRITE_ONLY(b, f) CREATE_ODD(b, f)
#define CREATE_B(b, ...) EACH_F(CREATE, b)
#ifndef PRIMES
#define CLOSE_HANDLE(b, ...) \
  STEP("close_handle b" #b, handle[b] == 1, handle[b] = 0; DROP_N(b, OWN_REFERENCES)) \
  REFUSE("close_handle b" #b, EINVAL, handle[b] == 0)
#endif
/* The exporter's release: nobody asks for it, and it comes at any time after the last reference went. */
#ifdef ACCESS_MODES
#define FORGET_ACCESS(b) mode[b] = RW
#else
#define FORGET_ACCESS(b) skip
#endif
#if PLANT == 10
#define AFTER_RELEASE DYING
#else
#define AFTER_RELEASE RELEASED
#endif
#define OPEN_FD(f, ...) || fd[f] > 0
#if PLANT == 12
#define MAY_RELEASE !(false ALL_F(OPEN_FD, 0))
#else
#define MAY_RELEASE true
#endif
#define RELEASE(b, ...) \
  STEP("(release b" #b ")", buf[b] == DYING && MAY_RELEASE, \
       assert(released[b] == 0); released[b]++; buf[b] = AFTER_RELEASE; \
       used[b] = 0; begun[b] = 0; place[b] = NOWHERE; FORGET_ACCESS(b); FORGET_RESERVATION(b))

/* An importer that guards against misuse refuses to use a slot that is empty, and to lose what it still needs;
 * one that does not has no promise of anything. */
#ifdef UNGUARDED
#define GUARD(label, guard)
#define GUARD_BUSY(label, guard)
#else
#define GUARD(label, guard) REFUSE(label, ENOENT, guard)
#define GUARD_BUSY(label, guard) REFUSE(label, EBUSY, guard)
#endif

/* Fds. */
#if PLANT == 3
#define MAY_LOSE(r, b) true
#else
/* ATT-007, VMP-008: who is attached, or has it mapped, keeps a reference of its own. */
#define MAY_LOSE(r, b) ((!ATTACHED(b) && !VMAPPED(b)) || KERNEL_REFERENCES(b) > 1)
#endif
#define INSTALL_FD(b, r, f) \
  NO_FD("install_fd r" #r " f" #f, 0, ref[r] == b + 1 && fd[f] == 0 && MAY_LOSE(r, b)) \
  STEP("install_fd r" #r " f" #f, ref[r] == b + 1 && fd[f] == 0 && MAY_LOSE(r, b) && ROOM(0), \
     ref[r] = 0; fd[f] = b + 1; SET_PROCESS(f, 0))
#define INSTALL_FD_KEPT(b, r, f) \
  GUARD_BUSY("install_fd r" #r " f" #f, ref[r] == b + 1 && fd[f] == 0 && !MAY_LOSE(r, b))
#define INSTALL_FD_F(f, r) \
  EACH_B(INSTALL_FD, r, f) EACH_B(INSTALL_FD_KEPT, r, f) \
  GUARD("install_fd r" #r " f" #f, ref[r] == 0 && fd[f] == 0)
#define INSTALL_FD_R(r, ...) EACH_F(INSTALL_FD_F, r)
#define DUP(word, flag, b, f, g) \
  NO_FD("dup f" #f " f" #g word, PROCESS(f), fd[f] == b + 1 && fd[g] == 0) \
  OP("dup f" #f " f" #g word, fd[f] == b + 1 && fd[g] == 0 && ROOM(PROCESS(f)), \
     TAKE(b); fd[g] = b + 1; SET_PROCESS(g, PROCESS(f)); SET_FLAG(g, flag))
#define DUP_B(b, f, g) EACH_X(DUP, b, f, g)
#define DUP_CLOSED(word, flag, f, g) REFUSE("dup f" #f " f" #g word, EBADF, fd[f] == 0 && fd[g] == 0)
#define DUP_G(g, f) EACH_B(DUP_B, f, g) EACH_X(DUP_CLOSED, f, g)
#define DUP_F(f, ...) EACH_G(DUP_G, f)
#define DUP_NONE(word, flag, g) REFUSE("dup bad f" #g word, EBADF, fd[g] == 0)
#define DUP_BAD(g, ...) EACH_X(DUP_NONE, g)
#define CLOSE(b, f) STEP("close f" #f, fd[f] == b + 1 && MAY_GO(b), fd[f] = 0; SET_PROCESS(f, 0); SET_FLAG(f, 0); DROP(b))
#define CLOSE_F(f, ...) EACH_B(CLOSE, f) REFUSE("close f" #f, EBADF, fd[f] == 0)
#if PLANT == 4
#define OTHER(p) (p)
#else
#define OTHER(p) (1 - (p))
#endif
#define SEND(b, f, s) \
  OP("send f" #f " s" #s, fd[f] == b + 1 && msg[s] == 0, TAKE(b); msg[s] = b + 1; msgp[s] = OTHER(fdp[f]))
#define SEND_S(s, f) EACH_B(SEND, f, s) REFUSE("send f" #f " s" #s, EBADF, fd[f] == 0 && msg[s] == 0)
#define SEND_F(f, ...) EACH_S(SEND_S, f)
#define SEND_BAD(s, ...) REFUSE("send bad s" #s, EBADF, msg[s] == 0)
#define RECEIVE_X(word, flag, f, s) \
  STEP("receive s" #s " f" #f word, msg[s] > 0 && fd[f] == 0 && ROOM(msgp[s]), \
       fd[f] = msg[s]; fdp[f] = msgp[s]; msg[s] = 0; msgp[s] = 0; SET_FLAG(f, flag))
/* SHR-008: the message has been read by then. */
#define RECEIVE_FULL_X(word, flag, b, f, s) \
  NO_FD_FOR("receive s" #s " f" #f word, msgp[s], msg[s] == b + 1 && fd[f] == 0, msg[s] = 0; msgp[s] = 0; DROP(b))
#define RECEIVE_FULL(b, f, s) EACH_X(RECEIVE_FULL_X, b, f, s)
#define RECEIVE(f, s) EACH_X(RECEIVE_X, f, s) EACH_B(RECEIVE_FULL, f, s)
#define RECEIVE_S(s, ...) EACH_F(RECEIVE, s)
#if PLANT == 8
#define DISCARDED(b) skip
#else
#define DISCARDED(b) DROP(b)
#endif
#define DISCARD(b, s) STEP("discard s" #s, msg[s] == b + 1, msg[s] = 0; msgp[s] = 0; DISCARDED(b))
#define DISCARD_S(s, ...) EACH_B(DISCARD, s)

/* Importers in the kernel. */
#define GET(b, f, r) OP("get f" #f " r" #r, fd[f] == b + 1 && ref[r] == 0, TAKE(b); ref[r] = b + 1)
#define GET_R(r, f) EACH_B(GET, f, r) REFUSE("get f" #f " r" #r, EBADF, fd[f] == 0 && ref[r] == 0)
#define GET_F(f, ...) EACH_R(GET_R, f)
#define GET_NONE(r, ...) \
  REFUSE("get bad r" #r, EBADF, ref[r] == 0) REFUSE("get foreign r" #r, EINVAL, ref[r] == 0)
#define PUT(b, r) STEP("put r" #r, ref[r] == b + 1 && MAY_LOSE(r, b), ref[r] = 0; DROP(b))
#define PUT_KEPT(b, r) GUARD_BUSY("put r" #r, ref[r] == b + 1 && !MAY_LOSE(r, b))
#define PUT_R(r, ...) EACH_B(PUT, r) EACH_B(PUT_KEPT, r) GUARD("put r" #r, ref[r] == 0)

#if PLANT == 5
#define LATE_REFUSED(b) (used[b] == 1)
#define LATE_ADMITTED(b) (used[b] == 0)
#else
#define LATE_REFUSED(b) (REFUSES_AFTER_MAP != NO && used[b] == 1)
#define LATE_ADMITTED(b) (REFUSES_AFTER_MAP != YES || used[b] == 0)
#endif
#define UNSUITED(b, d) (CONSTRAINTS == REFUSED_AT_ATTACH && d == 1 && place[b] == ANYWHERE)
#define CAN_ATTACH(b, r, a) (ref[r] == b + 1 && att[a] == 0)
/* Where only one side can handle moves the core maps at once, in both directions, and keeps the table: ATT-010, ATT-012. */
#define ATTACH_AS(verb, dynamic, b, r, d, a) \
  OP(verb " r" #r " d" #d " a" #a, \
     CAN_ATTACH(b, r, a) && !UNSUITED(b, d) && LATE_ADMITTED(b) && (!KEPT_AT_ATTACH(dynamic) || REACHED_BY(d, b)), \
     att[a] = b + 1; dev[a] = d; SET_DYNAMIC(a, dynamic); atts[b]++; KEEP_AT_ATTACH(dynamic, a, b)) \
  REFUSE(verb " r" #r " d" #d " a" #a, EBUSY, \
     CAN_ATTACH(b, r, a) && (UNSUITED(b, d) || LATE_REFUSED(b) || (KEPT_AT_ATTACH(dynamic) && !REACHED_BY(d, b)))) \
  REFUSE_ANYHOW(verb, b, r, d, a)
#define ATTACH(b, r, d, a) ATTACH_AS("attach", 0, b, r, d, a) ATTACH_DYNAMIC(b, r, d, a)
/* ATT-015: an exporter nobody has read may refuse whom it likes, with an errno of its own. */
#if REFUSES_ATTACH == MAYBE
#define REFUSE_ANYHOW(verb, b, r, d, a) REFUSE(verb " r" #r " d" #d " a" #a, EIO, CAN_ATTACH(b, r, a))
#else
#define REFUSE_ANYHOW(verb, b, r, d, a)
#endif
#define ATTACH_NONE(r, d, a) \
  GUARD("attach r" #r " d" #d " a" #a, ref[r] == 0 && att[a] == 0) ATTACH_DYNAMIC_NONE(r, d, a)
#define ATTACH_LAX(a, r) EACH_B(ATTACH, r, 0, a) ATTACH_NONE(r, 0, a)
#ifdef ONE_DEVICE
#define ATTACH_A(a, r) ATTACH_LAX(a, r)
#else
#define ATTACH_A(a, r) ATTACH_LAX(a, r) EACH_B(ATTACH, r, 1, a) ATTACH_NONE(r, 1, a)
#endif
#define ATTACH_R(r, ...) EACH_A(ATTACH_A, r)
#if CACHES != NO || defined(DYNAMIC)
#define FORGET_TABLE(a) cached[a] = 0
#else
#define FORGET_TABLE(a) skip
#endif
#if MAPPINGS > 0
#define HANDED_OUT(a) (maps[a] > 0)
#else
#define HANDED_OUT(a) false
#endif
/* ATT-018: the importer's mappings go first; DYN-015: and so do its pins. */
#ifdef STALLS
#define WAITS(a) (stalled == a + 1)
#else
#define WAITS(a) false
#endif
#if PLANT == 7
#define MAY_DETACH(a) true
#elif PLANT == 17
#define MAY_DETACH(a) (!HANDED_OUT(a))
#else
#define MAY_DETACH(a) (!HANDED_OUT(a) && !PINNED(a) && !WAITS(a))
#endif
#define DETACH(b, a) \
  STEP("detach a" #a, att[a] == b + 1 && MAY_DETACH(a), att[a] = 0; dev[a] = 0; FORGET_TABLE(a); SET_DYNAMIC(a, 0); \
       assert(atts[b] > 0); atts[b]--)
#define DETACH_A(a, ...) EACH_B(DETACH, a) \
  GUARD_BUSY("detach a" #a, att[a] > 0 && (HANDED_OUT(a) || PINNED(a))) GUARD("detach a" #a, att[a] == 0)

/* A map that reaches the exporter. The first one chooses the place, which then suits every device attached
 * (MIG-002); later a strict device may find it unsuitable. */
#define SUITS_DEVICE(d, b) (CONSTRAINTS == IGNORED || d == 0 || place[b] != ANYWHERE)
#define SUITS(a, b) SUITS_DEVICE(dev[a], b)
#if PLANT == 11
#define CAN_MOVE(b) (CONSTRAINTS == MIGRATES)
#else
#define CAN_MOVE(b) (CONSTRAINTS == MIGRATES && !HELD(b))
#endif
#define REACHED_BY(d, b) (SUITS_DEVICE(d, b) || CAN_MOVE(b))
#define REACH(a, b) REACHED_BY(dev[a], b)
#define ALLOCATE(b) \
  if \
  :: place[b] == NOWHERE && CONSTRAINTS != IGNORED && STRICT_ATTACHED(b) -> place[b] = CONFINED \
  :: place[b] == NOWHERE && !(CONSTRAINTS != IGNORED && STRICT_ATTACHED(b)) -> place[b] = ANYWHERE \
  :: else \
  fi
#define MOVE(a, b) if :: !SUITS(a, b) -> assert(!HELD(b)); TELL(b) place[b] = CONFINED :: else fi
#define HAND_OUT(a, m, d) assert(att[a] > 0); map[m] = a + 1; dir[m] = d; maps[a]++
#define CAN_MAP(b, a, m) (att[a] == b + 1 && map[m] == 0)
#ifdef ONE_MAP
#define AGAIN(a) (maps[a] == 0)
#else
#define AGAIN(a) true
#endif
#if CACHES != NO
#define KEEP_TABLE(a, d) cached[a] = d + 1
#else
#define KEEP_TABLE(a, d) skip
#endif
#if CACHES != NO || defined(DYNAMIC)
#if PLANT == 1
#define SERVES(a, d) (cached[a] == d + 1)
#else
#define SERVES(a, d) (cached[a] == d + 1 || cached[a] == BIDIRECTIONAL + 1)
#endif
#define IS_CACHED(a) (cached[a] > 0)
#define MAP_CACHED(b, d, n, a, m) \
  OP("map a" #a " m" #m " " #n, CAN_MAP(b, a, m) && IS_CACHED(a) && SERVES(a, d), HAND_OUT(a, m, d)) \
  REFUSE("map a" #a " m" #m " " #n, EBUSY, CAN_MAP(b, a, m) && IS_CACHED(a) && !SERVES(a, d))
#else
#define IS_CACHED(a) false
#define MAP_CACHED(b, d, n, a, m)
#endif
#if CACHES == MAYBE
#define MAP_UNKEPT(b, d, n, a, m) \
  OP("map a" #a " m" #m " " #n, CAN_MAP(b, a, m) && !IS_CACHED(a) && AGAIN(a) && REACH(a, b) && !PENDING(b, KERNEL), \
     MOVE(a, b); ALLOCATE(b); used[b] = 1; HAND_OUT(a, m, d))
#else
#define MAP_UNKEPT(b, d, n, a, m)
#endif
/* Instead of EBUSY it waits, as an exporter may that has asked the others to let go (DYN-010); then it goes on. */
#ifdef STALLS
#define MAP_STALLED(b, d, n, a, m) \
  OP("map stalls", CAN_MAP(b, a, m) && !IS_CACHED(a) && AGAIN(a) && !REACH(a, b), stalled = a + 1) \
  STEP("map proceeds", stalled == a + 1 && CAN_MAP(b, a, m) && REACH(a, b), \
       MOVE(a, b); used[b] = 1; KEEP_TABLE(a, d); HAND_OUT(a, m, d); stalled = 0)
#else
#define MAP_STALLED(b, d, n, a, m)
#endif
#define MAP(b, d, n, a, m) \
  OP("map a" #a " m" #m " " #n, CAN_MAP(b, a, m) && !IS_CACHED(a) && AGAIN(a) && REACH(a, b) && !PENDING(b, KERNEL), \
     MOVE(a, b); ALLOCATE(b); used[b] = 1; KEEP_TABLE(a, d); HAND_OUT(a, m, d)) \
  REFUSE("map a" #a " m" #m " " #n, EBUSY, CAN_MAP(b, a, m) && !IS_CACHED(a) && AGAIN(a) && !REACH(a, b)) \
  MAP_STALLED(b, d, n, a, m) \
  MAP_UNKEPT(b, d, n, a, m) \
  MAP_CACHED(b, d, n, a, m)
#define MAP_D(d, n, a, m) EACH_B(MAP, d, n, a, m) GUARD("map a" #a " m" #m " " #n, att[a] == 0 && map[m] == 0)
#define MAP_M(m, a) EACH_MAP_D(MAP_D, a, m)
#define MAP_A(a, ...) EACH_M(MAP_M, a)
#if PLANT == 9
#define UNMAP_STEP OP
#else
#define UNMAP_STEP STEP
#endif
#define UNMAP(a, m) \
  UNMAP_STEP("unmap m" #m, map[m] == a + 1, map[m] = 0; dir[m] = 0; FORGET_STALE(m); assert(maps[a] > 0); maps[a]--)
#define UNMAP_M(m, ...) EACH_A(UNMAP, m) GUARD("unmap m" #m, map[m] == 0)
#define DEVICE_RW(m, ...) \
  OP("device_read m" #m " page=0", map[m] > 0 && dir[m] != FROM_DEVICE && !IS_STALE(m), skip) \
  OP("device_write m" #m " page=0 tag=0x1", map[m] > 0 && dir[m] != TO_DEVICE && !IS_STALE(m), skip)

/* CPU access. */
#define BEGIN(b) begun[b] = 1; ALLOCATE(b)
#if defined(END_NEEDS_BEGIN) && PLANT != 6
#define MAY_END(b) (begun[b] == 1)
#else
#define MAY_END(b) true
#endif
/* With a fence pending that matters it would wait, for ever in a program of one thread: nobody asks for that. */
#define SYNC_START(b, f, what, usage) OP("sync f" #f " start|" what, fd[f] == b + 1 && !PENDING(b, usage), BEGIN(b))
#define SYNC_END(b, f, what) \
  OP("sync f" #f " end|" what, fd[f] == b + 1 && MAY_END(b), skip) \
  REFUSE("sync f" #f " end|" what, EINVAL, fd[f] == b + 1 && !MAY_END(b))
#define SYNC_WRONG(f, x, what, errno) REFUSE("sync " f " " what, errno, x)
#define SYNC_F(f, ...) \
  EACH_B(SYNC_START, f, "read", WRITE) EACH_B(SYNC_START, f, "write", READ) EACH_B(SYNC_START, f, "read|write", READ) \
  EACH_B(SYNC_END, f, "read") EACH_B(SYNC_END, f, "write") EACH_B(SYNC_END, f, "read|write") \
  REFUSE("sync f" #f " start", EINVAL, fd[f] > 0) REFUSE("sync f" #f " end", EINVAL, fd[f] > 0) \
  REFUSE("sync f" #f " start|read|0x8", EINVAL, fd[f] > 0) \
  REFUSE("sync f" #f " start|read|0x100000000", EINVAL, fd[f] > 0) \
  REFUSE("sync f" #f " start|read argument=unmapped", EFAULT, fd[f] > 0) \
  SYNC_WORDS(SYNC_CLOSED, f)
#define SYNC_WORDS(X, f) \
  X(f, "start|read") X(f, "start|write") X(f, "start|read|write") \
  X(f, "end|read") X(f, "end|write") X(f, "end|read|write") \
  X(f, "start") X(f, "end") X(f, "start|read|0x8") X(f, "start|read|0x100000000") X(f, "start|read argument=unmapped")
#define SYNC_CLOSED(f, what) REFUSE("sync f" #f " " what, EBADF, fd[f] == 0)
#define SYNC_NONE(f, what) REFUSE("sync bad " what, EBADF, true) REFUSE("sync foreign " what, ENOTTY, true)
#define WAITS_FOR_bidirectional(b) PENDING(b, READ)
#define WAITS_FOR_to_device(b) PENDING(b, READ)
#define WAITS_FOR_from_device(b) PENDING(b, WRITE)
#define CPU(b, r, d, n) \
  OP("begin_cpu_access r" #r " " #n, ref[r] == b + 1 && !WAITS_FOR_##n(b), BEGIN(b)) \
  OP("end_cpu_access r" #r " " #n, ref[r] == b + 1 && MAY_END(b), skip) \
  REFUSE("end_cpu_access r" #r " " #n, EINVAL, ref[r] == b + 1 && !MAY_END(b))
#define CPU_D(d, n, r) \
  EACH_B(CPU, r, d, n) GUARD("begin_cpu_access r" #r " " #n, ref[r] == 0) \
  GUARD("end_cpu_access r" #r " " #n, ref[r] == 0)
#define CPU_R(r, ...) EACH_D(CPU_D, r)

/* CPU mappings. */
#ifdef NO_MMAP
#define HAS_MMAP false
#else
#define HAS_MMAP true
#endif
#define CAN_MMAP(b, f, v) (fd[f] == b + 1 && vma[v] == 0)
#define MMAPPED(b, f, v, w, l) \
  TAKE(b); vma[v] = b + 1; vmaw[v] = w; SET_VMA_PROCESS(v, PROCESS(f)); SET_SHAPE(v, 0, l)
#define NAME_MMAP(name, v, o, l, p, s) "mmap " name " v" #v " offset=" #o " length=" TEXT(l) " " #p " " #s
#define MMAP(b, f, v) \
  OP(NAME_MMAP("f" #f, v, 0, PAGES, ro, shared), CAN_MMAP(b, f, v) && READABLE(b) && HAS_MMAP, MMAPPED(b, f, v, 0, PAGES)) \
  OP(NAME_MMAP("f" #f, v, 0, PAGES, rw, shared), CAN_MMAP(b, f, v) && READABLE(b) && WRITABLE(b) && HAS_MMAP, \
     MMAPPED(b, f, v, 1, PAGES)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, shared), EACCES, CAN_MMAP(b, f, v) && !READABLE(b)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, rw, shared), EACCES, CAN_MMAP(b, f, v) && !(READABLE(b) && WRITABLE(b))) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, shared), EINVAL, CAN_MMAP(b, f, v) && READABLE(b) && !HAS_MMAP) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, rw, shared), EINVAL, \
         CAN_MMAP(b, f, v) && READABLE(b) && WRITABLE(b) && !HAS_MMAP) \
  REFUSE(NAME_MMAP("f" #f, v, 1, PAGES, ro, shared), EACCES, CAN_MMAP(b, f, v) && !READABLE(b)) \
  REFUSE(NAME_MMAP("f" #f, v, 1, PAGES, ro, shared), EINVAL, CAN_MMAP(b, f, v) && READABLE(b)) \
  REFUSE(NAME_MMAP("f" #f, v, 1, PAGES, rw, shared), EACCES, CAN_MMAP(b, f, v) && !(READABLE(b) && WRITABLE(b))) \
  REFUSE(NAME_MMAP("f" #f, v, 1, PAGES, rw, shared), EINVAL, CAN_MMAP(b, f, v) && READABLE(b) && WRITABLE(b)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, 0, ro, shared), EINVAL, CAN_MMAP(b, f, v)) \
  MMAP_PRIVATE(b, f, v)
#if PRIVATE_MMAP == NO
#define MMAP_PRIVATE(b, f, v) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, private), EACCES, CAN_MMAP(b, f, v) && !READABLE(b)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, private), EINVAL, CAN_MMAP(b, f, v) && READABLE(b))
#elif PRIVATE_MMAP == ONE_PAGE
#define MMAP_PRIVATE(b, f, v) \
  OP(NAME_MMAP("f" #f, v, 0, 1, ro, private), CAN_MMAP(b, f, v), MMAPPED(b, f, v, 2, 1)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, private), EINVAL, CAN_MMAP(b, f, v))
#else
#define MMAP_PRIVATE(b, f, v) \
  OP(NAME_MMAP("f" #f, v, 0, PAGES, ro, private), CAN_MMAP(b, f, v), MMAPPED(b, f, v, 2, PAGES)) \
  REFUSE(NAME_MMAP("f" #f, v, 0, PAGES, ro, private), EINVAL, CAN_MMAP(b, f, v))
#endif
#define MMAP_V(v, f) EACH_B(MMAP, f, v) MMAP_ALL("f" #f, v, EBADF, fd[f] == 0 && vma[v] == 0)
#define MMAP_F(f, ...) EACH_V(MMAP_V, f)
#define MMAP_ALL(name, v, errno, guard) \
  REFUSE(NAME_MMAP(name, v, 0, PAGES, ro, shared), errno, guard) \
  REFUSE(NAME_MMAP(name, v, 0, PAGES, rw, shared), errno, guard) \
  REFUSE(NAME_MMAP(name, v, 1, PAGES, ro, shared), errno, guard) \
  REFUSE(NAME_MMAP(name, v, 1, PAGES, rw, shared), errno, guard) \
  REFUSE(NAME_MMAP(name, v, 0, 0, ro, shared), errno, guard) \
  REFUSE(NAME_MMAP(name, v, 0, PAGES, ro, private), errno, guard) \
  MMAP_PAGE(name, v, errno, guard)
#if PRIVATE_MMAP == ONE_PAGE
#define MMAP_PAGE(name, v, errno, guard) REFUSE(NAME_MMAP(name, v, 0, 1, ro, private), errno, guard)
#else
#define MMAP_PAGE(name, v, errno, guard)
#endif
#define MMAP_BAD(v, ...) MMAP_ALL("bad", v, EBADF, vma[v] == 0)
#define MUNMAPPED(b, v) vma[v] = 0; vmaw[v] = 0; SET_VMA_PROCESS(v, 0); SET_SHAPE(v, 0, 0); DROP(b)
#define MUNMAP(b, v) STEP("munmap v" #v, vma[v] == b + 1, MUNMAPPED(b, v))
/* Through a private mapping that may be written nobody writes: what it shows from then on, nobody says (MMU-006). */
#define TOUCH(b, v) \
  OP("store v" #v " page=0 tag=0x1", vma[v] == b + 1 && vmaw[v] == 1, ALLOCATE(b)) \
  REFUSE("store v" #v " page=0 tag=0x1", EFAULT, vma[v] == b + 1 && !(vmaw[v] & 1)) \
  OP("load v" #v " page=0", vma[v] == b + 1, ALLOCATE(b))
#define VMA_V(v, ...) EACH_B(MUNMAP, v) EACH_B(TOUCH, v)

#ifdef RESHAPES
#include "reshaped.pml"
#endif
#if MEMFDS > 0
#include "lists.pml"
#endif
#ifdef CHILDREN
#include "children.pml"
#endif

/* Calls that change nothing. */
#define SEEK_F(f, ...) \
  OP("seek f" #f " set 0", fd[f] > 0, skip) OP("seek f" #f " end 0", fd[f] > 0, skip) \
  REFUSE("seek f" #f " cur 0", EINVAL, fd[f] > 0) REFUSE("seek f" #f " data 0", EINVAL, fd[f] > 0) \
  REFUSE("seek f" #f " hole 0", EINVAL, fd[f] > 0) REFUSE("seek f" #f " bogus 0", EINVAL, fd[f] > 0) \
  REFUSE("seek f" #f " set 1", EINVAL, fd[f] > 0) REFUSE("seek f" #f " end -1", EINVAL, fd[f] > 0) \
  SEEK_WORDS(SEEK_CLOSED, f)
#define SEEK_WORDS(X, f) \
  X(f, "set 0") X(f, "cur 0") X(f, "end 0") X(f, "data 0") X(f, "hole 0") X(f, "bogus 0") X(f, "set 1") X(f, "end -1")
#define SEEK_CLOSED(f, what) REFUSE("seek f" #f " " what, EBADF, fd[f] == 0)
#define SEEK_NONE(f, what) REFUSE("seek bad " what, EBADF, true)
#ifdef NO_RENAME_WHILE_ATTACHED
#define MAY_RENAME(b) (!ATTACHED(b))
#else
#define MAY_RENAME(b) true
#endif
#define NAME(b, f, what) \
  OP("set_name f" #f " " what, fd[f] == b + 1 && MAY_RENAME(b), skip) \
  REFUSE("set_name f" #f " " what, EBUSY, fd[f] == b + 1 && !MAY_RENAME(b))
#define NAME_F(f, ...) \
  EACH_B(NAME, f, "''") EACH_B(NAME, f, "'scanout'") \
  REFUSE("set_name f" #f " 'exactly-thirty-two-characters-xx'", EINVAL, fd[f] > 0) \
  REFUSE("set_name f" #f " 'scanout' argument=unmapped", EFAULT, fd[f] > 0) \
  NAME_WORDS(NAME_CLOSED, f)
#define NAME_WORDS(X, f) \
  X(f, "''") X(f, "'scanout'") X(f, "'exactly-thirty-two-characters-xx'") X(f, "'scanout' argument=unmapped")
#define NAME_CLOSED(f, what) REFUSE("set_name f" #f " " what, EBADF, fd[f] == 0)
#define NAME_NONE(f, what) REFUSE("set_name bad " what, EBADF, true) REFUSE("set_name foreign " what, ENOTTY, true)

#define QUIET_B(b, ...) && (buf[b] == ABSENT || buf[b] == RELEASED)
#define ALL_RELEASED (true ALL_B(QUIET_B, 0))

active proctype world() {
end:
  do
#ifdef EXPORTS
  EACH_B(EXPORT_B, 0)
  EACH_R(INSTALL_FD_R, 0)
#endif
#ifdef CREATES
  EACH_B(CREATE_B, 0)
#endif
#ifdef HANDLES
  EACH_B(CLOSE_HANDLE, 0)
#endif
#ifdef PRIMES
  EACH_B(PRIME_B, 0)
  EACH_F(IMPORT_HANDLE_F, 0)
  IMPORT_HANDLE_NONE("") IMPORT_HANDLE_NONE(" second")
#endif
#ifndef WORKER
  EACH_B(RELEASE, 0)
#endif
#ifdef FILLS
  FILL_STEPS
#endif
#ifdef DUPS
  EACH_F(DUP_F, 0)
  EACH_F(DUP_BAD, 0)
#endif
#ifdef CLOSES
  EACH_F(CLOSE_F, 0)
  REFUSE("close bad", EBADF, true)
#endif
#ifdef SENDS
  EACH_F(SEND_F, 0)
  EACH_S(SEND_BAD, 0)
#endif
#ifdef RECEIVES
  EACH_S(RECEIVE_S, 0)
#endif
#ifdef DISCARDS
  EACH_S(DISCARD_S, 0)
#endif
#ifdef GETS
  EACH_F(GET_F, 0)
  EACH_R(GET_NONE, 0)
#endif
#ifdef PUTS
  EACH_R(PUT_R, 0)
#endif
#ifdef IMPORTS
  EACH_R(ATTACH_R, 0)
  EACH_A(DETACH_A, 0)
  EACH_A(MAP_A, 0)
  EACH_M(UNMAP_M, 0)
#endif
#ifdef DYNAMIC
  EACH_A(PIN_A, 0)
  EACH_R(MIGRATE_R, 0)
#endif
#ifdef DEVICE_ACCESS
  EACH_M(DEVICE_RW, 0)
#endif
#ifdef SYNCS
  EACH_F(SYNC_F, 0)
  SYNC_WORDS(SYNC_NONE, 0)
#endif
#ifdef KERNEL_CPU_ACCESS
  EACH_R(CPU_R, 0)
#endif
#ifdef MMAPS
  EACH_F(MMAP_F, 0)
  EACH_V(MMAP_BAD, 0)
  EACH_V(VMA_V, 0)
#endif
#ifdef RESHAPES
  EACH_V(RESHAPE_V, 0)
#endif
#ifdef CHILDREN
  CHILD_STEPS
#endif
#if VMAPS > 0
  EACH_R(VMAP_R, 0)
  EACH_K(VUNMAP_W, 0)
#endif
#if INDICES > 0
  QUEUE_STEPS
#endif
#if FENCES > 0
  EACH_F(ADD_F, 0)
  EACH_C(SIGNAL_C, 0)
#endif
#ifdef POLLS
  EACH_F(POLL_F, 0)
  EVENT_WORDS(POLL_NONE, 0)
#endif
#ifdef SYNC_FILE_EXPORTS
  EACH_F(EXPORT_F, 0)
  EACH_Y(EXPORT_NONE_Y, 0)
#endif
#ifdef SYNC_FILE_IMPORTS
  EACH_F(IMPORT_F, 0)
  IMPORT_WORDS(IMPORT_NONE, 0)
#endif
#ifdef MERGES
  EACH_Y(MERGE_Y, 0)
  EACH_W(MERGE_NONE, 0)
#endif
#ifdef FILE_INFOS
  EACH_Y(INFO_Y, 0)
  INFO_WORDS(INFO_NONE, 0)
#endif
#ifdef SYNC_FILE_POLLS
  EACH_Y(SYNC_POLL_Y, 0)
  EVENT_WORDS(SYNC_POLL_NONE, 0)
#endif
#ifdef SYNC_FILE_CLOSES
  EACH_Y(SYNC_CLOSE_Y, 0)
  REFUSE("close_sync_file bad", EBADF, true)
#endif
#if MEMFDS > 0
  EACH_N(MEMFD_N, 0)
  EACH_B(LIST_B, 0)
#endif
#ifdef SEEKS
  EACH_F(SEEK_F, 0)
  SEEK_WORDS(SEEK_NONE, 0)
#endif
#ifdef NAMES
  EACH_F(NAME_F, 0)
  NAME_WORDS(NAME_NONE, 0)
#endif
#ifdef TEARDOWN
  /* From now on only what gives something back. No fairness is asked for: whatever the order, it ends. */
  :: d_step { !tearing -> tearing = 1 }
#endif
  od
}

#ifdef WORKER
/* One for each buffer: a piece of work for each file that was released. */
#define WORKER_OF(b, ...) active proctype JOIN(worker, b)() { end: do RELEASE(b, 0) od }
EACH_B(WORKER_OF, 0)
#endif

/* PROVED, by pan -a (prove.sh) */
#if defined(TEARDOWN)
ltl all_can_be_released { [] (tearing -> <> ALL_RELEASED) }
#elif defined(STALLS)
ltl stalled_moves_proceed { [] (stalled > 0 -> <> (stalled == 0)) }
#elif defined(WORKER)
/* With weak fairness: each worker is scheduled at some time. */
ltl release_follows_the_last_put { [] (buf[0] == DYING -> <> (buf[0] == RELEASED)) }
#endif
