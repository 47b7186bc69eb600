// SPDX-License-Identifier: MIT
/*
 * 'munmap v0' leaks a reference: references of b0: expected 1, observed 2
 *
 * Finding 885a21c094a5 of dmabuf-conform, on vm:debian:6.12/heap:system, kernel 6.12.117+deb12-amd64.
 * DBUF-MMU-008 A mapping at an offset shows the buffer from that offset.
 * [drivers/gpu/drm/drm_gem_shmem_helper.c, drm_gem_shmem_fault]
 *
 *   gcc -Wall -o repro repro.c && ./repro	(as root)
 *
 * Exit: 0 the bug does not show, 1 it shows, 2 an earlier step went otherwise than when it
 * was found, 4 this machine lacks what it takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAP	"system"

#define OK	0x10000000000L	/* anything but an error */

static const char *text(long got)
{
	static char buffer[64];

	if (got < 0)
		return strerror((int)-got);
	snprintf(buffer, sizeof(buffer), "0x%lx", (unsigned long)got);
	return buffer;
}

/* As it went when the bug was found? */
static void expect(int step, const char *operation, long got, long want)
{
	printf("%3d  %-44s %s\n", step, operation, text(got));
	if (want == OK ? got >= 0 : got == want)
		return;
	printf("     went otherwise when the bug was found: this says nothing\n");
	exit(2);
}

static int verdict(int bug)
{
	puts(bug ? "THE BUG SHOWS" : "the bug does not show");
	return bug;
}

static void cannot(const char *what)
{
	printf("cannot be tried here: %s: %s\n", what, strerror(errno));
	exit(4);
}

#define PAGE	4096UL

/* Fills a slot if the call worked. */
static long put_in(int *slot, long got)
{
	if (got >= 0)
		*slot = (int)got;
	return got;
}

static long result(long returned)
{
	return returned < 0 ? -errno : returned;
}

static int exporter;	/* the device that makes buffers */

static void open_exporter(void)
{
	exporter = open("/dev/dma_heap/" HEAP, O_RDONLY | O_CLOEXEC);
	if (exporter < 0)
		cannot("/dev/dma_heap/" HEAP);
}

static long create(int buffer, unsigned long pages, int flags)
{
	struct dma_heap_allocation_data request = {
		.len = pages * PAGE,
		.fd_flags = (unsigned int)flags,
	};
	long got = result(ioctl(exporter, DMA_HEAP_IOCTL_ALLOC, &request));

	(void)buffer;
	return got < 0 ? got : (long)request.fd;
}

/* dmabuf_harness.ko does in the kernel what importers do there. */
static int harness;

static void open_harness(void)
{
	harness = open("/dev/dmabuf_harness", O_RDWR | O_CLOEXEC);
	if (harness < 0)
		cannot("/dev/dmabuf_harness (load dmabuf_harness.ko)");
}

static unsigned long b[3];	/* inode of each buffer */

struct dbh_get { __s32 fd; __u32 ref; };

static long get(int fd)
{
	struct dbh_get request = { .fd = fd };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x10, struct dbh_get), &request));

	return got < 0 ? got : (long)request.ref;
}

struct dbh_handle { __u32 handle, pad; };

/* dma_buf_put, dma_buf_detach, dma_buf_unmap_attachment */
#define PUT	_IOW(0xdb, 0x12, struct dbh_handle)
#define DETACH	_IOW(0xdb, 0x21, struct dbh_handle)
#define UNMAP	_IOW(0xdb, 0x23, struct dbh_handle)

static long let_go(unsigned long how, int *slot)
{
	struct dbh_handle request = { .handle = (__u32)*slot };
	long got = result(ioctl(harness, how, &request));

	if (got >= 0)
		*slot = -1;
	return got;
}

struct dbh_attach { __u32 ref, device, flags, attachment; };

static long attach(int ref, unsigned int device)
{
	struct dbh_attach request = { .ref = (__u32)ref, .device = device };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x20, struct dbh_attach), &request));

	return got < 0 ? got : (long)request.attachment;
}

static struct { unsigned char *at; unsigned long pages; } v[3];

