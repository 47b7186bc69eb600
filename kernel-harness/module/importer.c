// SPDX-License-Identifier: GPL-2.0-only
/*
 * The importer: what a driver that uses somebody's buffer can do, one call at
 * a time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "harness.h"

/**
 * struct dbh_import - an attachment of a context
 * @attach: the kernel's
 * @nr_mappings: mappings the context has of it
 * @nr_pins: pins the context has of it
 * @dynamic: has importer ops
 */
struct dbh_import {
	struct dma_buf_attachment *attach;
	u32 nr_mappings;
	u32 nr_pins;
	bool dynamic;
};

/**
 * struct dbh_mapping - a mapping of a context
 * @import: the attachment it is of; lives at least as long
 * @sgt: the exporter's
 * @dir: direction it was asked in
 */
struct dbh_mapping {
	struct dbh_import *import;
	struct sg_table *sgt;
	enum dma_data_direction dir;
};

/**
 * struct dbh_kernel_map - a kernel mapping of a context
 * @dmabuf: the buffer, to which the context has a reference
 * @map: the exporter's
 */
struct dbh_kernel_map {
	struct dma_buf *dmabuf;
	struct dbh_iomap map;
};

/**
 * struct dbh_holdings - what a context has of one buffer
 * @refs: references
 * @imports: attachments
 * @mappings: mappings
 * @vmaps: kernel mappings
 */
struct dbh_holdings {
	u32 refs;
	u32 imports;
	u32 mappings;
	u32 vmaps;
};

static struct dbh_holdings dbh_holdings(struct dbh_context *context,
					struct dma_buf *dmabuf)
{
	struct dbh_holdings have = {};
	struct dbh_kernel_map *kmap;
	struct dbh_import *import;
	struct dma_buf *ref;
	unsigned long i;

	xa_for_each(&context->refs.entries, i, ref)
		have.refs += ref == dmabuf;
	xa_for_each(&context->attachments.entries, i, import) {
		if (import->attach->dmabuf == dmabuf) {
			have.imports++;
			have.mappings += import->nr_mappings;
		}
	}
	xa_for_each(&context->vmaps.entries, i, kmap)
		have.vmaps += kmap->dmabuf == dmabuf;
	return have;
}

/* An object and the handle it will have, before the operation that may fail. */
static void *dbh_prepare(struct dbh_table *table, size_t size, u32 *handle)
{
	void *object = kzalloc(size, GFP_KERNEL);
	int ret;

	if (!object)
		return ERR_PTR(-ENOMEM);

	ret = dbh_table_reserve(table, handle);
	if (ret) {
		kfree(object);
		return ERR_PTR(ret);
	}
	return object;
}

static void dbh_abandon(struct dbh_table *table, u32 handle, void *object)
{
	dbh_table_cancel(table, handle);
	kfree(object);
}

/* Drops handles of mappings that there is no way to unmap any more. */
static void dbh_lose_mappings(struct dbh_context *context,
			      struct dbh_import *import)
{
	struct dbh_mapping *mapping;
	unsigned long i;

	xa_for_each(&context->mappings.entries, i, mapping) {
		if (mapping->import != import)
			continue;
		dbh_table_remove(&context->mappings, i);
		kfree(mapping);
	}
	import->nr_mappings = 0;
}

static void dbh_lose_imports(struct dbh_context *context,
			     struct dma_buf *dmabuf)
{
	struct dbh_import *import;
	unsigned long i;

	xa_for_each(&context->attachments.entries, i, import) {
		if (import->attach->dmabuf != dmabuf)
			continue;
		dbh_lose_mappings(context, import);
		dbh_table_remove(&context->attachments, i);
		kfree(import);
	}
}

int dbh_ioctl_get(struct dbh_context *context, void *argument)
{
	struct dbh_get *arg = argument;
	struct dma_buf *dmabuf;
	int ret;

	ret = dbh_table_reserve(&context->refs, &arg->ref);
	if (ret)
		return ret;

	dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(dmabuf)) {
		dbh_table_cancel(&context->refs, arg->ref);
		return PTR_ERR(dmabuf);
	}
	dbh_table_publish(&context->refs, arg->ref, dmabuf);
	return 0;
}

