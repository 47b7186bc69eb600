// SPDX-License-Identifier: MIT
/// What is peculiar to each exporter.
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

TEST(Exporters, AreFoundByTheirNames) {
  EXPECT_EQ(reference_exporters().size(), 12U);
  for (std::string_view name : reference_exporters()) {
    ASSERT_NE(find_exporter(name), nullptr);
    EXPECT_EQ(find_exporter(name)->name, name);
  }
  EXPECT_EQ(find_exporter("vgem"), nullptr);
}

/// Every exporter, the same story: made, imported, written, let go.
TEST(Exporters, AllServeAnOrdinaryLife) {
  for (std::string_view name : reference_exporters()) {
    Subject run(name);
    if (find_exporter(name)->in_kernel)
      run.all({export_buffer(0, 0, 2), install(0, 0)});
    else
      run.all({create(0, 0, 2)});
    run.all({get(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 5, 1)});
    EXPECT_EQ(run.value(device_read(0, 1)), 5U) << name;
    run.all({unmap(0), detach(0), sync_fd(0, SyncFlags::StartBoth), sync_fd(0, SyncFlags::EndBoth),
             put(0), close_fd(0)});
    if (name == "prime") run.all({close_handle(0)});
    EXPECT_TRUE(run.released()) << name;
    EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1) << name;
    EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1) << name;
    EXPECT_EQ(run.system().leftover(), Leftover{}) << name;
  }
}

TEST(Deferred, ServesFirstUseOfEveryKind) {
  for (const Program& first_use : {Program{attach(0, kLax, 0), map(0, 0)}, Program{begin(0)},
                                   Program{mmap_fd(0, 0, 0, 1), load(0)}}) {
    Subject run("deferred");
    run.all({export_buffer(0, 0), install(0, 0), get(0, 0)});
    run.all(first_use);
    run.all({attach(0, kLax, 1), map(1, 1)});
    EXPECT_EQ(run.value(device_read(1)), 0U);
  }
}

TEST(Deferred, KeepsItsStorageFromThenOn) {
  Subject run("deferred");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7), unmap(0),
           detach(0), attach(0, kLax, 0), map(0, 0)});
  EXPECT_EQ(run.value(device_read(0)), 7U);
}

TEST(Caching, AsksTheExporterOncePerAttachment) {
  Subject run("caching");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, Direction::ToDevice),
           map(0, 1, Direction::ToDevice)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Mappings], 2);
  run.all({unmap(0), unmap(1)});
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 0);
  EXPECT_EQ(run.buffer()[Aspect::Mappings], 0);
  run.all({map(0, 0, Direction::ToDevice)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  run.all({attach(0, kLax, 1), map(1, 1, Direction::FromDevice)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 2);
  run.all({unmap(0), detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 1);
}

TEST(Caching, ServesOneDirectionUnlessItIsBoth) {
  for (Direction cached : {Direction::ToDevice, Direction::FromDevice, Direction::Bidirectional})
    for (Direction asked : {Direction::ToDevice, Direction::FromDevice, Direction::Bidirectional}) {
      Subject run("caching");
      run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, cached), unmap(0)});
      const bool fits = asked == cached || cached == Direction::Bidirectional;
      EXPECT_EQ(run(map(0, 0, asked)), fits ? 0 : EBUSY);
      EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
    }
}

TEST(Refusing, LetsNobodyInOnceItIsMapped) {
  Subject run("refusing");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), attach(0, kStrict, 1), map(0, 0)});
  for (int again = 0; again < 2; ++again) EXPECT_EQ(run(attach(0, kLax, 2)), EBUSY);
  run.all({unmap(0), detach(0)});
  EXPECT_EQ(run(attach(0, kLax, 2)), EBUSY);
  EXPECT_EQ(run.buffer()[Aspect::Attachments], 1);
  EXPECT_EQ(run.buffer()[Aspect::AttachCalls], 2);
  EXPECT_EQ(run.buffer()[Aspect::AttachRefused], 3);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 1);
  EXPECT_EQ(run.references(), 1);
  run.all({map(1, 0)});  // those who were there are still served
}

TEST(Migrating, CarriesContentsToTheNewPlace) {
  Subject run("migrating");
  run.all({export_buffer(0, 0, 3), install(0, 0), get(0, 0), mmap_fd(0, 0, 0, 3), store(0, 1, 0),
           store(0, 2, 1), store(0, 3, 2), attach(0, kStrict, 0), map(0, 0)});
  for (Slot page = 0; page < 3; ++page) {
    EXPECT_EQ(run.value(device_read(0, page)), page + 1U);
    EXPECT_EQ(run.value(load(0, page)), page + 1U);
  }
  // An old attachment is served from the new place too.
  run.all({attach(0, kLax, 1), map(1, 1), device_write(0, 9)});
  EXPECT_EQ(run.value(device_read(1)), 9U);
  EXPECT_EQ(run.value(load(0)), 9U);
  EXPECT_EQ(run.buffer()[Aspect::Size], 3 * 4096);
}