static long map_pages(int vma, int fd, unsigned long offset, unsigned long length, int protection, int flags)
{
	void *at = mmap(NULL, length * PAGE, protection, flags, fd, (off_t)(offset * PAGE));

	if (at == MAP_FAILED)
		return result(-1);
	v[vma].at = at;
	v[vma].pages = length;
	return 0;
}

static long unmap_pages(int vma)
{
	long got = result(munmap(v[vma].at, v[vma].pages * PAGE));

	if (!got)
		v[vma].at = NULL;
	return got;
}

/* Both ends are in this process: what travels is the same. */
static int s[2][2] = { { -1, -1 }, { -1, -1 } };

static long send_fd(int message, int fd)
{
	char byte = 0;
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr all = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (s[message][0] < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s[message]))
		cannot("socketpair");
	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return result(sendmsg(s[message][0], &all, MSG_NOSIGNAL)) < 0 ? -errno : 0;
}

static long receive_fd(int message, int flags)
{
	char byte;
	int fd = -1;
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr all = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memset(&control, 0, sizeof(control));
	if (recvmsg(s[message][1], &all, MSG_DONTWAIT | flags) < 0)
		return -errno;
	if (!CMSG_FIRSTHDR(&all))
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static long discard(int message)
{
	close(s[message][0]);
	close(s[message][1]);
	s[message][0] = s[message][1] = -1;
	return 0;
}

static unsigned long inode_of(int fd)
{
	struct stat file;

	return fstat(fd, &file) ? 0 : (unsigned long)file.st_ino;
}

enum { LISTED, SIZE, REFERENCES };

/* What debugfs says of a buffer; -1 if it is not listed any more. */
static long bufinfo(int what, unsigned long inode)
{
	const char *path = "/sys/kernel/debug/dma_buf/bufinfo";
	FILE *file = fopen(path, "r");
	char line[512], name[64];
	unsigned long size, ino;
	unsigned int flags, mode;
	long count, found = -1;

	if (!file) {
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
		file = fopen(path, "r");
	}
	if (!file)
		cannot(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%lu %x %x %ld %63s %lu", &size, &flags, &mode, &count, name, &ino) == 6 &&
		    ino == inode)
			found = what == SIZE ? (long)size : what == REFERENCES ? count : 1;
	fclose(file);
	return found;
}

int main(void)
{
	int f[6] = { -1, -1, -1, -1, -1, -1 };
	int r[4] = { -1, -1, -1, -1 };
	int a[4] = { -1, -1, -1, -1 };
	int i, left = 0;
	long got;

	open_exporter();
	open_harness();

	got = put_in(&f[0], create(0, 1, O_RDWR | O_CLOEXEC));
	b[0] = inode_of(f[0]);
	expect(1, "create b0 f0 pages=1 access=rw cloexec", got, OK);
	got = send_fd(0, f[0]);
	expect(2, "send f0 s0", got, OK);
	got = put_in(&f[1], receive_fd(0, 0));
	expect(3, "receive s0 f1", got, OK);
	got = put_in(&r[0], get(f[1]));
	expect(4, "get f1 r0", got, OK);
	got = put_in(&a[0], attach(r[0], 0));
	expect(5, "attach r0 d0 a0", got, OK);
	got = map_pages(0, f[0], 0, 1, PROT_READ | PROT_WRITE, MAP_SHARED);
	expect(6, "mmap f0 v0 offset=0 length=1 rw shared", got, OK);
	got = unmap_pages(0);
	expect(7, "munmap v0", got, OK);

	/* Let everything go. */
	for (i = 0; i < 6; i++) {
		if (i < 3 && v[i].at)
			unmap_pages(i);
		if (f[i] >= 0)
			close(f[i]);
		if (i < 2 && s[i][0] >= 0)
			discard(i);
		if (i < 4 && a[i] >= 0)
			let_go(DETACH, &a[i]);
		if (i < 4 && r[i] >= 0)
			let_go(PUT, &r[i]);
	}
	close(exporter);
	close(harness);
	usleep(200000);
	for (i = 0; i < 3; i++)
		if (b[i] && bufinfo(LISTED, b[i]) >= 0)
			left++;
	printf("     buffers left: %d, expected 0\n", left);
	return verdict(left > 0);
}