int dbh_ioctl_dup(struct dbh_context *context, void *argument)
{
	struct dbh_dup *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	int ret;

	if (!dmabuf)
		return -ENOENT;

	ret = dbh_table_reserve(&context->refs, &arg->new_ref);
	if (ret)
		return ret;

	get_dma_buf(dmabuf);
	dbh_table_publish(&context->refs, arg->new_ref, dmabuf);
	return 0;
}

int dbh_ioctl_put(struct dbh_context *context, void *argument)
{
	struct dbh_put *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct dbh_holdings have;

	if (arg->pad)
		return -EINVAL;
	if (!dmabuf)
		return -ENOENT;

	have = dbh_holdings(context, dmabuf);
	if (have.refs == 1) {
		if (have.vmaps)
			return -EBUSY;
		if (have.imports && !READ_ONCE(dbh_allow_violations))
			return -EBUSY;
		dbh_lose_imports(context, dmabuf);
	}

	dbh_table_remove(&context->refs, arg->ref);
	dma_buf_put(dmabuf);
	return 0;
}

int dbh_ioctl_fd(struct dbh_context *context, void *argument)
{
	struct dbh_fd *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct dbh_holdings have;
	int fd;

	if (arg->pad)
		return -EINVAL;
	if (!dmabuf)
		return -ENOENT;

	have = dbh_holdings(context, dmabuf);
	if (have.refs == 1 && (have.imports || have.vmaps))
		return -EBUSY;

	fd = dma_buf_fd(dmabuf, dbh_fd_flags(dmabuf, arg->flags));
	if (fd < 0) {
		dbh_fd_failed(dmabuf);
		return fd;
	}

	/* Another thread may have closed it already: dmabuf is not ours to touch. */
	dbh_table_remove(&context->refs, arg->ref);
	arg->fd = fd;
	return 0;
}

static u32 dbh_caps(struct dma_buf *dmabuf)
{
	const struct dma_buf_ops *ops = dmabuf->ops;
	u32 caps = 0;

	if (dbh_is_ours(dmabuf))
		caps |= DBH_CAP_OURS;
	if (ops->attach)
		caps |= DBH_CAP_ATTACH;
	if (ops->detach)
		caps |= DBH_CAP_DETACH;
	if (ops->pin)
		caps |= DBH_CAP_PIN;
	if (ops->begin_cpu_access)
		caps |= DBH_CAP_BEGIN_CPU;
	if (ops->end_cpu_access)
		caps |= DBH_CAP_END_CPU;
	if (ops->mmap)
		caps |= DBH_CAP_MMAP;
	if (ops->vmap)
		caps |= DBH_CAP_VMAP;
	if (dbh_is_caching(dmabuf))
		caps |= DBH_CAP_CACHING;
	return caps;
}

static int dbh_count_attachments(struct dma_buf *dmabuf, u32 *count)
{
	struct dma_buf_attachment *attach;
	int ret;

	ret = dma_resv_lock_interruptible(dmabuf->resv, NULL);
	if (ret)
		return ret;
	*count = 0;
	list_for_each_entry(attach, &dmabuf->attachments, node)
		(*count)++;
	dma_resv_unlock(dmabuf->resv);
	return 0;
}

static void dbh_copy_name(struct dma_buf *dmabuf, char *name)
{
	spin_lock(&dmabuf->name_lock);
	strscpy_pad(name, dmabuf->name ?: "", DBH_NAME_LEN);
	spin_unlock(&dmabuf->name_lock);
}

int dbh_ioctl_info(struct dbh_context *context, void *argument)
{
	struct dbh_info *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct dbh_holdings have;
	int ret;

	if (arg->pad)
		return -EINVAL;
	if (!dmabuf)
		return -ENOENT;

	ret = dbh_count_attachments(dmabuf, &arg->attachments);
	if (ret)
		return ret;
	have = dbh_holdings(context, dmabuf);
	arg->own_refs = have.refs;
	arg->own_attachments = have.imports;
	arg->own_mappings = have.mappings;
	arg->own_vmaps = have.vmaps;

	arg->caps = dbh_caps(dmabuf);
	arg->serial = dbh_serial(dmabuf);
	arg->ino = file_inode(dmabuf->file)->i_ino;
	arg->size = dmabuf->size;
	arg->file_count = file_count(dmabuf->file);
	arg->file_flags = READ_ONCE(dmabuf->file->f_flags);
	arg->vmap_count = READ_ONCE(dmabuf->vmapping_counter);
	dbh_copy_name(dmabuf, arg->name);
	strscpy_pad(arg->exp_name, dmabuf->exp_name ?: "",
		    sizeof(arg->exp_name));
	return 0;
}

