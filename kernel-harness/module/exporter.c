// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exporter: does what it is told to, counts what is asked of it, and gets
 * wrong what it is told to get wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/page_ref.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "harness.h"

/**
 * struct dbh_storage - backing storage of a buffer
 * @kref: the buffer has one, and each mapping
 * @nr_pages: how many pages
 * @placement: DBH_PLACEMENT_*
 * @pages: the pages, each with a reference count of its own
 */
struct dbh_storage {
	struct kref kref;
	u32 nr_pages;
	u32 placement;
	struct page *pages[];
};

/**
 * struct dbh_handout - a mapping that has been handed out
 * @node: in dbh_peer.handouts or dbh_record.orphans
 * @dev: the device it was mapped for; a reference
 * @storage: what was handed out; a reference
 * @dir: direction it was mapped in
 * @sgt: what the importer sees
 */
struct dbh_handout {
	struct list_head node;
	struct device *dev;
	struct dbh_storage *storage;
	enum dma_data_direction dir;
	struct sg_table sgt;
};

/**
 * struct dbh_peer - an attachment as the exporter sees it
 * @node: in dbh_record.peers
 * @strict: the device takes one segment only
 * @handouts: mappings of it
 */
struct dbh_peer {
	struct list_head node;
	bool strict;
	struct list_head handouts;
};

/**
 * struct dbh_injection - failures to come of a callback
 * @nth: call to begin with, 1 for the next
 * @count: calls to fail, 0 for not armed
 * @error: errno
 */
struct dbh_injection {
	u32 nth;
	u32 count;
	u32 error;
};

/**
 * struct dbh_record - an exported buffer, and what remains to tell of it
 * @kref: the buffer has one until its release, and the context that made it
 * @lock: may be taken with the reservation or mmap_lock held
 * @account: of the context that made it
 * @charge: bytes charged there
 * @defect: DBH_DEFECT_*
 * @nr_pages: pages of storage, when there is storage
 * @handed_out: a map has succeeded
 * @released: the release callback has run
 * @counters: as read, but for what is worked out when it is read
 * @injections: by callback
 * @dmabuf: the buffer, until its release
 * @storage: backing storage, or NULL
 * @peers: attachments
 * @orphans: mappings that were not unmapped before their attachment went
 * @vaddr: the kernel mapping, or NULL
 * @vmapped: the storage at @vaddr; a reference
 * @nr_pins: pins not yet undone
 * @nr_notified: as counters.notified; counted with the lock held by the one who
 *	moves
 */
struct dbh_record {
	struct kref kref;
	struct mutex lock;	/* protects all of this */
	struct dbh_account *account;
	u64 charge;
	u32 defect;
	u32 nr_pages;
	bool handed_out;
	bool released;
	struct dbh_counters counters;
	struct dbh_injection injections[DBH_CALLBACK_COUNT];
	struct dma_buf *dmabuf;
	struct dbh_storage *storage;
	struct list_head peers;
	struct list_head orphans;
	void *vaddr;
	struct dbh_storage *vmapped;
	u32 nr_pins;
	atomic64_t nr_notified;
};

static atomic64_t dbh_last_serial;

struct dbh_account *dbh_account_new(void)
{
	struct dbh_account *account = kzalloc(sizeof(*account), GFP_KERNEL);

	if (account)
		kref_init(&account->kref);
	return account;
}

static void dbh_account_free(struct kref *kref)
{
	kfree(container_of(kref, struct dbh_account, kref));
}

void dbh_account_put(struct dbh_account *account)
{
	kref_put(&account->kref, dbh_account_free);
}

static void dbh_record_free(struct kref *kref)
{
	struct dbh_record *record = container_of(kref, struct dbh_record, kref);

	mutex_destroy(&record->lock);
	kfree(record);
}

static void dbh_record_put(struct dbh_record *record)
{
	kref_put(&record->kref, dbh_record_free);
}

static void dbh_storage_free(struct kref *kref)
{
	struct dbh_storage *storage = container_of(kref, struct dbh_storage, kref);
	u32 i;

	/* Mappings, mmaps and device accesses are gone, and so must be their references. */
	for (i = 0; i < storage->nr_pages; i++) {
		if (page_ref_count(storage->pages[i]) != 1)
			atomic64_inc(&dbh_statistics.kept_pages);
		put_page(storage->pages[i]);
	}
	atomic64_sub(storage->nr_pages, &dbh_statistics.storage_pages);
	kvfree(storage);
}

static void dbh_storage_put(struct dbh_storage *storage)
{
	if (storage)
		kref_put(&storage->kref, dbh_storage_free);
}

/*
 * Below 4 GiB, so that it suits a 32-bit device without a bounce buffer, which
 * would make what the device sees differ from what the pages hold.
 */
static struct dbh_storage *dbh_storage_new(u32 nr_pages, u32 placement)
{
	const gfp_t gfp = GFP_KERNEL | GFP_DMA32 | __GFP_ZERO | __GFP_NOWARN;
	struct dbh_storage *storage;
	void *block;
	u32 i;

	storage = kvzalloc(struct_size(storage, pages, nr_pages), GFP_KERNEL);
	if (!storage)
		return NULL;
	kref_init(&storage->kref);
	storage->placement = placement;
	atomic64_add(nr_pages, &dbh_statistics.storage_pages);

