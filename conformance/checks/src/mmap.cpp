// SPDX-License-Identifier: MIT
// mmap of a dma-buf fd, and what may be done to a mapping: MMU.
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>

#include "areas.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

/// Writes the tag of each page into the mapping that begins at the buffer's page `first`.
bool mark(const Mapping& m, std::size_t pages, std::size_t first = 0) {
  for (std::size_t page = 0; page < pages; ++page)
    if (!poke(m.at(page), tag(first + page))) return false;
  return true;
}

/// Holds that page k of the mapping is page first + k of the buffer.
void shows(Context& c, Id id, const Mapping& m, std::size_t pages, std::size_t first,
           std::string_view what) {
  for (std::size_t page = 0; page < pages; ++page) {
    const auto word = peek(m.at(page));
    if (!c.hold(id, word == tag(first + page), fmt::format("load page {} of {}", page, what),
                fmt::format("{:#x}", tag(first + page)), seen(word)))
      return;
  }
}

void offset(Context& c) {
  const Buffer b = c.buffer();
  const Mapping whole = map_or_skip(c, b.number(), b.pages());
  if (!mark(whole, b.pages())) throw conformance::HarnessError("the mapping faults");
  for (std::size_t first = 0; first < b.pages(); ++first) {
    Mapping part;
    c.expect("MMU-002", succeeds(),
             fmt::format("mmap(NULL, {} pages, …, fd, page {})", b.pages() - first, first), [&] {
               part = map(b.number(), b.pages() - first, first);
               return part ? 0 : -1;
             });
    if (part)
      shows(c, "MMU-008", part, b.pages() - first, first,
            fmt::format("a mapping at offset {}", first));
  }
}

void limits(Context& c) {
  const Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  const auto refused = [&](std::size_t length, std::size_t first) {
    c.expect("MMU-002", fails(EINVAL),
             fmt::format("mmap(NULL, {} pages, PROT_READ, MAP_SHARED, fd, page {})", length, first),
             [&] { return map(b.number(), length, first, PROT_READ) ? 0 : -1; });
  };
  refused(pages + 1, 0);
  refused(pages, 1);
  refused(1, pages);
  refused(1, pages + 1);
  refused(1, std::size_t{1} << 40U);
  c.expect("MMU-002", succeeds(),
           fmt::format("mmap(NULL, {} pages, PROT_READ, MAP_SHARED, fd, 0)", pages),
           [&] { return map(b.number(), pages, 0, PROT_READ) ? 0 : -1; });
  c.expect("MMU-002", succeeds(),
           fmt::format("mmap(NULL, 1 page, PROT_READ, MAP_SHARED, fd, page {})", pages - 1),
           [&] { return map(b.number(), 1, pages - 1, PROT_READ) ? 0 : -1; });
  c.expect("MMU-002", fails(EINVAL), "mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0)",
           [&] { return ::mmap(nullptr, 0, PROT_READ, MAP_SHARED, b.number(), 0); });
  c.expect("MMU-002", fails(EINVAL), "mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1)",
           [&] { return ::mmap(nullptr, kPageSize, PROT_READ, MAP_SHARED, b.number(), 1); });
}

void access_modes(Context& c) {
  const auto ro = c.buffer_of(Access::ReadOnly);
  if (ro) {
    c.expect("MMU-004", fails(EACCES), "mmap(…, PROT_READ|PROT_WRITE, MAP_SHARED, read-only fd, 0)",
             [&] { return map(ro->number(), 1) ? 0 : -1; });
    c.expect("MMU-004", fails(EACCES), "mmap(…, PROT_WRITE, MAP_SHARED, read-only fd, 0)",
             [&] { return map(ro->number(), 1, 0, PROT_WRITE) ? 0 : -1; });
    Mapping m;
    c.expect("MMU-004", succeeds(), "mmap(…, PROT_READ, MAP_SHARED, read-only fd, 0)", [&] {
      m = map(ro->number(), 1, 0, PROT_READ);
      return m ? 0 : -1;
    });
    if (m) {
      c.expect("MMU-004", fails(EACCES), "mprotect(map, 4096, PROT_READ|PROT_WRITE)",
               [&] { return ::mprotect(m.address(), kPageSize, PROT_READ | PROT_WRITE); });
      c.hold("MMU-004", peek(m.at(0)).has_value(), "load from the read-only mapping", "a word",
             "a fault");
      c.hold("MMU-004", !poke(m.at(0), 1), "store to the read-only mapping", "a fault", "no fault");
    }
  }
  if (const auto wo = c.buffer_of(Access::WriteOnly)) {
    for (const int protection : {PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE, PROT_NONE})
      c.expect("MMU-005", fails(EACCES),
               fmt::format("mmap(…, {}, MAP_SHARED, write-only fd, 0)", protection),
               [&] { return map(wo->number(), 1, 0, protection) ? 0 : -1; });
  } else {
    c.not_applicable("MMU-005", "the exporter makes no write-only buffers",
                     "none: it does not offer them");
  }
  if (!ro)
    c.not_applicable("MMU-004", "the exporter makes no read-only buffers",
                     "none: it does not offer them");
}

