// SPDX-License-Identifier: MIT
#include "helpers.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace dmabuf::reports::reproducer {

namespace {

struct Part {
  std::string_view name;
  std::string_view needs;     ///< other parts, one space between
  std::string_view includes;  ///< headers, one space between
  std::string_view text;
};

// In the order of the program: what needs something stands behind it.
constexpr auto kParts = std::to_array<Part>({
    {"core", "", "errno.h stdio.h stdlib.h string.h",
     R"c(#define OK	0x10000000000L	/* anything but an error */

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
)c"},
    {"cannot", "", "errno.h stdio.h stdlib.h string.h",
     R"c(static void cannot(const char *what)
{
	printf("cannot be tried here: %s: %s\n", what, strerror(errno));
	exit(4);
}
)c"},
    {"page", "", "", "#define PAGE	4096UL\n"},
    {"put_in", "", "", R"c(/* Fills a slot if the call worked. */
static long put_in(int *slot, long got)
{
	if (got >= 0)
		*slot = (int)got;
	return got;
}
)c"},
    {"result", "", "errno.h", R"c(static long result(long returned)
{
	return returned < 0 ? -errno : returned;
}
)c"},
    {"last", "core", "", R"c(/* The step that shows it: not an expectation, the question. */
static long last(int step, const char *operation, long got)
{
	printf("%3d> %-44s %s\n", step, operation, text(got));
	return got;
}
)c"},
    {"exporter_fd", "", "", "static int exporter;	/* the device that makes buffers */\n"},
    {"udmabuf", "cannot page result exporter_fd", "fcntl.h linux/udmabuf.h sys/ioctl.h sys/mman.h unistd.h",
     R"c(static void open_exporter(void)
{
	exporter = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (exporter < 0)
		cannot("/dev/udmabuf");
}

static long create(int buffer, unsigned long pages, int flags)
{
	struct udmabuf_create request = {
		.flags = flags & O_CLOEXEC ? UDMABUF_FLAGS_CLOEXEC : 0,
		.size = pages * PAGE,
	};
	int memory = memfd_create("repro", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)buffer;
	if (memory < 0 || ftruncate(memory, (off_t)(pages * PAGE)) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		cannot("memfd");
	request.memfd = (unsigned int)memory;
	return result(ioctl(exporter, UDMABUF_CREATE, &request));
}
)c"},
    {"heap", "cannot page result exporter_fd", "fcntl.h linux/dma-heap.h sys/ioctl.h",
     R"c(static void open_exporter(void)
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
)c"},
    {"drm", "cannot page result exporter_fd", "fcntl.h linux/types.h stdio.h string.h sys/ioctl.h unistd.h",
     R"c(/* From include/uapi/drm: not every machine has libdrm's headers. */
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
)c"},
    {"close_handle", "drm", "", R"c(static long close_handle(int buffer)
{
	struct gem_close request = { .handle = handles[buffer] };

	handles[buffer] = 0;
	return result(ioctl(exporter, IOCTL_GEM_CLOSE, &request));
}
)c"},
    {"create_dumb", "drm", "", R"c(static long create_dumb(int buffer, unsigned long pages)
{
	struct create_dumb dumb = { .width = PAGE / 4, .bpp = 32, .height = (__u32)pages };
	long got = result(ioctl(exporter, IOCTL_MODE_CREATE_DUMB, &dumb));

	if (got >= 0)
		handles[buffer] = dumb.handle;
	return got;
}
)c"},
    {"handle_to_fd", "drm", "", R"c(static long handle_to_fd(int buffer, int flags)
{
	struct prime_handle prime = { .handle = handles[buffer], .flags = (__u32)flags, .fd = -1 };
	long got = result(ioctl(exporter, IOCTL_PRIME_HANDLE_TO_FD, &prime));

	return got < 0 ? got : prime.fd;
}
)c"},
    {"harness", "cannot result", "fcntl.h linux/types.h sys/ioctl.h",
     R"c(/* dmabuf_harness.ko does in the kernel what importers do there. */
static int harness;

static void open_harness(void)
{
	harness = open("/dev/dmabuf_harness", O_RDWR | O_CLOEXEC);
	if (harness < 0)
		cannot("/dev/dmabuf_harness (load dmabuf_harness.ko)");
}
)c"},
    {"inodes", "", "", "static unsigned long b[3];	/* inode of each buffer */\n"},
    {"export", "harness page inodes", "", R"c(struct dbh_export { __u64 size; __u32 flags, policy, defect, violation, ref, pad; __u64 serial, ino; };

static long export_buffer(int buffer, unsigned long pages, int flags)
{
	struct dbh_export request = {
		.size = pages * PAGE, .flags = (__u32)flags, .policy = POLICY, .defect = DEFECT,
	};
	long got = result(ioctl(harness, _IOWR(0xdb, 0x40, struct dbh_export), &request));

	b[buffer] = (unsigned long)request.ino;
	return got < 0 ? got : (long)request.ref;
}
)c"},
    {"install", "harness", "", R"c(struct dbh_fd { __u32 ref, flags; __s32 fd; __u32 pad; };

static long install_fd(int ref, int flags)
{
	struct dbh_fd request = { .ref = (__u32)ref, .flags = (__u32)flags };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x13, struct dbh_fd), &request));

	return got < 0 ? got : (long)request.fd;
}
)c"},
    {"get", "harness", "", R"c(struct dbh_get { __s32 fd; __u32 ref; };

static long get(int fd)
{
	struct dbh_get request = { .fd = fd };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x10, struct dbh_get), &request));

	return got < 0 ? got : (long)request.ref;
}
)c"},
    {"let_go", "harness", "", R"c(struct dbh_handle { __u32 handle, pad; };

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
)c"},
    {"attach", "harness", "", R"c(struct dbh_attach { __u32 ref, device, flags, attachment; };

static long attach(int ref, unsigned int device)
{
	struct dbh_attach request = { .ref = (__u32)ref, .device = device };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x20, struct dbh_attach), &request));

	return got < 0 ? got : (long)request.attachment;
}
)c"},
    {"map", "harness", "",
     R"c(struct dbh_map { __u32 attachment, direction, mapping, nents, orig_nents, layout; __u64 bytes, max_segment, dma_end; };
enum { BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE, NONE };

static long map(int attachment, unsigned int direction)
{
	struct dbh_map request = { .attachment = (__u32)attachment, .direction = direction };
	long got = result(ioctl(harness, _IOWR(0xdb, 0x22, struct dbh_map), &request));

	return got < 0 ? got : (long)request.mapping;
}
)c"},
    {"cpu_access", "harness", "", R"c(struct dbh_cpu_access { __u32 ref, direction; };
#define BEGIN	_IOW(0xdb, 0x30, struct dbh_cpu_access)
#define END	_IOW(0xdb, 0x31, struct dbh_cpu_access)

static long cpu_access(unsigned long how, int ref, unsigned int direction)
{
	struct dbh_cpu_access request = { .ref = (__u32)ref, .direction = direction };

	return result(ioctl(harness, how, &request));
}
)c"},
    {"directions", "", "", "enum { BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE, NONE };\n"},
    {"pattern", "page", "stdint.h", R"c(#define TORN	(-100000L)	/* a page that holds no pattern */

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
)c"},
    {"device_page", "harness pattern", "", R"c(struct dbh_page { __u32 handle, via; __u64 page, seed, word, hash; __u32 bytes, source; };
)c"},
    {"device_read", "device_page", "", R"c(static long device_read(int mapping, unsigned long page)
{
	struct dbh_page request = { .handle = (__u32)mapping, .page = page };
	uint64_t i, hash = 0xcbf29ce484222325ULL;
	long got = result(ioctl(harness, _IOWR(0xdb, 0x34, struct dbh_page), &request));

	if (got < 0)
		return got;
	for (i = 0; i < request.bytes; i++)
		hash = (hash ^ ((pattern(request.word, i / 8) >> (i % 8 * 8)) & 0xff)) * 0x100000001b3ULL;
	return request.word <= UINT32_MAX && hash == request.hash ? (long)request.word : TORN;
}
)c"},
    {"device_write", "device_page", "", R"c(static long device_write(int mapping, unsigned long page, uint32_t tag)
{
	struct dbh_page request = { .handle = (__u32)mapping, .page = page, .seed = tag };

	return result(ioctl(harness, _IOWR(0xdb, 0x35, struct dbh_page), &request));
}
)c"},
    {"vmas", "page", "stddef.h", R"c(static struct { unsigned char *at; unsigned long pages; } v[3];
)c"},
    {"mmap", "vmas result", "sys/mman.h", R"c(static long map_pages(int vma, int fd, unsigned long offset, unsigned long length, int protection, int flags)
{
	void *at = mmap(NULL, length * PAGE, protection, flags, fd, (off_t)(offset * PAGE));

	if (at == MAP_FAILED)
		return result(-1);
	v[vma].at = at;
	v[vma].pages = length;
	return 0;
}
)c"},
    {"munmap", "vmas result", "sys/mman.h", R"c(static long unmap_pages(int vma)
{
	long got = result(munmap(v[vma].at, v[vma].pages * PAGE));

	if (!got)
		v[vma].at = NULL;
	return got;
}
)c"},
    {"fault", "", "setjmp.h signal.h", R"c(static sigjmp_buf landing;

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
)c"},
    {"store", "fault vmas pattern", "errno.h", R"c(static long store(int vma, unsigned long page, uint32_t tag)
{
	volatile uint64_t *word = (volatile uint64_t *)(void *)(v[vma].at + page * PAGE);
	uint64_t i;

	if (page >= v[vma].pages || sigsetjmp(landing, 1))
		return -EFAULT;
	for (i = 0; i < PAGE / 8; i++)
		word[i] = pattern(tag, i);
	return 0;
}
)c"},
    {"load", "fault vmas pattern", "errno.h", R"c(static long load(int vma, unsigned long page)
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
)c"},
    {"unmapped", "", "sys/mman.h", R"c(/* An address at which nothing can be read. */
static void *unmapped(void)
{
	return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
)c"},
    {"sync", "result", "linux/dma-buf.h sys/ioctl.h", R"c(static long sync_buffer(int fd, __u64 flags)
{
	struct dma_buf_sync request = { .flags = flags };

	return result(ioctl(fd, DMA_BUF_IOCTL_SYNC, &request));
}
)c"},
    {"unistd", "", "unistd.h", ""},
    {"fcntl", "", "fcntl.h", ""},
    {"dma_buf_h", "", "linux/dma-buf.h sys/ioctl.h", ""},
    {"foreign", "cannot", "sys/eventfd.h", R"c(static int foreign;	/* an open file that is no dma-buf */

static void open_foreign(void)
{
	foreign = eventfd(0, EFD_CLOEXEC);
	if (foreign < 0)
		cannot("eventfd");
}
)c"},
    {"sockets", "cannot result", "string.h sys/socket.h unistd.h", R"c(/* Both ends are in this process: what travels is the same. */
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
)c"},
    {"receive", "sockets", "errno.h", R"c(static long receive_fd(int message, int flags)
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
)c"},
    {"discard", "sockets", "", R"c(static long discard(int message)
{
	close(s[message][0]);
	close(s[message][1]);
	s[message][0] = s[message][1] = -1;
	return 0;
}
)c"},
    {"inode", "inodes", "sys/stat.h", R"c(static unsigned long inode_of(int fd)
{
	struct stat file;

	return fstat(fd, &file) ? 0 : (unsigned long)file.st_ino;
}
)c"},
    {"bufinfo", "inodes cannot", "stdio.h sys/mount.h", R"c(enum { LISTED, SIZE, REFERENCES };

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
)c"},
    {"hang", "", "signal.h unistd.h", R"c(static void on_alarm(int number)
{
	static const char said[] = "no answer for 30 s: THE BUG SHOWS\n";

	(void)number;
	if (write(1, said, sizeof(said) - 1) < 0)
		_exit(2);
	_exit(1);
}
)c"},
});

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

std::string program_parts(Parts parts) {
  // From the last to the first: each needs only what stands before it.
  for (auto part = kParts.rbegin(); part != kParts.rend(); ++part)
    if (parts.contains(part->name))
      for (const std::string_view needed : words_of(part->needs)) parts.insert(needed);
  if (parts.contains("map")) parts.erase("directions");

  std::set<std::string_view> headers;
  for (const Part& part : kParts)
    if (parts.contains(part.name))
      for (const std::string_view header : words_of(part.includes)) headers.insert(header);
  std::string out = "#define _GNU_SOURCE\n";
  for (const std::string_view header : headers) {
    out += "#include <";
    out += header;
    out += ">\n";
  }
  for (const Part& part : kParts) {
    if (!parts.contains(part.name) || part.text.empty()) continue;
    out += '\n';
    out += part.text;
  }
  return out;
}

}  // namespace dmabuf::reports::reproducer