int dbh_see_info(struct dbh_context *context, struct dma_buf *dmabuf,
		 struct dbh_buffer_seen *seen)
{
	int ret;

	ret = dbh_count_attachments(dmabuf, &seen->attachments);
	if (ret)
		return ret;
	seen->own_mappings = dbh_holdings(context, dmabuf).mappings;
	seen->vmap_count = READ_ONCE(dmabuf->vmapping_counter);
	seen->size = dmabuf->size;
	seen->file_count = file_count(dmabuf->file);
	seen->file_flags = READ_ONCE(dmabuf->file->f_flags);
	dbh_copy_name(dmabuf, seen->name);
	seen->seen |= DBH_SEEN_INFO;
	return 0;
}

/* Runs with the reservation locked; mappings are mapped again when asked to be. */
static void dbh_moved(struct dma_buf_attachment *attach)
{
	dbh_note_moved(attach->dmabuf);
}

static const struct dma_buf_attach_ops dbh_attach_ops = DBH_ATTACH_OPS(dbh_moved);

int dbh_ioctl_attach(struct dbh_context *context, void *argument)
{
	struct dbh_attach *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct device *dev = dbh_device_by_index(arg->device);
	struct dbh_import *import;
	int ret;

	if (arg->flags & ~DBH_ATTACH_DYNAMIC)
		return -EINVAL;
	if (!dmabuf || !dev)
		return -ENOENT;

	import = dbh_prepare(&context->attachments, sizeof(*import),
			     &arg->attachment);
	if (IS_ERR(import))
		return PTR_ERR(import);

	import->dynamic = arg->flags & DBH_ATTACH_DYNAMIC;
	if (import->dynamic)
		import->attach = dma_buf_dynamic_attach(dmabuf, dev,
							&dbh_attach_ops, import);
	else
		import->attach = dma_buf_attach(dmabuf, dev);
	if (IS_ERR(import->attach)) {
		ret = PTR_ERR(import->attach);
		dbh_abandon(&context->attachments, arg->attachment, import);
		return ret;
	}
	dbh_table_publish(&context->attachments, arg->attachment, import);
	return 0;
}

int dbh_ioctl_detach(struct dbh_context *context, void *argument)
{
	struct dbh_detach *arg = argument;
	struct dbh_import *import;

	if (arg->pad)
		return -EINVAL;
	import = xa_load(&context->attachments.entries, arg->attachment);
	if (!import)
		return -ENOENT;
	if (import->nr_pins)
		return -EBUSY;
	if (import->nr_mappings) {
		if (!READ_ONCE(dbh_allow_violations))
			return -EBUSY;
		dbh_lose_mappings(context, import);
	}

	dbh_table_remove(&context->attachments, arg->attachment);
	dma_buf_detach(import->attach->dmabuf, import->attach);
	kfree(import);
	return 0;
}

