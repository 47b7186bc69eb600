// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/shrink.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "arbitrary.hpp"
#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;

Profile profile() {
  return {*find_kernel_profile("reference"), *find_exporter_profile("reference:eager"), {"reference", true}};
}

template <class Op>
bool has(const Program& program) {
  return std::any_of(program.operations.begin(), program.operations.end(),
                     [](const Operation& operation) { return std::holds_alternative<Op>(operation); });
}

/// Is there such an operation that succeeds, nominally? (Most kinds can also be called in vain.)
template <class Op>
bool succeeds(const Program& program, const Profile& with, std::function<bool(const Op&)> which = {}) {
  World world;
  Alternatives ways;
  for (const Operation& operation : program.operations) {
    alternatives(world, with, operation, ways);
    if (ways.front().allowance != Allowance::Permitted) continue;
    const Op* wanted = std::get_if<Op>(&operation);
    if (wanted != nullptr && (!which || which(*wanted))) return true;
    const World next = ways.front().next;
    world = next;
    settle(world, with);
  }
  return false;
}
template <class Op>
bool done_by(const Program& program) {
  return succeeds<Op>(program, profile());
}

/// A failure that a predicate makes up; counts how often it is asked.
struct Synthetic {
  std::function<bool(const Program&)> predicate;
  std::uint32_t asked = 0;

  ShrinkHooks hooks(bool meaningful = true) {
    ShrinkHooks result;
    result.still_fails = [this](const Program& program) -> std::optional<Program> {
      ++asked;
      if (!predicate(program)) return {};
      return program;
    };
    if (meaningful)
      result.skip_invalid = [](const Program& program) { return drop_meaningless(program, profile()); };
    return result;
  }
};

Program program_with(const std::function<bool(const Program&)>& predicate) {
  for (std::uint64_t seed = 1;; ++seed) {
    Program program = generate(seed, rc::kNominalSize, profile(), {}, {});
    if (predicate(program)) return program;
  }
}

TEST(Shrink, LeavesWhatAMapNeedsAndNothingElse) {
  Synthetic failure{done_by<op::Map>};
  const auto statically = [](const Program& program) { return done_by<op::Map>(program) && !done_by<op::AttachDynamic>(program); };
  const auto result = shrink(program_with(statically), failure.hooks());
  EXPECT_EQ(to_text(result.program, ""),
            "# dbt 1\nexport b0 r0 pages=1 access=rw\nattach r0 d0 a0\nmap a0 m0 bidirectional\n");
  EXPECT_TRUE(result.reproduced);
  EXPECT_TRUE(result.one_minimal);
  EXPECT_EQ(result.minimality, "1-minimal");
  EXPECT_EQ(result.runs, failure.asked);
  EXPECT_LE(result.runs, 60U);
}

TEST(Shrink, TakesFewRunsOnAverage) {
  std::uint32_t runs = 0, lines = 0;
  constexpr std::uint32_t kCases = 50;
  for (std::uint64_t seed = 100; seed < 100 + kCases; ++seed) {
    const auto both = [](const Program& program) {
      return done_by<op::Mmap>(program) && done_by<op::Attach>(program);
    };
    Program program;
    for (std::uint64_t k = 0; !both(program); ++k)
      program = generate(case_seed(seed, k), rc::kNominalSize, profile(), {}, {});
    Synthetic failure{both};
    ShrinkLimits limits;
    limits.pairs_below = 0;
    const auto result = shrink(program, failure.hooks(), limits);
    runs += result.runs;
    lines += static_cast<std::uint32_t>(shrink(program, failure.hooks()).program.size());
  }
  EXPECT_LE(runs / kCases, 70U);
  // export, install_fd, mmap, get, attach: nothing shorter does both. One in fifty may stop where a second life of the buffer
  // does what the first could: from there no leaving out leads on.
  EXPECT_GE(lines, kCases * 5);
  EXPECT_LE(lines, kCases * 5 + kCases / 10);
}