	if (placement == DBH_PLACEMENT_CONTIGUOUS && nr_pages) {
		block = alloc_pages_exact((size_t)nr_pages << PAGE_SHIFT, gfp);
		for (i = 0; block && i < nr_pages; i++)
			storage->pages[i] = virt_to_page(block + i * PAGE_SIZE);
	} else {
		for (i = 0; i < nr_pages; i++) {
			storage->pages[i] = alloc_page(gfp);
			if (!storage->pages[i])
				break;
		}
		block = storage;
	}
	if (block && i == nr_pages) {
		storage->nr_pages = nr_pages;
		return storage;
	}

	/* As far as it went. */
	atomic64_sub(nr_pages, &dbh_statistics.storage_pages);
	while (block && i--)
		put_page(storage->pages[i]);
	kvfree(storage);
	return NULL;
}

static void dbh_storage_copy(struct dbh_storage *to, struct dbh_storage *from)
{
	u32 i;

	for (i = 0; i < from->nr_pages; i++)
		copy_highpage(to->pages[i], from->pages[i]);
}

/* Notes that a callback runs, and how. */
static void dbh_note(struct dbh_record *record, struct dma_buf *dmabuf,
		     u32 callback)
{
	lockdep_assert_held(&record->lock);

	if (dma_resv_is_locked(dmabuf->resv))
		record->counters.locked |= BIT(callback);
	else
		record->counters.unlocked |= BIT(callback);
}

/* The core may hand down any value. */
static void dbh_note_direction(u32 *counts, enum dma_data_direction dir)
{
	if ((unsigned int)dir < DBH_DIRECTIONS)
		counts[dir]++;
}

static int dbh_injected(struct dbh_record *record, u32 callback)
{
	struct dbh_injection *injection = &record->injections[callback];

	lockdep_assert_held(&record->lock);

	if (!injection->count)
		return 0;
	if (injection->nth > 1) {
		injection->nth--;
		return 0;
	}
	injection->count--;
	record->counters.injected++;
	return -(int)injection->error;
}

static bool dbh_suits(struct dbh_record *record, bool strict)
{
	if (!strict || !record->storage || record->nr_pages <= 1)
		return true;
	return record->storage->placement == DBH_PLACEMENT_CONTIGUOUS;
}

static int dbh_populate(struct dbh_record *record)
{
	u32 placement = DBH_PLACEMENT_SCATTERED;
	struct dbh_peer *peer;
	u32 i;
	int ret;

	if (record->storage)
		return 0;
	ret = dbh_injected(record, DBH_CALLBACK_ALLOCATE);
	if (ret)
		return ret;

	if (record->counters.policy & DBH_POLICY_CONTIGUOUS)
		placement = DBH_PLACEMENT_CONTIGUOUS;
	list_for_each_entry(peer, &record->peers, node) {
		if (peer->strict)
			placement = DBH_PLACEMENT_CONTIGUOUS;
	}

	record->storage = dbh_storage_new(record->nr_pages, placement);
	if (!record->storage)
		return -ENOMEM;
	if (record->defect == DBH_DEFECT_DIRTY_STORAGE) {
		for (i = 0; i < record->nr_pages; i++)
			memset(page_address(record->storage->pages[i]), 0xa5,
			       PAGE_SIZE);
	}
	return 0;
}

static u64 dbh_live_mappings(struct dbh_record *record)
{
	return record->counters.map - record->counters.unmap;
}

static bool dbh_is_dynamic(struct dbh_record *record)
{
	return record->counters.policy & DBH_POLICY_DYNAMIC;
}

static bool dbh_migrates(struct dbh_record *record)
{
	return record->counters.policy & (DBH_POLICY_MIGRATE | DBH_POLICY_DYNAMIC);
}

/* Who has a dynamic buffer mapped without a pin will be told that it moves. */
static bool dbh_in_place(struct dbh_record *record)
{
	if (record->vaddr)
		return true;
	return dbh_is_dynamic(record) ? record->nr_pins : dbh_live_mappings(record);
}

/* Moves the storage. That of a dynamic buffer needs the reservation locked. */
static int dbh_migrate(struct dbh_record *record, u32 placement)
{
	struct dbh_storage *storage;

	if (dbh_in_place(record) &&
	    record->defect != DBH_DEFECT_MOVE_WHILE_MAPPED)
		return -EBUSY;

	storage = dbh_storage_new(record->nr_pages, placement);
	if (!storage)
		return -ENOMEM;
	if (dbh_is_dynamic(record) &&
	    record->defect != DBH_DEFECT_MOVE_SILENTLY)
		dbh_tell_importers(record->dmabuf);

	/* Faults wait for the lock, and find the new pages. */
	if (record->defect != DBH_DEFECT_NO_ZAP)
		unmap_mapping_range(record->dmabuf->file->f_mapping, 0, 0, 1);
	if (record->defect != DBH_DEFECT_LOSE_CONTENTS)
		dbh_storage_copy(storage, record->storage);
	dbh_storage_put(record->storage);
	record->storage = storage;
	record->counters.generation++;
	return 0;
}

