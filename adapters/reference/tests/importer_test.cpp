// SPDX-License-Identifier: MIT
/// In-kernel importers: attachments, mappings, what devices see.
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

TEST(Attach, IsCountedByListAndCallbacksAndByNoReference) {
  Subject run("eager");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), attach(0, kLax, 1), attach(0, kStrict, 2)});
  EXPECT_EQ(run.buffer()[Aspect::Attachments], 3);
  EXPECT_EQ(run.buffer()[Aspect::AttachCalls], 3);
  EXPECT_EQ(run.references(), 1);
  run.all({detach(1), detach(0), detach(2)});
  EXPECT_EQ(run.buffer()[Aspect::Attachments], 0);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 3);
  EXPECT_EQ(run.references(), 1);
}

TEST(Attach, OutlivesTheReferenceItWasMadeWith) {
  Subject run("eager");
  run.all({export_buffer(0, 0), install(0, 0), get(0, 0), get(0, 1), attach(0, kLax, 0), put(0),
           map(0, 0), unmap(0), detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 1);
}

/// It holds none itself, so the importer keeps its last one.
TEST(Attach, KeepsTheImporterFromLettingGo) {
  Subject run("eager");
  run.all({export_buffer(0, 0), install(0, 0), get(0, 0), attach(0, kLax, 0)});
  EXPECT_EQ(run(put(0)), EBUSY);
  EXPECT_EQ(run(install(0, 1)), EBUSY);
  EXPECT_EQ(run.references(), 2);
  EXPECT_FALSE(run.fd(1).open);
  run.all({close_fd(0), detach(0), put(0)});
  EXPECT_TRUE(run.released());
}

TEST(Map, ReachesTheExporterEveryTime) {
  Subject run("eager");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, Direction::ToDevice),
           map(0, 1, Direction::FromDevice)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 2);
  EXPECT_EQ(run.buffer()[Aspect::Mappings], 2);
  EXPECT_EQ(run.references(), 1);
  run.all({unmap(0)});
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Mappings], 1);
  EXPECT_EQ(run.buffer()[Aspect::MapDirections], model::Directions::reading(0, 1, 1));
  EXPECT_EQ(run.buffer()[Aspect::UnmapDirections], model::Directions::reading(0, 1, 0));
  run.all({unmap(1), detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 2);
}

TEST(Detach, IsRefusedWhileMapped) {
  Subject run("eager");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), map(0, 0)});
  EXPECT_EQ(run(detach(0)), EBUSY);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 0);
  run.all({unmap(0), detach(0)});
}

TEST(Importer, GuardsAgainstEmptySlots) {
  Subject run("eager");
  for (const Operation& operation :
       {put(0), install(0, 0), attach(0, kLax, 0), detach(0), map(0, 0), unmap(0), device_read(0),
        device_write(0, 1), begin(0), end(0), munmap_vma(0), load(0), store(0, 1), receive(0, 0),
        discard(0)})
    EXPECT_EQ(run(operation), ENOENT) << model::name_of(operation);
}

TEST(Devices, ReadWhatIsWrittenByOthers) {
  Subject run("eager");
  run.all({export_buffer(0, 0, 4), install(0, 0), get(0, 0), mmap_fd(0, 0, 0, 4),
           attach(0, kLax, 0), attach(0, kStrict, 1), map(0, 0), map(1, 1)});
  for (Slot page = 0; page < 4; ++page) {
    EXPECT_EQ(run.value(device_read(0, page)), 0U);
    run.all({device_write(0, 100U + page, page)});
    EXPECT_EQ(run.value(device_read(1, page)), 100U + page);
    EXPECT_EQ(run.value(load(0, page)), 100U + page);
    run.all({store(0, 200U + page, page)});
    EXPECT_EQ(run.value(device_read(1, page)), 200U + page);
  }
  EXPECT_EQ(run(device_read(0, 4)), ERANGE);
  EXPECT_EQ(run(device_write(0, 1, 4)), ERANGE);
}

