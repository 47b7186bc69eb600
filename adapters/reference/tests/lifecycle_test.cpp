// SPDX-License-Identifier: MIT
/// How buffers come and go, and who holds them meanwhile.
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

TEST(Export, MakesABufferWithOneReferenceAndNoFd) {
  Subject run("eager");
  run.all({export_buffer(0, 0, 3, Access::ReadOnly)});
  const model::BufferSeen seen = run.buffer();
  EXPECT_EQ(seen[Aspect::Listed], 1);
  EXPECT_EQ(seen[Aspect::References], 1);
  EXPECT_EQ(seen[Aspect::Attachments], 0);
  EXPECT_EQ(seen[Aspect::Mappings], 0);
  EXPECT_EQ(seen[Aspect::Size], 3 * 4096);
  EXPECT_EQ(seen[Aspect::AccessMode], static_cast<std::int64_t>(Access::ReadOnly));
  EXPECT_EQ(seen.name.view(), "");
  for (Aspect calls :
       {Aspect::AttachCalls, Aspect::DetachCalls, Aspect::MapCalls, Aspect::UnmapCalls,
        Aspect::BeginCalls, Aspect::EndCalls, Aspect::ReleaseCalls})
    EXPECT_EQ(seen[calls], 0);
  for (Slot f = 0; f < model::kMaxFds; ++f) EXPECT_FALSE(run.fd(f).open);
}

TEST(Export, IsSeenInEveryAspect) {
  Subject run("eager");
  EXPECT_EQ(run.buffer().seen, 0U);
  run.all({export_buffer(0, 0)});
  EXPECT_EQ(run.buffer().seen, (1U << model::kAspects) - 1);
}

TEST(Export, TakesOneToFourPages) {
  Subject run("eager");
  EXPECT_EQ(run(export_buffer(0, 0, 0)), EINVAL);
  EXPECT_EQ(run(export_buffer(0, 0, 5)), EINVAL);
  EXPECT_EQ(run(export_buffer(0, 0, 4)), 0);
}

TEST(InstallFd, ConsumesTheReference) {
  Subject run("eager");
  run.all({export_buffer(0, 0), install(0, 0)});
  EXPECT_EQ(run.references(), 1);
  EXPECT_TRUE(run.fd(0).open);
  EXPECT_EQ(run(put(0)), ENOENT);
}

TEST(CloseOnExec, IsSetWhereItIsAskedForAndNowhereElse) {
  for (const bool asked : {false, true}) {
    const CloseOnExec flag = asked ? CloseOnExec::Yes : CloseOnExec::No;
    const CloseOnExec other = asked ? CloseOnExec::No : CloseOnExec::Yes;
    Subject kernel("eager");
    kernel.all({export_buffer(0, 0), install(0, 0, flag)});
    EXPECT_EQ(kernel.fd(0).close_on_exec, asked);

    Subject user("udmabuf");
    user.all({create(0, 0, 1, Access::ReadWrite, flag), dup_fd(0, 1, other), dup_fd(0, 2, flag),
              send_fd(0, 0), receive(0, 3, flag), send_fd(0, 0), receive(0, 4, other)});
    EXPECT_EQ(user.fd(0).close_on_exec, asked);
    EXPECT_EQ(user.fd(1).close_on_exec, !asked);
    EXPECT_EQ(user.fd(2).close_on_exec, asked);
    EXPECT_EQ(user.fd(3).close_on_exec, asked);
    EXPECT_EQ(user.fd(4).close_on_exec, !asked);
  }
}

/// Fd, duplicate, message, reference, mapping of a process: one each, and no one else.
TEST(Ledger, CountsEveryHolderOnce) {
  Subject run("udmabuf");
  run.all({create(0, 0)});
  EXPECT_EQ(run.references(), 1);
  run.all({dup_fd(0, 1)});
  EXPECT_EQ(run.references(), 2);
  run.all({send_fd(1, 0)});
  EXPECT_EQ(run.references(), 3);
  run.all({receive(0, 2)});
  EXPECT_EQ(run.references(), 3);
  run.all({get(2, 0)});
  EXPECT_EQ(run.references(), 4);
  run.all({mmap_fd(0, 0, 0, 1)});
  EXPECT_EQ(run.references(), 5);
  run.all({attach(0, kLax, 0), map(0, 0), sync_fd(0, SyncFlags::StartBoth)});
  EXPECT_EQ(run.references(), 5);
  run.all({unmap(0), detach(0), put(0), munmap_vma(0), close_fd(0), close_fd(1)});
  EXPECT_EQ(run.references(), 1);
  run.all({close_fd(2)});
  EXPECT_TRUE(run.released());
  EXPECT_EQ(run.system().warnings(), 0U);
}

