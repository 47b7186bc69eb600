// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/dmabuf_harness: contexts, handles, and the way from an ioctl to what
 * does it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "harness.h"

bool dbh_allow_defects;
module_param_named(allow_defects, dbh_allow_defects, bool, 0644);
MODULE_PARM_DESC(allow_defects, "Let EXPORT make exporters with defects");

bool dbh_allow_violations;
module_param_named(allow_violations, dbh_allow_violations, bool, 0644);
MODULE_PARM_DESC(allow_violations, "Do what makes the kernel warn, or worse");

struct dbh_statistics dbh_statistics;

void dbh_table_init(struct dbh_table *table, atomic64_t *total)
{
	xa_init_flags(&table->entries, XA_FLAGS_ALLOC1);
	table->next = 1;
	table->nr = 0;
	table->total = total;
}

/* Comes before the operation, so that none has to be undone for want of room. */
int dbh_table_reserve(struct dbh_table *table, u32 *handle)
{
	int ret;

	if (table->nr >= DBH_MAX_HANDLES)
		return -ENOSPC;

	ret = xa_alloc_cyclic(&table->entries, handle, NULL,
			      XA_LIMIT(1, INT_MAX), &table->next, GFP_KERNEL);
	return ret < 0 ? ret : 0;
}

void dbh_table_cancel(struct dbh_table *table, u32 handle)
{
	xa_erase(&table->entries, handle);
}

/* Needs no memory: the slot is there since dbh_table_reserve(). */
void dbh_table_publish(struct dbh_table *table, u32 handle, void *object)
{
	xa_store(&table->entries, handle, object, GFP_KERNEL);
	table->nr++;
	atomic64_inc(table->total);
}

void dbh_table_remove(struct dbh_table *table, u32 handle)
{
	xa_erase(&table->entries, handle);
	table->nr--;
	atomic64_dec(table->total);
}

static int dbh_ioctl_version(struct dbh_context *context, void *argument)
{
	struct dbh_version *arg = argument;

	arg->abi = DBH_ABI_VERSION;
	arg->page_size = PAGE_SIZE;
	arg->features = DBH_FEATURE_VMAP | DBH_FEATURE_INJECT |
			DBH_FEATURE_DYNAMIC;
	if (dbh_can_cache())
		arg->features |= DBH_FEATURE_CACHING;
	if (dbh_map_locks())
		arg->features |= DBH_FEATURE_MAP_LOCKED;
	if (dbh_maps_unpinned())
		arg->features |= DBH_FEATURE_MOVE_NOTIFY;
	if (IS_ENABLED(CONFIG_DMABUF_DEBUG))
		arg->features |= DBH_FEATURE_SGT_PAGELESS;
	if (READ_ONCE(dbh_allow_defects))
		arg->features |= DBH_FEATURE_DEFECTS;
	if (READ_ONCE(dbh_allow_violations))
		arg->features |= DBH_FEATURE_VIOLATIONS;
	arg->devices = dbh_devices_count();
	arg->max_handles = DBH_MAX_HANDLES;
	arg->max_export_bytes = DBH_MAX_EXPORT_BYTES;
	arg->kernel = DBH_KERNEL_VERSION;
	return 0;
}

static int dbh_ioctl_global(struct dbh_context *context, void *argument)
{
	struct dbh_global *arg = argument;

	arg->contexts = atomic64_read(&dbh_statistics.contexts);
	arg->buffers = atomic64_read(&dbh_statistics.buffers);
	arg->refs = atomic64_read(&dbh_statistics.refs);
	arg->attachments = atomic64_read(&dbh_statistics.attachments);
	arg->mappings = atomic64_read(&dbh_statistics.mappings);
	arg->vmaps = atomic64_read(&dbh_statistics.vmaps);
	arg->exporter_attachments =
		atomic64_read(&dbh_statistics.exporter_attachments);
	arg->exporter_mappings =
		atomic64_read(&dbh_statistics.exporter_mappings);
	arg->storage_pages = atomic64_read(&dbh_statistics.storage_pages);
	arg->kept_pages = atomic64_read(&dbh_statistics.kept_pages);
	dbh_count_fds(context, arg);
	return 0;
}

static int dbh_ioctl_reset(struct dbh_context *context, void *argument)
{
	struct dbh_reset *arg = argument;

	if (arg->flags || arg->pad)
		return -EINVAL;

	dbh_importer_reset(context);
	dbh_exporter_reset(context);
	return 0;
}

