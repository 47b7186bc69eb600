// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries every ioctl of /dev/dmabuf_harness, with sense and without. Prints TAP.
 * Exits 0 if all passed, 1 if not, 77 if there is no such device.
 *
 * The device must be used by nobody else: what is left over is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "dmabuf_harness.h"

/* From drm/drm.h and drm/drm_mode.h, which not every machine has. */
struct drm_mode_create_dumb {
	__u32 height;
	__u32 width;
	__u32 bpp;
	__u32 flags;
	__u32 handle;
	__u32 pitch;
	__u64 size;
};

struct drm_prime_handle {
	__u32 handle;
	__u32 flags;
	__s32 fd;
};

#define DRM_IOCTL_PRIME_HANDLE_TO_FD	_IOWR('d', 0x2d, struct drm_prime_handle)
#define DRM_IOCTL_MODE_CREATE_DUMB	_IOWR('d', 0xb2, struct drm_mode_create_dumb)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static int harness = -1;
static struct dbh_version version;
static size_t page_size;
static struct dbh_global start;
static int tests;
static int failures;

static bool check(bool passed, const char *format, ...)
{
	va_list list;

	tests++;
	failures += !passed;
	printf("%sok %d - ", passed ? "" : "not ", tests);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf("\n");
	fflush(stdout);
	return passed;
}

static void skip(const char *what, const char *why)
{
	tests++;
	printf("ok %d - %s # SKIP %s\n", tests, what, why);
	fflush(stdout);
}

static bool is(__s64 got, __s64 expected, const char *what)
{
	bool passed = check(got == expected, "%s", what);

	if (!passed)
		printf("# got %lld, expected %lld\n", (long long)got,
		       (long long)expected);
	return passed;
}

/* 0 or -errno, as the module says it. */
static int call(unsigned long request, void *argument)
{
	return ioctl(harness, request, argument) < 0 ? -errno : 0;
}

static int export_with(struct dbh_export *export)
{
	if (!(export->policy & (DBH_POLICY_EAGER | DBH_POLICY_DEFERRED)))
		export->policy |= DBH_POLICY_DEFERRED;
	if (!export->flags)
		export->flags = O_RDWR;
	return call(DBH_IOC_EXPORT, export);
}

static struct dbh_export export_pages(__u64 pages, __u32 policy,
				      __u32 defect)
{
	struct dbh_export export = {
		.size = pages * page_size,
		.policy = policy,
		.defect = defect,
	};
	int ret = export_with(&export);

	if (ret)
		check(false, "export of %llu pages, policy %#x, defect %u: %s",
		      (unsigned long long)pages, policy, defect, strerror(-ret));
	return export;
}

static int get(int fd, __u32 *ref)
{
	struct dbh_get arg = { .fd = fd };
	int ret = call(DBH_IOC_GET, &arg);

	*ref = arg.ref;
	return ret;
}

static int put(__u32 ref)
{
	return call(DBH_IOC_PUT, &(struct dbh_put){ .ref = ref });
}

static int dup_ref(__u32 ref, __u32 *new_ref)
{
	struct dbh_dup arg = { .ref = ref };
	int ret = call(DBH_IOC_DUP, &arg);

	*new_ref = arg.new_ref;
	return ret;
}

static int to_fd(__u32 ref, __u32 flags, int *fd)
{
	struct dbh_fd arg = { .ref = ref, .flags = flags };
	int ret = call(DBH_IOC_FD, &arg);

	*fd = arg.fd;
	return ret;
}

static int attach(__u32 ref, __u32 device, __u32 *attachment)
{
	struct dbh_attach arg = { .ref = ref, .device = device };
	int ret = call(DBH_IOC_ATTACH, &arg);

	*attachment = arg.attachment;
	return ret;
}

static int detach(__u32 attachment)
{
	return call(DBH_IOC_DETACH,
		    &(struct dbh_detach){ .attachment = attachment });
}

static int map(__u32 attachment, __u32 direction, struct dbh_map *result)
{
	*result = (struct dbh_map){
		.attachment = attachment,
		.direction = direction,
	};
	return call(DBH_IOC_MAP, result);
}

static int unmap(__u32 mapping)
{
	return call(DBH_IOC_UNMAP, &(struct dbh_unmap){ .mapping = mapping });
}

static int page_read(__u32 handle, __u32 via, __u64 page,
		     struct dbh_page *result)
{
	*result = (struct dbh_page){ .handle = handle, .via = via, .page = page };
	return call(DBH_IOC_PAGE_READ, result);
}

static int page_write(__u32 handle, __u32 via, __u64 page,
		      __u64 seed)
{
	struct dbh_page arg = {
		.handle = handle, .via = via, .page = page, .seed = seed,
	};

	return call(DBH_IOC_PAGE_WRITE, &arg);
}

static int cpu_access(bool begin, __u32 ref, __u32 direction)
{
	struct dbh_cpu_access arg = { .ref = ref, .direction = direction };

	return call(begin ? DBH_IOC_BEGIN_CPU : DBH_IOC_END_CPU, &arg);
}

static struct dbh_info info(__u32 ref)
{
	struct dbh_info arg = { .ref = ref };
	int ret = call(DBH_IOC_INFO, &arg);

	if (ret)
		check(false, "INFO: %s", strerror(-ret));
	return arg;
}

static struct dbh_counters counters(__u64 serial)
{
	struct dbh_counters arg = { .serial = serial };
	int ret = call(DBH_IOC_COUNTERS, &arg);

	if (ret)
		check(false, "COUNTERS of %llu: %s", (unsigned long long)serial,
		      strerror(-ret));
	return arg;
}

static struct dbh_global global(void)
{
	struct dbh_global arg;
	int ret = call(DBH_IOC_GLOBAL, &arg);

	if (ret)
		check(false, "GLOBAL: %s", strerror(-ret));
	return arg;
}

static int reset(void)
{
	return call(DBH_IOC_RESET, &(struct dbh_reset){});
}

static int inject(__u64 serial, __u32 callback, __u32 nth,
		  __u32 count, __u32 error)
{
	struct dbh_inject arg = {
		.serial = serial, .callback = callback, .nth = nth,
		.count = count, .error = error,
	};

	return call(DBH_IOC_INJECT, &arg);
}

static bool defects(void)
{
	return version.features & DBH_FEATURE_DEFECTS;
}

static bool violations(void)
{
	return version.features & DBH_FEATURE_VIOLATIONS;
}

/* Memory that a device or another mapping sees as well. */
static void poke(void *address, __u64 value)
{
	__atomic_store_n((__u64 *)address, value, __ATOMIC_SEQ_CST);
}

static __u64 peek(void *address)
{
	return __atomic_load_n((__u64 *)address, __ATOMIC_SEQ_CST);
}

static void test_version(void)
{
	is(call(DBH_IOC_VERSION, &version), 0, "version");
	is(version.abi, DBH_ABI_VERSION, "version: ABI");
	is(version.page_size, sysconf(_SC_PAGESIZE), "version: page size");
	check(version.devices >= 4, "version: at least four devices");
	page_size = version.page_size;
	printf("# kernel %#x, features %#llx\n", version.kernel,
	       (unsigned long long)version.features);
}

static void test_devices(void)
{
	struct dbh_device device;
	__u32 i;

	for (i = 0; i < version.devices; i++) {
		device = (struct dbh_device){ .device = i };
		is(call(DBH_IOC_DEVICE, &device), 0, "device");
		printf("# %u: %s, mask %#llx, %u segments of %#x\n", i,
		       device.name, (unsigned long long)device.dma_mask,
		       device.max_segments, device.max_segment_size);
	}
	device = (struct dbh_device){ .device = version.devices };
	is(call(DBH_IOC_DEVICE, &device), -ENOENT, "device: no such");
	device = (struct dbh_device){ .device = ~0U };
	is(call(DBH_IOC_DEVICE, &device), -ENOENT, "device: no such, by far");
	device = (struct dbh_device){ .pad = 1 };
	is(call(DBH_IOC_DEVICE, &device), -EINVAL, "device: padding");
}

