/* SPDX-License-Identifier: MIT
 * A video queue that imports: DBUF-VBT. Each index has one plane; what it holds is a reference (VBT-011), kept whatever is
 * dequeued or cancelled (VBT-014), until something else comes, REQBUFS, or the owner's close (VBT-013, VBT-015).
 * Slots: INDICES, which programs name; there are two. Profile: ATTACHES (the importer maps for a device; else into the kernel),
 * SCATTERED (then several pages are refused, VBT-010), HAS_VMAP, LEAST (REQBUFS of fewer gives so many).
 */
#ifndef HAS_VMAP
#define HAS_VMAP YES
#endif
#ifndef SCATTERED
#define SCATTERED NO
#endif
#ifndef LEAST
#define LEAST 1
#endif
#define NO_QUEUE 0
#define REQUESTED 1
#define STREAMING 2
#define UNALLOTTED 0
#define VACANT 1
#define HOLDING 2
#define PREPARED 3
#define QUEUED 4
byte queue;
byte oldest;             /* of those queued; 0 if none is */
byte qs[2];
byte qb[2];              /* what it holds: buffer + 1 */
byte ql[2];              /* held in the length of an image, and not whole */
#define I1(X, ...) X(0, __VA_ARGS__)
#define I2(X, ...) I1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define EACH_I JOIN(I, INDICES)
#define PLANES(b) + (qb[0] == b + 1) + (qb[1] == b + 1)
#ifdef ATTACHES
#define MAPPED_BY_QUEUE(b) used[b] = 1
#else
#define MAPPED_BY_QUEUE(b) skip
#endif

#if BUFFERS > 1
#define DROP_HELD(i) if :: qb[i] == 1 -> DROP(0) :: qb[i] == 2 -> DROP(1) :: else fi
#else
#define DROP_HELD(i) if :: qb[i] == 1 -> DROP(0) :: else fi
#endif
#define LET_GO(i) DROP_HELD(i); qb[i] = 0; ql[i] = 0
/* What fails once the index was found free lets go of what it held before. */
#define FAIL(label, errno, i, guard) \
  REFUSE_AND(label, errno, queue != NO_QUEUE && (qs[i] == VACANT || qs[i] == HOLDING) && (guard), LET_GO(i); qs[i] = VACANT)
/* The first of those queued comes back first. */
#define ENTER(i, state) \
  qs[i] = state; \
  if :: state == QUEUED && qs[1 - i] != QUEUED -> oldest = i :: else fi

/* The owner asks, with a memory that there is, for an index that is free or prepared. */
#define PUT_IN_FREE(b, label, i, f, image, state) \
  OP(label, queue != NO_QUEUE && qs[i] == HOLDING && fd[f] == b + 1 && qb[i] == b + 1 && ql[i] == image, ENTER(i, state)) \
  TAKEN(label, i, f, b, image, state) \
  TOO_WIDE(label, i, f, b, image)
#define OTHER_PLANE(i, f, b, image) \
  (queue != NO_QUEUE && fd[f] == b + 1 && (qs[i] == VACANT || (qs[i] == HOLDING && !(qb[i] == b + 1 && ql[i] == image))))
#define TAKE_PLANE(label, i, f, b, image, state, guard) \
  OP(label, OTHER_PLANE(i, f, b, image) && (guard), \
     LET_GO(i); TAKE(b); qb[i] = b + 1; ql[i] = image; ALLOCATE(b); MAPPED_BY_QUEUE(b); ENTER(i, state))
#define FAIL_PLANE(label, errno, i, f, b, image, guard) \
  REFUSE_AND(label, errno, OTHER_PLANE(i, f, b, image) && (guard), \
     LET_GO(i); qs[i] = VACANT; ALLOCATE(b); MAPPED_BY_QUEUE(b))
#ifdef ATTACHES
#if REFUSES_ATTACH == MAYBE
#define NOT_ATTACHED(label, i, f, b, image) \
  REFUSE_AND(label, EIO, OTHER_PLANE(i, f, b, image), LET_GO(i); qs[i] = VACANT)
#else
#define NOT_ATTACHED(label, i, f, b, image)
#endif
#define GAPS(image) (PAGES > 1 && image == 0)
#define TAKEN(label, i, f, b, image, state) \
  TAKE_PLANE(label, i, f, b, image, state, SCATTERED != YES || !GAPS(image)) NOT_ATTACHED(label, i, f, b, image)
#define TOO_WIDE(label, i, f, b, image) FAIL_PLANE(label, EFAULT, i, f, b, image, SCATTERED != NO && GAPS(image))
#else
#define TAKEN(label, i, f, b, image, state) TAKE_PLANE(label, i, f, b, image, state, HAS_VMAP != NO)
#define TOO_WIDE(label, i, f, b, image) \
  REFUSE_AND(label, EFAULT, OTHER_PLANE(i, f, b, image) && HAS_VMAP == NO, LET_GO(i); qs[i] = VACANT)
#endif

/* A QBUF of what is prepared looks at nothing else; anything else in the way is EINVAL (VBT-010, VBT-027). */
#define IN_THE_WAY(i, state) (qs[i] == UNALLOTTED || qs[i] == QUEUED || (qs[i] == PREPARED && state == PREPARED))
#define PUT_IN_WAY(label, i, state) \
  REFUSE(label, EINVAL, queue == NO_QUEUE || IN_THE_WAY(i, state)) \
  OP(label, queue != NO_QUEUE && qs[i] == PREPARED && state == QUEUED, ENTER(i, QUEUED))
