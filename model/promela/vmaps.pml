/* SPDX-License-Identifier: MIT
 * Kernel mappings: DBUF-VMP. All of a buffer's are one, which is counted; only the first asks the exporter (VMP-003), and
 * may be what allocates (VGM-003). They hold no reference (VMP-008).
 * Slots: VMAPS. Profile: HAS_VMAP.
 */
#ifndef HAS_VMAP
#define HAS_VMAP YES
#endif
#define K1(X, ...) X(0, __VA_ARGS__)
#define K2(X, ...) K1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define K3(X, ...) K2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define EACH_K JOIN(K, VMAPS)
#define QK1(X, ...) X(0, __VA_ARGS__)
#define QK2(X, ...) QK1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QK3(X, ...) QK2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define ALL_K JOIN(QK, VMAPS)
byte kmap[VMAPS];        /* its buffer + 1 */
byte kmaps[BUFFERS];     /* vmapping_counter */
#define IS_KMAP(w, b) + (kmap[w] == b + 1)
#define CHECK_KMAPS(b) assert(kmaps[b] == (0 ALL_K(IS_KMAP, b))); assert(kmaps[b] == 0 || buf[b] == LIVE)

#define VMAP_NAME(r, w) "vmap r" #r " w" #w
#define CAN_VMAP(b, r, w) (ref[r] == b + 1 && kmap[w] == 0)
#define VMAP(b, r, w) \
  OP(VMAP_NAME(r, w), CAN_VMAP(b, r, w) && (kmaps[b] > 0 || HAS_VMAP != NO), ALLOCATE(b); kmap[w] = b + 1; kmaps[b]++) \
  REFUSE(VMAP_NAME(r, w), EINVAL, CAN_VMAP(b, r, w) && kmaps[b] == 0 && HAS_VMAP != YES)
#define VMAP_W(w, r) EACH_B(VMAP, r, w) GUARD(VMAP_NAME(r, w), ref[r] == 0 && kmap[w] == 0)
#define VMAP_R(r, ...) EACH_K(VMAP_W, r)
#define VUNMAP(b, w) \
  STEP("vunmap w" #w, kmap[w] == b + 1, kmap[w] = 0; kmaps[b]--) \
  OP("vmap_read w" #w " page=0", kmap[w] == b + 1, skip) \
  OP("vmap_write w" #w " page=0 tag=0x1", kmap[w] == b + 1, skip)
#define VUNMAP_W(w, ...) EACH_B(VUNMAP, w) GUARD("vunmap w" #w, kmap[w] == 0)
