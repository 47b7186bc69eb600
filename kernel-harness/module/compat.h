/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, 5.10 to today. All of it is here: the rest of
 * the module is written for the newest kernel and for the names below. Kbuild
 * has looked into the kernel's headers, and says DBH_HAVE_* of what it found;
 * versions in the comments are those of mainline.
 */
#ifndef DBH_COMPAT_H
#define DBH_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fdtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

/* As LINUX_VERSION_CODE, where a sublevel beyond 255 is 255. To tell, not to act on. */
#define DBH_KERNEL_VERSION \
	(DBH_VERSION << 16 | DBH_PATCHLEVEL << 8 | min(DBH_SUBLEVEL, 255))

/* The namespace is a string from 6.13 on, and a token before. */
#ifdef DBH_HAVE_NS_TOKEN
#define DBH_IMPORT_NS_DMA_BUF	MODULE_IMPORT_NS(DMA_BUF)
#else
#define DBH_IMPORT_NS_DMA_BUF	MODULE_IMPORT_NS("DMA_BUF")
#endif

/* dma_buf_ops.cache_sgt_mapping went in 6.17. */
#ifdef DBH_HAVE_CACHING
static inline bool dbh_can_cache(void)
{
	return true;
}

static inline void dbh_set_caching(struct dma_buf_ops *ops, bool on)
{
	ops->cache_sgt_mapping = on;
}

static inline bool dbh_is_caching(struct dma_buf *dmabuf)
{
	return dmabuf->ops->cache_sgt_mapping;
}
#else
static inline bool dbh_can_cache(void)
{
	return false;
}

static inline void dbh_set_caching(struct dma_buf_ops *ops, bool on)
{
}

static inline bool dbh_is_caching(struct dma_buf *dmabuf)
{
	return false;
}
#endif

/*
 * The locking convention changed in 6.2: since then a plain map wants the
 * reservation locked, and the _unlocked one locks it. Some older stable trees
 * have the latter too.
 */
#ifdef DBH_HAVE_MAP_UNLOCKED
static inline bool dbh_map_locks(void)
{
	return true;
}

static inline struct sg_table *dbh_map_attachment(struct dma_buf_attachment *attach,
						  enum dma_data_direction dir)
{
	return dma_buf_map_attachment_unlocked(attach, dir);
}

static inline void dbh_unmap_attachment(struct dma_buf_attachment *attach,
					struct sg_table *sgt,
					enum dma_data_direction dir)
{
	dma_buf_unmap_attachment_unlocked(attach, sgt, dir);
}
#else
static inline bool dbh_map_locks(void)
{
	return false;
}

/* A dynamic side wanted the lock held even then. */
static inline struct sg_table *dbh_map_attachment(struct dma_buf_attachment *attach,
						  enum dma_data_direction dir)
{
	bool lock = dma_buf_is_dynamic(attach->dmabuf) || attach->importer_ops;
	struct sg_table *sgt;

	if (lock)
		dma_resv_lock(attach->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(attach, dir);
	if (lock)
		dma_resv_unlock(attach->dmabuf->resv);
	return sgt;
}

static inline void dbh_unmap_attachment(struct dma_buf_attachment *attach,
					struct sg_table *sgt,
					enum dma_data_direction dir)
{
	bool lock = dma_buf_is_dynamic(attach->dmabuf) || attach->importer_ops;

