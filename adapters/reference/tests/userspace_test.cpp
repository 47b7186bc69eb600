// SPDX-License-Identifier: MIT
/// What a program does with an fd: map, sync, seek, name.
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

TEST(Mmap, ShowsTheBytesFromItsOffset) {
  Subject run("udmabuf");
  run.all({create(0, 0, 4), mmap_fd(0, 0, 0, 4), mmap_fd(0, 1, 2, 2)});
  run.all({store(0, 10, 0), store(0, 11, 1), store(0, 12, 2), store(0, 13, 3)});
  EXPECT_EQ(run.value(load(1, 0)), 12U);
  EXPECT_EQ(run.value(load(1, 1)), 13U);
  run.all({store(1, 20, 1)});
  EXPECT_EQ(run.value(load(0, 3)), 20U);
}

TEST(Mmap, ReachesToItsEndAndNoFurther) {
  Subject run("udmabuf");
  run.all({create(0, 0, 4), mmap_fd(0, 0, 1, 2)});
  EXPECT_EQ(run(load(0, 2)), EFAULT);
  EXPECT_EQ(run(store(0, 1, 2)), EFAULT);
}

TEST(Mmap, OfAReadOnlyBufferIsReadOnly) {
  Subject run("prime");
  run.all({create(0, 0, 1, Access::ReadOnly), mmap_fd(0, 0, 0, 1, Protection::Read), load(0)});
  EXPECT_EQ(run(store(0, 1)), EFAULT);
}

TEST(Mmap, KeepsTheContentsAliveAlone) {
  Subject run("udmabuf");
  run.all({create(0, 0), mmap_fd(0, 0, 0, 1), store(0, 7), close_fd(0)});
  EXPECT_EQ(run.references(), 1);
  EXPECT_EQ(run.value(load(0)), 7U);
  run.all({munmap_vma(0)});
  EXPECT_TRUE(run.released());
}

TEST(Mmap, IsSharedBetweenProcesses) {
  Subject run("udmabuf");
  run.all({create(0, 0), send_fd(0, 0), receive(0, 1), mmap_fd(0, 0, 0, 1), mmap_fd(1, 1, 0, 1),
           store(0, 7)});
  EXPECT_EQ(run.value(load(1)), 7U);
}

TEST(Storage, BeginsAsZeroes) {
  for (std::string_view exporter : {"eager", "deferred", "migrating"}) {
    Subject run(exporter);
    // Twice in the same slot: the second buffer does not see what the first left behind.
    for (int round = 0; round < 2; ++round) {
      run.all({export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1)});
      EXPECT_EQ(run.value(load(0)), 0U);
      run.all({store(0, 7), munmap_vma(0), close_fd(0)});
    }
  }
}

TEST(Sync, CallsBeginAtStartAndEndAtEnd) {
  Subject run("prime");
  run.all({create(0, 0, 1, Access::ReadOnly), sync_fd(0, SyncFlags::StartRead),
           sync_fd(0, SyncFlags::StartWrite), sync_fd(0, SyncFlags::StartBoth),
           sync_fd(0, SyncFlags::EndRead), sync_fd(0, SyncFlags::EndWrite)});
  EXPECT_EQ(run.buffer()[Aspect::BeginCalls], 3);
  EXPECT_EQ(run.buffer()[Aspect::EndCalls], 2);
}

TEST(Sync, EndsBeforeStartAndMoreOften) {
  Subject run("prime");
  run.all({create(0, 0), sync_fd(0, SyncFlags::EndBoth), sync_fd(0, SyncFlags::StartRead),
           sync_fd(0, SyncFlags::EndBoth), sync_fd(0, SyncFlags::EndBoth)});
  EXPECT_EQ(run.buffer()[Aspect::EndCalls], 3);
}

TEST(Seek, TellsTheSize) {
  for (Slot pages = 1; pages <= model::kMaxPages; ++pages) {
    Subject run("udmabuf");
    run.all({create(0, 0, pages)});
    EXPECT_EQ(run.value(seek(0, Whence::End)), pages * 4096U);
    EXPECT_EQ(run.value(seek(0, Whence::Set)), 0U);
  }
}

TEST(Name, BelongsToTheBuffer) {
  Subject run("udmabuf");
  run.all({create(0, 0), send_fd(0, 0), receive(0, 1), set_name(1, NameId::Short), close_fd(1)});
  EXPECT_EQ(run.buffer().name.view(), "scanout");
}

TEST(Name, IsReplacedByWhateverFits) {
  Subject run("udmabuf");
  run.all({create(0, 0)});
  for (NameId name : {NameId::Short, NameId::Other, NameId::Spaced, NameId::Longest, NameId::Empty,
                      NameId::Short}) {
    run.all({set_name(0, name)});
    EXPECT_EQ(run.buffer().name.view(), model::name_text(name));
  }
}

TEST(Name, StaysWhenItCannotBeReplaced) {
  Subject run("udmabuf");
  run.all({create(0, 0), set_name(0, NameId::Short)});
  EXPECT_EQ(run(set_name(0, NameId::TooLong)), EINVAL);
  EXPECT_EQ(run(set_name(0, NameId::Other, Argument::Unmapped)), EFAULT);
  EXPECT_EQ(run.buffer().name.view(), "scanout");
}

TEST(Name, ChangesWhileDevicesAreAttached) {
  Subject run("udmabuf");
  run.all({create(0, 0), get(0, 0), attach(0, kLax, 0), set_name(0, NameId::Short)});
  EXPECT_EQ(run.buffer().name.view(), "scanout");
}

}  // namespace
}  // namespace dmabuf::reference