#define PUT_IN_AS(label, i, f, image, state) \
  PUT_IN_WAY(label, i, state) \
  EACH_B(PUT_IN_FREE, label, i, f, image, state) \
  FAIL(label, EINVAL, i, fd[f] == 0)
#define PUT_IN_FAILS(label, i, f, state, errno) \
  PUT_IN_WAY(label, i, state) FAIL(label, errno, i, fd[f] > 0) FAIL(label, EINVAL, i, fd[f] == 0)
#define PUT_IN_NONE(label, i, state) PUT_IN_WAY(label, i, state) FAIL(label, EINVAL, i, true)
#define PUT_IN_F(f, verb, i, state) \
  PUT_IN_AS(verb " index=" #i " f" #f, i, f, 0, state) \
  PUT_IN_AS(verb " index=" #i " f" #f " length=image", i, f, 1, state) \
  PUT_IN_FAILS(verb " index=" #i " f" #f " length=short", i, f, state, EINVAL) \
  PUT_IN_FAILS(verb " index=" #i " f" #f " length=long", i, f, state, EFAULT)
#define PUT_IN(i, verb, state) \
  EACH_F(PUT_IN_F, verb, i, state) \
  PUT_IN_NONE(verb " index=" #i " bad", i, state) PUT_IN_NONE(verb " index=" #i " foreign length=long", i, state)
/* Whose queue it is comes before what is asked of it. */
#define PUT_IN_WRONG(verb) \
  REFUSE(verb " index=0 f0 memory=unknown", EINVAL, true) \
  REFUSE(verb " index=0 f0 memory=unknown second", EBUSY, queue != NO_QUEUE) \
  REFUSE(verb " index=0 f0 memory=unknown second", EINVAL, queue == NO_QUEUE) \
  REFUSE(verb " index=0 f0 second", EBUSY, queue != NO_QUEUE) REFUSE(verb " index=0 f0 second", EINVAL, queue == NO_QUEUE) \
  REFUSE(verb " index=2 f0", EINVAL, true)

/* REQBUFS frees what there is before it makes any (VBT-009). */
#define FREE_ALL LET_GO(0); LET_GO(1); qs[0] = UNALLOTTED; qs[1] = UNALLOTTED; oldest = 0
#define ALLOT(n) qs[0] = (n > 0 -> VACANT : UNALLOTTED); qs[1] = (n > 1 -> VACANT : UNALLOTTED); \
  queue = (n > 0 -> REQUESTED : NO_QUEUE)
#if LEAST > 1
#define GRANTED(n) (n > 0 -> 2 : 0)
#else
#define GRANTED(n) n
#endif
#define REQBUFS(n) \
  OP("reqbufs count=" #n, queue != STREAMING, FREE_ALL; ALLOT(GRANTED(n))) REFUSE("reqbufs count=" #n, EBUSY, queue == STREAMING)
#if INDICES == 2
#define REQBUFS_EACH REQBUFS(0) REQBUFS(1) REQBUFS(2)
#else
#define REQBUFS_EACH REQBUFS(0) REQBUFS(1)
#endif
#define REQBUFS_WRONG \
  REFUSE("reqbufs count=" TEXT(INDICES) " memory=unknown", EINVAL, true) REFUSE("reqbufs count=0 memory=unknown second", EINVAL, true) \
  REFUSE("reqbufs count=" TEXT(INDICES) " second", EBUSY, queue != NO_QUEUE)

/* A cancelled buffer is neither queued nor prepared; it is held all the same (VBT-025). */
#if PLANT == 20
#define CANCEL(i) if :: qs[i] == QUEUED -> qs[i] = HOLDING :: else fi
#else
#define CANCEL(i) if :: qs[i] == PREPARED || qs[i] == QUEUED -> qs[i] = HOLDING :: else fi
#endif
#define OF_ANOTHER(verb) REFUSE(verb " second", EBUSY, queue != NO_QUEUE)
#define STREAM_STEPS \
  OP("streamon", queue != NO_QUEUE, queue = STREAMING) REFUSE("streamon", EINVAL, queue == NO_QUEUE) \
  OF_ANOTHER("streamon") REFUSE("streamon second", EINVAL, queue == NO_QUEUE) \
  OP("streamoff", true, if :: queue == STREAMING -> queue = REQUESTED :: else fi; CANCEL(0); CANCEL(1); oldest = 0) \
  OF_ANOTHER("streamoff") OP("streamoff second", queue == NO_QUEUE, skip) \
  OP("dqbuf", queue == STREAMING && qs[oldest] == QUEUED, \
     qs[oldest] = HOLDING; if :: qs[1 - oldest] == QUEUED -> oldest = 1 - oldest :: else -> oldest = 0 fi) \
  REFUSE("dqbuf", EAGAIN, queue == STREAMING && qs[oldest] != QUEUED) REFUSE("dqbuf", EINVAL, queue != STREAMING) \
  OF_ANOTHER("dqbuf") REFUSE("dqbuf second", EINVAL, queue == NO_QUEUE) \
  STEP("close_video", true, FREE_ALL; queue = NO_QUEUE) STEP("close_video second", true, skip)
#define QUEUE_STEPS \
  REQBUFS_EACH REQBUFS_WRONG STREAM_STEPS \
  EACH_I(PUT_IN, "qbuf", QUEUED) EACH_I(PUT_IN, "prepare_buf", PREPARED) PUT_IN_WRONG("qbuf") PUT_IN_WRONG("prepare_buf")