TEST(Release, WaitsForTheLastOfEachKind) {
  const std::vector<std::pair<Program, Operation>> holders = {
      {{dup_fd(0, 1)}, close_fd(1)},          {{get(0, 0)}, put(0)},
      {{send_fd(0, 0)}, discard(0)},          {{send_fd(0, 0), receive(0, 1)}, close_fd(1)},
      {{mmap_fd(0, 0, 0, 1)}, munmap_vma(0)},
  };
  for (const auto& [hold, drop] : holders) {
    Subject run("udmabuf");
    run.all({create(0, 0)});
    run.all(hold);
    run.all({close_fd(0)});
    EXPECT_EQ(run.buffer()[Aspect::Listed], 1) << model::name_of(drop);
    EXPECT_EQ(run.buffer()[Aspect::ReleaseCalls], 0) << model::name_of(drop);
    run.all({drop});
    EXPECT_TRUE(run.released()) << model::name_of(drop);
  }
}

TEST(Release, IsStillSeenUntilTheSlotIsUsedAgain) {
  Subject run("udmabuf");
  run.all({create(0, 0), close_fd(0)});
  EXPECT_TRUE(run.released());
  EXPECT_FALSE(run.buffer().has(Aspect::References));
  run.all({create(0, 1, 2)});
  EXPECT_EQ(run.buffer()[Aspect::Listed], 1);
  EXPECT_EQ(run.buffer()[Aspect::ReleaseCalls], 0);
  EXPECT_EQ(run.buffer()[Aspect::Size], 2 * 4096);
}

/// The release callback runs and the core warns: the attachment dangles.
TEST(Release, WithAnAttachmentIsWarnedAbout) {
  Subject run("eager", Mutant::PutWhileAttached);
  run.all({export_buffer(0, 0), attach(0, kLax, 0), put(0)});
  EXPECT_TRUE(run.released());
  EXPECT_EQ(run.system().warnings(), 1U);
}

TEST(Buffers, AreIndependent) {
  Subject run("udmabuf");
  run.all({create(0, 0), create(1, 1, 2), create(2, 2, 4), dup_fd(1, 3), set_name(1, NameId::Short),
           close_fd(2)});
  EXPECT_EQ(run.references(0), 1);
  EXPECT_EQ(run.references(1), 2);
  EXPECT_TRUE(run.released(2));
  EXPECT_EQ(run.buffer(0).name.view(), "");
  EXPECT_EQ(run.buffer(1).name.view(), "scanout");
}

TEST(Processes, HaveTablesOfTheirOwn) {
  Subject run("udmabuf");
  // f0 and f1 are the same number, in p0 and in p1.
  run.all({create(0, 0), send_fd(0, 0), receive(0, 1), close_fd(0)});
  EXPECT_FALSE(run.fd(0).open);
  EXPECT_TRUE(run.fd(1).open);
  // And back: what p1 sends arrives in p0.
  run.all({send_fd(1, 0), close_fd(1), receive(0, 2)});
  EXPECT_EQ(run.references(), 1);
  EXPECT_TRUE(run.fd(2).open);
}

TEST(System, IsAValue) {
  Subject run("udmabuf");
  run.all({create(0, 0), mmap_fd(0, 0, 0, 1), store(0, 7)});
  const System before = run.system();
  run.all({store(0, 8), munmap_vma(0), close_fd(0)});
  EXPECT_TRUE(run.released());
  run.system() = before;
  EXPECT_EQ(run.references(), 2);
  EXPECT_EQ(run.value(load(0)), 7U);
}

}  // namespace
}  // namespace dmabuf::reference
