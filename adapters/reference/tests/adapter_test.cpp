// SPDX-License-Identifier: MIT
#include "dmabuf/reference/adapter.hpp"

#include <thread>

#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;
using conformance::HarnessError;

TEST(Adapter, IsNamedForExporterAndMutant) {
  EXPECT_EQ(open_reference("eager")->name(), "reference:eager");
  EXPECT_EQ(open_reference("udmabuf", Mutant::DupNotCounted)->name(),
            "reference:udmabuf!dup_not_counted");
  EXPECT_THROW(open_reference("vgem"), HarnessError);
}

TEST(Adapter, CanDoWhatItsExporterHasAWayFor) {
  for (std::string_view exporter : reference_exporters()) {
    const auto adapter = open_reference(exporter);
    const conformance::Alphabet alphabet = adapter->alphabet();
    const bool in_kernel = find_exporter(exporter)->in_kernel;
    EXPECT_EQ(alphabet[model::kind_of<op::Export>()], in_kernel);
    EXPECT_EQ(alphabet[model::kind_of<op::Create>()], !in_kernel);
    for (const std::size_t kind : {model::kind_of<op::CloseHandle>(), model::kind_of<op::CreateDumb>(),
                                   model::kind_of<op::HandleToFd>(), model::kind_of<op::FdToHandle>()})
      EXPECT_EQ(alphabet[kind], exporter == "prime");
    EXPECT_EQ(alphabet[model::kind_of<op::Migrate>()], exporter == "dynamic");
    EXPECT_EQ(alphabet[model::kind_of<op::CreateList>()], exporter == "udmabuf");
    const bool queue = find_exporter(exporter)->queue != Importing::No;
    EXPECT_EQ(alphabet[model::kind_of<op::Qbuf>()], queue);
    const std::size_t missing =
        (queue ? 12U : 18U) - (exporter == "prime" ? 4U : 0U) - (exporter == "dynamic" ? 1U : 0U) - (exporter == "udmabuf" ? 5U : 0U);
    EXPECT_EQ(alphabet.count(), model::kOperationKinds - missing);
    const Operation impossible = in_kernel ? create(0, 0) : export_buffer(0, 0);
    EXPECT_THROW(adapter->apply(impossible), HarnessError);
  }
}

TEST(Adapter, StartsAfreshAfterReset) {
  const auto adapter = open_reference("prime");
  model::Observation fresh;
  adapter->observe(fresh);
  (void)adapter->apply(create(0, 0));
  (void)adapter->apply(get(0, 0));
  (void)adapter->apply(attach(0, kLax, 0));
  (void)adapter->apply(map(0, 0));
  (void)adapter->apply(mmap_fd(0, 0, 0, 1));
  (void)adapter->apply(send_fd(0, 0));
  adapter->reset();
  model::Observation seen;
  adapter->observe(seen);
  EXPECT_TRUE(same(fresh, seen));
  EXPECT_TRUE(adapter->residue().empty());
}

TEST(Adapter, TellsWhatACaseLeftBehind) {
  const auto adapter = open_reference("udmabuf", Mutant::DupCountsTwice);
  EXPECT_TRUE(adapter->residue().empty());
  for (Slot b = 0; b < 2; ++b) {
    (void)adapter->apply(create(b, b));
    (void)adapter->apply(dup_fd(b, static_cast<Slot>(b + 2)));
  }
  adapter->reset();
  ASSERT_EQ(adapter->residue().size(), 1U);
  EXPECT_EQ(adapter->residue()[0].count, 2);
  adapter->reset();
  EXPECT_TRUE(adapter->residue().empty());
}

TEST(Adapter, RemembersLeaksOfBuffersWhoseSlotWasUsedAgain) {
  const auto adapter = open_reference("caching", Mutant::DetachForgetsCachedMapping);
  for (const Operation& operation : {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), unmap(0),
                                     detach(0), put(0), export_buffer(0, 0)})
    (void)adapter->apply(operation);
  adapter->reset();
  ASSERT_EQ(adapter->residue().size(), 1U);
  EXPECT_EQ(adapter->residue()[0].what, "mappings the exporter still has");
}

TEST(Adapter, GoesBackToASnapshot) {
  ReferenceAdapter adapter(*find_exporter("udmabuf"));
  (void)adapter.apply(create(0, 0));
  const System before = adapter.snapshot();
  (void)adapter.apply(close_fd(0));
  adapter.restore(before);
  model::Observation seen;
  adapter.observe(seen);
  EXPECT_EQ(seen.buffers[0][Aspect::References], 1);
}

TEST(Adapter, IsSharedByThreads) {
  const auto adapter = open_reference("udmabuf");
  (void)adapter->apply(create(0, 0));
  const auto work = [&adapter](Slot slot) {
    model::Observation seen;
    for (int i = 0; i < 2000; ++i) {
      (void)adapter->apply(dup_fd(0, slot));
      adapter->observe(seen);
      (void)adapter->apply(close_fd(slot));
    }
  };
  std::thread one(work, Slot{1});
  std::thread two(work, Slot{2});
  one.join();
  two.join();
  model::Observation seen;
  adapter->observe(seen);
  EXPECT_EQ(seen.buffers[0][Aspect::References], 1);
}

}  // namespace
}  // namespace dmabuf::reference
