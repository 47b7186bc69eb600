/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a reproducer, this is a kernel with /dev/udmabuf: buffers are
 * memfds. FAKE_BUG breaks it: "offset" (mmap ignores it), "sync" (wrong flags
 * are taken), "create" (nothing can be made).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int bug(const char *name)
{
	const char *given = getenv("FAKE_BUG");

	return given && !strcmp(given, name);
}

int open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);

	if (!real)
		real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	if (!strcmp(path, "/dev/udmabuf"))
		return memfd_create("udmabuf", MFD_CLOEXEC);
	return real(path, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	(void)fd;
	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (request == UDMABUF_CREATE) {
		struct udmabuf_create *create = argument;

		if (bug("create")) {
			errno = ENOMEM;
			return -1;
		}
		return fcntl((int)create->memfd,
			     create->flags & UDMABUF_FLAGS_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
	}
	if (request == DMA_BUF_IOCTL_SYNC) {
		struct dma_buf_sync *sync = argument;

		if ((sync->flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK || !(sync->flags & DMA_BUF_SYNC_RW)) &&
		    !bug("sync")) {
			errno = EINVAL;
			return -1;
		}
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (!real)
		real = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
	return real(at, length, protection, flags, fd, bug("offset") ? 0 : offset);
}