TEST(Shrink, SimplifiesArguments) {
  const auto wide = [](const Program& program) {
    return succeeds<op::Mmap>(program, profile(), [](const op::Mmap& mmap) { return mmap.offset >= 1; });
  };
  Synthetic failure{wide};
  const Program start{{op::Export{{1}, {2}, 4, Access::ReadWrite}, op::InstallFd{{2}, {3}, CloseOnExec::Yes},
                       op::Mmap{{3}, {1}, 2, 2, Protection::ReadWrite, Sharing::Shared}}};
  const auto result = shrink(start, failure.hooks());
  EXPECT_EQ(to_text(result.program, ""),
            "# dbt 1\nexport b0 r0 pages=2 access=rw\ninstall_fd r0 f0\nmmap f0 v0 offset=1 length=1 ro shared\n");
}

TEST(Shrink, StaysAtHome) {
  Synthetic failure{has<op::Sync>};
  const Program start{{op::Create{{0}, {0}, 1, Access::ReadWrite, CloseOnExec::No}, op::Send{{0}, {0}},
                       op::Receive{{0}, {1}, CloseOnExec::No}, op::Dup{{1}, {2}, CloseOnExec::No},
                       op::Sync{{2}, SyncFlags::StartRead, Argument::Good}}};
  Profile user = profile();
  user.exporter = *find_exporter_profile("reference:udmabuf");
  ShrinkHooks hooks = failure.hooks(false);
  hooks.skip_invalid = [&](const Program& program) { return drop_meaningless(program, user); };
  failure.predicate = [&](const Program& program) { return succeeds<op::Sync>(program, user); };
  const auto result = shrink(start, hooks);
  EXPECT_EQ(to_text(result.program, ""),
            "# dbt 1\ncreate b0 f0 pages=1 access=rw\nsync f0 start|read\n");
}

TEST(Shrink, RemovesWhatCanOnlyGoInPairs) {
  // Deleting either line alone makes it pass, deleting both does not.
  const auto balanced = [](const Program& program) {
    const auto count = [&](auto is) { return std::count_if(program.operations.begin(), program.operations.end(), is); };
    return has<op::SetName>(program) &&
           count([](const Operation& o) { return std::holds_alternative<op::Dup>(o); }) ==
               count([](const Operation& o) { return std::holds_alternative<op::Close>(o); });
  };
  Synthetic failure{balanced};
  const Program start{{op::Create{{0}, {0}, 1, Access::ReadWrite, CloseOnExec::No}, op::Dup{{0}, {1}, CloseOnExec::No},
                       op::Close{{1}}, op::SetName{{0}, NameId::Short, Argument::Good}}};
  const auto result = shrink(start, failure.hooks(false));
  EXPECT_FALSE(has<op::Dup>(result.program));
  EXPECT_EQ(result.program.size(), 1U);
}

/// Two steps up and two down: no line can be left out, but two can give way to one.
TEST(Shrink, PutsOneOperationInThePlaceOfTwo) {
  const auto touched = [](const Program& program) {
    const auto mapped = done_by<op::Map>(program) && done_by<op::Unmap>(program);
    return (mapped || done_by<op::BeginCpuAccess>(program)) && done_by<op::Attach>(program);
  };
  Synthetic failure{touched};
  ShrinkHooks hooks = failure.hooks();
  const Program start{{op::Export{{0}, {0}, 1, Access::ReadWrite}, op::Attach{{0}, {0}, {0}},
                       op::Map{{0}, {0}, Direction::Bidirectional}, op::Unmap{{0}}}};
  EXPECT_EQ(shrink(start, hooks).program.size(), 4U);
  hooks.substitutes = [](const Program&) {
    return std::vector<Operation>{op::Close{{0}}, op::BeginCpuAccess{{0}, Direction::Bidirectional}};
  };
  EXPECT_EQ(to_text(shrink(start, hooks).program, ""),
            "# dbt 1\nexport b0 r0 pages=1 access=rw\nattach r0 d0 a0\nbegin_cpu_access r0 bidirectional\n");
  ShrinkLimits hurried;
  hurried.substitution_time = std::chrono::milliseconds(0);
  EXPECT_EQ(shrink(start, hooks, hurried).program.size(), 4U);
}