int dbh_ioctl_pin(struct dbh_context *context, void *argument)
{
	struct dbh_pin *arg = argument;
	struct dma_buf_attachment *attach;
	struct dbh_import *import;
	int ret;

	if (arg->pad)
		return -EINVAL;
	import = xa_load(&context->attachments.entries, arg->attachment);
	if (!import)
		return -ENOENT;
	if (!import->dynamic)
		return -EPERM;
	if (import->nr_pins >= DBH_MAX_HANDLES)
		return -ENOSPC;

	attach = import->attach;
	dma_resv_lock(attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(attach);
	dma_resv_unlock(attach->dmabuf->resv);
	if (!ret)
		import->nr_pins++;
	return ret;
}

int dbh_ioctl_unpin(struct dbh_context *context, void *argument)
{
	struct dbh_pin *arg = argument;
	struct dma_buf_attachment *attach;
	struct dbh_import *import;

	if (arg->pad)
		return -EINVAL;
	import = xa_load(&context->attachments.entries, arg->attachment);
	if (!import || !import->nr_pins)
		return -ENOENT;

	attach = import->attach;
	dma_resv_lock(attach->dmabuf->resv, NULL);
	dma_buf_unpin(attach);
	dma_resv_unlock(attach->dmabuf->resv);
	import->nr_pins--;
	return 0;
}

/* There are exporters that BUG on DMA_NONE; this module's is not one of them. */
static bool dbh_direction_ok(struct dma_buf *dmabuf, u32 direction)
{
	if (direction == DBH_DIR_NONE)
		return dbh_is_ours(dmabuf) || READ_ONCE(dbh_allow_violations);
	return direction < DBH_DIR_NONE;
}

static void dbh_describe(struct sg_table *sgt, struct dbh_map *arg)
{
	struct scatterlist *sg;
	u64 next = 0;
	int i;

	arg->nents = sgt->nents;
	arg->orig_nents = sgt->orig_nents;
	arg->layout = DBH_LAYOUT_CONTIGUOUS;
	arg->bytes = 0;
	arg->max_segment = 0;
	arg->dma_end = 0;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 address = sg_dma_address(sg);
		u64 length = sg_dma_len(sg);

		if (i && address != next)
			arg->layout &= ~DBH_LAYOUT_CONTIGUOUS;
		if (!PAGE_ALIGNED(address) || !PAGE_ALIGNED(length))
			arg->layout |= DBH_LAYOUT_UNALIGNED;
		next = address + length;
		arg->bytes += length;
		arg->max_segment = max(arg->max_segment, length);
		if (length)
			arg->dma_end = max(arg->dma_end, next - 1);
	}
}

int dbh_ioctl_map(struct dbh_context *context, void *argument)
{
	struct dbh_map *arg = argument;
	struct dbh_mapping *mapping;
	struct dbh_import *import;
	int ret;

	import = xa_load(&context->attachments.entries, arg->attachment);
	if (!import)
		return -ENOENT;
	if (!dbh_direction_ok(import->attach->dmabuf, arg->direction))
		return -EINVAL;

	mapping = dbh_prepare(&context->mappings, sizeof(*mapping),
			      &arg->mapping);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);

	mapping->import = import;
	mapping->dir = arg->direction;
	mapping->sgt = dbh_map_attachment(import->attach, mapping->dir);
	if (IS_ERR(mapping->sgt)) {
		ret = PTR_ERR(mapping->sgt);
		dbh_abandon(&context->mappings, arg->mapping, mapping);
		return ret;
	}
	import->nr_mappings++;
	dbh_table_publish(&context->mappings, arg->mapping, mapping);
	dbh_describe(mapping->sgt, arg);
	return 0;
}

int dbh_ioctl_unmap(struct dbh_context *context, void *argument)
{
	struct dbh_unmap *arg = argument;
	struct dbh_mapping *mapping;

	if (arg->pad)
		return -EINVAL;
	mapping = xa_load(&context->mappings.entries, arg->mapping);
	if (!mapping)
		return -ENOENT;

	dbh_table_remove(&context->mappings, arg->mapping);
	mapping->import->nr_mappings--;
	dbh_unmap_attachment(mapping->import->attach, mapping->sgt,
			     mapping->dir);
	kfree(mapping);
	return 0;
}

static int dbh_cpu_access(struct dbh_context *context,
			  const struct dbh_cpu_access *arg,
			  int (*access)(struct dma_buf *dmabuf,
					enum dma_data_direction dir))
{
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);

	if (!dmabuf)
		return -ENOENT;
	if (!dbh_direction_ok(dmabuf, arg->direction))
		return -EINVAL;
	return access(dmabuf, arg->direction);
}

int dbh_ioctl_begin_cpu(struct dbh_context *context, void *argument)
{
	return dbh_cpu_access(context, argument, dma_buf_begin_cpu_access);
}

int dbh_ioctl_end_cpu(struct dbh_context *context, void *argument)
{
	return dbh_cpu_access(context, argument, dma_buf_end_cpu_access);
}