TEST(Migrating, DoesNotMoveUnderAMapping) {
  Subject run("migrating");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7),
           attach(0, kStrict, 1)});
  EXPECT_EQ(run(map(1, 1)), EBUSY);
  EXPECT_EQ(run(map(1, 1)), EBUSY);
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  EXPECT_EQ(run.value(device_read(0)), 7U);
  run.all({unmap(0), map(1, 1)});
  EXPECT_EQ(run.value(device_read(1)), 7U);
}

TEST(Migrating, StartsWhereTheAttachedCanReachIt) {
  Subject run("migrating");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), attach(0, kStrict, 1), map(0, 0), map(1, 1)});
}

TEST(Prime, HoldsTwoReferencesWhileItsHandleIsOpen) {
  Subject run("prime");
  run.all({create(0, 0)});
  EXPECT_EQ(run.references(), 3);
  run.all({dup_fd(0, 1)});
  EXPECT_EQ(run.references(), 4);
  run.all({close_fd(0), close_fd(1)});
  EXPECT_EQ(run.references(), 2);
  EXPECT_EQ(run.buffer()[Aspect::ReleaseCalls], 0);
  run.all({close_handle(0)});
  EXPECT_TRUE(run.released());
  EXPECT_EQ(run(close_handle(0)), EINVAL);
}

TEST(Udmabuf, HasThePagesOfItsItemsInTheirOrder) {
  Subject run("udmabuf");
  run.all({memfd(0), memfd(1), write_memfd(0, 5, 1), write_memfd(1, 6), list(0, 0, {1}, {0, 1}), mmap_fd(0, 0, 0, 2)});
  EXPECT_EQ(run.value(load(0, 0)), 6U);
  EXPECT_EQ(run.value(load(0, 1)), 5U);
  run.all({store(0, 7, 0)});
  EXPECT_EQ(run.value(read_memfd(1)), 7U);
  run.all({close_memfd(1), write_memfd(0, 8, 1)});
  EXPECT_EQ(run.value(load(0, 0)), 7U) << "the pages stay when the memfd is closed";
  EXPECT_EQ(run.value(load(0, 1)), 8U);
}

TEST(Udmabuf, MayHaveAPageTwice) {
  Subject run("udmabuf");
  run.all({memfd(0), list(0, 0, {0, 1}, {0, 1}), mmap_fd(0, 0, 0, 2), store(0, 9, 1)});
  EXPECT_EQ(run.value(load(0, 0)), 9U);
}

TEST(Udmabuf, ChecksNumbersBeforeFilesAndFilesBeforeSeals) {
  Subject run("udmabuf");
  run.all({memfd(0, 2, Seals::None)});
  EXPECT_EQ(run(list(0, 0, {kBadN}, {0}, ListForm::Unmapped)), EFAULT);
  for (const ListForm form : {ListForm::TooMany, ListForm::TooLarge, ListForm::OddOffset, ListForm::OddSize, ListForm::Empty})
    EXPECT_EQ(run(list(0, 0, {kBadN}, {0}, form)), EINVAL) << static_cast<int>(form);
  EXPECT_EQ(run(list(0, 0, {kBadN}, {0})), EBADFD);
  EXPECT_EQ(run(list(0, 0, {kForeignN}, {0})), EBADFD);
  EXPECT_EQ(run(list(0, 0, {0}, {kBadN})), EINVAL);
  EXPECT_EQ(run.buffer().seen, 0U);
}

TEST(Prime, MakesOneBufferOfAnObjectHoweverOftenItIsExported) {
  Subject run("prime");
  run.all({create_dumb(0, 2), handle_to_fd(0, 0, Access::ReadOnly), handle_to_fd(0, 1)});
  EXPECT_EQ(run.references(), 4);
  EXPECT_EQ(run.buffer()[Aspect::AccessMode], static_cast<std::int64_t>(Access::ReadOnly));
  EXPECT_EQ(run.buffer()[Aspect::Size], 2 * 4096);
  EXPECT_EQ(run(handle_to_fd(0, 2, Access::ReadWrite, DrmFile::Second)), ENOENT);
  run.all({close_handle(0), close_fd(0), close_fd(1)});
  EXPECT_TRUE(run.released());
}