TEST(Shrink, KeepsWhatIsOnlyMadeAgain) {
  const auto both_devices = [](const Program& program) {
    const auto on = [&](DeviceId device) {
      return succeeds<op::Attach>(program, profile(), [=](const op::Attach& attach) { return attach.device == device; });
    };
    return on(kLaxDevice) && on(kStrictDevice) && !has<op::Close>(program);
  };
  Synthetic failure{both_devices};
  ShrinkHooks hooks = failure.hooks(false);  // as if the detach could not simply be left out
  const Program start{{op::Export{{0}, {0}, 1, Access::ReadWrite}, op::Attach{{0}, {1}, {0}}, op::Detach{{0}},
                       op::Attach{{0}, {0}, {0}}}};
  EXPECT_EQ(to_text(shrink(start, hooks).program, ""),
            "# dbt 1\nexport b0 r0 pages=1 access=rw\nattach r0 d1 a0\nattach r0 d0 a1\n");
}

/// Page 1 of a buffer is written, and then page 0 is read.
bool mixes_pages_up(const Program& program) {
  World world;
  Alternatives ways;
  bool written = false;
  for (const Operation& operation : program.operations) {
    alternatives(world, profile(), operation, ways);
    if (ways.front().allowance != Allowance::Permitted) continue;
    const auto* store = std::get_if<op::Store>(&operation);
    written |= store != nullptr && world.vmas[store->vma.value].offset + store->page == 1;
    const auto* load = std::get_if<op::Load>(&operation);
    if (written && load != nullptr && world.vmas[load->vma.value].offset + load->page == 0) return true;
    const World next = ways.front().next;
    world = next;
    settle(world, profile());
  }
  return false;
}

TEST(Shrink, KeepsAMappingWhoseOnlyPageIsUnmapped) {
  Synthetic failure{mixes_pages_up};
  const Program start{{op::Export{{0}, {0}, 2, Access::ReadWrite}, op::InstallFd{{0}, {0}, CloseOnExec::No},
                       op::Mmap{{0}, {0}, 1, 1, Protection::ReadWrite, Sharing::Shared}, op::Store{{0}, 0, 0x11},
                       op::MunmapPage{{0}, {1}, 0}, op::Mmap{{0}, {0}, 0, 1, Protection::Read, Sharing::Shared},
                       op::Load{{0}, 0}}};
  EXPECT_EQ(to_text(shrink(start, failure.hooks()).program, ""),
            "# dbt 1\nexport b0 r0 pages=2 access=rw\ninstall_fd r0 f0\nmmap f0 v0 offset=1 length=1 rw shared\n"
            "store v0 page=0 tag=0x11\nmmap f0 v1 offset=0 length=1 ro shared\nload v1 page=0\n");
}

TEST(Shrink, MakesAMappingAsItIsAfterTheCut) {
  Synthetic failure{mixes_pages_up};
  const Program start{{op::Export{{0}, {0}, 2, Access::ReadWrite}, op::InstallFd{{0}, {0}, CloseOnExec::No},
                       op::Mmap{{0}, {0}, 0, 2, Protection::ReadWrite, Sharing::Shared}, op::MunmapPage{{0}, {1}, 0},
                       op::Store{{0}, 0, 0x11}, op::Mmap{{0}, {1}, 0, 1, Protection::Read, Sharing::Shared},
                       op::Load{{1}, 0}}};
  EXPECT_EQ(to_text(shrink(start, failure.hooks()).program, ""),
            "# dbt 1\nexport b0 r0 pages=2 access=rw\ninstall_fd r0 f0\nmmap f0 v0 offset=1 length=1 rw shared\n"
            "store v0 page=0 tag=0x11\nmmap f0 v1 offset=0 length=1 ro shared\nload v1 page=0\n");
}

TEST(Shrink, StaysInTheKernel) {
  const auto touched = [](const Program& program) {
    return done_by<op::Attach>(program) && (done_by<op::Sync>(program) || done_by<op::BeginCpuAccess>(program));
  };
  Synthetic failure{touched};
  const Program start{{op::Export{{0}, {0}, 1, Access::ReadWrite}, op::InstallFd{{0}, {0}, CloseOnExec::No},
                       op::Sync{{0}, SyncFlags::StartWrite, Argument::Good}, op::Get{{0}, {1}},
                       op::Attach{{1}, {0}, {0}}}};
  EXPECT_EQ(to_text(shrink(start, failure.hooks()).program, ""),
            "# dbt 1\nexport b0 r0 pages=1 access=rw\nbegin_cpu_access r0 bidirectional\nattach r0 d0 a0\n");
}