// mmap handlers: drm_gem_shmem_mmap, mmap_udmabuf, cma_heap_mmap refuse a copy-on-write mapping;
// the system heap's remap_pfn_range takes one only if a single range covers all of it; vb2 does not
// ask.
constexpr Habit kPrivateOne[] = {{"vgem drm:", {"5.19", ""}, fails(EINVAL)},
                                 {"vgem drm:", {"", "5.15"}, succeeds()},
                                 {"udmabuf", {}, fails(EINVAL)},
                                 {"heap:system", {}, succeeds()},
                                 {"heap:", {}, fails(EINVAL)},
                                 {"v4l2:", {}, succeeds()}};
constexpr Habit kPrivateMore[] = {{"vgem drm:", {"5.19", ""}, fails(EINVAL)},
                                  {"vgem drm:", {"", "5.15"}, succeeds()},
                                  {"udmabuf heap:", {}, fails(EINVAL)},
                                  {"v4l2:", {}, succeeds()}};

void private_(Context& c) {
  const Buffer one = c.buffer({.pages = 1});
  const Buffer more = c.buffer();
  const auto text = [](const Buffer& b) {
    return fmt::format("mmap(NULL, {} pages, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)", b.pages());
  };
  if (one.pages() == 1)
    c.expect("MMU-006", c.habit(kPrivateOne), text(one),
             [&] { return map(one.number(), 1, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE) ? 0 : -1; });
  c.expect("MMU-006", c.habit(kPrivateMore), text(more), [&] {
    return map(more.number(), more.pages(), 0, PROT_READ | PROT_WRITE, MAP_PRIVATE) ? 0 : -1;
  });
}

constexpr Habit kExecutable[] = {{"", {"", "6.18"}, succeeds()}, {"", {"7.0", ""}, fails(EPERM)}};

void protections(Context& c) {
  const Buffer b = c.buffer();
  c.expect("MMU-007", c.habit(kExecutable), "mmap(…, PROT_READ|PROT_EXEC, MAP_SHARED, fd, 0)",
           [&] { return map(b.number(), 1, 0, PROT_READ | PROT_EXEC) ? 0 : -1; });
  Mapping none;
  c.expect("MMU-007", succeeds(), "mmap(…, PROT_NONE, MAP_SHARED, fd, 0)", [&] {
    none = map(b.number(), 1, 0, PROT_NONE);
    return none ? 0 : -1;
  });
  if (!none) return;
  c.hold("MMU-007", !peek(none.at(0)), "load from the PROT_NONE mapping", "a fault", "a word");
  c.expect("MMU-007", succeeds(), "mprotect(map, 4096, PROT_READ|PROT_WRITE)",
           [&] { return ::mprotect(none.address(), kPageSize, PROT_READ | PROT_WRITE); });
  c.hold("MMU-007", poke(none.at(0), 7) && peek(none.at(0)) == 7U, "store and load after that",
         "0x7", seen(peek(none.at(0))));
}

void ledger(Context& c) {
  const Buffer b = c.buffer();
  const long before = c.count(b.number());
  Mapping one = map_or_skip(c, b.number(), b.pages());
  c.equal("MMU-009", "count with one mapping", before + 1, c.count(b.number()));
  {
    const Mapping two = map_or_skip(c, b.number(), 1);
    c.equal("MMU-009", "count with two mappings", before + 2, c.count(b.number()));
  }
  one.reset();
  c.equal("MMU-009", "count with none", before, c.count(b.number()));
}