TEST(KernelMappings, AreOneWhoeverAsks) {
  Subject run("deferred");
  run.all({export_buffer(0, 0, 2), install(0, 0), get(0, 0), get(0, 1)});
  EXPECT_EQ(run.value(vmap(0, 0)), 1U);
  EXPECT_EQ(run.value(vmap(1, 1)), 2U);
  EXPECT_EQ(run.buffer()[Aspect::VmapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Vmaps], 2);
  EXPECT_EQ(run.references(), 3);
  run.all({vmap_write(0, 1, 7), vunmap(0)});
  EXPECT_EQ(run.value(vmap_read(1, 1)), 7U);
  EXPECT_EQ(run.buffer()[Aspect::VunmapCalls], 0);
  run.all({put(0), vunmap(1), put(1)});
  EXPECT_EQ(run.buffer()[Aspect::VunmapCalls], 1);
}

TEST(KernelMappings, ShowWhatDevicesAndProcessesSee) {
  Subject run("eager");
  run.all({export_buffer(0, 0, 4), install(0, 0), get(0, 0), mmap_fd(0, 0, 0, 4), attach(0, kLax, 0), map(0, 0),
           vmap(0, 0)});
  for (Slot page = 0; page < 4; ++page) {
    run.all({vmap_write(0, page, 100U + page)});
    EXPECT_EQ(run.value(device_read(0, page)), 100U + page);
    EXPECT_EQ(run.value(load(0, page)), 100U + page);
    run.all({device_write(0, 200U + page, page)});
    EXPECT_EQ(run.value(vmap_read(0, page)), 200U + page);
  }
}

TEST(KernelMappings, KeepTheLastReferenceAndTheStorage) {
  Subject run("migrating");
  run.all({export_buffer(0, 0), vmap(0, 0), attach(0, kStrict, 0)});
  EXPECT_EQ(run(map(0, 0)), EBUSY) << "the storage stays where it is";
  run.all({detach(0)});
  EXPECT_EQ(run(put(0)), EBUSY);
  run.all({vunmap(0), put(0)});
  EXPECT_TRUE(run.released());
}

TEST(KernelMappings, AreNotForEverybody) {
  Subject run("novmap");
  run.all({export_buffer(0, 0)});
  EXPECT_EQ(run(vmap(0, 0)), EINVAL);
  EXPECT_EQ(run(vmap(1, 0)), ENOENT);
  EXPECT_EQ(run(vunmap(0)), ENOENT);
  EXPECT_EQ(run.buffer()[Aspect::VmapCalls], 0);
}

TEST(Dynamic, StaticImportersAreMappedAndPinnedFromTheAttachOn) {
  Subject run("dynamic");
  run.all({export_buffer(0, 0, 2), attach(0, kLax, 0)});
  EXPECT_EQ(run.buffer()[Aspect::PinCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Mappings], 0);
  EXPECT_EQ(run(migrate(0)), EBUSY);
  EXPECT_EQ(run(pin(0)), EPERM);
  run.all({map(0, 0, Direction::ToDevice), unmap(0), detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1) << "the table was kept";
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::UnpinCalls], 1);
  run.all({migrate(0)});
  EXPECT_EQ(run.buffer()[Aspect::MoveNotifies], 0);
}

TEST(Dynamic, ImportersAreToldAndMapAgain) {
  Subject run("dynamic");
  run.all({export_buffer(0, 0, 2), attach_dynamic(0, kLax, 0), attach_dynamic(0, kLax, 1), map(0, 0), device_write(0, 7, 1)});
  EXPECT_EQ(run.buffer()[Aspect::PinCalls], 0);
  run.all({migrate(0)});
  EXPECT_EQ(run.buffer()[Aspect::MoveNotifies], 2);
  run.all({map(0, 1), unmap(0)});
  EXPECT_EQ(run.value(device_read(1, 1)), 7U);
}