static const unsigned long requests[] = {
	DBH_IOC_VERSION, DBH_IOC_DEVICE, DBH_IOC_RESET, DBH_IOC_GLOBAL,
	DBH_IOC_GET, DBH_IOC_DUP, DBH_IOC_PUT, DBH_IOC_FD, DBH_IOC_INFO,
	DBH_IOC_ATTACH, DBH_IOC_DETACH, DBH_IOC_MAP, DBH_IOC_UNMAP,
	DBH_IOC_BEGIN_CPU, DBH_IOC_END_CPU, DBH_IOC_VMAP, DBH_IOC_VUNMAP,
	DBH_IOC_PAGE_READ, DBH_IOC_PAGE_WRITE, DBH_IOC_EXPORT,
	DBH_IOC_COUNTERS, DBH_IOC_INJECT, DBH_IOC_ENROL, DBH_IOC_SURVEY,
	DBH_IOC_PIN, DBH_IOC_UNPIN, DBH_IOC_MOVE,
};

/* xorshift64: the same garbage every time. */
static __u64 garbage(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void test_garbage(void)
{
	union {
		__u64 words[64];
		struct dbh_fd fd;
		struct dbh_export export;
	} argument;
	__u64 state = 0x2545f4914f6cdd1dULL;
	bool answered = true;
	size_t i, j;
	int ret;

	is(call(_IO(DBH_IOC_MAGIC, 0xff), NULL), -ENOTTY, "ioctl: unknown");
	is(call(_IO(DBH_IOC_MAGIC, 0x2f), NULL), -ENOTTY, "ioctl: reserved");
	is(call(_IOWR(DBH_IOC_MAGIC, 0x10, struct dbh_info), &argument), -ENOTTY,
	   "ioctl: struct of another size");
	is(call(_IO('d', 0x10), &argument), -ENOTTY, "ioctl: another magic");

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		ret = call(requests[i], NULL);
		if (ret != -EFAULT)
			answered = false;
	}
	check(answered, "ioctl: NULL is -EFAULT for each");

	/* All ones: there is no such handle, and no padding is zero. */
	memset(&argument, 0xff, sizeof(argument));
	answered = true;
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		ret = call(requests[i], &argument);
		if (_IOC_DIR(requests[i]) & _IOC_WRITE && !ret)
			answered = false;
		memset(&argument, 0xff, sizeof(argument));
	}
	check(answered, "ioctl: all ones is refused by each");

	for (j = 0; j < 20000; j++) {
		for (i = 0; i < ARRAY_SIZE(argument.words); i++) {
			__u64 word = garbage(&state);

			/* Mostly small numbers, or nothing gets far. */
			if (garbage(&state) % 4)
				word &= 0x0000000700000007ULL;
			if (!(garbage(&state) % 3))
				word = 0;
			argument.words[i] = word;
		}
		i = garbage(&state) % ARRAY_SIZE(requests);
		/* A garbage descriptor must not take a real one's place. */
		if (requests[i] == DBH_IOC_FD)
			argument.fd.flags = O_CLOEXEC;
		if (requests[i] == DBH_IOC_EXPORT) {
			argument.export.size &= 0xffff;
			argument.export.defect = 0;
			argument.export.violation = 0;
		}
		if (requests[i] == DBH_IOC_PUT ||
		    requests[i] == DBH_IOC_DETACH ||
		    requests[i] == DBH_IOC_MAP ||
		    requests[i] == DBH_IOC_INJECT ||
		    requests[i] == DBH_IOC_BEGIN_CPU ||
		    requests[i] == DBH_IOC_END_CPU) {
			if (violations())
				continue;
		}
		call(requests[i], &argument);
		if (!(j % 64))
			syscall(SYS_close_range, 10, ~0U, 0);
	}
	syscall(SYS_close_range, 10, ~0U, 0);
	is(call(DBH_IOC_VERSION, &version), 0,
	   "ioctl: answers after 20000 garbage arguments");
	is(reset(), 0, "ioctl: reset after them");
}

static void test_export(void)
{
	struct dbh_export export;
	struct dbh_counters count;
	struct dbh_info seen;

	export = export_pages(3, DBH_POLICY_EAGER, 0);
	check(export.serial && export.ino && export.ref, "export");
	seen = info(export.ref);
	is(seen.file_count, 1, "export: one reference");
	is(seen.size, 3 * page_size, "export: size");
	is(seen.ino, export.ino, "export: inode number");
	is(seen.serial, export.serial, "export: serial");
	is(seen.attachments, 0, "export: no attachment");
	is(seen.own_refs, 1, "export: the reference is ours");
	is(seen.file_flags & O_ACCMODE, O_RDWR, "export: access mode");
	check(seen.caps & DBH_CAP_OURS, "export: ours");
	check(!strcmp(seen.exp_name, "dmabuf_harness"), "export: exporter");
	count = counters(export.serial);
	is(count.allocated, 1, "export: eager has storage");
	is(count.ino, export.ino, "counters: inode number");
	is(count.size, 3 * page_size, "counters: size");
	is(count.attach + count.map + count.release + count.mmap, 0,
	   "export: no callback");
	is(put(export.ref), 0, "put");
	count = counters(export.serial);
	is(count.release, 1, "put: released once");
	is(count.allocated, 0, "put: storage is gone");
	is(put(export.ref), -ENOENT, "put: again");

	export = export_pages(3, DBH_POLICY_DEFERRED, 0);
	is(counters(export.serial).allocated, 0, "export: deferred has none");
	is(put(export.ref), 0, "put: deferred");

	export = (struct dbh_export){ .size = 0 };
	is(export_with(&export), 0, "export: size 0");
	put(export.ref);
	export = (struct dbh_export){ .size = 5000, .flags = O_NONBLOCK | O_CLOEXEC };
	is(export_with(&export), 0, "export: size 5000");
	seen = info(export.ref);
	is(seen.size, 5000, "export: size is as asked");
	check(seen.file_flags & O_NONBLOCK, "export: O_NONBLOCK");
	is(seen.file_flags & O_ACCMODE, O_RDONLY, "export: read only");
	put(export.ref);

	export = (struct dbh_export){ .size = 4096, .policy = 0 };
	is(call(DBH_IOC_EXPORT, &export), -EINVAL, "export: neither policy");
	export.policy = DBH_POLICY_EAGER | DBH_POLICY_DEFERRED;
	is(call(DBH_IOC_EXPORT, &export), -EINVAL, "export: both policies");
	export.policy = 1U << 31;
	is(export_with(&export), -EINVAL, "export: unknown policy");
	export = (struct dbh_export){ .size = 4096, .defect = DBH_DEFECT_COUNT };
	is(export_with(&export), -EINVAL, "export: unknown defect");
	export = (struct dbh_export){ .violation = DBH_VIOLATION_COUNT };
	is(export_with(&export), -EINVAL, "export: unknown violation");
	export = (struct dbh_export){ .size = 4096, .pad = 1 };
	is(export_with(&export), -EINVAL, "export: padding");
	export = (struct dbh_export){ .size = DBH_MAX_EXPORT_BYTES };
	is(export_with(&export), -EDQUOT, "export: too large");
	export = (struct dbh_export){ .size = ~0ULL };
	is(export_with(&export), -EDQUOT, "export: much too large");
	if (!defects()) {
		export = (struct dbh_export){ .defect = 1 };
		is(export_with(&export), -EPERM, "export: defect not allowed");
	}
	if (!violations()) {
		export = (struct dbh_export){ .violation = 1 };
		is(export_with(&export), -EPERM, "export: violation not allowed");
	}
}

static void test_limits(void)
{
	const __u64 most = DBH_MAX_EXPORT_BYTES / page_size;
	struct dbh_export export;
	__u32 i, ref, nr = 0;

	export = export_pages(most / 2, DBH_POLICY_DEFERRED, 0);
	struct dbh_export other = { .size = export.size };

	is(export_with(&other), -EDQUOT, "limits: bytes of a context");
	put(export.ref);
	is(export_with(&other), 0, "limits: bytes come back");
	put(other.ref);

	export = export_pages(1, DBH_POLICY_DEFERRED, 0);
	for (i = 0; i < 2 * DBH_MAX_HANDLES; i++) {
		if (dup_ref(export.ref, &ref))
			break;
		nr++;
	}
	is(nr, DBH_MAX_HANDLES - 1, "limits: handles");
	is(dup_ref(export.ref, &ref), -ENOSPC, "limits: no more of them");
	is(info(export.ref).file_count, DBH_MAX_HANDLES, "limits: counted all");
	is(reset(), 0, "limits: reset");
	is(global().buffers, start.buffers, "limits: reset releases");
}

