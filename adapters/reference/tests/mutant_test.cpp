// SPDX-License-Identifier: MIT
#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "dmabuf/reference/adapter.hpp"
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

TEST(Mutants, AreAllInTheTableInOrder) {
  const auto table = mutants();
  ASSERT_EQ(table.size(), static_cast<std::size_t>(Mutant::MergeReservesFdLast));
  for (std::size_t i = 0; i < table.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(table[i].mutant), i + 1) << table[i].name;
}

TEST(Mutants, AreFoundByTheirNames) {
  std::set<std::string_view> names;
  for (const MutantInfo& info : mutants()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(find_mutant(info.name), &info);
  }
  EXPECT_EQ(find_mutant("none_of_these"), nullptr);
}

TEST(Mutants, NameAnExporterAndWhatTheyBreak) {
  for (const MutantInfo& info : mutants()) {
    EXPECT_NE(find_exporter(info.exporter), nullptr) << info.name;
    EXPECT_FALSE(info.requirement_ids().empty()) << info.name;
    EXPECT_FALSE(info.imitates.empty()) << info.name;
  }
}

/// Well-formed or not, within the slots or beyond them.
Operation anything(std::mt19937& random) {
  const auto below = [&random](unsigned limit) { return static_cast<Slot>(random() % limit); };
  const auto fd = [&] {
    return static_cast<Slot>(random() % 8 == 0 ? random() % 16 : random() % 6);
  };
  const auto cloexec = [&] { return static_cast<CloseOnExec>(below(2)); };
  const auto direction = [&] { return static_cast<Direction>(below(4)); };
  const auto file = [&] { return static_cast<DrmFile>(below(2)); };
  switch (below(50)) {
    case 0:
      return export_buffer(below(4), below(5), below(6), static_cast<Access>(below(3)));
    case 1:
      return create(below(4), fd(), below(6), static_cast<Access>(below(3)), cloexec());
    case 2:
      return close_handle(below(4), file());
    case 3:
      return install(below(5), fd(), cloexec());
    case 4:
      return dup_fd(fd(), fd(), cloexec());
    case 5:
      return close_fd(fd());
    case 6:
      return send_fd(fd(), below(3));
    case 7:
      return receive(below(3), fd(), cloexec());
    case 8:
      return discard(below(3));
    case 9:
      return get(fd(), below(5));
    case 10:
      return put(below(5));
    case 11:
      return attach(below(5), below(3), below(5));
    case 12:
      return detach(below(5));
    case 13:
      return map(below(5), below(5), direction());
    case 14:
      return unmap(below(5));
    case 15:
      return device_read(below(5), below(5));
    case 16:
      return device_write(below(5), static_cast<model::Tag>(random()), below(5));
    case 17:
      return begin(below(5), direction());
    case 18:
      return end(below(5), direction());
    case 19:
      return sync_fd(fd(), static_cast<SyncFlags>(below(10)), static_cast<Argument>(below(2)));
    case 20:
      return mmap_fd(fd(), below(4), below(6), below(6), static_cast<Protection>(below(2)),
                     static_cast<Sharing>(below(2)));
    case 21:
      return munmap_vma(below(4));
    case 22:
      return store(below(4), static_cast<model::Tag>(random()), below(6));
    case 23:
      return load(below(4), below(6));
    case 26:
      return protect(below(4), static_cast<Protection>(below(2)));
    case 27:
      return munmap_page(below(4), below(4), below(6));
    case 28:
      return mremap_vma(below(4), below(7));
    case 29:
      return move_vma(below(4));
    case 30:
      return fork_child(below(2));
    case 31:
      return child_load(below(4), below(6), below(2));
    case 32:
      return exec_child(below(2));
    case 33:
      return exit_child(static_cast<model::Ending>(below(2)), below(2));
    case 34:
      return create_dumb(below(4), below(6));
    case 35:
      return handle_to_fd(below(4), fd(), static_cast<Access>(below(3)), file(), cloexec(),
                          static_cast<CreationFlags>(below(2)));
    case 36:
      return fd_to_handle(fd(), file());
    case 37:
      return memfd(below(3), below(6), static_cast<Seals>(below(5)));
    case 38:
      return close_memfd(below(3));
    case 39:
      return write_memfd(below(3), static_cast<model::Tag>(random()), below(5));
    case 40:
      return read_memfd(below(3), below(5));
    case 41: {
      const auto item = [&] { return Item{static_cast<Slot>(random() % 8 == 0 ? 14 + random() % 2 : random() % 3), below(5), below(6)}; };
      return list(below(4), fd(), item(), item(), static_cast<ListForm>(below(9)), cloexec());
    }
    case 42:
      return reqbufs(below(3), static_cast<VideoMemory>(below(2)), static_cast<VideoFile>(below(2)));
    case 43:
      return qbuf(below(3), fd(), static_cast<VideoLength>(below(4)), static_cast<VideoMemory>(below(2)), static_cast<VideoFile>(below(2)));
    case 44:
      return prepare_buf(below(3), fd(), static_cast<VideoLength>(below(4)));
    case 45:
      return dqbuf(static_cast<VideoFile>(below(2)));
    case 46:
      return streamon();
    case 47:
      return streamoff(static_cast<VideoFile>(below(2)));
    case 48:
      return close_video(static_cast<VideoFile>(below(2)));
    case 49:
      return random() % 4 == 0 ? fill_fds(below(3)) : free_fds(below(3));
    case 24:
      return seek(fd(), static_cast<Whence>(below(6)), static_cast<std::int16_t>(below(3) - 1));
    default:
      return set_name(fd(), static_cast<NameId>(below(6)), static_cast<Argument>(below(2)));
  }
}