int dbh_ioctl_vmap(struct dbh_context *context, void *argument)
{
	struct dbh_vmap *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct dbh_kernel_map *kmap, *other;
	unsigned long i;
	int ret;

	if (!dmabuf)
		return -ENOENT;

	kmap = dbh_prepare(&context->vmaps, sizeof(*kmap), &arg->vmap);
	if (IS_ERR(kmap))
		return PTR_ERR(kmap);

	kmap->dmabuf = dmabuf;
	ret = dbh_vmap_buffer(dmabuf, &kmap->map);
	if (ret) {
		dbh_abandon(&context->vmaps, arg->vmap, kmap);
		return ret;
	}
	dbh_table_publish(&context->vmaps, arg->vmap, kmap);
	arg->is_iomem = kmap->map.is_iomem;
	arg->same = 0;
	xa_for_each(&context->vmaps.entries, i, other)
		arg->same += other->dmabuf == dmabuf &&
			     other->map.vaddr == kmap->map.vaddr;
	return 0;
}

int dbh_ioctl_vunmap(struct dbh_context *context, void *argument)
{
	struct dbh_vunmap *arg = argument;
	struct dbh_kernel_map *kmap;

	if (arg->pad)
		return -EINVAL;
	kmap = xa_load(&context->vmaps.entries, arg->vmap);
	if (!kmap)
		return -ENOENT;

	dbh_table_remove(&context->vmaps, arg->vmap);
	dbh_vunmap_buffer(kmap->dmabuf, &kmap->map);
	kfree(kmap);
	return 0;
}

/**
 * struct dbh_window - a way to the bytes of a page, and a copy of them
 * @page: which one
 * @write: copy from @copy, not to it
 * @copy: a page
 * @bytes: how many there were
 * @source: DBH_SOURCE_*
 */
struct dbh_window {
	u64 page;
	bool write;
	void *copy;
	u32 bytes;
	u32 source;
};

static void dbh_copy_memory(void *memory, struct dbh_window *window)
{
	if (window->write)
		memcpy(memory, window->copy, window->bytes);
	else
		memcpy(window->copy, memory, window->bytes);
}

static void dbh_copy_iomem(void __iomem *memory, struct dbh_window *window)
{
	if (window->write)
		memcpy_toio(memory, window->copy, window->bytes);
	else
		memcpy_fromio(window->copy, memory, window->bytes);
}

static int dbh_copy_vmap(struct dma_buf *dmabuf, struct dbh_iomap *map,
			 struct dbh_window *window)
{
	u64 offset = window->page << PAGE_SHIFT;

	if (window->page >= DIV_ROUND_UP(dmabuf->size, PAGE_SIZE))
		return -ERANGE;

	window->bytes = min_t(u64, PAGE_SIZE, dmabuf->size - offset);
	window->source = DBH_SOURCE_VMAP;
	if (map->is_iomem)
		dbh_copy_iomem(map->vaddr_iomem + offset, window);
	else
		dbh_copy_memory(map->vaddr + offset, window);
	return 0;
}

/* Memory that the CPU can be trusted to reach through sg_page(). */
static bool dbh_has_pages(struct sg_table *sgt)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(sgt, sg, i) {
		if (!sg_page(sg) || is_zone_device_page(sg_page(sg)))
			return false;
	}
	return true;
}

static int dbh_copy_pages(struct dbh_mapping *mapping,
			  struct dbh_window *window)
{
	struct device *dev = mapping->import->attach->dev;
	struct sg_table *sgt = mapping->sgt;
	bool sync = mapping->dir != DMA_NONE;
	off_t offset;

	if (window->page > LONG_MAX >> PAGE_SHIFT)
		return -ERANGE;
	offset = window->page << PAGE_SHIFT;

	if (window->write) {
		window->bytes = sg_pcopy_from_buffer(sgt->sgl, sgt->orig_nents,
						     window->copy, PAGE_SIZE,
						     offset);
		if (sync)
			dma_sync_sgtable_for_device(dev, sgt, mapping->dir);
	} else {
		if (sync)
			dma_sync_sgtable_for_cpu(dev, sgt, mapping->dir);
		window->bytes = sg_pcopy_to_buffer(sgt->sgl, sgt->orig_nents,
						   window->copy, PAGE_SIZE,
						   offset);
	}
	window->source = DBH_SOURCE_PAGES;
	return window->bytes ? 0 : -ERANGE;
}

/* The exporter is this module's, and knows what pages it has handed out. */
static int dbh_copy_ours(struct dbh_mapping *mapping,
			 struct dbh_window *window)
{
	struct page *page;