static int dbh_refusal(struct dbh_record *record, bool strict)
{
	u32 policy = record->counters.policy;
	bool refuse = false;

	if ((policy & DBH_POLICY_REFUSE_AFTER_MAP) && record->handed_out)
		refuse = true;
	if (!dbh_migrates(record) && !dbh_suits(record, strict))
		refuse = true;
	if (!refuse || record->defect == DBH_DEFECT_FORGET_REFUSAL)
		return 0;
	return record->defect == DBH_DEFECT_WRONG_ERRNO ? -EINVAL : -EBUSY;
}

static int dbh_attach_op(struct dma_buf *dmabuf,
			 struct dma_buf_attachment *attach)
{
	struct dbh_record *record = dmabuf->priv;
	struct dbh_peer *peer;
	int ret;

	peer = kzalloc(sizeof(*peer), GFP_KERNEL);
	if (!peer)
		return -ENOMEM;
	INIT_LIST_HEAD(&peer->handouts);
	peer->strict = dbh_device_max_segments(attach->dev) == 1;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_ATTACH);
	ret = dbh_injected(record, DBH_CALLBACK_ATTACH);
	if (!ret)
		ret = dbh_refusal(record, peer->strict);
	if (ret) {
		record->counters.attach_refused++;
		if (record->defect == DBH_DEFECT_LEAK_REFERENCE)
			get_dma_buf(dmabuf);
	} else {
		record->counters.attach++;
		attach->priv = peer;
		list_add(&peer->node, &record->peers);
		atomic64_inc(&dbh_statistics.exporter_attachments);
	}
	mutex_unlock(&record->lock);

	if (ret)
		kfree(peer);
	return ret;
}

static void dbh_detach_op(struct dma_buf *dmabuf,
			  struct dma_buf_attachment *attach)
{
	struct dbh_record *record = dmabuf->priv;
	struct dbh_peer *peer = attach->priv;

	mutex_lock(&record->lock);
	if (record->defect != DBH_DEFECT_SKIP_DETACH) {
		dbh_note(record, dmabuf, DBH_CALLBACK_DETACH);
		record->counters.detach++;
		list_splice(&peer->handouts, &record->orphans);
		list_del(&peer->node);
		kfree(peer);
		atomic64_dec(&dbh_statistics.exporter_attachments);
	}
	mutex_unlock(&record->lock);
}

static struct dbh_handout *dbh_handout_new(struct dbh_record *record,
					   struct device *dev,
					   enum dma_data_direction dir)
{
	struct dbh_storage *storage = record->storage;
	struct dbh_handout *handout;
	u32 nr_pages = record->nr_pages;
	unsigned int max_segment;
	int ret = -ENOMEM;

	if (record->defect == DBH_DEFECT_SHORT_MAP)
		nr_pages--;
	if (!nr_pages)
		return ERR_PTR(-EINVAL);

	handout = kzalloc(sizeof(*handout), GFP_KERNEL);
	if (!handout)
		return ERR_PTR(-ENOMEM);

	if (record->defect == DBH_DEFECT_STALE_PAGES) {
		handout->storage = dbh_storage_new(record->nr_pages,
						   storage->placement);
		if (!handout->storage)
			goto err_free;
		dbh_storage_copy(handout->storage, storage);
	} else {
		kref_get(&storage->kref);
		handout->storage = storage;
	}

	max_segment = ALIGN_DOWN(dma_get_max_seg_size(dev), PAGE_SIZE);
	ret = dbh_sg_alloc(&handout->sgt, handout->storage->pages, nr_pages,
			   max_t(unsigned int, max_segment, PAGE_SIZE));
	if (ret)
		goto err_storage;

	ret = dma_map_sgtable(dev, &handout->sgt, dir, 0);
	if (ret)
		goto err_table;

	handout->dev = get_device(dev);
	handout->dir = dir;
	if (record->defect == DBH_DEFECT_LEAK_PAGE_REFERENCE)
		get_page(handout->storage->pages[0]);
	WARN(record->defect == DBH_DEFECT_WARN, "dmabuf_harness: told to warn\n");
	return handout;

err_table:
	sg_free_table(&handout->sgt);
err_storage:
	dbh_storage_put(handout->storage);
err_free:
	kfree(handout);
	return ERR_PTR(ret);
}

static void dbh_handout_free(struct dbh_handout *handout)
{
	dma_unmap_sgtable(handout->dev, &handout->sgt, handout->dir, 0);
	sg_free_table(&handout->sgt);
	dbh_storage_put(handout->storage);
	put_device(handout->dev);
	kfree(handout);
}

static struct dbh_handout *dbh_map_for(struct dbh_record *record,
				       struct device *dev,
				       struct dbh_peer *peer,
				       enum dma_data_direction dir)
{
	int ret;

	ret = dbh_injected(record, DBH_CALLBACK_MAP);
	if (ret)
		return ERR_PTR(ret);
	if (!valid_dma_direction(dir))
		return ERR_PTR(-EINVAL);
	ret = dbh_populate(record);
	if (ret)
		return ERR_PTR(ret);

	/* Only a migrating exporter lets such a device come this far. */
	if (!dbh_suits(record, peer->strict) && dbh_migrates(record)) {
		ret = dbh_migrate(record, DBH_PLACEMENT_CONTIGUOUS);
		if (ret)
			return ERR_PTR(ret);
	}
	return dbh_handout_new(record, dev, dir);
}

