/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DBH_HARNESS_H
#define DBH_HARNESS_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "compat.h"
#include "dmabuf_harness.h"

/**
 * struct dbh_statistics - what there is over all contexts
 * @contexts: open contexts
 * @refs: references held by handles
 * @attachments: attachments held by handles
 * @mappings: mappings held by handles
 * @vmaps: kernel mappings held by handles
 * @buffers: exported buffers not yet released
 * @exporter_attachments: attachments on exported buffers
 * @exporter_mappings: mappings of exported buffers
 * @storage_pages: pages that exported buffers have as backing storage
 * @kept_pages: pages of it that somebody still had when it was freed
 */
struct dbh_statistics {
	atomic64_t contexts;
	atomic64_t refs;
	atomic64_t attachments;
	atomic64_t mappings;
	atomic64_t vmaps;
	atomic64_t buffers;
	atomic64_t exporter_attachments;
	atomic64_t exporter_mappings;
	atomic64_t storage_pages;
	atomic64_t kept_pages;
};

extern struct dbh_statistics dbh_statistics;
extern bool dbh_allow_defects;
extern bool dbh_allow_violations;

/**
 * struct dbh_table - handles of one kind
 * @entries: from handle to object
 * @next: where to look for a free handle
 * @nr: objects in it
 * @total: the count of such objects over all contexts
 */
struct dbh_table {
	struct xarray entries;
	u32 next;
	u32 nr;
	atomic64_t *total;
};

void dbh_table_init(struct dbh_table *table, atomic64_t *total);
int dbh_table_reserve(struct dbh_table *table, u32 *handle);
void dbh_table_cancel(struct dbh_table *table, u32 handle);
void dbh_table_publish(struct dbh_table *table, u32 handle, void *object);
void dbh_table_remove(struct dbh_table *table, u32 handle);

/**
 * struct dbh_account - what a context has exported; outlives it
 * @kref: the context has one, and each buffer not yet released
 * @bytes: of buffers not yet released
 */
struct dbh_account {
	struct kref kref;
	atomic64_t bytes;
};

/**
 * struct dbh_context - an open file
 * @lock: one ioctl at a time
 * @refs: struct dma_buf, a reference to which belongs to each handle
 * @attachments: struct dbh_import
 * @mappings: struct dbh_mapping
 * @vmaps: struct dbh_kernel_map
 * @records: struct dbh_record by serial
 * @nr_records: how many of them
 * @account: what has been exported
 * @page: a page to copy to and from
 * @peer: the process that enrolled, or NULL; a reference
 */
struct dbh_context {
	struct mutex lock;	/* protects all of this */
	struct dbh_table refs;
	struct dbh_table attachments;
	struct dbh_table mappings;
	struct dbh_table vmaps;
	struct xarray records;
	u32 nr_records;
	struct dbh_account *account;
	void *page;
	struct task_struct *peer;
};

/* devices.c */
int dbh_devices_register(void);
void dbh_devices_unregister(void);
unsigned int dbh_devices_count(void);
struct device *dbh_device_by_index(u32 index);
u32 dbh_device_max_segments(struct device *dev);
int dbh_ioctl_device(struct dbh_context *context, void *argument);

/* importer.c */
int dbh_ioctl_get(struct dbh_context *context, void *argument);
int dbh_ioctl_dup(struct dbh_context *context, void *argument);
int dbh_ioctl_put(struct dbh_context *context, void *argument);
int dbh_ioctl_fd(struct dbh_context *context, void *argument);
int dbh_ioctl_info(struct dbh_context *context, void *argument);
int dbh_see_info(struct dbh_context *context, struct dma_buf *dmabuf,
		 struct dbh_buffer_seen *seen);
int dbh_ioctl_attach(struct dbh_context *context, void *argument);
int dbh_ioctl_detach(struct dbh_context *context, void *argument);
int dbh_ioctl_pin(struct dbh_context *context, void *argument);
int dbh_ioctl_unpin(struct dbh_context *context, void *argument);
int dbh_ioctl_map(struct dbh_context *context, void *argument);
int dbh_ioctl_unmap(struct dbh_context *context, void *argument);
int dbh_ioctl_begin_cpu(struct dbh_context *context, void *argument);
int dbh_ioctl_end_cpu(struct dbh_context *context, void *argument);
int dbh_ioctl_vmap(struct dbh_context *context, void *argument);
int dbh_ioctl_vunmap(struct dbh_context *context, void *argument);
int dbh_ioctl_page_read(struct dbh_context *context, void *argument);
int dbh_ioctl_page_write(struct dbh_context *context, void *argument);
void dbh_importer_reset(struct dbh_context *context);

/* exporter.c */
void dbh_exporter_init(void);
bool dbh_is_ours(struct dma_buf *dmabuf);
u64 dbh_serial(struct dma_buf *dmabuf);
u32 dbh_fd_flags(struct dma_buf *dmabuf, u32 flags);
void dbh_fd_failed(struct dma_buf *dmabuf);
void dbh_note_moved(struct dma_buf *dmabuf);
struct page *dbh_mapped_page(struct dma_buf_attachment *attach,
			     struct sg_table *sgt, u64 index);
struct dbh_account *dbh_account_new(void);
void dbh_account_put(struct dbh_account *account);
int dbh_ioctl_export(struct dbh_context *context, void *argument);
void dbh_see_counters(struct dbh_context *context,
		      struct dbh_buffer_seen *seen);
int dbh_ioctl_counters(struct dbh_context *context, void *argument);
int dbh_ioctl_inject(struct dbh_context *context, void *argument);
int dbh_ioctl_move(struct dbh_context *context, void *argument);
void dbh_exporter_reset(struct dbh_context *context);

/* survey.c */
int dbh_ioctl_enrol(struct dbh_context *context, void *argument);
int dbh_ioctl_survey(struct dbh_context *context, void *argument);
void dbh_count_fds(struct dbh_context *context, struct dbh_global *arg);
void dbh_survey_leave(struct dbh_context *context);

#endif /* DBH_HARNESS_H */