	page = dbh_mapped_page(mapping->import->attach, mapping->sgt,
			       window->page);
	if (!page)
		return -ERANGE;

	window->bytes = PAGE_SIZE;
	window->source = DBH_SOURCE_PAGES;
	dbh_copy_memory(page_address(page), window);
	put_page(page);
	return 0;
}

static int dbh_copy_mapping(struct dbh_mapping *mapping,
			    struct dbh_window *window)
{
	struct dma_buf *dmabuf = mapping->import->attach->dmabuf;
	struct dbh_iomap map = {};
	int ret;

	if (IS_ENABLED(CONFIG_DMABUF_DEBUG)) {
		/* No page in this sg_table is what it seems. */
		if (dbh_is_ours(dmabuf))
			return dbh_copy_ours(mapping, window);
	} else if (dbh_has_pages(mapping->sgt)) {
		return dbh_copy_pages(mapping, window);
	}

	if (!dmabuf->ops->vmap)
		return -EOPNOTSUPP;
	ret = dbh_vmap_buffer(dmabuf, &map);
	if (ret)
		return ret;
	ret = dbh_copy_vmap(dmabuf, &map, window);
	dbh_vunmap_buffer(dmabuf, &map);
	return ret;
}

static int dbh_copy(struct dbh_context *context, struct dbh_page *arg,
		    bool write)
{
	struct dbh_window window = {
		.page = arg->page,
		.write = write,
		.copy = context->page,
	};
	struct dbh_kernel_map *kmap;
	struct dbh_mapping *mapping;
	int ret;

	if (arg->via == DBH_VIA_MAPPING) {
		mapping = xa_load(&context->mappings.entries, arg->handle);
		if (!mapping)
			return -ENOENT;
		ret = dbh_copy_mapping(mapping, &window);
	} else {
		kmap = xa_load(&context->vmaps.entries, arg->handle);
		if (!kmap)
			return -ENOENT;
		ret = dbh_copy_vmap(kmap->dmabuf, &kmap->map, &window);
	}
	arg->bytes = window.bytes;
	arg->source = window.source;
	return ret;
}

int dbh_ioctl_page_read(struct dbh_context *context, void *argument)
{
	struct dbh_page *arg = argument;
	__le64 word;
	int ret;

	if (arg->via > DBH_VIA_VMAP)
		return -EINVAL;

	memset(context->page, 0, PAGE_SIZE);
	ret = dbh_copy(context, arg, false);
	if (ret)
		return ret;

	memcpy(&word, context->page, sizeof(word));
	arg->word = le64_to_cpu(word);
	arg->hash = dbh_fnv1a(DBH_FNV1A_BASIS, context->page, arg->bytes);
	return 0;
}

int dbh_ioctl_page_write(struct dbh_context *context, void *argument)
{
	struct dbh_page *arg = argument;
	__le64 *words = context->page;
	unsigned int i;
	int ret;

	if (arg->via > DBH_VIA_VMAP)
		return -EINVAL;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		words[i] = cpu_to_le64(dbh_pattern(arg->seed, i));
	ret = dbh_copy(context, arg, true);
	if (ret)
		return ret;
	return dbh_ioctl_page_read(context, argument);
}

/* In the order an importer would: unmap, vunmap, unpin, detach, put. */
void dbh_importer_reset(struct dbh_context *context)
{
	struct dbh_kernel_map *kmap;
	struct dbh_mapping *mapping;
	struct dbh_import *import;
	struct dma_buf *dmabuf;
	unsigned long i;

	xa_for_each(&context->mappings.entries, i, mapping) {
		struct dbh_unmap unmap = { .mapping = i };

		dbh_ioctl_unmap(context, &unmap);
	}
	xa_for_each(&context->vmaps.entries, i, kmap) {
		struct dbh_vunmap vunmap = { .vmap = i };

		dbh_ioctl_vunmap(context, &vunmap);
	}
	xa_for_each(&context->attachments.entries, i, import) {
		struct dbh_detach detach = { .attachment = i };
		struct dbh_pin pin = { .attachment = i };

		while (!dbh_ioctl_unpin(context, &pin))
			;
		dbh_ioctl_detach(context, &detach);
	}
	xa_for_each(&context->refs.entries, i, dmabuf) {
		dbh_table_remove(&context->refs, i);
		dma_buf_put(dmabuf);
	}
}