static struct sg_table *dbh_map_op(struct dma_buf_attachment *attach,
				   enum dma_data_direction dir)
{
	struct dbh_record *record = attach->dmabuf->priv;
	struct dbh_peer *peer = attach->priv;
	struct dbh_handout *handout;

	mutex_lock(&record->lock);
	dbh_note(record, attach->dmabuf, DBH_CALLBACK_MAP);
	handout = dbh_map_for(record, attach->dev, peer, dir);
	if (IS_ERR(handout)) {
		record->counters.map_failed++;
	} else {
		record->counters.map++;
		dbh_note_direction(record->counters.map_directions, dir);
		record->handed_out = true;
		list_add(&handout->node, &peer->handouts);
		atomic64_inc(&dbh_statistics.exporter_mappings);
	}
	mutex_unlock(&record->lock);

	return IS_ERR(handout) ? ERR_CAST(handout) : &handout->sgt;
}

static struct dbh_handout *dbh_find_handout(struct dbh_peer *peer,
					    struct sg_table *sgt)
{
	struct dbh_handout *handout;

	list_for_each_entry(handout, &peer->handouts, node) {
		if (&handout->sgt == sgt)
			return handout;
	}
	return NULL;
}

static void dbh_unmap_op(struct dma_buf_attachment *attach,
			 struct sg_table *sgt, enum dma_data_direction dir)
{
	struct dbh_record *record = attach->dmabuf->priv;
	struct dbh_peer *peer = attach->priv;
	struct dbh_handout *handout;

	mutex_lock(&record->lock);
	handout = dbh_find_handout(peer, sgt);
	if (!handout) {
		record->counters.stray_unmap++;
	} else if (record->defect == DBH_DEFECT_LEAK_MAPPING) {
		list_del(&handout->node);
	} else {
		dbh_note(record, attach->dmabuf, DBH_CALLBACK_UNMAP);
		record->counters.unmap++;
		dbh_note_direction(record->counters.unmap_directions, dir);
		list_del(&handout->node);
		dbh_handout_free(handout);
		atomic64_dec(&dbh_statistics.exporter_mappings);
	}
	mutex_unlock(&record->lock);
}

/*
 * For a kernel that hides the pages from importers: page @index of a mapping,
 * with a reference, or NULL. From 7.0 on the importer has a copy of the
 * sg_table, which is known by its address.
 */
struct page *dbh_mapped_page(struct dma_buf_attachment *attach,
			     struct sg_table *sgt, u64 index)
{
	struct dbh_record *record = attach->dmabuf->priv;
	struct dbh_peer *peer = attach->priv;
	struct dbh_handout *handout;
	struct page *page = NULL;
	u32 nr_pages;

	mutex_lock(&record->lock);
	list_for_each_entry(handout, &peer->handouts, node) {
		if (&handout->sgt != sgt &&
		    sg_dma_address(handout->sgt.sgl) != sg_dma_address(sgt->sgl))
			continue;
		nr_pages = handout->storage->nr_pages;
		if (record->defect == DBH_DEFECT_SHORT_MAP)
			nr_pages--;
		if (index < nr_pages) {
			page = handout->storage->pages[index];
			get_page(page);
		}
		break;
	}
	mutex_unlock(&record->lock);
	return page;
}

static void dbh_release_op(struct dma_buf *dmabuf)
{
	struct dbh_record *record = dmabuf->priv;
	struct dbh_handout *handout, *next_handout;
	struct dbh_peer *peer, *next_peer;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_RELEASE);
	record->counters.release++;
	if (record->defect == DBH_DEFECT_DOUBLE_RELEASE)
		record->counters.release++;

	/* What importers should have given back. It stays on the counters. */
	list_for_each_entry_safe(peer, next_peer, &record->peers, node) {
		list_splice_init(&peer->handouts, &record->orphans);
		list_del(&peer->node);
		kfree(peer);
		atomic64_dec(&dbh_statistics.exporter_attachments);
	}
	list_for_each_entry_safe(handout, next_handout, &record->orphans, node) {
		list_del(&handout->node);
		dbh_handout_free(handout);
		atomic64_dec(&dbh_statistics.exporter_mappings);
	}
	dbh_storage_put(record->storage);
	record->storage = NULL;
	record->dmabuf = NULL;
	record->released = true;
	mutex_unlock(&record->lock);

	atomic64_sub(record->charge, &record->account->bytes);
	dbh_account_put(record->account);
	atomic64_dec(&dbh_statistics.buffers);
	dbh_record_put(record);
}

static vm_fault_t dbh_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct dbh_record *record = vma->vm_private_data;
	unsigned long index = vmf->pgoff;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	mutex_lock(&record->lock);
	if (record->defect == DBH_DEFECT_MMAP_IGNORES_OFFSET)
		index -= vma->vm_pgoff;
	if (index < record->nr_pages && !dbh_populate(record)) {
		record->counters.fault++;
		ret = vmf_insert_page(vma, vmf->address,
				      record->storage->pages[index]);
	}
	mutex_unlock(&record->lock);
	return ret;
}

static const struct vm_operations_struct dbh_vm_ops = {
	.fault = dbh_fault,
};