static void test_refs(void)
{
	struct dbh_export export = export_pages(1, 0, 0);
	struct rlimit limit, none;
	__u32 other, third;
	int fd, fd2;

	is(dup_ref(export.ref, &other), 0, "dup");
	check(other != export.ref, "dup: a handle of its own");
	is(info(other).file_count, 2, "dup: one reference more");
	is(to_fd(other, O_CLOEXEC, &fd), 0, "fd");
	is(info(export.ref).file_count, 2, "fd: consumes the reference");
	is(put(other), -ENOENT, "fd: the handle is gone");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "fd: O_CLOEXEC");
	dup_ref(export.ref, &other);
	is(to_fd(other, 0, &fd2), 0, "fd: without O_CLOEXEC");
	is(fcntl(fd2, F_GETFD), 0, "fd: no O_CLOEXEC");
	close(fd2);

	is(get(fd, &third), 0, "get");
	is(info(third).ino, export.ino, "get: the same buffer");
	is(info(third).file_count, 3, "get: one reference more");
	is(info(third).own_refs, 2, "get: counted as ours");
	is(put(third), 0, "get: put");
	is(get(-1, &third), -EBADF, "get: no descriptor");
	is(get(harness, &third), -EINVAL, "get: not a dma-buf");
	is(ioctl(fd, DMA_BUF_SET_NAME, "harness-test"), 0, "name: set");
	check(!strcmp(info(export.ref).name, "harness-test"), "name: read");

	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	is(to_fd(export.ref, 0, &fd2), -EMFILE, "fd: none free");
	setrlimit(RLIMIT_NOFILE, &limit);
	is(info(export.ref).file_count, 2, "fd: failure changes nothing");

	is(put(export.ref), 0, "refs: put");
	is(counters(export.serial).release, 0, "refs: the fd keeps it");
	close(fd);
	is(counters(export.serial).release, 1, "refs: close releases it");
	is(put(0), -ENOENT, "refs: handle 0");
	is(put(~0U), -ENOENT, "refs: no such handle");
}

static void test_import(void)
{
	struct dbh_export export = export_pages(4, DBH_POLICY_DEFERRED, 0);
	__u32 a0, a1, a2, nothing;
	struct dbh_counters count;
	struct dbh_info seen;
	struct dbh_map m, m2;
	int fd;

	is(attach(export.ref, DBH_DEVICE_ANY, &a0), 0, "attach");
	is(attach(export.ref, DBH_DEVICE_ANY, &a1), 0, "attach: twice");
	is(attach(export.ref, version.devices, &nothing), -ENOENT,
	   "attach: no such device");
	is(attach(9999, 0, &nothing), -ENOENT, "attach: no such reference");
	struct dbh_attach bad = {
		.ref = export.ref, .flags = ~DBH_ATTACH_DYNAMIC,
	};

	is(call(DBH_IOC_ATTACH, &bad), -EINVAL, "attach: flags");
	seen = info(export.ref);
	is(seen.attachments, 2, "attach: listed");
	is(seen.own_attachments, 2, "attach: ours");
	is(seen.file_count, 1, "attach: no reference");
	is(counters(export.serial).allocated, 0, "attach: no storage");

	is(map(a0, DBH_DIR_BIDIRECTIONAL, &m), 0, "map");
	is(m.bytes, 4 * page_size, "map: all of it");
	check(m.nents >= 1 && m.orig_nents >= 1, "map: segments");
	check(!(m.layout & DBH_LAYOUT_UNALIGNED), "map: whole pages");
	check(m.dma_end < 1ULL << 32, "map: below 4 GiB");
	is(map(a0, DBH_DIR_TO_DEVICE, &m2), 0, "map: twice");
	is(info(export.ref).own_mappings, 2, "map: ours");
	is(info(export.ref).file_count, 1, "map: no reference");
	count = counters(export.serial);
	is(count.map, 2, "map: counted");
	is(count.live_mappings, 2, "map: live");
	is(count.allocated, 1, "map: storage");
	is(count.placement, DBH_PLACEMENT_SCATTERED, "map: scattered");
	is(map(a0, DBH_DIR_NONE, &(struct dbh_map){}), -EINVAL, "map: DMA_NONE");
	is(map(a0, 4, &(struct dbh_map){}), -EINVAL, "map: no such direction");
	is(map(9999, 0, &(struct dbh_map){}), -ENOENT, "map: no attachment");

	if (!violations()) {
		is(detach(a0), -EBUSY, "detach: mapped");
		is(put(export.ref), -EBUSY, "put: attached");
	}
	is(to_fd(export.ref, 0, &fd), -EBUSY, "fd: attached, last reference");
	is(unmap(m.mapping), 0, "unmap");
	is(unmap(m.mapping), -ENOENT, "unmap: again");
	is(unmap(m2.mapping), 0, "unmap: the other");
	is(detach(a0), 0, "detach");
	is(detach(a0), -ENOENT, "detach: again");
	is(attach(export.ref, DBH_DEVICE_STRICT, &a2), -EBUSY,
	   "attach: strict, to scattered storage");
	is(detach(a1), 0, "detach: the other");
	count = counters(export.serial);
	is(count.attach, 2, "counters: attach");
	is(count.attach_refused, 1, "counters: attach refused");
	is(count.detach, 2, "counters: detach");
	is(count.unmap, 2, "counters: unmap");
	is(count.map_directions[DBH_DIR_BIDIRECTIONAL], 1, "directions: map");
	is(count.map_directions[DBH_DIR_TO_DEVICE], 1, "directions: map");
	is(count.map_directions[DBH_DIR_FROM_DEVICE], 0, "directions: map");
	is(count.unmap_directions[DBH_DIR_BIDIRECTIONAL], 1, "directions: unmap");
	is(count.unmap_directions[DBH_DIR_TO_DEVICE], 1, "directions: unmap");
	is(count.map_failed, 1, "counters: map failed");
	is(count.live_attachments, 0, "counters: live attachments");
	is(count.stray_unmap, 0, "counters: stray unmap");
	is(!(count.locked & 1 << DBH_CALLBACK_ATTACH), 1, "locks: attach");
	if (version.features & DBH_FEATURE_MAP_LOCKED)
		check(count.locked & 1 << DBH_CALLBACK_MAP, "locks: map");
	is(put(export.ref), 0, "import: put");
	is(counters(export.serial).release, 1, "import: released");

	/* A strict device that comes in time gets what it needs. */
	export = export_pages(4, DBH_POLICY_DEFERRED, 0);
	attach(export.ref, DBH_DEVICE_ANY, &a0);
	is(attach(export.ref, DBH_DEVICE_STRICT, &a1), 0, "strict: attach");
	is(map(a0, DBH_DIR_BIDIRECTIONAL, &m), 0, "strict: map for another");
	is(map(a1, DBH_DIR_BIDIRECTIONAL, &m2), 0, "strict: map");
	is(m2.nents, 1, "strict: one segment");
	is(counters(export.serial).placement, DBH_PLACEMENT_CONTIGUOUS,
	   "strict: contiguous");
	is(attach(export.ref, DBH_DEVICE_PAGEWISE, &a2), 0, "pagewise: attach");
	is(map(a2, DBH_DIR_BIDIRECTIONAL, &m), 0, "pagewise: map");
	is(m.max_segment, page_size, "pagewise: segments of a page");
	is(m.nents, 4, "pagewise: four of them");
	is(reset(), 0, "reset: with mappings");
	is(global().buffers, start.buffers, "reset: released");
}