void split(Context& c) {
  const Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  const long before = c.count(b.number());
  Mapping whole = map_or_skip(c, b.number(), pages);
  if (!mark(whole, pages)) throw conformance::HarnessError("the mapping faults");
  char* const start = whole.at(0);
  whole.release();
  c.must("MMU-010", "munmap(page 1)", [&] { return ::munmap(start + kPageSize, kPageSize); });
  c.equal("MMU-010", "count with a mapping in two pieces", before + 2, c.count(b.number()));
  c.hold("MMU-010", peek(start) == tag(0), "load page 0", fmt::format("{:#x}", tag(0)),
         seen(peek(start)));
  c.hold("MMU-010", !peek(start + kPageSize), "load page 1", "a fault", "a word");
  for (std::size_t page = 2; page < pages; ++page) {
    const auto word = peek(start + page * kPageSize);
    if (!c.hold("MMU-010", word == tag(page), fmt::format("load page {}", page),
                fmt::format("{:#x}", tag(page)), seen(word)))
      break;
  }
  // Through a second mapping: what was stored in a piece is the buffer's.
  poke(start + 2 * kPageSize, 0x77);
  {
    const Mapping again = map(b.number(), pages);
    c.hold("MMU-016", again && peek(again.at(2)) == 0x77U,
           "load page 2 of a second mapping after a store into the piece", "0x77",
           again ? seen(peek(again.at(2))) : "no mapping");
  }
  c.must("MMU-010", "mprotect(page 2, PROT_READ)",
         [&] { return ::mprotect(start + 2 * kPageSize, kPageSize, PROT_READ); });
  c.equal("MMU-010", "count with three pieces", before + (pages > 3 ? 3 : 2), c.count(b.number()));
  c.must("MMU-010", "munmap(all, holes included)",
         [&] { return ::munmap(start, pages * kPageSize); });
  c.equal("MMU-010", "count after the last piece is gone", before, c.count(b.number()));
}

void forked(Context& c) {
  const Buffer b = c.buffer();
  const Mapping m = map_or_skip(c, b.number(), b.pages());
  mark(m, b.pages());
  const long before = c.count(b.number());
  const auto during = [&](const std::function<int()>& work) {
    std::array<int, 2> go{}, ready{};
    if (::pipe2(go.data(), O_CLOEXEC) != 0 || ::pipe2(ready.data(), O_CLOEXEC) != 0)
      c.trouble("pipe2", errno);
    const UniqueFd g0(go[0]), r0(ready[0]);
    UniqueFd g1(go[1]), r1(ready[1]);
    const pid_t pid = ::fork();
    if (pid < 0) c.trouble("fork", errno);
    if (pid == 0) {
      ::close(b.number());
      g1.reset();
      const char done = static_cast<char>(work());
      (void)!::write(ready[1], &done, 1);
      char byte = 0;
      (void)!::read(go[0], &byte, 1);
      ::_exit(0);
    }
    r1.reset();
    char said = 0;
    (void)!::read(ready[0], &said, 1);
    const long count = c.count(b.number());
    g1.reset();
    int status = 0;
    (void)::waitpid(pid, &status, 0);
    return std::pair(count, static_cast<int>(said));
  };
  const auto [with_child, same] =
      during([&] { return peek(m.at(0)) == tag(0) && poke(m.at(1), 0x99) ? 1 : 2; });
  c.equal("MMU-011", "count while a child has the mapping (and no fd)", before + 1, with_child);
  c.equal("MMU-016", "the child reads what the parent wrote (1), and writes", 1, same);
  c.hold("MMU-016", peek(m.at(1)) == 0x99U, "load of what the child stored", "0x99",
         seen(peek(m.at(1))));
  c.equal("MMU-011", "count after the child is gone", before, c.count(b.number()));
  c.must("MMU-011", "madvise(map, size, MADV_DONTFORK)",
         [&] { return ::madvise(m.address(), m.size(), MADV_DONTFORK); });
  const auto [without, there] = during([&] { return peek(m.at(0)) ? 2 : 1; });
  c.equal("MMU-011", "count while a child lives that did not get the mapping", before, without);
  c.equal("MMU-011", "the mapping is not there in the child (1)", 1, there);
}