static int dbh_mmap_op(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct dbh_record *record = dmabuf->priv;
	int ret;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_MMAP);
	ret = dbh_injected(record, DBH_CALLBACK_MMAP);
	/* VM_SHARED is not set where the file cannot be written. */
	if (!ret && !(vma->vm_flags & VM_MAYSHARE) &&
	    record->defect != DBH_DEFECT_MMAP_PRIVATE)
		ret = -EINVAL;
	if (ret) {
		record->counters.mmap_failed++;
	} else {
		record->counters.mmap++;
		dbh_vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
		vma->vm_private_data = record;
		vma->vm_ops = &dbh_vm_ops;
	}
	mutex_unlock(&record->lock);
	return ret;
}

static void dbh_sync(struct dbh_record *record, bool for_cpu)
{
	struct dbh_handout *handout;
	struct dbh_peer *peer;

	list_for_each_entry(peer, &record->peers, node) {
		list_for_each_entry(handout, &peer->handouts, node) {
			if (for_cpu)
				dma_sync_sgtable_for_cpu(handout->dev,
							 &handout->sgt,
							 handout->dir);
			else
				dma_sync_sgtable_for_device(handout->dev,
							    &handout->sgt,
							    handout->dir);
		}
	}
}

static int dbh_begin_cpu_op(struct dma_buf *dmabuf,
			    enum dma_data_direction dir)
{
	struct dbh_record *record = dmabuf->priv;
	int ret;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_BEGIN_CPU);
	ret = dbh_injected(record, DBH_CALLBACK_BEGIN_CPU);
	if (!ret && !valid_dma_direction(dir))
		ret = -EINVAL;
	if (!ret)
		ret = dbh_populate(record);
	if (ret) {
		record->counters.begin_failed++;
	} else {
		record->counters.begin_cpu_access++;
		dbh_note_direction(record->counters.begin_directions, dir);
		dbh_sync(record, true);
	}
	mutex_unlock(&record->lock);
	return ret;
}

static int dbh_end_cpu_op(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct dbh_record *record = dmabuf->priv;
	int ret;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_END_CPU);
	ret = dbh_injected(record, DBH_CALLBACK_END_CPU);
	if (!ret && !valid_dma_direction(dir))
		ret = -EINVAL;
	if (ret) {
		record->counters.end_failed++;
	} else {
		record->counters.end_cpu_access++;
		dbh_note_direction(record->counters.end_directions, dir);
		dbh_sync(record, false);
	}
	mutex_unlock(&record->lock);
	return ret;
}