static void test_policies(void)
{
	struct dbh_export export;
	__u32 a0, a1, vmap;
	struct dbh_map m, m2;
	struct dbh_page page;
	int fd;
	void *p;

	export = export_pages(2, DBH_POLICY_REFUSE_AFTER_MAP, 0);
	is(attach(export.ref, 0, &a0), 0, "refuse: attach before");
	is(map(a0, 0, &m), 0, "refuse: map");
	is(attach(export.ref, 0, &a1), -EBUSY, "refuse: attach after");
	unmap(m.mapping);
	is(attach(export.ref, 0, &a1), -EBUSY, "refuse: for good");
	is(counters(export.serial).attach_refused, 2, "refuse: counted");
	reset();

	struct dbh_export caching = {
		.size = page_size, .policy = DBH_POLICY_CACHING,
	};

	if (version.features & DBH_FEATURE_CACHING) {
		is(export_with(&caching), 0, "caching: export");
		attach(caching.ref, 0, &a0);
		is(map(a0, DBH_DIR_TO_DEVICE, &m), 0, "caching: map");
		is(map(a0, DBH_DIR_TO_DEVICE, &m2), 0, "caching: map again");
		is(counters(caching.serial).map, 1, "caching: one callback");
		is(map(a0, DBH_DIR_FROM_DEVICE, &(struct dbh_map){}), -EBUSY,
		   "caching: another direction");
		unmap(m.mapping);
		unmap(m2.mapping);
		is(counters(caching.serial).unmap, 0, "caching: unmap is late");
		detach(a0);
		is(counters(caching.serial).unmap, 1, "caching: at detach");
		is(counters(caching.serial).unmap_directions[DBH_DIR_TO_DEVICE], 1,
		   "caching: with the direction of the map");
		reset();
	} else {
		is(export_with(&caching), -EOPNOTSUPP, "caching: not here");
	}

	export = export_pages(1, DBH_POLICY_NO_MMAP | DBH_POLICY_NO_CPU_ACCESS |
			      DBH_POLICY_NO_VMAP, 0);
	is(cpu_access(true, export.ref, 0), 0, "no cpu access: begin");
	struct dbh_vmap no_vmap = { .ref = export.ref };

	is(call(DBH_IOC_VMAP, &no_vmap), -EINVAL, "no vmap");
	is(counters(export.serial).begin_cpu_access, 0, "no cpu access: counted");
	to_fd(export.ref, 0, &fd);
	p = mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd, 0);
	check(p == MAP_FAILED && errno == EINVAL, "no mmap");
	close(fd);

	/* Migration: contents go along, mmaps follow, users keep it in place. */
	export = export_pages(4, DBH_POLICY_MIGRATE, 0);
	attach(export.ref, DBH_DEVICE_ANY, &a0);
	map(a0, 0, &m);
	is(page_write(m.mapping, 0, 2, 77), 0, "migrate: write");
	is(attach(export.ref, DBH_DEVICE_STRICT, &a1), 0, "migrate: attach");
	is(map(a1, 0, &m2), -EBUSY, "migrate: not while mapped");
	unmap(m.mapping);
	struct dbh_vmap vmapped = { .ref = export.ref };

	is(call(DBH_IOC_VMAP, &vmapped), 0, "migrate: vmap");
	vmap = vmapped.vmap;
	is(map(a1, 0, &m2), -EBUSY, "migrate: not while vmapped");
	is(call(DBH_IOC_VUNMAP, &(struct dbh_vunmap){ .vmap = vmap }), 0,
	   "migrate: vunmap");
	__u32 another;

	dup_ref(export.ref, &another);
	to_fd(another, 0, &fd);
	p = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(p != MAP_FAILED, "migrate: mmap");
	is(peek((char *)p + 2 * page_size), 77,
	   "migrate: mmap before");
	is(map(a1, 0, &m2), 0, "migrate: map");
	is(m2.nents, 1, "migrate: one segment");
	is(counters(export.serial).generation, 1, "migrate: generation");
	page_read(m2.mapping, 0, 2, &page);
	is(page.hash, dbh_pattern_hash(77, page_size), "migrate: contents");
	poke((char *)p + 2 * page_size, 78);
	page_read(m2.mapping, 0, 2, &page);
	is(page.word, 78, "migrate: mmap after");
	munmap(p, 4 * page_size);
	close(fd);
	reset();
}

static int attach_dynamic(__u32 ref, __u32 device, __u32 *attachment)
{
	struct dbh_attach arg = {
		.ref = ref, .device = device, .flags = DBH_ATTACH_DYNAMIC,
	};
	int ret = call(DBH_IOC_ATTACH, &arg);

	*attachment = arg.attachment;
	return ret;
}

static int pin(__u32 attachment)
{
	return call(DBH_IOC_PIN, &(struct dbh_pin){ .attachment = attachment });
}

static int unpin(__u32 attachment)
{
	return call(DBH_IOC_UNPIN, &(struct dbh_pin){ .attachment = attachment });
}

static int move(__u32 ref)
{
	return call(DBH_IOC_MOVE, &(struct dbh_move){ .ref = ref });
}

/* What holds on every kernel, whether attach or map is what maps and pins. */
static void test_dynamic(void)
{
	struct dbh_export export = export_pages(4, DBH_POLICY_DYNAMIC, 0);
	struct dbh_export bad = {
		.size = page_size,
		.policy = DBH_POLICY_CACHING | DBH_POLICY_DYNAMIC,
	};
	__u32 a0, a1;
	struct dbh_page page;
	struct dbh_map m;

	is(export_with(&bad), -EINVAL, "dynamic: caching");
	is(attach(export.ref, 0, &a1), 0, "dynamic: static importer");
	is(pin(a1), -EPERM, "dynamic: pin of a static attachment");
	is(map(a1, 0, &m), 0, "dynamic: mapped by a static importer");
	is(move(export.ref), -EBUSY, "dynamic: stays under a static mapping");
	unmap(m.mapping);
	detach(a1);
	is(counters(export.serial).pin, counters(export.serial).unpin,
	   "dynamic: pins of the core balance");

	is(attach_dynamic(export.ref, DBH_DEVICE_ANY, &a0), 0, "dynamic: attach");
	is(unpin(a0), -ENOENT, "dynamic: not pinned");
	is(pin(a0), 0, "dynamic: pin");
	is(pin(a0), 0, "dynamic: pin again");
	is(move(export.ref), -EBUSY, "dynamic: stays while pinned");
	is(detach(a0), -EBUSY, "dynamic: detach while pinned");
	is(attach_dynamic(export.ref, DBH_DEVICE_STRICT, &a1), 0, "dynamic: strict");
	is(pin(a1), -EBUSY, "dynamic: cannot move for it");
	is(unpin(a0), 0, "dynamic: unpin");
	is(unpin(a0), 0, "dynamic: unpin again");
	is(map(a0, 0, &m), 0, "dynamic: map");
	is(page_write(m.mapping, 0, 3, 99), 0, "dynamic: write");
	unmap(m.mapping);
	is(counters(export.serial).notified, 0, "dynamic: nobody told yet");
	is(move(export.ref), 0, "dynamic: move");
	is(counters(export.serial).notified, 2, "dynamic: both told");
	is(counters(export.serial).placement, DBH_PLACEMENT_SCATTERED,
	   "dynamic: of the same kind");
	is(pin(a1), 0, "dynamic: moves for the strict one");
	is(counters(export.serial).generation, 2, "dynamic: moved twice");
	is(counters(export.serial).notified, 4, "dynamic: both told again");
	is(map(a0, 0, &m), 0, "dynamic: map after the moves");
	page_read(m.mapping, 0, 3, &page);
	is(page.hash, dbh_pattern_hash(99, page_size), "dynamic: contents");
	unmap(m.mapping);

	is(inject(export.serial, DBH_CALLBACK_PIN, 1, 1, EIO), 0,
	   "dynamic: inject");
	is(pin(a0), -EIO, "dynamic: pin fails");
	is(pin(a0), 0, "dynamic: and then not");
	is(move(9999), -ENOENT, "move: no reference");
	is(call(DBH_IOC_MOVE, &(struct dbh_move){ .ref = export.ref, .pad = 1 }),
	   -EINVAL, "move: padding");
	is(call(DBH_IOC_PIN, &(struct dbh_pin){ .attachment = a0, .pad = 1 }),
	   -EINVAL, "pin: padding");
	reset(); /* with pins */

	export = export_pages(1, DBH_POLICY_DEFERRED, 0);
	is(move(export.ref), -EOPNOTSUPP, "move: not dynamic");
	is(attach_dynamic(export.ref, 0, &a0), 0, "dynamic importer: attach");
	is(pin(a0), 0, "dynamic importer: pin");
	is(counters(export.serial).pin, 0, "dynamic importer: nobody to call");
	reset();
}

