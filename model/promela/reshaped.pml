/* SPDX-License-Identifier: MIT
 * What becomes of a CPU mapping after mmap: DBUF-MMU-004, 010, 012, and what any mapping does (mm/mmap.c). A mapping holds
 * the file once for each piece, wherever it lies and however long it is. */

/* MMU-004: a shared mapping becomes writable if the file may be written. A private one writes to pages of its own. */
#define MAY_WRITE(b, v) (vmaw[v] >= 2 || WRITABLE(b))
#define MPROTECT(b, v) \
  OP("mprotect v" #v " ro", vma[v] == b + 1, vmaw[v] = (vmaw[v] & 2)) \
  OP("mprotect v" #v " rw", vma[v] == b + 1 && MAY_WRITE(b, v), vmaw[v] = (vmaw[v] | 1)) \
  REFUSE("mprotect v" #v " rw", EACCES, vma[v] == b + 1 && !MAY_WRITE(b, v))

/* One page goes. The first or the last shortens the mapping, a page in the middle leaves two mappings, and the file is
 * held by both (MMU-010). The slot for the second must be free in any case, or it is no program. */
#define CAN_CUT(b, v, w, p) (vma[v] == b + 1 && vma[w] == 0 && p < vmal[v])
#define CUT_NAME(v, w, p) "munmap_page v" #v " v" #w " page=" #p
#define COPY_VMA(v, w, o, l) \
  vma[w] = vma[v]; vmaw[w] = vmaw[v]; COPY_VMA_PROCESS(v, w); vmao[w] = o; vmal[w] = l
#if MESSAGES > 0
#define COPY_VMA_PROCESS(v, w) vmap[w] = vmap[v]
#else
#define COPY_VMA_PROCESS(v, w) skip
#endif
#define CUT(b, v, w, p) \
  STEP(CUT_NAME(v, w, p), CAN_CUT(b, v, w, p) && vmal[v] == 1, MUNMAPPED(b, v)) \
  STEP(CUT_NAME(v, w, p), CAN_CUT(b, v, w, p) && vmal[v] > 1 && p == 0, vmao[v]++; vmal[v]--) \
  STEP(CUT_NAME(v, w, p), CAN_CUT(b, v, w, p) && vmal[v] > 1 && p == vmal[v] - 1, vmal[v]--) \
  STEP(CUT_NAME(v, w, p), CAN_CUT(b, v, w, p) && p > 0 && p < vmal[v] - 1, \
       TAKE(b); COPY_VMA(v, w, vmao[v] + p + 1, vmal[v] - p - 1); vmal[v] = p)
#define EACH_PAGE JOIN(P, PAGES)
#define P1(X, ...) X(0, __VA_ARGS__)
#define P2(X, ...) P1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define P3(X, ...) P2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define P4(X, ...) P3(X, __VA_ARGS__) X(3, __VA_ARGS__)
#define CUT_B(b, p, v, w) CUT(b, v, w, p)
#define CUT_P(p, v, w) EACH_B(CUT_B, p, v, w)
#define CUTS(v, w) EACH_PAGE(CUT_P, v, w)
/* The other slot: no macro loops within itself. */
#if VMAS == 2
#define CUTS_V(v) CUTS_##v
#define CUTS_0 CUTS(0, 1)
#define CUTS_1 CUTS(1, 0)
#elif VMAS == 3
#define CUTS_V(v) CUTS_##v
#define CUTS_0 CUTS(0, 1) CUTS(0, 2)
#define CUTS_1 CUTS(1, 0) CUTS(1, 2)
#define CUTS_2 CUTS(2, 0) CUTS(2, 1)
#else
#define CUTS_V(v)
#endif

/* Length 0 is EINVAL (VFS-006), shorter always works. Longer is what the exporter's mapping can do (MMU-012). */
#define MREMAP_NAME(v, l) "mremap v" #v " length=" TEXT(l)
#if GROWTH == NO
#define MREMAP_LONGER(b, v, l) REFUSE(MREMAP_NAME(v, l), EFAULT, vma[v] == b + 1 && l > vmal[v])
#elif GROWTH == YES
#define MREMAP_LONGER(b, v, l) OP(MREMAP_NAME(v, l), vma[v] == b + 1 && l > vmal[v], vmal[v] = l)
#else
#define MREMAP_LONGER(b, v, l) \
  REFUSE(MREMAP_NAME(v, l), EFAULT, vma[v] == b + 1 && l > vmal[v]) \
  OP(MREMAP_NAME(v, l), vma[v] == b + 1 && l > vmal[v], vmal[v] = l)
#endif
#define MREMAP(b, v, l) \
  OP(MREMAP_NAME(v, l), vma[v] == b + 1 && l <= vmal[v], vmal[v] = l) MREMAP_LONGER(b, v, l)
#define MREMAP_NOTHING(b, v) REFUSE(MREMAP_NAME(v, 0), EINVAL, vma[v] == b + 1)
#define L1(b, v) MREMAP(b, v, 1)
#define L2(b, v) L1(b, v) MREMAP(b, v, 2)
#define L3(b, v) L2(b, v) MREMAP(b, v, 3)
#define L4(b, v) L3(b, v) MREMAP(b, v, 4)
#define L5(b, v) L4(b, v) MREMAP(b, v, 5)
#define MOVE_VMA(b, v) OP("move v" #v, vma[v] == b + 1, skip)

#ifdef GROWING_PAST
/* A mapping may end behind its buffer; there is nothing there, and who touches it gets SIGBUS (UDM-015). These keep their
 * first page: one that lost pages there could go on for ever. */
#define TOUCH_BEHIND(b, v) \
  REFUSE("store v" #v " page=" TEXT(PAGES) " tag=0x1", EFAULT, vma[v] == b + 1 && PAGES < vmal[v]) \
  REFUSE("load v" #v " page=" TEXT(PAGES), EFAULT, vma[v] == b + 1 && PAGES < vmal[v])
#if PAGES == 1
#define LENGTHS L2
#elif PAGES == 2
#define LENGTHS L3
#else
#define LENGTHS L4
#endif
#undef CUTS_V
#define CUTS_V(v)
#else
#define TOUCH_BEHIND(b, v)
#define LENGTHS JOIN(L, PAGES)
#endif
#define RESHAPE(b, v) \
  MPROTECT(b, v) MREMAP_NOTHING(b, v) LENGTHS(b, v) MOVE_VMA(b, v) TOUCH_BEHIND(b, v)
#define RESHAPE_V(v, ...) EACH_B(RESHAPE, v) CUTS_V(v)