// vma_to_resize refuses VM_DONTEXPAND and VM_PFNMAP; udmabuf sets them since 6.8 (mmap_udmabuf).
constexpr Habit kGrow[] = {{"udmabuf", {"", "6.5"}, succeeds()},
                           {"udmabuf", {"6.8", ""}, fails(EFAULT)},
                           {"heap:system", {}, fails(EFAULT)},
                           {"heap:", {"", "6.1"}, succeeds()},
                           {"vgem drm: v4l2:", {}, fails(EFAULT)}};

void remap(Context& c) {
  const Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  Mapping m = map_or_skip(c, b.number(), pages);
  if (!mark(m, pages)) throw conformance::HarnessError("the mapping faults");
  const long before = c.count(b.number());
  // Move: the same pages elsewhere.
  const Mapping room(
      ::mmap(nullptr, pages * kPageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      pages * kPageSize);
  void* moved = MAP_FAILED;
  void* const from = m.address();
  if (c.expect("MMU-012", succeeds(),
               "mremap(map, size, size, MREMAP_MAYMOVE|MREMAP_FIXED, elsewhere)", [&] {
                 return moved = ::mremap(from, pages * kPageSize, pages * kPageSize,
                                         MREMAP_MAYMOVE | MREMAP_FIXED, room.address());
               }) >= 0) {
    m.release();
    c.hold("MMU-012", !peek(from), "load from where it was", "a fault", "a word");
    Mapping at_new_place(moved, pages * kPageSize);
    shows(c, "MMU-012", at_new_place, pages, 0, "the moved mapping");
    c.equal("MMU-012", "count after the move", before, c.count(b.number()));
    m = map(b.number(), pages);
    at_new_place.release();  // it lies in `room`
  }
  if (!m) throw conformance::HarnessError("cannot map again");
  // Shrink: the rest stays what it was.
  c.expect("MMU-012", succeeds(), "mremap(map, size, 2 pages, 0)",
           [&] { return ::mremap(m.address(), pages * kPageSize, 2 * kPageSize, 0); });
  shows(c, "MMU-012", m, 2, 0, "the shrunk mapping");
  c.hold("MMU-012", !peek(m.at(2)), "load behind the shrunk mapping", "a fault", "a word");
  void* const shrunk = m.release();
  ::munmap(shrunk, 2 * kPageSize);
}

void grow(Context& c) {
  const Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  Mapping m = map_or_skip(c, b.number(), pages);
  mark(m, pages);
  void* grown = MAP_FAILED;
  if (c.expect("MMU-012", c.habit(kGrow), "mremap(map, size, size + 1 page, MREMAP_MAYMOVE)", [&] {
        return grown = ::mremap(m.address(), pages * kPageSize, (pages + 1) * kPageSize,
                                MREMAP_MAYMOVE);
      }) < 0) {
    shows(c, "MMU-012", m, pages, 0, "the mapping that did not grow");
    return;
  }
  m.release();
  const Mapping bigger(grown, (pages + 1) * kPageSize);
  shows(c, "MMU-012", bigger, pages, 0, "the grown mapping");
  c.hold("MMU-012", !peek(bigger.at(pages)), "load from the page behind the buffer", "SIGBUS",
         "a word");
}

void grow_part(Context& c) {
  const Buffer b = c.buffer();
  Mapping whole = map_or_skip(c, b.number(), b.pages());
  mark(whole, b.pages());
  Mapping part = map(b.number(), 1);
  if (!part) throw conformance::HarnessError("cannot map one page");
  void* grown = MAP_FAILED;
  if (c.expect("MMU-012", c.habit(kGrow), "mremap(map of page 0, 1 page, 2 pages, MREMAP_MAYMOVE)",
               [&] {
                 return grown = ::mremap(part.address(), kPageSize, 2 * kPageSize, MREMAP_MAYMOVE);
               }) < 0)
    return;
  part.release();
  const Mapping bigger(grown, 2 * kPageSize);
  shows(c, "MMU-016", bigger, 2, 0, "the grown mapping");
}

void closed(Context& c) {
  Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  const std::uint64_t inode = inode_of(b.number());
  Mapping m = map_or_skip(c, b.number(), pages);
  mark(m, pages);
  b.fd.reset();
  if (!c.is("udmabuf")) c.source().let_go();  // its memfds have to stay: udm.memfd-gone
  shows(c, "MMU-013", m, pages, 0, "a mapping whose fd is closed");
  c.hold("MMU-013", poke(m.at(0), 0x31) && peek(m.at(0)) == 0x31U, "store and load after the close",
         "0x31", seen(peek(m.at(0))));
  const std::string text = c.bufinfo();
  c.hold("REL-004", listed(text, inode).has_value(), "the buffer in bufinfo while it is mapped",
         "listed", "not listed");
  m.reset();
  const std::string after = c.bufinfo();
  c.hold("REL-004", !listed(after, inode).has_value(), "the buffer in bufinfo after munmap",
         "not listed", "listed");
}

void views(Context& c) {
  const Buffer b = c.buffer();
  const UniqueFd other(static_cast<int>(c.ours("dup(fd)", [&] { return ::dup(b.number()); })));
  const Mapping one = map_or_skip(c, b.number(), b.pages());
  const Mapping two = map(other.get(), b.pages());
  c.hold("MMU-016", static_cast<bool>(two), "mmap through a dup", "ok", "no mapping");
  if (!two) return;
  for (std::size_t page = 0; page < b.pages(); ++page) {
    poke(one.at(page), tag(page));
    if (!c.hold("MMU-016", peek(two.at(page)) == tag(page),
                fmt::format("load page {} through the dup's mapping", page),
                fmt::format("{:#x}", tag(page)), seen(peek(two.at(page)))))
      return;
    poke(two.at(page), tag(page) + 0x100);
    if (!c.hold("MMU-016", peek(one.at(page)) == tag(page) + 0x100,
                fmt::format("load page {} through the first mapping", page),
                fmt::format("{:#x}", tag(page) + 0x100), seen(peek(one.at(page)))))
      return;
  }
  const Buffer stranger = c.buffer();
  const Mapping its = map(stranger.number(), stranger.pages());
  bool shared = false;
  for (std::size_t page = 0; its && page < stranger.pages(); ++page)
    shared = shared || peek(its.at(page)) == tag(page) + 0x100;
  c.hold("EXP-014", !shared, "load from another buffer", "its own memory",
         "the memory of the first");
}

constexpr Check kChecks[] = {
    {.name = "mmu.offset",
     .text = "a mapping at an offset shows the buffer from there",
     .requirements = {"MMU-008", "MMU-002"},
     .run = offset},
    {.name = "mmu.limits",
     .text = "a mapping ends where the buffer does",
     .requirements = {"MMU-002"},
     .run = limits},
    {.name = "mmu.access",
     .text = "a mapping may do no more than the buffer's access mode",
     .requirements = {"MMU-004", "MMU-005"},
     .run = access_modes},
    {.name = "mmu.private",
     .text = "private mappings are the exporter's affair",
     .requirements = {"MMU-006"},
     .run = private_},
    {.name = "mmu.protection",
     .text = "PROT_EXEC up to 6.18, PROT_NONE always",
     .requirements = {"MMU-007"},
     .run = protections},
    {.name = "mmu.ledger",
     .text = "each mapping holds one reference",
     .requirements = {"MMU-009"},
     .run = ledger},
    {.name = "mmu.split",
     .text = "the pieces of a mapping hold a reference each, and stay what they were",
     .requirements = {"MMU-010", "MMU-016"},
     .run = split},
    {.name = "mmu.fork",
     .text = "a child gets the mappings, each with a reference, unless told not to",
     .requirements = {"MMU-011", "MMU-016"},
     .run = forked},
    {.name = "mmu.remap",
     .text = "a mapping can be moved and shrunk",
     .requirements = {"MMU-012"},
     .run = remap},
    {.name = "mmu.grow",
     .text = "a mapping cannot be grown over the buffer's end, or faults there",
     .requirements = {"MMU-012"},
     .run = grow},
    {.name = "mmu.grow-part",
     .text = "a part that grows shows the buffer's next page or nothing",
     .requirements = {"MMU-012", "MMU-016"},
     .run = grow_part},
    {.name = "mmu.close",
     .text = "a mapping outlives its fds, and is the last to let go",
     .requirements = {"MMU-013", "REL-004"},
     .needs = {.root = true},
     .run = closed},
    {.name = "mmu.views",
     .text = "all mappings of a buffer are one memory, those of two are two",
     .requirements = {"MMU-016", "EXP-014"},
     .run = views},
};

}  // namespace

std::span<const Check> mmap_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
