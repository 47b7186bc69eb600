// SPDX-License-Identifier: GPL-2.0-only
/*
 * The survey: what a suite wants to know after each operation, in one call.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "harness.h"

int dbh_ioctl_enrol(struct dbh_context *context, void *argument)
{
	struct dbh_enrol *arg = argument;

	if (arg->flags || arg->pad)
		return -EINVAL;

	dbh_survey_leave(context);
	context->peer = get_task_struct(current);
	return 0;
}

void dbh_survey_leave(struct dbh_context *context)
{
	if (context->peer)
		put_task_struct(context->peer);
	context->peer = NULL;
}

static struct task_struct *dbh_process(struct dbh_context *context, u32 process)
{
	return process == DBH_PROCESS_CALLER ? current : context->peer;
}

static void dbh_see_fd(struct dbh_context *context, struct dbh_fd_seen *seen)
{
	struct task_struct *task = dbh_process(context, seen->process);
	struct files_struct *files;
	struct file *file;

	seen->state = 0;
	seen->device = 0;
	seen->ino = 0;
	if (!task || seen->fd < 0)
		return;

	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->file_lock);
		file = dbh_lookup_fd(files, seen->fd);
		if (file) {
			seen->state = DBH_FD_OPEN;
			if (test_bit(seen->fd, files_fdtable(files)->close_on_exec))
				seen->state |= DBH_FD_CLOSE_ON_EXEC;
			seen->device = huge_encode_dev(file_inode(file)->i_sb->s_dev);
			seen->ino = file_inode(file)->i_ino;
		}
		spin_unlock(&files->file_lock);
	}
	task_unlock(task);
}

static bool dbh_is_dma_buf(struct file *file)
{
	return file_inode(file)->i_sb->s_magic == DMA_BUF_MAGIC;
}

/* A reference to the dma-buf at a descriptor, or NULL. */
static struct dma_buf *dbh_dma_buf_at(struct task_struct *task, int fd)
{
	struct dma_buf *dmabuf = NULL;
	struct files_struct *files;
	struct file *file;

	if (!task || fd < 0)
		return NULL;

	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->file_lock);
		file = dbh_lookup_fd(files, fd);
		if (file && dbh_is_dma_buf(file)) {
			dmabuf = file->private_data;
			get_dma_buf(dmabuf);
		}
		spin_unlock(&files->file_lock);
	}
	task_unlock(task);
	return dmabuf;
}

static int dbh_see_buffer(struct dbh_context *context,
			  struct dbh_buffer_seen *seen)
{
	struct dma_buf *dmabuf;
	int ret;

	if (seen->serial)
		dbh_see_counters(context, seen);

	dmabuf = xa_load(&context->refs.entries, seen->ref);
	if (dmabuf)
		return dbh_see_info(context, dmabuf, seen);

	dmabuf = dbh_dma_buf_at(dbh_process(context, seen->process), seen->fd);
	if (!dmabuf)
		return 0;
	ret = dbh_see_info(context, dmabuf, seen);
	seen->file_count--;
	dma_buf_put(dmabuf);
	return ret;
}

int dbh_ioctl_survey(struct dbh_context *context, void *argument)
{
	struct dbh_survey *arg = argument;
	struct dbh_fd_seen __user *fds = u64_to_user_ptr(arg->fds);
	struct dbh_buffer_seen __user *buffers = u64_to_user_ptr(arg->buffers);
	struct dbh_buffer_seen buffer;
	struct dbh_fd_seen fd;
	int ret;
	u32 i;

	if (arg->nr_fds > DBH_MAX_SURVEYED || arg->nr_buffers > DBH_MAX_SURVEYED)
		return -EINVAL;

	for (i = 0; i < arg->nr_fds; i++) {
		if (copy_from_user(&fd, &fds[i], sizeof(fd)))
			return -EFAULT;
		if (fd.process > DBH_PROCESS_PEER || fd.pad)
			return -EINVAL;
		dbh_see_fd(context, &fd);
		if (copy_to_user(&fds[i], &fd, sizeof(fd)))
			return -EFAULT;
	}
	for (i = 0; i < arg->nr_buffers; i++) {
		buffer = (struct dbh_buffer_seen){};
		if (copy_from_user(&buffer, &buffers[i],
				   offsetof(struct dbh_buffer_seen, seen)))
			return -EFAULT;
		if (buffer.process > DBH_PROCESS_PEER)
			return -EINVAL;
		ret = dbh_see_buffer(context, &buffer);
		if (ret)
			return ret;
		if (copy_to_user(&buffers[i], &buffer, sizeof(buffer)))
			return -EFAULT;
	}
	return 0;
}

static int dbh_count_fd(const void *count, struct file *file, unsigned int fd)
{
	(**(u64 * const *)count)++;
	return 0;
}

static int dbh_count_dma_buf_fd(const void *count, struct file *file,
				unsigned int fd)
{
	if (dbh_is_dma_buf(file))
		dbh_count_fd(count, file, fd);
	return 0;
}

void dbh_count_fds(struct dbh_context *context, struct dbh_global *arg)
{
	u64 *count = &arg->caller_dmabuf_fds;

	iterate_fd(current->files, 0, dbh_count_dma_buf_fd, &count);
	if (!context->peer)
		return;

	count = &arg->peer_fds;
	task_lock(context->peer);
	iterate_fd(context->peer->files, 0, dbh_count_fd, &count);
	task_unlock(context->peer);
}