/* An exporter with DBH_DEFECT_WRONG_SIZE shows its last page twice. */
static void *dbh_vmap_pages(struct dbh_record *record, size_t size)
{
	u32 nr_pages = DIV_ROUND_UP(size, PAGE_SIZE);
	struct page **pages;
	void *vaddr;
	u32 i;

	if (!nr_pages || !record->nr_pages)
		return ERR_PTR(-EINVAL);

	pages = kvmalloc_array(nr_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < nr_pages; i++)
		pages[i] = record->storage->pages[min(i, record->nr_pages - 1)];
	vaddr = vmap(pages, nr_pages, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

static void *dbh_vmap_storage(struct dma_buf *dmabuf)
{
	struct dbh_record *record = dmabuf->priv;
	void *vaddr;
	int ret;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_VMAP);
	ret = dbh_injected(record, DBH_CALLBACK_VMAP);
	if (!ret)
		ret = dbh_populate(record);
	vaddr = ret ? ERR_PTR(ret) : dbh_vmap_pages(record, dmabuf->size);
	if (IS_ERR(vaddr)) {
		record->counters.vmap_failed++;
	} else {
		record->counters.vmap++;
		record->vaddr = vaddr;
		kref_get(&record->storage->kref);
		record->vmapped = record->storage;
	}
	mutex_unlock(&record->lock);
	return vaddr;
}

static void dbh_vunmap_storage(struct dma_buf *dmabuf)
{
	struct dbh_record *record = dmabuf->priv;

	mutex_lock(&record->lock);
	dbh_note(record, dmabuf, DBH_CALLBACK_VUNMAP);
	record->counters.vunmap++;
	vunmap(record->vaddr);
	record->vaddr = NULL;
	dbh_storage_put(record->vmapped);
	record->vmapped = NULL;
	mutex_unlock(&record->lock);
}

DBH_DEFINE_VMAP_OPS(dbh_vmap, dbh_vmap_storage, dbh_vunmap_storage)

static int dbh_pin_op(struct dma_buf_attachment *attach)
{
	struct dbh_record *record = attach->dmabuf->priv;
	struct dbh_peer *peer = attach->priv;
	int ret;

	mutex_lock(&record->lock);
	dbh_note(record, attach->dmabuf, DBH_CALLBACK_PIN);
	ret = dbh_injected(record, DBH_CALLBACK_PIN);
	if (!ret)
		ret = dbh_populate(record);
	if (!ret && !dbh_suits(record, peer->strict))
		ret = dbh_migrate(record, DBH_PLACEMENT_CONTIGUOUS);
	if (!ret)
		record->counters.pin++;
	if (!ret || record->defect == DBH_DEFECT_LEAK_PIN)
		record->nr_pins++;
	mutex_unlock(&record->lock);
	return ret;
}

static void dbh_unpin_op(struct dma_buf_attachment *attach)
{
	struct dbh_record *record = attach->dmabuf->priv;

	mutex_lock(&record->lock);
	if (record->defect != DBH_DEFECT_SKIP_UNPIN) {
		dbh_note(record, attach->dmabuf, DBH_CALLBACK_UNPIN);
		record->counters.unpin++;
		if (!WARN_ON(!record->nr_pins))
			record->nr_pins--;
	}
	mutex_unlock(&record->lock);
}

/* Called by whoever moves, with the record locked. */
void dbh_note_moved(struct dma_buf *dmabuf)
{
	struct dbh_record *record = dmabuf->priv;

	if (dbh_is_ours(dmabuf))
		atomic64_inc(&record->nr_notified);
}

/* By the bits of a policy: DBH_POLICY_CACHING .. DBH_POLICY_NO_VMAP. */
#define DBH_OPS_SHIFT	(const_ilog2(DBH_POLICY_CACHING))
#define DBH_OPS_COUNT	(2 * DBH_POLICY_NO_VMAP / DBH_POLICY_CACHING)

static struct dma_buf_ops dbh_ops[DBH_OPS_COUNT] __ro_after_init;
static struct dma_buf_ops dbh_dynamic_ops[DBH_OPS_COUNT] __ro_after_init;

void __init dbh_exporter_init(void)
{
	u32 i;

	for (i = 0; i < DBH_OPS_COUNT; i++) {
		u32 policy = i << DBH_OPS_SHIFT;
		struct dma_buf_ops *ops = &dbh_ops[i];

		ops->attach = dbh_attach_op;
		ops->detach = dbh_detach_op;
		ops->map_dma_buf = dbh_map_op;
		ops->unmap_dma_buf = dbh_unmap_op;
		ops->release = dbh_release_op;
		dbh_set_caching(ops, policy & DBH_POLICY_CACHING);
		if (!(policy & DBH_POLICY_NO_MMAP))
			ops->mmap = dbh_mmap_op;
		if (!(policy & DBH_POLICY_NO_CPU_ACCESS)) {
			ops->begin_cpu_access = dbh_begin_cpu_op;
			ops->end_cpu_access = dbh_end_cpu_op;
		}
		if (!(policy & DBH_POLICY_NO_VMAP)) {
			ops->vmap = dbh_vmap_op;
			ops->vunmap = dbh_vmap_undo_op;
		}
		dbh_dynamic_ops[i] = *ops;
		dbh_dynamic_ops[i].pin = dbh_pin_op;
		dbh_dynamic_ops[i].unpin = dbh_unpin_op;
	}
}

/* Operations that no exporter may have. */
static const struct dma_buf_ops dbh_bad_ops[DBH_VIOLATION_COUNT] = {
	[DBH_VIOLATION_NO_MAP_OP] = {
		.unmap_dma_buf = dbh_unmap_op,
		.release = dbh_release_op,
	},
	[DBH_VIOLATION_NO_UNMAP_OP] = {
		.map_dma_buf = dbh_map_op,
		.release = dbh_release_op,
	},
	[DBH_VIOLATION_NO_RELEASE_OP] = {
		.map_dma_buf = dbh_map_op,
		.unmap_dma_buf = dbh_unmap_op,
	},
	[DBH_VIOLATION_PIN_ONLY] = {
		.pin = dbh_pin_op,
		.map_dma_buf = dbh_map_op,
		.unmap_dma_buf = dbh_unmap_op,
		.release = dbh_release_op,
	},
};

static const struct dma_buf_ops *dbh_choose_ops(const struct dbh_export *arg)
{
	u32 index;

	switch (arg->violation) {
	case DBH_VIOLATION_NONE:
	case DBH_VIOLATION_NO_PRIV:
		index = (arg->policy >> DBH_OPS_SHIFT) % DBH_OPS_COUNT;
		return arg->policy & DBH_POLICY_DYNAMIC ?
		       &dbh_dynamic_ops[index] : &dbh_ops[index];
	case DBH_VIOLATION_NO_OPS:
		return NULL;
	default:
		return &dbh_bad_ops[array_index_nospec(arg->violation,
						       DBH_VIOLATION_COUNT)];
	}
}

bool dbh_is_ours(struct dma_buf *dmabuf)
{
	return dmabuf->ops->release == dbh_release_op;
}

u64 dbh_serial(struct dma_buf *dmabuf)
{
	struct dbh_record *record = dmabuf->priv;

	return dbh_is_ours(dmabuf) ? record->counters.serial : 0;
}

static bool dbh_has_defect(struct dma_buf *dmabuf, u32 defect)
{
	struct dbh_record *record = dmabuf->priv;

	return dbh_is_ours(dmabuf) && record->defect == defect;
}

u32 dbh_fd_flags(struct dma_buf *dmabuf, u32 flags)
{
	if (dbh_has_defect(dmabuf, DBH_DEFECT_DROP_CLOEXEC))
		flags &= ~O_CLOEXEC;
	return flags;
}

void dbh_fd_failed(struct dma_buf *dmabuf)
{
	if (dbh_has_defect(dmabuf, DBH_DEFECT_LEAK_REFERENCE))
		get_dma_buf(dmabuf);
}

static int dbh_check_export(const struct dbh_export *arg)
{
	const u32 when = DBH_POLICY_EAGER | DBH_POLICY_DEFERRED;

	if (arg->pad || arg->policy & ~DBH_POLICY_ALL ||
	    arg->defect >= DBH_DEFECT_COUNT ||
	    arg->violation >= DBH_VIOLATION_COUNT)
		return -EINVAL;
	if (hweight32(arg->policy & when) != 1)
		return -EINVAL;
	if ((arg->policy & DBH_POLICY_CACHING) &&
	    (arg->policy & DBH_POLICY_DYNAMIC))
		return -EINVAL;
	if (arg->defect && !READ_ONCE(dbh_allow_defects))
		return -EPERM;
	if (arg->violation && !READ_ONCE(dbh_allow_violations))
		return -EPERM;
	if ((arg->policy & DBH_POLICY_CACHING) && !dbh_can_cache())
		return -EOPNOTSUPP;
	return 0;
}

/* The oldest that nobody can be using. */
static int dbh_forget_a_record(struct dbh_context *context)
{
	struct dbh_record *record;
	unsigned long serial;

	xa_for_each(&context->records, serial, record) {
		if (!READ_ONCE(record->released))
			continue;
		xa_erase(&context->records, serial);
		context->nr_records--;
		dbh_record_put(record);
		return 0;
	}
	return -EDQUOT;
}

static struct dbh_record *dbh_record_new(struct dbh_context *context,
					 const struct dbh_export *arg)
{
	struct dbh_record *record = kzalloc(sizeof(*record), GFP_KERNEL);

	if (!record)
		return NULL;

	kref_init(&record->kref);
	mutex_init(&record->lock);
	INIT_LIST_HEAD(&record->peers);
	INIT_LIST_HEAD(&record->orphans);
	record->account = context->account;
	record->charge = PAGE_ALIGN(arg->size) + PAGE_SIZE;
	record->defect = arg->defect;
	record->nr_pages = PAGE_ALIGN(arg->size) >> PAGE_SHIFT;
	record->counters.serial = atomic64_inc_return(&dbh_last_serial);
	record->counters.policy = arg->policy;
	record->counters.size = arg->size;
	return record;
}

static int dbh_export_record(struct dbh_record *record, struct dbh_export *arg)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;

	info.ops = dbh_choose_ops(arg);
	info.size = arg->size;
	if (arg->defect == DBH_DEFECT_WRONG_SIZE)
		info.size += PAGE_SIZE;
	info.flags = arg->flags;
	info.priv = arg->violation == DBH_VIOLATION_NO_PRIV ? NULL : record;

	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	record->dmabuf = dmabuf;
	record->counters.ino = file_inode(dmabuf->file)->i_ino;
	kref_get(&record->kref);
	kref_get(&record->account->kref);
	atomic64_add(record->charge, &record->account->bytes);
	atomic64_inc(&dbh_statistics.buffers);
	if (arg->defect == DBH_DEFECT_EXTRA_REFERENCE)
		get_dma_buf(dmabuf);
	return 0;
}