TEST(Dynamic, PinsAreCounted) {
  Subject run("dynamic");
  run.all({export_buffer(0, 0), attach_dynamic(0, kLax, 0), pin(0), pin(0), unpin(0)});
  EXPECT_EQ(run(migrate(0)), EBUSY);
  EXPECT_EQ(run(detach(0)), EBUSY);
  run.all({unpin(0), migrate(0)});
  EXPECT_EQ(run(unpin(0)), ENOENT);
  run.all({detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::PinCalls], 2);
  EXPECT_EQ(run.buffer()[Aspect::UnpinCalls], 2);
}

TEST(Dynamic, AStricterImporterMovesTheStorageUnlessItIsPinned) {
  Subject run("dynamic");
  run.all({export_buffer(0, 0), attach_dynamic(0, kLax, 0), pin(0)});
  EXPECT_EQ(run(attach(0, kStrict, 1)), EBUSY);
  EXPECT_EQ(run.buffer()[Aspect::AttachCalls], 2);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 1) << "the exporter had accepted it";
  EXPECT_EQ(run.buffer()[Aspect::Attachments], 1);
  run.all({unpin(0), attach(0, kStrict, 1)});
  EXPECT_EQ(run.buffer()[Aspect::MoveNotifies], 1);
}

TEST(Dynamic, ImportersOfStaticExportersAreMappedAtAttach) {
  Subject run("eager");
  run.all({export_buffer(0, 0), attach_dynamic(0, kLax, 0)});
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  run.all({pin(0), unpin(0), detach(0)});
  EXPECT_EQ(run.buffer()[Aspect::PinCalls], 0);
  EXPECT_EQ(run.buffer()[Aspect::UnmapCalls], 1);
  EXPECT_EQ(run(migrate(0)), EOPNOTSUPP);
}

TEST(Failures, AreOfTheNthCallAndOfNoOther) {
  Subject run("eager");
  run.all({export_buffer(0, 0), attach(0, kLax, 0), fail(0, model::Callback::Map, 2), map(0, 0)});
  EXPECT_EQ(run(map(0, 1)), EIO);
  EXPECT_EQ(run.buffer()[Aspect::MapCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Failures], 1);
  run.all({map(0, 1), fail(0, model::Callback::Attach, 1, model::Failure::NoMemory)});
  EXPECT_EQ(run(attach(0, kLax, 1)), ENOMEM);
  EXPECT_EQ(run.buffer()[Aspect::AttachRefused], 1);
  run.all({fail(0, model::Callback::Begin), fail(0, model::Callback::Begin, 0), begin(0)});
}

TEST(Failures, OfWhatFollowsAnAttachUndoIt) {
  Subject run("dynamic");
  run.all({export_buffer(0, 0), fail(0, model::Callback::Map)});
  EXPECT_EQ(run(attach(0, kLax, 0)), EIO);
  EXPECT_EQ(run.buffer()[Aspect::PinCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::UnpinCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::DetachCalls], 1);
  EXPECT_EQ(run.buffer()[Aspect::Attachments], 0);
  run.all({migrate(0), fail(0, model::Callback::Vmap)});
  EXPECT_EQ(run(vmap(0, 0)), EIO);
  EXPECT_EQ(run.buffer()[Aspect::Vmaps], 0);
  run.all({vmap(0, 0)});
}

TEST(Failures, OfMmapGiveTheFileBack) {
  Subject run("eager");
  run.all({export_buffer(0, 0), install(0, 0), fail(0, model::Callback::Mmap)});
  EXPECT_EQ(run(mmap_fd(0, 0, 0, 1)), EIO);
  EXPECT_EQ(run.references(), 1);
  run.all({mmap_fd(0, 0, 0, 1)});
}

TEST(CpuAccess, KeepsNoStateInTheCore) {
  Subject run("eager");
  run.all({export_buffer(0, 0), end(0), begin(0), begin(0, Direction::ToDevice),
           end(0, Direction::Bidirectional)});
  EXPECT_EQ(run.buffer()[Aspect::BeginCalls], 2);
  EXPECT_EQ(run.buffer()[Aspect::EndCalls], 2);
}

}  // namespace
}  // namespace dmabuf::reference
