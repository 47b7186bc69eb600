// SPDX-License-Identifier: MIT
/// Why nobody looks. Whoever adds a row or a check for one of these removes its line: the test says so.
#include "dmabuf/traceability/traceability.hpp"

namespace dmabuf::traceability {
namespace {

constexpr std::string_view kBadExport = "the module's export always passes complete ops: no operation asks for a bad one";
constexpr std::string_view kNull = "no operation passes NULL to a function of the kernel";
constexpr std::string_view kLock = "whether the lock is held the module's exporter notes for its self-test; by whom is known to lockdep alone";
constexpr std::string_view kSleeps = "programs have one thread: nothing sleeps on a fence, and nothing interrupts a sleep";
constexpr std::string_view kSwSync = "Debian's kernels are built without SW_SYNC";

constexpr Reason kReasons[] = {
    // Calls in the kernel that no operation makes.
    {"ATT-002", Obstacle::Caller, "the module's importer ops always have move_notify: no operation leaves it out"},
    {"ATT-016", Obstacle::Caller, kNull},
    {"CPU-004", Obstacle::Caller, kSleeps},
    {"DYN-013", Obstacle::Caller, "no operation asks for peer-to-peer"},
    {"EXP-001", Obstacle::Caller, kBadExport},
    {"EXP-002", Obstacle::Caller, kBadExport},
    {"EXP-003", Obstacle::Caller, kBadExport},
    {"EXP-004", Obstacle::Caller, "a module that is being unloaded does not answer ioctls, so it cannot export"},
    {"EXP-005", Obstacle::Caller, kBadExport},
    {"EXP-010", Obstacle::Caller, "the module always passes no reservation; that DRM's are shared is POL-014's"},
    {"FD-012", Obstacle::Caller, "no exporter of ours reserves a descriptor before it exports"},
    {"FEN-001", Obstacle::Caller, "fences come from vgem and IMPORT_SYNC_FILE, which reserve and lock; the module adds none"},
    {"FEN-002", Obstacle::Caller, "nothing makes an allocation of the kernel fail"},
    {"FEN-006", Obstacle::Caller, "IMPORT_SYNC_FILE takes containers apart; nobody else adds one"},
    {"FEN-007", Obstacle::Caller, "that a wait ends is row SYN-005's; nothing sleeps on a fence, so no sleep is interrupted"},
    {"FEN-009", Obstacle::Caller, "vgem signals what it drops; no fence of ours is freed while it is pending"},
    {"HEP-014", Obstacle::Caller, "dma_heap_add is exported to no module, so nobody registers a second heap"},
    {"MAP-004", Obstacle::Caller, "no exporter of ours returns NULL for a table"},
    {"MAP-006", Obstacle::Caller, "the module passes DMA_NONE to its own exporter alone, since others may BUG on it"},
    {"MAP-016", Obstacle::Caller, kSleeps},
    {"MAP-017", Obstacle::Caller, "the module calls what the kernel at hand offers, so there are never two variants to compare"},
    {"MMP-001", Obstacle::Caller, "no importer of ours hands an mmap on with dma_buf_mmap"},
    {"MMP-002", Obstacle::Caller, "no importer of ours hands an mmap on with dma_buf_mmap"},
    {"MMU-003", Obstacle::Caller, "every exporter at hand rounds sizes up to pages; the module's are whole pages too"},
    {"REL-007", Obstacle::Caller, "an ioctl of the module returns to user space, where release has run already"},
    {"REL-008", Obstacle::Caller, "the module puts from ioctls, never from a kernel thread"},
    {"UDM-019", Obstacle::Caller, "udmabuf's mapping for its own device is seen by nobody outside it"},
    {"VBT-008", Obstacle::Caller, "the module does not import V4L2's exports"},

    // Kernels that Debian 12 does not have.
    {"DYN-014", Obstacle::Kernel, "a name in the sources of 7.2; the module's compatibility header is built against it"},
    {"FEN-010", Obstacle::Kernel, "up to 5.15; from 5.19 a reservation has usages"},
    {"IOC-005", Obstacle::Kernel, "up to 4.15, which has neither fdinfo nor the SET_NAME that every run uses"},
    {"LSK-005", Obstacle::Kernel, "before 3.12; a field of the profiles says it, and no such kernel boots here"},
    {"VGM-013", Obstacle::Kernel, "up to 5.15, where vgem was another driver"},
    {"VMP-009", Obstacle::Kernel, "up to 5.10, an interface the module's compatibility header hides"},

    // Kernels built for debugging.
    {"ATT-021", Obstacle::Instrumented, kLock},
    {"ATT-022", Obstacle::Instrumented, kLock},
    {"CPU-007", Obstacle::Instrumented, kLock},
    {"DET-009", Obstacle::Instrumented, "lockdep"},
    {"DET-010", Obstacle::Instrumented, "lockdep"},
    {"DET-011", Obstacle::Instrumented, "DEBUG_ATOMIC_SLEEP"},
    {"DET-012", Obstacle::Instrumented, "DMABUF_DEBUG"},
    {"DET-013", Obstacle::Instrumented, "DMABUF_DEBUG"},
    {"DET-014", Obstacle::Instrumented, "DMA_API_DEBUG"},
    {"DET-015", Obstacle::Instrumented, "KASAN; its reports are recognised on a guest's console"},
    {"DET-017", Obstacle::Instrumented, "lockdep for the lock; nobody adds a fence without a slot"},
    {"DET-021", Obstacle::Instrumented, "VIDEO_ADV_DEBUG"},
    {"DET-024", Obstacle::Instrumented, "DEBUG_KMEMLEAK"},
    {"DYN-002", Obstacle::Instrumented, "the module takes the lock for every pin and unpin; who does not is seen by lockdep alone"},
    {"DYN-005", Obstacle::Instrumented, kLock},
    {"LCK-001", Obstacle::Instrumented, kLock},
    {"LCK-002", Obstacle::Instrumented, "lockdep"},
    {"LCK-003", Obstacle::Instrumented, kLock},
    {"LCK-004", Obstacle::Instrumented, "a deadlock that may happen is seen by lockdep; no operation locks two buffers"},
    {"MAP-014", Obstacle::Instrumented, "only DMA_API_DEBUG looks at what a table holds"},
    {"MAP-018", Obstacle::Instrumented, kLock},
    {"MAP-019", Obstacle::Instrumented, "an importer that touches page pointers is caught by DMABUF_DEBUG alone"},
    {"MMP-003", Obstacle::Instrumented, kLock},
    {"REL-011", Obstacle::Instrumented, kLock},
    {"STA-002", Obstacle::Instrumented, "Debian's kernels are built without DMABUF_SYSFS_STATS"},
    {"SWS-001", Obstacle::Instrumented, kSwSync},
    {"SWS-002", Obstacle::Instrumented, kSwSync},
    {"SWS-003", Obstacle::Instrumented, kSwSync},
    {"SWS-004", Obstacle::Instrumented, kSwSync},
    {"VBT-021", Obstacle::Instrumented, "Debian's kernels are built without VIDEO_ADV_DEBUG"},
    {"VMP-007", Obstacle::Instrumented, kLock},

    // What takes the kernel along.
    {"DET-001", Obstacle::Fatal, "a warning; the console would show it, but no operation exports without ops"},
    {"DET-002", Obstacle::Fatal, "a warning; the console would show it, but no operation attaches without a device"},
    {"DET-003", Obstacle::Fatal, "a warning; the console would show it, but no operation passes NULL"},
    {"DET-004", Obstacle::Fatal, "releasing a buffer that is attached leaves a dangling list; the module refuses to (REL-012)"},
    {"DET-005", Obstacle::Fatal, "a kernel BUG"},
    {"DET-006", Obstacle::Fatal, "a kernel BUG"},
    {"DET-007", Obstacle::Fatal, "once per boot: a check that can fail once a boot says nothing of the next"},
    {"DET-008", Obstacle::Fatal, "an unpin that nothing pinned upsets the exporter behind it"},
    {"DET-016", Obstacle::Fatal, "a second detach frees memory twice; the module refuses it (ATT-018)"},
    {"DET-018", Obstacle::Fatal, "a fence freed while waited for is memory used after it is freed"},
    {"DET-019", Obstacle::Fatal, "bugs of DRM drivers that no program of user space can provoke in sound ones"},
    {"DET-022", Obstacle::Fatal, "a bug of vb2 importers that no program of user space can provoke in sound ones"},
    {"DET-023", Obstacle::Fatal, "taints the kernel for the rest of its life; provoked by the check in reserve of UDM-013 alone"},
    {"FD-005", Obstacle::Fatal, "memory used after it is freed; an installed reference leaves its slot, so that no program installs it twice"},
    {"REL-013", Obstacle::Fatal, "a kernel BUG"},

    // What shows in nothing that can be read.
    {"DYN-012", Obstacle::Unseen, "a duty of dynamic importers that no kernel enforces; the model lets their maps go ahead"},
    {"MMU-014", Obstacle::Unseen, "a duty of programs that no kernel enforces; on coherent machines its breach has no effect"},
    {"POL-011", Obstacle::Unseen, "nobody outside the kernel can hold the lock for long enough to be noticed"},
    {"POL-012", Obstacle::Unseen, "a duty of programs; on coherent machines its breach has no effect"},
    {"REL-005", Obstacle::Unseen, "an interval of microseconds between two steps of one function"},
    {"STA-003", Obstacle::Unseen, "nobody outside the kernel can keep the lock stuck"},
    {"STA-004", Obstacle::Unseen, "counts raised for a moment by kernel code that walks the list: nothing calls it"},
    {"SYN-010", Obstacle::Unseen, "says what START does not do: exclude others"},
    {"HEP-011", Obstacle::Unseen, "a duty of programs: what a failed call leaves in a field that must not be read"},
    {"VBT-018", Obstacle::Unseen, "the absence of fences and waits; vivid's capture has no clock to show it by"},

    // Devices and drivers that guests lack.
    {"DET-020", Obstacle::Device, "Debian's kernels are built without CMA, hence without its heap"},
    {"HEP-012", Obstacle::Device, "Debian's kernels are built without CMA, hence without its heap"},
    {"BUF-004", Obstacle::Device, "no driver at hand adds a fence of usage BOOKKEEP"},
    {"PRM-014", Obstacle::Device, "from 6.17; needs a counting exporter behind vgem's import"},
    {"PRM-020", Obstacle::Device, "every DRM driver at hand has get_sg_table; qxl and bochs are not set up"},
    {"PRM-024", Obstacle::Device, "no device at hand can be unplugged while it is open"},
    {"PRM-026", Obstacle::Device, "a bug of a DRM driver that no program of user space can provoke in sound ones"},
    {"VBT-006", Obstacle::Device, "vivid has no dma-sg queue, and the other two differ in what no file descriptor shows"},
    {"VBT-023", Obstacle::Device, "Debian's kernels are built without vim2m"},
    {"VBT-024", Obstacle::Device, "vivid's controls that inject faults are not set up"},
    {"VGP-004", Obstacle::Device, "from 6.17, with blob resources, which QEMU's virtio-gpu offers only with a graphics host"},

    // What speaks to whoever watches.
    {"DET-025", Obstacle::Method, "why counts are compared after every operation (oracle), and what is left after every case (runner)"},
    {"INV-008", Obstacle::Method, "size, name and inode number are read through one fd of a buffer at a time, whichever is open; SHR-006 "
                                  "and INF-009 compare two"},
    {"MAP-010", Obstacle::Method, "the oracle expects callbacks by what is cached, not call by call (rows of MAP-007 to MAP-009)"},
    {"OBS-001", Obstacle::Method, "no other thread is in a call on the fd when counts are read; profiles know PRIME's own references"},
    {"OBS-002", Obstacle::Method, "adapters take the count of fdinfo, or of bufinfo where there is no fd, as the same number"},
    {"OBS-003", Obstacle::Method, "buffers are looked up in bufinfo by inode number; every guest has a watchdog"},
    {"OBS-004", Obstacle::Method, "attachments are counted by the module, by name only for V4L2 (conformance/checks/src/video.cpp)"},
    {"OBS-005", Obstacle::Method, "sysfs statistics are not read for counts"},
    {"OBS-006", Obstacle::Method, "module use counts are read between cases, when release has run (adapters/support/src/kernel_file.cpp)"},
    {"OBS-007", Obstacle::Method, "meminfo is read by one check only, with a large buffer (HEP-013)"},
    {"OBS-008", Obstacle::Method, "slab counts are not read"},
    {"OBS-009", Obstacle::Method, "kmemleak's reports are recognised on a console, and are not what a leak is judged by"},
    {"OBS-010", Obstacle::Method, "file-nr is not read"},
    {"OBS-011", Obstacle::Method, "maps is read by inode number (conformance/checks/src/info.cpp)"},
    {"OBS-012", Obstacle::Method, "each check and case marks /dev/kmsg; reports are told apart by function name (kernel-harness/boot)"},
    {"OBS-013", Obstacle::Method, "callbacks are counted by the module's exporter itself; locks are not judged"},
    {"OBS-014", Obstacle::Method, "nothing is polled but by operations, whose effects the model knows"},
    {"OBS-015", Obstacle::Method, "counts after a put are read with a call of their own"},
    {"OBS-016", Obstacle::Method, "a program lasts milliseconds and makes its fences anew"},
    {"OBS-017", Obstacle::Method, "children are waited for before counts are read (adapters/support/src/peer.cpp)"},
    {"OBS-018", Obstacle::Method, "no socket is ever sent over itself"},
    {"OBS-019", Obstacle::Method, "inode numbers are compared within one guest only, and are no part of a finding"},
    {"OBS-020", Obstacle::Method, "modules stay loaded; what is left is looked for in counts and lists instead"},
};

}  // namespace

std::string_view name(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::Caller: return "caller";
    case Obstacle::Kernel: return "kernel";
    case Obstacle::Instrumented: return "instrumented";
    case Obstacle::Fatal: return "fatal";
    case Obstacle::Unseen: return "unseen";
    case Obstacle::Device: return "device";
    case Obstacle::Method: return "method";
  }
  return {};
}

std::string_view text(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::Caller: return "speaks of calls in the kernel that no operation makes";
    case Obstacle::Kernel: return "speaks of kernels that Debian 12 does not have";
    case Obstacle::Instrumented: return "shows only in a kernel built for debugging";
    case Obstacle::Fatal: return "to break it takes the kernel along, or wants a kernel that is broken";
    case Obstacle::Unseen: return "what it promises shows in nothing that can be read";
    case Obstacle::Device: return "speaks of devices and drivers that the guests lack";
    case Obstacle::Method: return "speaks to whoever watches; the text says where it is heeded";
  }
  return {};
}

std::span<const Reason> reasons() { return kReasons; }

}  // namespace dmabuf::traceability