int dbh_ioctl_export(struct dbh_context *context, void *argument)
{
	struct dbh_export *arg = argument;
	struct dbh_record *record;
	int ret;

	ret = dbh_check_export(arg);
	if (ret)
		return ret;
	if (arg->size > DBH_MAX_EXPORT_BYTES - PAGE_SIZE ||
	    atomic64_read(&context->account->bytes) + PAGE_ALIGN(arg->size) +
	    PAGE_SIZE > DBH_MAX_EXPORT_BYTES)
		return -EDQUOT;
	if (context->nr_records >= DBH_MAX_RECORDS) {
		ret = dbh_forget_a_record(context);
		if (ret)
			return ret;
	}

	record = dbh_record_new(context, arg);
	if (!record)
		return -ENOMEM;
	mutex_lock(&record->lock);
	if (arg->policy & DBH_POLICY_EAGER)
		ret = dbh_populate(record);
	mutex_unlock(&record->lock);
	if (ret)
		goto err_record;

	ret = dbh_table_reserve(&context->refs, &arg->ref);
	if (ret)
		goto err_storage;
	ret = xa_insert(&context->records, record->counters.serial, record,
			GFP_KERNEL);
	if (ret)
		goto err_cancel;
	ret = dbh_export_record(record, arg);
	if (ret)
		goto err_erase;

	context->nr_records++;
	dbh_table_publish(&context->refs, arg->ref, record->dmabuf);
	arg->serial = record->counters.serial;
	arg->ino = record->counters.ino;
	return 0;

err_erase:
	xa_erase(&context->records, record->counters.serial);
err_cancel:
	dbh_table_cancel(&context->refs, arg->ref);
err_storage:
	dbh_storage_put(record->storage);
err_record:
	dbh_record_put(record);
	return ret;
}

static struct dbh_record *dbh_find_record(struct dbh_context *context,
					  u64 serial)
{
	if (serial > ULONG_MAX)
		return NULL;
	return xa_load(&context->records, serial);
}