TEST(Shrink, NeverRunsTheSameProgramTwice) {
  std::set<std::string> seen;
  ShrinkHooks hooks;
  hooks.skip_invalid = [](const Program& program) { return drop_meaningless(program, profile()); };
  hooks.still_fails = [&](const Program& program) -> std::optional<Program> {
    EXPECT_TRUE(seen.insert(to_text(program, "")).second) << to_text(program, "");
    if (!has<op::DeviceWrite>(program)) return {};
    return program;
  };
  const auto result = shrink(program_with(has<op::DeviceWrite>), hooks);
  EXPECT_EQ(result.runs, seen.size());
  EXPECT_GT(result.remembered, 0U);
}

TEST(Shrink, GivesTheBestSoFarWhenTheTimeIsUp) {
  Synthetic failure{[](const Program& program) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return has<op::Map>(program);
  }};
  std::size_t improvements = 0;
  ShrinkHooks hooks = failure.hooks();
  hooks.improved = [&](const Program&) { ++improvements; };
  ShrinkLimits limits;
  limits.time = std::chrono::milliseconds(30);
  const Program start = program_with(has<op::Map>);
  const auto begun = std::chrono::steady_clock::now();
  const auto result = shrink(start, hooks, limits);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(has<op::Map>(result.program));
  EXPECT_LE(result.program.size(), start.size());
  EXPECT_FALSE(result.one_minimal);
  EXPECT_EQ(result.minimality, "shrunk until 0.03 s were up");
  EXPECT_LE(improvements, failure.asked);
}

TEST(Shrink, SaysSoWhenTheFailureDoesNotComeBack) {
  Synthetic failure{[](const Program&) { return false; }};
  const Program start = program_with(has<op::Map>);
  const auto result = shrink(start, failure.hooks());
  EXPECT_EQ(result.program, start);
  EXPECT_FALSE(result.reproduced);
  EXPECT_EQ(result.runs, 1U);
  EXPECT_EQ(result.minimality, "not shrunk: did not fail again");
}

TEST(Shrink, CanBeSwitchedOff) {
  Synthetic failure{has<op::Map>};
  ShrinkLimits limits;
  limits.time = std::chrono::milliseconds(0);
  EXPECT_EQ(shrink(program_with(has<op::Map>), failure.hooks(), limits).minimality, "not shrunk: switched off");
  EXPECT_EQ(failure.asked, 0U);
}

/// Any subset of lines may be what it takes: with a predicate that wants exactly those, the result is
/// exactly those.
RC_GTEST_PROP(Shrink, FindsAnySubset, ()) {
  Program start;
  const auto length = *rc::gen::inRange<std::uint32_t>(1, 60);
  for (std::uint32_t i = 0; i < length; ++i) start.operations.push_back(op::Store{{0}, 0, i + 0x11});
  const auto wanted = *rc::gen::container<std::set<std::uint32_t>>(
      rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, length)));
  RC_PRE(!wanted.empty());
  Synthetic failure{[&](const Program& program) {
    std::set<std::uint32_t> tags;
    for (const Operation& operation : program.operations) tags.insert(std::get<op::Store>(operation).tag);
    return std::all_of(wanted.begin(), wanted.end(), [&](std::uint32_t i) { return tags.contains(i + 0x11); });
  }};
  const auto result = shrink(start, failure.hooks(false));
  RC_ASSERT(result.program.size() == wanted.size());
}

RC_GTEST_PROP(Shrink, RenamingIsIdempotentAndKeepsTheShape, ()) {
  const Program program = *arbitrary::program();
  const Program renamed = rename_by_first_use(program);
  RC_ASSERT(rename_by_first_use(renamed) == renamed);
  RC_ASSERT(renamed.size() == program.size());
  RC_ASSERT(size_of(renamed).arguments == size_of(program).arguments);
  for (std::size_t i = 0; i < program.size(); ++i) RC_ASSERT(shape::legal(renamed.operations[i]));
}

}  // namespace
}  // namespace dmabuf::conformance