/* Undoes an operation whose outcome could not be told to user space. */
static int dbh_undo_get(struct dbh_context *context, void *argument)
{
	struct dbh_put put = { .ref = ((struct dbh_get *)argument)->ref };

	return dbh_ioctl_put(context, &put);
}

static int dbh_undo_dup(struct dbh_context *context, void *argument)
{
	struct dbh_put put = { .ref = ((struct dbh_dup *)argument)->new_ref };

	return dbh_ioctl_put(context, &put);
}

static int dbh_undo_export(struct dbh_context *context, void *argument)
{
	struct dbh_put put = { .ref = ((struct dbh_export *)argument)->ref };

	return dbh_ioctl_put(context, &put);
}

static int dbh_undo_attach(struct dbh_context *context, void *argument)
{
	struct dbh_detach detach = {
		.attachment = ((struct dbh_attach *)argument)->attachment,
	};

	return dbh_ioctl_detach(context, &detach);
}

static int dbh_undo_map(struct dbh_context *context, void *argument)
{
	struct dbh_unmap unmap = {
		.mapping = ((struct dbh_map *)argument)->mapping,
	};

	return dbh_ioctl_unmap(context, &unmap);
}

static int dbh_undo_vmap(struct dbh_context *context, void *argument)
{
	struct dbh_vunmap vunmap = {
		.vmap = ((struct dbh_vmap *)argument)->vmap,
	};

	return dbh_ioctl_vunmap(context, &vunmap);
}

/**
 * struct dbh_operation - an ioctl
 * @cmd: all of its number
 * @run: does it, with the context locked, on a copy of the argument
 * @undo: takes it back, or NULL if there is nothing to take back
 * @irrevocable: cannot be taken back: see first that the answer can be written
 */
struct dbh_operation {
	unsigned int cmd;
	int (*run)(struct dbh_context *context, void *argument);
	int (*undo)(struct dbh_context *context, void *argument);
	bool irrevocable;
};

#define DBH_OPERATION(name, ...) \
	[_IOC_NR(DBH_IOC_##name)] = { .cmd = DBH_IOC_##name, __VA_ARGS__ }

static const struct dbh_operation dbh_operations[] = {
	DBH_OPERATION(VERSION, .run = dbh_ioctl_version),
	DBH_OPERATION(DEVICE, .run = dbh_ioctl_device),
	DBH_OPERATION(RESET, .run = dbh_ioctl_reset),
	DBH_OPERATION(GLOBAL, .run = dbh_ioctl_global),
	DBH_OPERATION(GET, .run = dbh_ioctl_get, .undo = dbh_undo_get),
	DBH_OPERATION(DUP, .run = dbh_ioctl_dup, .undo = dbh_undo_dup),
	DBH_OPERATION(PUT, .run = dbh_ioctl_put),
	DBH_OPERATION(FD, .run = dbh_ioctl_fd, .irrevocable = true),
	DBH_OPERATION(INFO, .run = dbh_ioctl_info),
	DBH_OPERATION(ENROL, .run = dbh_ioctl_enrol),
	DBH_OPERATION(SURVEY, .run = dbh_ioctl_survey),
	DBH_OPERATION(ATTACH, .run = dbh_ioctl_attach, .undo = dbh_undo_attach),
	DBH_OPERATION(DETACH, .run = dbh_ioctl_detach),
	DBH_OPERATION(PIN, .run = dbh_ioctl_pin),
	DBH_OPERATION(UNPIN, .run = dbh_ioctl_unpin),
	DBH_OPERATION(MAP, .run = dbh_ioctl_map, .undo = dbh_undo_map),
	DBH_OPERATION(UNMAP, .run = dbh_ioctl_unmap),
	DBH_OPERATION(BEGIN_CPU, .run = dbh_ioctl_begin_cpu),
	DBH_OPERATION(END_CPU, .run = dbh_ioctl_end_cpu),
	DBH_OPERATION(VMAP, .run = dbh_ioctl_vmap, .undo = dbh_undo_vmap),
	DBH_OPERATION(VUNMAP, .run = dbh_ioctl_vunmap),
	DBH_OPERATION(PAGE_READ, .run = dbh_ioctl_page_read),
	DBH_OPERATION(PAGE_WRITE, .run = dbh_ioctl_page_write),
	DBH_OPERATION(EXPORT, .run = dbh_ioctl_export, .undo = dbh_undo_export),
	DBH_OPERATION(COUNTERS, .run = dbh_ioctl_counters),
	DBH_OPERATION(INJECT, .run = dbh_ioctl_inject),
	DBH_OPERATION(MOVE, .run = dbh_ioctl_move),
};

/* Large enough for any argument. */
union dbh_argument {
	struct dbh_version version;
	struct dbh_device device;
	struct dbh_global global;
	struct dbh_info info;
	struct dbh_map map;
	struct dbh_page page;
	struct dbh_export export;
	struct dbh_counters counters;
	struct dbh_inject inject;
};

static long dbh_run(struct dbh_context *context,
		    const struct dbh_operation *operation, void __user *user)
{
	const size_t size = _IOC_SIZE(operation->cmd);
	union dbh_argument argument = {};
	int ret;

	if (WARN_ON_ONCE(size > sizeof(argument)))
		return -ENOTTY;
	if ((_IOC_DIR(operation->cmd) & _IOC_WRITE) &&
	    copy_from_user(&argument, user, size))
		return -EFAULT;
	if (operation->irrevocable && copy_to_user(user, &argument, size))
		return -EFAULT;

	ret = mutex_lock_interruptible(&context->lock);
	if (ret)
		return ret;
	ret = operation->run(context, &argument);
	mutex_unlock(&context->lock);

	if (ret || !(_IOC_DIR(operation->cmd) & _IOC_READ))
		return ret;
	if (!copy_to_user(user, &argument, size))
		return 0;

	if (operation->undo) {
		mutex_lock(&context->lock);
		operation->undo(context, &argument);
		mutex_unlock(&context->lock);
	}
	return -EFAULT;
}

static long dbh_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct dbh_operation *operation;
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(dbh_operations))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(dbh_operations));
	operation = &dbh_operations[nr];
	if (!operation->run || operation->cmd != cmd)
		return -ENOTTY;
	return dbh_run(file->private_data, operation, (void __user *)arg);
}