/// However broken it is and whatever it is asked, it stays within its own memory (run with
/// sanitizers), and its own references never go below zero.
TEST(Mutants, SurviveAnything) {
  for (std::string_view exporter : reference_exporters())
    for (int mutant = 0; mutant <= static_cast<int>(mutants().size()); ++mutant) {
      std::mt19937 random(static_cast<unsigned>(mutant));
      System system(*find_exporter(exporter), static_cast<Mutant>(mutant));
      model::Observation seen;
      for (int i = 0; i < 400; ++i) {
        (void)system.apply(anything(random));
        system.observe(seen);
        for (const model::BufferSeen& buffer : seen.buffers)
          ASSERT_GE(buffer[Aspect::References], 0);
        if (i % 100 == 99) system.let_go();
      }
    }
}

/// The unbroken system keeps its ledger under the same treatment, and nothing is left at the end.
TEST(Reference, LeavesNothingBehind) {
  for (std::string_view exporter : reference_exporters())
    for (unsigned seed = 0; seed < 200; ++seed) {
      std::mt19937 random(seed);
      System system(*find_exporter(exporter));
      model::Observation seen;
      for (int i = 0; i < 200; ++i) {
        (void)system.apply(anything(random));
        ASSERT_EQ(system.warnings(), 0U);
        system.observe(seen);
        for (const model::BufferSeen& buffer : seen.buffers) {
          ASSERT_LE(buffer[Aspect::ReleaseCalls], 1);
          if (buffer.seen == 0) continue;
          ASSERT_EQ(buffer[Aspect::Listed] + buffer[Aspect::ReleaseCalls], 1);
          if (buffer[Aspect::Listed] == 0) continue;
          ASSERT_GT(buffer[Aspect::References], 0);
          ASSERT_EQ(buffer[Aspect::Attachments],
                    buffer[Aspect::AttachCalls] - buffer[Aspect::DetachCalls]);
          // A table that is kept, by an exporter that caches or since the attach, has no user, or several.
          ASSERT_LE(buffer[Aspect::MapCalls] - buffer[Aspect::UnmapCalls],
                    std::max(buffer[Aspect::Mappings], buffer[Aspect::Attachments]));
          ASSERT_GE(buffer[Aspect::PinCalls], buffer[Aspect::UnpinCalls]);
          ASSERT_EQ(buffer[Aspect::VmapCalls] - buffer[Aspect::VunmapCalls], buffer[Aspect::Vmaps] > 0 ? 1 : 0);
        }
      }
      system.let_go();
      EXPECT_EQ(system.leftover(), Leftover{}) << exporter << " seed " << seed;
    }
}

}  // namespace
}  // namespace dmabuf::reference
