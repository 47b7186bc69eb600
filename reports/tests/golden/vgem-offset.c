// SPDX-License-Identifier: MIT
/*
 * 'load v1 page=0': value: expected ok, returning a page of zeroes, observed ok, returning tag
 * 0x11
 *
 * Finding 885a21c094a5 of dmabuf-conform, on vm:debian:6.12/vgem, kernel 6.12.117+deb12-amd64.
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
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define DRIVER	"vgem"

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

/* The step that shows it: not an expectation, the question. */
static long last(int step, const char *operation, long got)
{
	printf("%3d> %-44s %s\n", step, operation, text(got));
	return got;
}

static int exporter;	/* the device that makes buffers */

/* From include/uapi/drm: not every machine has libdrm's headers. */
struct version { int number[3]; size_t name_len; char *name; size_t date_len; char *date; size_t desc_len; char *desc; };
struct gem_close { __u32 handle, pad; };
struct prime_handle { __u32 handle, flags; __s32 fd; };
struct create_dumb { __u32 height, width, bpp, flags, handle, pitch; __u64 size; };
#define IOCTL_VERSION		_IOWR('d', 0x00, struct version)
#define IOCTL_GEM_CLOSE		_IOW('d', 0x09, struct gem_close)
#define IOCTL_PRIME_HANDLE_TO_FD _IOWR('d', 0x2d, struct prime_handle)
#define IOCTL_MODE_CREATE_DUMB	_IOWR('d', 0xb2, struct create_dumb)

static __u32 handles[3];

static void open_exporter(void)
{
	int card;

	for (card = 0; card < 16; card++) {
		char path[32], name[64] = "";
		struct version version = { .name_len = sizeof(name) - 1, .name = name };

		snprintf(path, sizeof(path), "/dev/dri/card%d", card);
		exporter = open(path, O_RDWR | O_CLOEXEC);
		if (exporter < 0)
			continue;
		if (!ioctl(exporter, IOCTL_VERSION, &version) && !strcmp(name, DRIVER))
			return;
		close(exporter);
	}
	cannot("a DRM device of driver " DRIVER);
}

static long create(int buffer, unsigned long pages, int flags)
{
	struct create_dumb dumb = { .width = PAGE / 4, .bpp = 32, .height = (__u32)pages };
	struct prime_handle prime = { .flags = (__u32)flags, .fd = -1 };
	long got = result(ioctl(exporter, IOCTL_MODE_CREATE_DUMB, &dumb));

	if (got < 0)
		return got;
	prime.handle = dumb.handle;
	got = result(ioctl(exporter, IOCTL_PRIME_HANDLE_TO_FD, &prime));
	if (got < 0)
		return got;
	handles[buffer] = dumb.handle;
	return prime.fd;
}

#define TORN	(-100000L)	/* a page that holds no pattern */

/* Word i of a page filled with a tag; tag 0 is a page of zeroes. */
static uint64_t pattern(uint64_t tag, uint64_t i)
{
	uint64_t z = tag + i * 0x9e3779b97f4a7c15ULL;

	if (!tag || !i)
		return tag;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
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

static sigjmp_buf landing;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(landing, 1);
}

static void survive_faults(void)
{
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
}

static long store(int vma, unsigned long page, uint32_t tag)
{
	volatile uint64_t *word = (volatile uint64_t *)(void *)(v[vma].at + page * PAGE);
	uint64_t i;

	if (page >= v[vma].pages || sigsetjmp(landing, 1))
		return -EFAULT;
	for (i = 0; i < PAGE / 8; i++)
		word[i] = pattern(tag, i);
	return 0;
}

static long load(int vma, unsigned long page)
{
	volatile uint64_t *word = (volatile uint64_t *)(void *)(v[vma].at + page * PAGE);
	uint64_t i, tag;

	if (page >= v[vma].pages || sigsetjmp(landing, 1))
		return -EFAULT;
	tag = word[0];
	for (i = 0; i < PAGE / 8; i++)
		if (tag > UINT32_MAX || word[i] != pattern(tag, i))
			return TORN;
	return (long)tag;
}

int main(void)
{
	int f[6] = { -1, -1, -1, -1, -1, -1 };
	long got;

	survive_faults();
	open_exporter();

	got = put_in(&f[0], create(0, 2, O_RDWR));
	expect(1, "create b0 f0 pages=2 access=rw", got, OK);
	got = map_pages(0, f[0], 0, 2, PROT_READ | PROT_WRITE, MAP_SHARED);
	expect(2, "mmap f0 v0 offset=0 length=2 rw shared", got, OK);
	got = store(0, 0, 0x11);
	expect(3, "store v0 page=0 tag=0x11", got, OK);
	got = map_pages(1, f[0], 1, 1, PROT_READ, MAP_SHARED);
	expect(4, "mmap f0 v1 offset=1 length=1 ro shared", got, OK);
	got = load(1, 0);
	got = last(5, "load v1 page=0", got);
	/* expected ok, returning a page of zeroes */
	return verdict(got == 0x11L);
}