static void test_pages(void)
{
	struct dbh_export export = export_pages(3, DBH_POLICY_DEFERRED, 0);
	struct dbh_vmap vmap = { .ref = export.ref }, again = {};
	__u32 a0, ref;
	struct dbh_page page;
	struct dbh_map m;
	__u64 *words;
	bool same = true;
	__u32 i;
	int fd;

	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(page_read(m.mapping, 0, 1, &page), 0, "page: read");
	is(page.word, 0, "page: new storage is zero");
	is(page.hash, dbh_pattern_hash(0, page_size), "page: all of it");
	is(page.bytes, page_size, "page: bytes");
	is(page.source, DBH_SOURCE_PAGES, "page: source");
	is(page_write(m.mapping, 0, 1, 0x1234567890abcdefULL), 0, "page: write");
	page_read(m.mapping, 0, 1, &page);
	is(page.word, 0x1234567890abcdefULL, "page: seed is word 0");
	is(page.hash, dbh_pattern_hash(0x1234567890abcdefULL, page_size),
	   "page: hash as computed here");
	is(page_read(m.mapping, 0, 3, &page), -ERANGE, "page: beyond");
	is(page_read(m.mapping, 0, ~0ULL, &page), -ERANGE, "page: far beyond");
	is(page_read(m.mapping, 2, 0, &page), -EINVAL, "page: via");
	is(page_read(9999, 0, 0, &page), -ENOENT, "page: no mapping");

	is(call(DBH_IOC_VMAP, &vmap), 0, "vmap");
	is(vmap.same, 1, "vmap: alone at its address");
	is(info(export.ref).vmap_count, 1, "vmap: count");
	again.ref = export.ref;
	is(call(DBH_IOC_VMAP, &again), 0, "vmap: again");
	is(again.same, 2, "vmap: again, at the same address");
	is(counters(export.serial).vmap, 1, "vmap: again, not by the exporter");
	is(call(DBH_IOC_VUNMAP, &(struct dbh_vunmap){ .vmap = again.vmap }), 0,
	   "vmap: one of two goes");
	is(counters(export.serial).vunmap, 0, "vmap: the other stays");
	is(put(export.ref), -EBUSY, "vmap: keeps the last reference");
	is(page_read(vmap.vmap, DBH_VIA_VMAP, 1, &page), 0, "vmap: read");
	is(page.word, 0x1234567890abcdefULL, "vmap: sees the same");
	is(page.source, DBH_SOURCE_VMAP, "vmap: source");
	is(page_read(vmap.vmap, DBH_VIA_VMAP, 3, &page), -ERANGE, "vmap: beyond");
	is(page_write(vmap.vmap, DBH_VIA_VMAP, 2, 5), 0, "vmap: write");
	page_read(m.mapping, 0, 2, &page);
	is(page.word, 5, "vmap: mapping sees it");
	is(call(DBH_IOC_VUNMAP, &(struct dbh_vunmap){ .vmap = vmap.vmap }), 0,
	   "vunmap");
	is(info(export.ref).vmap_count, 0, "vunmap: count");

	is(cpu_access(true, export.ref, DBH_DIR_BIDIRECTIONAL), 0, "begin");
	dup_ref(export.ref, &ref);
	to_fd(ref, 0, &fd);
	words = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		     page_size);
	if (check(words != MAP_FAILED, "mmap: at page 1")) {
		for (i = 0; i < page_size / 8; i++)
			same &= words[i] == dbh_pattern(0x1234567890abcdefULL, i);
		check(same, "mmap: the pattern is as the header has it");
		is(info(export.ref).file_count, 3, "mmap: holds the file");
		words[0] = 99;
		page_read(m.mapping, 0, 1, &page);
		is(page.word, 99, "mmap: device sees it");
		check(mremap(words, page_size, 2 * page_size, MREMAP_MAYMOVE) ==
		      MAP_FAILED && errno == EFAULT, "mmap: cannot grow");
		munmap(words, page_size);
	}
	words = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE, fd, 0);
	check(words == MAP_FAILED && errno == EINVAL, "mmap: not private");
	words = mmap(NULL, 4 * page_size, PROT_READ, MAP_SHARED, fd, 0);
	check(words == MAP_FAILED && errno == EINVAL, "mmap: not beyond the end");
	is(cpu_access(false, export.ref, DBH_DIR_BIDIRECTIONAL), 0, "end");
	is(cpu_access(true, export.ref, DBH_DIR_NONE), -EINVAL, "begin: DMA_NONE");
	is(cpu_access(true, export.ref, 4), -EINVAL, "begin: no such direction");
	struct dbh_counters count = counters(export.serial);

	is(count.begin_cpu_access, 1, "counters: begin");
	is(count.begin_failed, 1, "counters: begin failed");
	is(count.end_cpu_access, 1, "counters: end");
	is(count.end_directions[DBH_DIR_BIDIRECTIONAL], 1, "directions: end");
	is(count.vmap, 1, "counters: vmap");
	is(count.vunmap, 1, "counters: vunmap");
	is(count.mmap, 1, "counters: mmap");
	is(count.mmap_failed, 1, "counters: mmap failed");
	close(fd);
	reset();
}

static void test_inject(void)
{
	struct dbh_export export = export_pages(1, DBH_POLICY_DEFERRED, 0);
	__u32 a0;
	struct dbh_map m;

	is(inject(export.serial, DBH_CALLBACK_ATTACH, 2, 1, ENODEV), 0, "inject");
	is(attach(export.ref, 0, &a0), 0, "inject: not the first");
	is(attach(export.ref, 0, &a0), -ENODEV, "inject: the second");
	is(attach(export.ref, 0, &a0), 0, "inject: not the third");
	inject(export.serial, DBH_CALLBACK_ALLOCATE, 1, 1, ENOMEM);
	is(map(a0, 0, &m), -ENOMEM, "inject: allocation");
	inject(export.serial, DBH_CALLBACK_MAP, 1, 2, EINTR);
	is(map(a0, 0, &m), -EINTR, "inject: map");
	is(map(a0, 0, &m), -EINTR, "inject: map, two in a row");
	is(map(a0, 0, &m), 0, "inject: map, then no more");
	inject(export.serial, DBH_CALLBACK_BEGIN_CPU, 1, 1, EIO);
	is(cpu_access(true, export.ref, 0), -EIO, "inject: begin");
	is(counters(export.serial).injected, 5, "inject: counted");
	is(inject(export.serial, DBH_CALLBACK_DETACH, 1, 1, EIO), -EINVAL,
	   "inject: detach cannot fail");
	is(inject(export.serial, DBH_CALLBACK_COUNT, 1, 1, EIO), -EINVAL,
	   "inject: no such callback");
	is(inject(export.serial, DBH_CALLBACK_MAP, 1, 1, 4096), -EINVAL,
	   "inject: not an errno");
	is(inject(1ULL << 40, DBH_CALLBACK_MAP, 1, 1, EIO), -ENOENT,
	   "inject: no such serial");
	if (!violations())
		is(inject(export.serial, DBH_CALLBACK_VMAP, 1, 1, EIO), -EPERM,
		   "inject: vmap makes the kernel warn");
	reset();
}

static void test_counters(void)
{
	struct dbh_export export = export_pages(1, 0, 0);
	struct dbh_counters arg = { .ref = export.ref };

	is(call(DBH_IOC_COUNTERS, &arg), 0, "counters: by reference");
	is(arg.serial, export.serial, "counters: serial");
	arg = (struct dbh_counters){};
	is(call(DBH_IOC_COUNTERS, &arg), -EINVAL, "counters: of nothing");
	arg = (struct dbh_counters){ .serial = export.serial, .ref = export.ref };
	is(call(DBH_IOC_COUNTERS, &arg), -EINVAL, "counters: of both");
	arg = (struct dbh_counters){ .serial = ~0ULL };
	is(call(DBH_IOC_COUNTERS, &arg), -ENOENT, "counters: no such serial");
	arg = (struct dbh_counters){ .ref = export.ref, .reserved = { 1 } };
	is(call(DBH_IOC_COUNTERS, &arg), -EINVAL, "counters: reserved");
	reset();
	arg = (struct dbh_counters){ .serial = export.serial };
	is(call(DBH_IOC_COUNTERS, &arg), -ENOENT, "counters: gone with a reset");
}