TEST(Prime, KnowsAHandleAgain) {
  Subject run("prime");
  run.all({create(0, 0), create(1, 1)});
  EXPECT_EQ(run.value(fd_to_handle(1)), model::handle_of(model::BufferId{1}));
  EXPECT_EQ(run.value(fd_to_handle(1, DrmFile::Second)), model::kNewHandle);
  EXPECT_EQ(run.references(1), 4);
  EXPECT_EQ(run.value(fd_to_handle(1, DrmFile::Second)), model::handle_of(model::BufferId{1}));
  run.all({close_handle(1), close_handle(1, DrmFile::Second)});
  EXPECT_EQ(run.references(1), 1);
  EXPECT_EQ(run.value(fd_to_handle(1, DrmFile::Second)), model::kNewHandle);
  EXPECT_EQ(run.references(1), 3);
}

TEST(Prime, HasObjectsThatAreNoBuffersYet) {
  Subject run("prime");
  EXPECT_EQ(run(create_dumb(0, 0)), EINVAL);
  run.all({create_dumb(0)});
  EXPECT_EQ(run.buffer().seen, 0U);
  EXPECT_EQ(run(create(0, 0)), EEXIST);
  EXPECT_EQ(run(handle_to_fd(0, 0, Access::WriteOnly)), EINVAL);
  run.all({close_handle(0)});
  EXPECT_EQ(run(handle_to_fd(0, 0)), ENOENT);
}

TEST(Prime, LeavesTheFdItsReferenceWhenTheHandleCloses) {
  Subject run("prime");
  EXPECT_EQ(run(close_handle(0)), EINVAL);
  run.all({create(0, 0), close_handle(0)});
  EXPECT_EQ(run.references(), 1);
  EXPECT_EQ(run(close_handle(0)), EINVAL);
  run.all({close_fd(0)});
  EXPECT_TRUE(run.released());
}

TEST(Prime, CachesAsTheHelpersOfDrmDo) {
  Subject run("prime");
  run.all({create(0, 0), get(0, 0), attach(0, kLax, 0), map(0, 0), map(0, 1), unmap(0), unmap(1)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 0);
  run.all({detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1);
}

TEST(Prime, LooksAtTheDirection) {
  Subject run("prime");
  run.all({create(0, 0), get(0, 0), attach(0, kLax, 0)});
  EXPECT_EQ(run(map(0, 0, Direction::None)), EINVAL);
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 0);
}

TEST(Udmabuf, EndsNothingThatNeverBegan) {
  Subject run("udmabuf");
  run.all({create(0, 0), get(0, 0)});
  EXPECT_EQ(run(sync_fd(0, SyncFlags::EndRead)), EINVAL);
  EXPECT_EQ(run(end(0)), EINVAL);
  EXPECT_EQ(run.buffer()[Aspect::EndCalls], 0);
  run.all({sync_fd(0, SyncFlags::StartRead), sync_fd(0, SyncFlags::EndBoth),
           sync_fd(0, SyncFlags::EndWrite), end(0)});
  EXPECT_EQ(run.buffer()[Aspect::EndCalls], 3);
}

TEST(Udmabuf, IsAlwaysReadWrite) {
  Subject run("udmabuf");
  run.all({create(0, 0, 1, Access::ReadOnly), mmap_fd(0, 0, 0, 1), store(0, 1)});
  EXPECT_EQ(run.buffer()[Aspect::AccessMode], static_cast<std::int64_t>(Access::ReadWrite));
}

TEST(Nommap, HasNoCpuMappings) {
  Subject run("nommap");
  run.all({export_buffer(0, 0, 2), install(0, 0)});
  EXPECT_EQ(run(mmap_fd(0, 0, 0, 1)), EINVAL);
  EXPECT_EQ(run(mmap_fd(0, 0, 0, 9)), EINVAL);
  EXPECT_EQ(run.references(), 1);
}

/// One reference an index, from the QBUF on, whatever is dequeued, until something else comes.
TEST(Queue, HoldsWhatItWasGiven) {
  for (const std::string_view name : {"queues", "contiguous"}) {
    Subject run(name);
    run.all({export_buffer(0, 0), install(0, 0), reqbufs(2), qbuf(0, 0), qbuf(1, 0), close_fd(0)});
    EXPECT_EQ(run.buffer()[Aspect::References], 2) << name;
    EXPECT_EQ(run.buffer()[Aspect::Attachments], name == "queues" ? 0 : 2) << name;
    run.all({streamon(), dqbuf(), dqbuf(), streamoff()});
    EXPECT_EQ(run.buffer()[Aspect::References], 2) << name;
    run.all({reqbufs(1)});
    EXPECT_TRUE(run.released()) << name;
    EXPECT_EQ(run.system().leftover(), Leftover{}) << name;
  }
}

}  // namespace
}  // namespace dmabuf::reference