int dbh_ioctl_counters(struct dbh_context *context, void *argument)
{
	struct dbh_counters *arg = argument;
	struct dbh_record *record;
	struct dma_buf *dmabuf;
	u32 ref = arg->ref;

	if (arg->pad || memchr_inv(arg->reserved, 0, sizeof(arg->reserved)))
		return -EINVAL;
	if (!arg->serial == !arg->ref)
		return -EINVAL;

	if (arg->serial) {
		record = dbh_find_record(context, arg->serial);
		if (!record)
			return -ENOENT;
	} else {
		dmabuf = xa_load(&context->refs.entries, arg->ref);
		if (!dmabuf)
			return -ENOENT;
		if (!dbh_is_ours(dmabuf))
			return -EOPNOTSUPP;
		record = dmabuf->priv;
	}

	mutex_lock(&record->lock);
	*arg = record->counters;
	arg->ref = ref;
	arg->live_attachments = arg->attach - arg->detach;
	arg->live_mappings = dbh_live_mappings(record);
	arg->notified = atomic64_read(&record->nr_notified);
	arg->allocated = !!record->storage;
	if (record->storage)
		arg->placement = record->storage->placement;
	mutex_unlock(&record->lock);
	return 0;
}

void dbh_see_counters(struct dbh_context *context, struct dbh_buffer_seen *seen)
{
	struct dbh_record *record = dbh_find_record(context, seen->serial);
	struct dbh_counters *counters;
	u32 i;

	if (!record)
		return;

	mutex_lock(&record->lock);
	counters = &record->counters;
	seen->attach = counters->attach;
	seen->attach_refused = counters->attach_refused;
	seen->detach = counters->detach;
	seen->map = counters->map;
	seen->unmap = counters->unmap;
	seen->begin_cpu_access = counters->begin_cpu_access;
	seen->end_cpu_access = counters->end_cpu_access;
	seen->release = counters->release;
	seen->vmap = counters->vmap;
	seen->vunmap = counters->vunmap;
	seen->pin = counters->pin;
	seen->unpin = counters->unpin;
	seen->notified = atomic64_read(&record->nr_notified);
	seen->injected = counters->injected;
	for (i = 0; i < DBH_DIRECTIONS; i++) {
		seen->map_directions[i] = counters->map_directions[i];
		seen->unmap_directions[i] = counters->unmap_directions[i];
		seen->begin_directions[i] = counters->begin_directions[i];
		seen->end_directions[i] = counters->end_directions[i];
	}
	mutex_unlock(&record->lock);
	seen->seen |= DBH_SEEN_COUNTERS;
}

int dbh_ioctl_inject(struct dbh_context *context, void *argument)
{
	const u32 failing = BIT(DBH_CALLBACK_ATTACH) | BIT(DBH_CALLBACK_MAP) |
			    BIT(DBH_CALLBACK_MMAP) | BIT(DBH_CALLBACK_PIN) |
			    BIT(DBH_CALLBACK_BEGIN_CPU) |
			    BIT(DBH_CALLBACK_END_CPU) |
			    BIT(DBH_CALLBACK_VMAP) | BIT(DBH_CALLBACK_ALLOCATE);
	struct dbh_inject *arg = argument;
	struct dbh_injection *injection;
	struct dbh_record *record;
	int ret = 0;

	if (arg->callback >= DBH_CALLBACK_COUNT ||
	    !(BIT(arg->callback) & failing))
		return -EINVAL;
	if (arg->nth && (!arg->count || !arg->error || arg->error > MAX_ERRNO))
		return -EINVAL;
	if (!arg->nth && (arg->count || arg->error))
		return -EINVAL;
	if (arg->callback == DBH_CALLBACK_VMAP &&
	    !READ_ONCE(dbh_allow_violations))
		return -EPERM;
	record = dbh_find_record(context, arg->serial);
	if (!record)
		return -ENOENT;

	mutex_lock(&record->lock);
	if (record->released) {
		ret = -ENOENT;
	} else {
		injection = &record->injections[array_index_nospec(arg->callback,
								   DBH_CALLBACK_COUNT)];
		injection->nth = arg->nth;
		injection->count = arg->count;
		injection->error = arg->error;
	}
	mutex_unlock(&record->lock);
	return ret;
}

int dbh_ioctl_move(struct dbh_context *context, void *argument)
{
	struct dbh_move *arg = argument;
	struct dma_buf *dmabuf = xa_load(&context->refs.entries, arg->ref);
	struct dbh_record *record;
	int ret = 0;

	if (arg->pad)
		return -EINVAL;
	if (!dmabuf)
		return -ENOENT;
	if (!dbh_is_ours(dmabuf))
		return -EOPNOTSUPP;
	record = dmabuf->priv;
	if (!dbh_is_dynamic(record))
		return -EOPNOTSUPP;

	dma_resv_lock(dmabuf->resv, NULL);
	mutex_lock(&record->lock);
	if (record->storage)
		ret = dbh_migrate(record, record->storage->placement);
	mutex_unlock(&record->lock);
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

/* Forgets the records. The buffers live as long as anybody has them. */
void dbh_exporter_reset(struct dbh_context *context)
{
	struct dbh_record *record;
	unsigned long serial;

	xa_for_each(&context->records, serial, record) {
		xa_erase(&context->records, serial);
		dbh_record_put(record);
	}
	context->nr_records = 0;
}