static int survey(struct dbh_fd_seen *fds, __u32 nr_fds,
		  struct dbh_buffer_seen *buffers, __u32 nr_buffers)
{
	struct dbh_survey arg = {
		.fds = (uintptr_t)fds, .nr_fds = nr_fds,
		.buffers = (uintptr_t)buffers, .nr_buffers = nr_buffers,
	};

	return call(DBH_IOC_SURVEY, &arg);
}

static void test_survey(void)
{
	struct dbh_export export = export_pages(2, DBH_POLICY_EAGER, 0);
	struct dbh_export other = export_pages(1, DBH_POLICY_EAGER, 0);
	struct dbh_buffer_seen buffers[4] = {};
	struct dbh_fd_seen fds[5] = {};
	int fd, gate[2], back[2], status;
	struct stat file;
	__u64 peer_fds;
	__u32 ref, a0;
	char byte;
	pid_t pid;

	is(survey(NULL, 0, NULL, 0), 0, "survey: of nothing");
	is(survey(NULL, 1, NULL, 0), -EFAULT, "survey: nowhere");
	is(survey(fds, DBH_MAX_SURVEYED + 1, NULL, 0), -EINVAL,
	   "survey: too many descriptors");
	is(survey(NULL, 0, buffers, DBH_MAX_SURVEYED + 1), -EINVAL,
	   "survey: too many buffers");
	fds[0].process = 2;
	is(survey(fds, 1, NULL, 0), -EINVAL, "survey: no such process");
	fds[0].process = 0;
	fds[0].pad = 1;
	is(survey(fds, 1, NULL, 0), -EINVAL, "survey: padding");
	fds[0].pad = 0;
	buffers[0].process = 2;
	is(survey(NULL, 0, buffers, 1), -EINVAL, "survey: no such process");
	buffers[0].process = 0;
	is(call(DBH_IOC_ENROL, &(struct dbh_enrol){ .flags = 1 }), -EINVAL,
	   "enrol: flags");

	dup_ref(export.ref, &ref);
	to_fd(ref, O_CLOEXEC, &fd);
	attach(export.ref, 0, &a0);
	fstat(fd, &file);

	/* The peer has the descriptor too, and closes it when it is told to. */
	if (pipe(gate) || pipe(back))
		abort();
	pid = fork();
	if (!pid) {
		if (call(DBH_IOC_ENROL, &(struct dbh_enrol){}) ||
		    fcntl(fd, F_SETFD, 0) || write(back[1], "x", 1) != 1 ||
		    read(gate[0], &byte, 1) != 1 || close(fd) ||
		    write(back[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	if (read(back[0], &byte, 1) != 1)
		abort();

	fds[0].fd = fd;
	fds[1].fd = harness;
	fds[2].fd = -1;
	fds[3].fd = 1000000;
	fds[4] = (struct dbh_fd_seen){ .process = DBH_PROCESS_PEER, .fd = fd };
	buffers[0] = (struct dbh_buffer_seen){
		.fd = -1, .ref = export.ref, .serial = export.serial,
	};
	buffers[1] = (struct dbh_buffer_seen){ .fd = fd };
	buffers[2] = (struct dbh_buffer_seen){
		.process = DBH_PROCESS_PEER, .fd = fd, .serial = other.serial,
	};
	buffers[3] = (struct dbh_buffer_seen){ .fd = harness };
	is(survey(fds, 5, buffers, 4), 0, "survey");
	is(fds[0].state, DBH_FD_OPEN | DBH_FD_CLOSE_ON_EXEC, "survey: descriptor");
	is(fds[0].ino, file.st_ino, "survey: inode number");
	is(fds[0].device, file.st_dev, "survey: device");
	is(fds[1].state, DBH_FD_OPEN | DBH_FD_CLOSE_ON_EXEC, "survey: another");
	check(fds[1].ino != file.st_ino || fds[1].device != file.st_dev,
	      "survey: another file");
	is(fds[2].state, 0, "survey: -1");
	is(fds[3].state, 0, "survey: not open");
	is(fds[4].state, DBH_FD_OPEN, "survey: the peer's");
	is(fds[4].ino, file.st_ino, "survey: the peer's inode number");
	is(buffers[0].seen, DBH_SEEN_INFO | DBH_SEEN_COUNTERS, "survey: buffer");
	is(buffers[0].file_count, 3, "survey: references");
	is(buffers[0].attachments, 1, "survey: attachments");
	is(buffers[0].attach, 1, "survey: callbacks");
	is(buffers[1].seen, DBH_SEEN_INFO, "survey: by descriptor");
	is(buffers[1].file_count, 3, "survey: its own is not counted");
	is(buffers[1].size, 2 * page_size, "survey: the same buffer");
	is(buffers[2].seen, DBH_SEEN_INFO | DBH_SEEN_COUNTERS,
	   "survey: by the peer's descriptor");
	is(buffers[2].file_count, 3, "survey: nor is it there");
	is(buffers[2].attach, 0, "survey: another's callbacks");
	is(buffers[3].seen, 0, "survey: not a dma-buf");
	is(info(export.ref).file_count, 3, "survey: changes nothing");
	is(global().caller_dmabuf_fds, start.caller_dmabuf_fds + 1,
	   "global: the caller's descriptors");
	peer_fds = global().peer_fds;
	check(peer_fds > 0, "global: the peer's descriptors");

	if (write(gate[1], "x", 1) != 1 || read(back[0], &byte, 1) != 1)
		abort();
	is(survey(fds + 4, 1, buffers + 2, 1), 0, "survey: after the close");
	is(fds[4].state, 0, "survey: the peer has closed it");
	is(global().peer_fds, peer_fds - 1, "global: one less");
	is(buffers[2].seen, DBH_SEEN_COUNTERS, "survey: nothing to see it by");
	is(info(export.ref).file_count, 2, "survey: one reference less");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	fds[4].fd = 0;
	is(survey(fds + 4, 1, NULL, 0), 0, "survey: the peer is gone");
	is(fds[4].state, 0, "survey: and has nothing open");
	is(global().peer_fds, 0, "global: nor is anything counted");

	detach(a0);
	put(other.ref);
	put(export.ref);
	close(fd);
	buffers[0].ref = 0;
	is(survey(NULL, 0, buffers, 1), 0, "survey: of a released buffer");
	is(buffers[0].seen, DBH_SEEN_COUNTERS, "survey: counters outlive it");
	is(buffers[0].release, 1, "survey: released");
	close(gate[0]);
	close(gate[1]);
	close(back[0]);
	close(back[1]);
	reset();
}

/* Each defect must be there to see, or a suite that misses it is not to blame. */
static void test_defects(void)
{
	struct dbh_export export;
	struct dbh_global before, after;
	struct dbh_counters count;
	struct dbh_page page;
	struct dbh_map m, m2;
	__u32 a0, a1, ref;
	__u64 *words;
	int fd;

	if (!defects()) {
		skip("defects", "loaded without allow_defects=1");
		return;
	}

	export = export_pages(1, 0, DBH_DEFECT_LEAK_MAPPING);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	unmap(m.mapping);
	count = counters(export.serial);
	is(count.live_mappings, 1, "defect: leak mapping");
	detach(a0);
	put(export.ref);
	is(counters(export.serial).release, 1, "defect: leak mapping, released");

	before = global();
	export = export_pages(1, DBH_POLICY_REFUSE_AFTER_MAP,
			      DBH_DEFECT_LEAK_REFERENCE);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(attach(export.ref, 0, &a1), -EBUSY, "defect: leak reference");
	is(info(export.ref).file_count, 2, "defect: leak reference, counted");
	reset();
	after = global();
	is(after.buffers, before.buffers + 1, "defect: leak reference, for good");

	export = export_pages(1, 0, DBH_DEFECT_WRONG_SIZE);
	is(info(export.ref).size, 2 * page_size, "defect: wrong size");
	struct dbh_vmap vmap = { .ref = export.ref };

	is(call(DBH_IOC_VMAP, &vmap), 0, "defect: wrong size, vmap");
	is(page_read(vmap.vmap, DBH_VIA_VMAP, 1, &page), 0,
	   "defect: wrong size, read");
	reset();

	export = export_pages(1, 0, DBH_DEFECT_DROP_CLOEXEC);
	to_fd(export.ref, O_CLOEXEC, &fd);
	is(fcntl(fd, F_GETFD), 0, "defect: drop O_CLOEXEC");
	close(fd);

	export = export_pages(1, 0, DBH_DEFECT_STALE_PAGES);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	page_write(m.mapping, 0, 0, 5);
	map(a0, 0, &m2);
	page_read(m2.mapping, 0, 0, &page);
	is(page.word, 0, "defect: stale pages");
	reset();

	export = export_pages(1, 0, DBH_DEFECT_SKIP_DETACH);
	attach(export.ref, 0, &a0);
	detach(a0);
	is(counters(export.serial).detach, 0, "defect: skip detach");
	reset();

	export = export_pages(2, 0, DBH_DEFECT_MMAP_IGNORES_OFFSET);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	page_write(m.mapping, 0, 0, 11);
	page_write(m.mapping, 0, 1, 12);
	dup_ref(export.ref, &ref);
	to_fd(ref, 0, &fd);
	words = mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd, page_size);
	is(words[0], 11, "defect: mmap ignores offset");
	munmap(words, page_size);
	close(fd);
	reset();

	export = export_pages(1, DBH_POLICY_REFUSE_AFTER_MAP,
			      DBH_DEFECT_WRONG_ERRNO);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(attach(export.ref, 0, &a1), -EINVAL, "defect: wrong errno");
	reset();

	export = export_pages(1, DBH_POLICY_REFUSE_AFTER_MAP,
			      DBH_DEFECT_FORGET_REFUSAL);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(attach(export.ref, 0, &a1), 0, "defect: forget refusal");
	reset();

	export = export_pages(1, 0, DBH_DEFECT_DOUBLE_RELEASE);
	put(export.ref);
	is(counters(export.serial).release, 2, "defect: double release");

	before = global();
	export = export_pages(1, 0, DBH_DEFECT_EXTRA_REFERENCE);
	is(info(export.ref).file_count, 2, "defect: extra reference");
	put(export.ref);
	after = global();
	is(after.buffers, before.buffers + 1, "defect: extra reference, for good");

	before = global();
	export = export_pages(2, 0, DBH_DEFECT_LEAK_PAGE_REFERENCE);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	unmap(m.mapping);
	detach(a0);
	is(global().kept_pages, before.kept_pages,
	   "defect: leak page reference, not yet");
	put(export.ref);
	after = global();
	is(after.kept_pages, before.kept_pages + 1, "defect: leak page reference");
	is(after.storage_pages, before.storage_pages,
	   "defect: leak page reference, otherwise clean");

	export = export_pages(3, 0, DBH_DEFECT_SHORT_MAP);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(m.bytes, 2 * page_size, "defect: short map");
	is(page_read(m.mapping, 0, 2, &page), -ERANGE, "defect: short map, page");
	reset();

	export = export_pages(1, 0, DBH_DEFECT_DIRTY_STORAGE);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	page_read(m.mapping, 0, 0, &page);
	is(page.word, 0xa5a5a5a5a5a5a5a5ULL, "defect: dirty storage");
	reset();

	export = export_pages(2, DBH_POLICY_MIGRATE, DBH_DEFECT_LOSE_CONTENTS);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	page_write(m.mapping, 0, 0, 5);
	unmap(m.mapping);
	attach(export.ref, DBH_DEVICE_STRICT, &a1);
	map(a1, 0, &m);
	page_read(m.mapping, 0, 0, &page);
	is(page.word, 0, "defect: lose contents");
	reset();

	export = export_pages(2, DBH_POLICY_MIGRATE, DBH_DEFECT_MOVE_WHILE_MAPPED);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	attach(export.ref, DBH_DEVICE_STRICT, &a1);
	is(map(a1, 0, &m2), 0, "defect: move while mapped");
	page_write(m.mapping, 0, 0, 5);
	page_read(m2.mapping, 0, 0, &page);
	is(page.word, 0, "defect: move while mapped, apart");
	reset();

	export = export_pages(2, DBH_POLICY_MIGRATE, DBH_DEFECT_NO_ZAP);
	dup_ref(export.ref, &ref);
	to_fd(ref, 0, &fd);
	words = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	words[0] = 1;
	attach(export.ref, DBH_DEVICE_STRICT, &a1);
	map(a1, 0, &m);
	poke(words, 2);
	page_read(m.mapping, 0, 0, &page);
	is(page.word, 1, "defect: no zap");
	munmap(words, page_size);
	close(fd);
	reset();

	export = export_pages(2, DBH_POLICY_DYNAMIC, DBH_DEFECT_MOVE_WHILE_MAPPED);
	attach_dynamic(export.ref, 0, &a0);
	pin(a0);
	is(move(export.ref), 0, "defect: move while pinned");
	reset();

	export = export_pages(2, DBH_POLICY_DYNAMIC, DBH_DEFECT_MOVE_SILENTLY);
	attach_dynamic(export.ref, 0, &a0);
	pin(a0);
	unpin(a0);
	is(move(export.ref), 0, "defect: move silently");
	is(counters(export.serial).generation, 1, "defect: move silently, moved");
	is(counters(export.serial).notified, 0, "defect: move silently, untold");
	reset();

	export = export_pages(2, DBH_POLICY_DYNAMIC, DBH_DEFECT_SKIP_UNPIN);
	attach_dynamic(export.ref, 0, &a0);
	pin(a0);
	is(unpin(a0), 0, "defect: skip unpin");
	is(counters(export.serial).unpin, 0, "defect: skip unpin, uncounted");
	is(move(export.ref), -EBUSY, "defect: skip unpin, still held");
	reset();

	export = export_pages(2, DBH_POLICY_DYNAMIC, DBH_DEFECT_LEAK_PIN);
	attach_dynamic(export.ref, 0, &a0);
	pin(a0);
	unpin(a0);
	is(move(export.ref), 0, "defect: leak pin, not yet");
	inject(export.serial, DBH_CALLBACK_PIN, 1, 1, EIO);
	is(pin(a0), -EIO, "defect: leak pin");
	is(move(export.ref), -EBUSY, "defect: leak pin, held by nobody");
	reset();

	export = export_pages(1, 0, DBH_DEFECT_MMAP_PRIVATE);
	to_fd(export.ref, 0, &fd);
	words = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (check(words != MAP_FAILED, "defect: mmap private")) {
		words[0] = 1;
		munmap(words, page_size);
	}
	close(fd);
}

static void test_violations(void)
{
	static const __u32 kinds[] = {
		DBH_VIOLATION_NO_PRIV, DBH_VIOLATION_NO_OPS,
		DBH_VIOLATION_NO_MAP_OP, DBH_VIOLATION_NO_UNMAP_OP,
		DBH_VIOLATION_NO_RELEASE_OP, DBH_VIOLATION_PIN_ONLY,
	};
	struct dbh_export export;
	struct dbh_map m;
	__u32 a0;
	size_t i;

	if (!violations()) {
		skip("violations", "loaded without allow_violations=1");
		return;
	}

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		export = (struct dbh_export){
			.size = page_size, .violation = kinds[i],
		};
		is(export_with(&export), -EINVAL, "violation: export");
	}

	export = export_pages(1, 0, 0);
	attach(export.ref, 0, &a0);
	map(a0, 0, &m);
	is(detach(a0), 0, "violation: detach while mapped");
	is(unmap(m.mapping), -ENOENT, "violation: the mapping is lost");
	is(counters(export.serial).live_mappings, 1, "violation: leaks it");
	attach(export.ref, 0, &a0);
	is(put(export.ref), 0, "violation: put while attached");
	is(detach(a0), -ENOENT, "violation: the attachment is lost");
	is(counters(export.serial).release, 1, "violation: released");
	is(reset(), 0, "violation: reset");
}

/* A child that is killed in mid-sequence leaves nothing. */
static void test_kill(void)
{
	struct dbh_global before = global(), after;
	int gate[2], status, round;
	__u32 a0, ref;
	struct dbh_map m;
	char byte;
	pid_t pid;

	for (round = 0; round < 20; round++) {
		if (pipe(gate))
			abort();
		pid = fork();
		if (!pid) {
			struct dbh_export export;
			struct dbh_vmap vmap;
			int fd;

			close(harness);
			harness = open(DBH_DEVICE_PATH, O_RDWR | O_CLOEXEC);
			if (harness < 0 || write(gate[1], "x", 1) != 1)
				_exit(1);
			for (;;) {
				export = export_pages(4, DBH_POLICY_EAGER, 0);
				dup_ref(export.ref, &ref);
				attach(export.ref, 1, &a0);
				attach(export.ref, 0, &a0);
				map(a0, 0, &m);
				map(a0, 1, &m);
				vmap = (struct dbh_vmap){ .ref = export.ref };
				call(DBH_IOC_VMAP, &vmap);
				to_fd(ref, O_CLOEXEC, &fd);
				poke(mmap(NULL, 4 * page_size,
					  PROT_READ | PROT_WRITE, MAP_SHARED,
					  fd, 0), 1);
				close(fd);
				/* Half of the time it has all of them. */
				if (round % 2)
					pause();
				reset();
			}
		}
		if (read(gate[0], &byte, 1) != 1)
			byte = 0;
		usleep(1000 * (1 + round * 3));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		close(gate[0]);
		close(gate[1]);
	}
	after = global();
	is(after.contexts, before.contexts, "kill: contexts");
	is(after.buffers, before.buffers, "kill: buffers");
	is(after.refs, before.refs, "kill: references");
	is(after.attachments, before.attachments, "kill: attachments");
	is(after.mappings, before.mappings, "kill: mappings");
	is(after.vmaps, before.vmaps, "kill: kernel mappings");
	is(after.exporter_attachments, before.exporter_attachments,
	   "kill: exporter's attachments");
	is(after.exporter_mappings, before.exporter_mappings,
	   "kill: exporter's mappings");
	is(after.storage_pages, before.storage_pages, "kill: storage");
	is(after.kept_pages, before.kept_pages, "kill: pages kept");
}

/* A context shared by fork: handles are common, descriptors are not. */
static void test_fork(void)
{
	struct dbh_export export = export_pages(1, 0, 0);
	__u32 ref;
	int status, fd;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (dup_ref(export.ref, &ref) || to_fd(ref, 0, &fd))
			_exit(1);
		_exit(info(export.ref).file_count == 2 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	is(status, 0, "fork: the child gets a descriptor of its own");
	is(info(export.ref).file_count, 1, "fork: gone with the child");
	reset();

	/* Two processes at once on one context. */
	pid = fork();
	for (int i = 0; i < 2000; i++) {
		struct dbh_map m;
		__u32 a0;

		export = (struct dbh_export){ .size = page_size };
		if (export_with(&export))
			continue;
		attach(export.ref, i % 4, &a0);
		map(a0, 0, &m);
		unmap(m.mapping);
		detach(a0);
		put(export.ref);
	}
	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
	is(status, 0, "fork: two processes at once");
	is(global().refs, 0, "fork: nothing left");
}

static int open_vgem(void)
{
	char path[32];
	int i, drm;

	for (i = 0; i < 8; i++) {
		struct drm_mode_create_dumb create = {
			.width = 1024, .height = 4, .bpp = 32,
		};
		struct drm_prime_handle prime = { .flags = O_CLOEXEC | O_RDWR };

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		if (!ioctl(drm, DRM_IOCTL_MODE_CREATE_DUMB, &create)) {
			prime.handle = create.handle;
			if (!ioctl(drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime)) {
				close(drm);
				return prime.fd;
			}
		}
		close(drm);
	}
	return -1;
}

static int open_udmabuf(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int memory, fd;

	if (device < 0)
		return -1;
	memory = memfd_create("harness", MFD_ALLOW_SEALING);
	if (ftruncate(memory, 4 * page_size))
		return -1;
	fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK);
	create.memfd = memory;
	create.size = 4 * page_size;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	close(memory);
	close(device);
	return fd;
}

static int open_heap(void)
{
	struct dma_heap_allocation_data data = {
		.len = 4 * page_size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	int ret;

	if (heap < 0)
		return -1;
	ret = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	close(heap);
	return ret ? -1 : (int)data.fd;
}

static void test_foreign(const char *name, int fd)
{
	struct dbh_page page;
	struct dbh_info seen;
	__u64 references;
	struct dbh_map m;
	__u32 ref, a0;
	__u64 *words;

	if (fd < 0) {
		skip(name, "this kernel has no such exporter");
		return;
	}
	printf("# foreign exporter: %s\n", name);
	is(get(fd, &ref), 0, "foreign: get");
	seen = info(ref);
	references = seen.file_count;
	printf("# %s, %llu bytes, count %llu, caps %#x\n", seen.exp_name,
	       (unsigned long long)seen.size, (unsigned long long)references,
	       seen.caps);
	is(seen.serial, 0, "foreign: no serial");
	is(seen.size, lseek(fd, 0, SEEK_END), "foreign: size");
	is(attach(ref, DBH_DEVICE_ANY, &a0), 0, "foreign: attach");
	is(info(ref).attachments, 1, "foreign: listed");
	is(map(a0, DBH_DIR_BIDIRECTIONAL, &m), 0, "foreign: map");
	is(m.bytes, seen.size, "foreign: all of it");
	if (!violations())
		is(map(a0, DBH_DIR_NONE, &(struct dbh_map){}), -EINVAL,
		   "foreign: DMA_NONE is kept from it");
	is(page_write(m.mapping, 0, 1, 4711), 0, "foreign: write");
	is(page_read(m.mapping, 0, 1, &page), 0, "foreign: read");
	is(page.hash, dbh_pattern_hash(4711, page_size), "foreign: as written");
	words = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (check(words != MAP_FAILED, "foreign: mmap")) {
		is(words[page_size / 8], 4711, "foreign: mmap sees it");
		munmap(words, 2 * page_size);
	}
	is(cpu_access(true, ref, 0), 0, "foreign: begin");
	is(cpu_access(false, ref, 0), 0, "foreign: end");
	is(unmap(m.mapping), 0, "foreign: unmap");
	is(detach(a0), 0, "foreign: detach");
	is(info(ref).file_count, references, "foreign: count as before");
	struct dbh_counters arg = { .ref = ref };

	is(call(DBH_IOC_COUNTERS, &arg), -EOPNOTSUPP, "foreign: no counters");
	is(put(ref), 0, "foreign: put");
	close(fd);
}

static void test_access(void)
{
	int status, fd;
	pid_t pid;

	pid = fork();
	if (!pid) {
		/* Even one who may open the file needs the capability. */
		if (chmod(DBH_DEVICE_PATH, 0666) || setuid(65534))
			_exit(2);
		fd = open(DBH_DEVICE_PATH, O_RDWR);
		_exit(fd < 0 && errno == EPERM ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	chmod(DBH_DEVICE_PATH, 0600);
	is(status, 0, "open: needs CAP_SYS_ADMIN");
}

int main(void)
{
	struct dbh_global end;

	setvbuf(stdout, NULL, _IOLBF, 0);
	harness = open(DBH_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (harness < 0) {
		printf("1..0 # SKIP %s: %s\n", DBH_DEVICE_PATH, strerror(errno));
		return 77;
	}

	test_version();
	start = global();
	is(start.contexts, 1, "start: nobody else");
	test_access();
	test_devices();
	test_export();
	test_limits();
	test_refs();
	test_import();
	test_policies();
	test_dynamic();
	test_pages();
	test_inject();
	test_counters();
	test_survey();
	test_fork();
	test_kill();
	test_foreign("vgem", open_vgem());
	test_foreign("udmabuf", open_udmabuf());
	test_foreign("system heap", open_heap());
	test_garbage();

	end = global();
	is(end.buffers, start.buffers, "end: buffers");
	is(end.refs, start.refs, "end: references");
	is(end.attachments, start.attachments, "end: attachments");
	is(end.mappings, start.mappings, "end: mappings");
	is(end.exporter_attachments, start.exporter_attachments,
	   "end: exporter's attachments");
	is(end.exporter_mappings, start.exporter_mappings,
	   "end: exporter's mappings");
	is(end.storage_pages, start.storage_pages, "end: storage");
	is(end.kept_pages, start.kept_pages, "end: pages kept");

	/* These leave something behind, as they are meant to. */
	test_defects();
	test_violations();

	printf("1..%d\n", tests);
	printf("# %d failed\n", failures);
	return failures ? 1 : 0;
}