static int dbh_open(struct inode *inode, struct file *file)
{
	struct dbh_context *context;
	int ret = -ENOMEM;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	context = kzalloc(sizeof(*context), GFP_KERNEL);
	if (!context)
		return -ENOMEM;

	context->page = (void *)__get_free_page(GFP_KERNEL);
	if (!context->page)
		goto err_free;
	context->account = dbh_account_new();
	if (!context->account)
		goto err_page;

	mutex_init(&context->lock);
	dbh_table_init(&context->refs, &dbh_statistics.refs);
	dbh_table_init(&context->attachments, &dbh_statistics.attachments);
	dbh_table_init(&context->mappings, &dbh_statistics.mappings);
	dbh_table_init(&context->vmaps, &dbh_statistics.vmaps);
	xa_init(&context->records);
	atomic64_inc(&dbh_statistics.contexts);

	/* misc_open() left the miscdevice here. */
	file->private_data = context;
	return nonseekable_open(inode, file);

err_page:
	free_page((unsigned long)context->page);
err_free:
	kfree(context);
	return ret;
}

static int dbh_close(struct inode *inode, struct file *file)
{
	struct dbh_context *context = file->private_data;

	dbh_importer_reset(context);
	dbh_exporter_reset(context);
	dbh_survey_leave(context);
	dbh_account_put(context->account);
	free_page((unsigned long)context->page);
	mutex_destroy(&context->lock);
	kfree(context);
	atomic64_dec(&dbh_statistics.contexts);
	return 0;
}

static const struct file_operations dbh_fops = {
	.owner = THIS_MODULE,
	.open = dbh_open,
	.release = dbh_close,
	.unlocked_ioctl = dbh_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice dbh_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dmabuf_harness",
	.fops = &dbh_fops,
	.mode = 0600,
};

static int __init dbh_init(void)
{
	int ret;

	dbh_exporter_init();
	ret = dbh_devices_register();
	if (ret)
		return ret;

	ret = misc_register(&dbh_misc);
	if (ret)
		dbh_devices_unregister();
	return ret;
}
module_init(dbh_init);

static void __exit dbh_exit(void)
{
	misc_deregister(&dbh_misc);
	dbh_devices_unregister();
}
module_exit(dbh_exit);

MODULE_DESCRIPTION("Drives dma-buf exporters and importers from user space");
MODULE_AUTHOR("The dmabuf-conform authors");
MODULE_LICENSE("GPL");
DBH_IMPORT_NS_DMA_BUF;