	if (lock)
		dma_resv_lock(attach->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(attach, sgt, dir);
	if (lock)
		dma_resv_unlock(attach->dmabuf->resv);
}
#endif

/* Renamed in 7.2, where it is no longer a choice of the configuration. */
#ifdef DBH_HAVE_MOVE_NOTIFY
static inline bool dbh_maps_unpinned(void)
{
	return IS_ENABLED(CONFIG_DMABUF_MOVE_NOTIFY);
}

#define DBH_ATTACH_OPS(function)	{ .move_notify = (function) }
static inline void dbh_tell_importers(struct dma_buf *dmabuf)
{
	dma_buf_move_notify(dmabuf);
}
#else
static inline bool dbh_maps_unpinned(void)
{
	return true;
}

#define DBH_ATTACH_OPS(function)	{ .invalidate_mappings = (function) }
static inline void dbh_tell_importers(struct dma_buf *dmabuf)
{
	dma_buf_invalidate_mappings(dmabuf);
}
#endif

/*
 * A kernel mapping is an iosys_map from 5.18 on, was a dma_buf_map from 5.11 on,
 * and a bare pointer before that. struct dbh_iomap is any of these, with the
 * members vaddr, vaddr_iomem and is_iomem.
 */
#if defined(DBH_HAVE_IOSYS_MAP)
#include <linux/iosys-map.h>
#define dbh_iomap iosys_map
#elif defined(DBH_HAVE_DMA_BUF_MAP)
#include <linux/dma-buf-map.h>
#define dbh_iomap dma_buf_map
#else
struct dbh_iomap {
	union {
		void __iomem *vaddr_iomem;
		void *vaddr;
	};
	bool is_iomem;
};
#endif

#ifdef DBH_HAVE_VMAP_UNLOCKED
static inline int dbh_vmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	return dma_buf_vmap_unlocked(dmabuf, map);
}

static inline void dbh_vunmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	dma_buf_vunmap_unlocked(dmabuf, map);
}
#elif defined(DBH_HAVE_IOSYS_MAP) || defined(DBH_HAVE_DMA_BUF_MAP)
static inline int dbh_vmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	return dma_buf_vmap(dmabuf, map);
}

static inline void dbh_vunmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	dma_buf_vunmap(dmabuf, map);
}
#else
static inline int dbh_vmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	if (!dmabuf->ops->vmap)
		return -EINVAL;

	map->is_iomem = false;
	map->vaddr = dma_buf_vmap(dmabuf);
	return map->vaddr ? 0 : -ENOMEM;
}

static inline void dbh_vunmap_buffer(struct dma_buf *dmabuf, struct dbh_iomap *map)
{
	dma_buf_vunmap(dmabuf, map->vaddr);
}
#endif

/* The exporter's side of it: defines @name##_op and @name##_undo_op. */
#if defined(DBH_HAVE_IOSYS_MAP) || defined(DBH_HAVE_DMA_BUF_MAP)
#define DBH_DEFINE_VMAP_OPS(name, map_fn, unmap_fn)			\
static int name##_op(struct dma_buf *dmabuf, struct dbh_iomap *map)	\
{									\
	void *vaddr = map_fn(dmabuf);					\
									\
	if (IS_ERR(vaddr))						\
		return PTR_ERR(vaddr);					\
	map->vaddr = vaddr;						\
	map->is_iomem = false;						\
	return 0;							\
}									\
									\
static void name##_undo_op(struct dma_buf *dmabuf, struct dbh_iomap *map) \
{									\
	unmap_fn(dmabuf);						\
}
#else
#define DBH_DEFINE_VMAP_OPS(name, map_fn, unmap_fn)			\
static void *name##_op(struct dma_buf *dmabuf)				\
{									\
	void *vaddr = map_fn(dmabuf);					\
									\
	return IS_ERR(vaddr) ? NULL : vaddr;				\
}									\
									\
static void name##_undo_op(struct dma_buf *dmabuf, void *vaddr)	\
{									\
	unmap_fn(dmabuf);						\
}
#endif

static inline void dbh_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#ifdef DBH_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* Called fcheck_files() until 5.11; the caller holds the file_lock. */
static inline struct file *dbh_lookup_fd(struct files_struct *files, unsigned int fd)
{
#ifdef DBH_HAVE_FILES_LOOKUP
	return files_lookup_fd_locked(files, fd);
#else
	return fcheck_files(files, fd);
#endif
}

static inline int dbh_sg_alloc(struct sg_table *sgt, struct page **pages,
			       unsigned int nr, unsigned int max_segment)
{
	unsigned long size = (unsigned long)nr << PAGE_SHIFT;

#ifdef DBH_HAVE_SG_SEGMENT
	return sg_alloc_table_from_pages_segment(sgt, pages, nr, 0, size,
						 max_segment, GFP_KERNEL);
#else
	return PTR_ERR_OR_ZERO(__sg_alloc_table_from_pages(sgt, pages, nr, 0, size,
							   max_segment, NULL, 0,
							   GFP_KERNEL));
#endif
}

#endif /* DBH_COMPAT_H */
