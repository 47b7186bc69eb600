// SPDX-License-Identifier: MIT
#include "guest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <thread>

#include "campaign.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/boot/init.hpp"
#include "dmabuf/checks/source.hpp"
#include "dmabuf/conformance/campaign.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/record/codec.hpp"
#include "guest_plan.hpp"
#include "registry.hpp"

namespace dmabuf::app {
namespace {

using protocol_clock = std::chrono::steady_clock;

/// One count for all processes of the guest: made before the first is forked.
guest::LogMarks& marks() {
  static guest::LogMarks all;
  return all;
}

/// Marks the kernel's log and gives the word that tells of it, a space before it; empty if that cannot be done.
std::string mark_word() {
  const std::optional<std::uint64_t> number = marks().next();
  return number ? fmt::format(" mark={}", *number) : "";
}

/// A mark for what has no room for the word: to be sent just before it.
void send_mark(guest::Link& link) {
  if (const std::string word = mark_word(); !word.empty()) link.send(protocol::verb::capability, word.substr(1));
}

/// A sender introduces itself: the host takes a repeated sequence number for a duplicate, and each
/// sender of a guest starts at 1. What is lost then is the introduction.
class Sender : public guest::Link {
 public:
  Sender() { send(protocol::verb::capability, fmt::format("sender={}", ::getpid())); }
};

/// Records over the serial line: begin and passing end as their own short lines, the rest in chunks.
class LinkSink final : public conformance::Sink {
 public:
  explicit LinkSink(guest::Link& link) : link_(link) {}
  void write(const record::Record& record) override {
    if (const auto* begin = std::get_if<record::Begin>(&record)) {
      link_.send(protocol::verb::begin, fmt::format("{} k={} seed={:#x} try={}", begin->case_id, begin->k,
                                                    begin->case_seed, begin->attempt));
      return;
    }
    const auto* end = std::get_if<record::End>(&record);
    if (end != nullptr && end->outcome == record::CaseOutcome::Pass) {
      link_.send(protocol::verb::result, fmt::format("{} pass ms={:.3f} ops={} try={}{}", end->case_id, end->ms,
                                                     end->operations, end->attempt, mark_word()));
      return;
    }
    // A finding comes when it has been shrunk: what the kernel said of that is not the next case's.
    const bool shrunk = std::holds_alternative<record::Finding>(record);
    if (end != nullptr || shrunk || std::holds_alternative<record::Stop>(record)) send_mark(link_);
    ++sent_;
    link_.send_payload(fmt::format("rec.{}.{}", ::getpid(), sent_), record::to_json_line({sent_, 0, record}));
  }

 private:
  guest::Link& link_;
  std::uint64_t sent_ = 0;
};

class NullSink final : public conformance::Sink {
  void write(const record::Record&) override {}
};

Target target_of(const GuestPlan& plan, const GuestTarget& wanted) {
  return {Where::Vm, plan.kernel, wanted.exporter, wanted.bug};
}

/// Inside the guest the same exporter is native; in reports it keeps the name of the vm.
OpenedTarget open_here(const GuestTarget& wanted) {
  return open_target({Where::Native, "", wanted.exporter, wanted.bug});
}

std::vector<GuestTarget> targets_of(const GuestPlan& plan) {
  if (!plan.targets.empty()) return plan.targets;
  std::vector<GuestTarget> all;
  for (const adapters::Offer& offer : adapters::probe().targets) all.push_back({offer.target, ""});
  if (plan.settings.checks.run)
    for (const std::string& name : checks::v4l2_targets()) all.push_back({name, ""});
  // A run of checks alone passes over targets that none of them is about.
  if (plan.job == GuestJob::Run && plan.settings.cases == 0 && plan.settings.checks.run)
    std::erase_if(all, [&](const GuestTarget& t) {
      return chosen_checks(plan.settings.checks, {Where::Vm, plan.kernel, t.exporter, t.bug}).empty();
    });
  return all;
}

void run_one(const GuestPlan& plan, const GuestTarget& wanted, conformance::Sink& sink) {
  const Target target = target_of(plan, wanted);
  OpenedTarget opened;
  try {
    opened = open_here(wanted);
  } catch (const conformance::HarnessError& error) {
    return write_lost(sink, plan.settings, target, error.what());
  }
  if (opened.adapter == nullptr && (!opened.checks_only || !plan.settings.checks.run))
    return write_skipped(sink, plan.settings, target, opened);
  Done done;
  std::uint64_t first_case = 0;
  std::int64_t spent_ms = 0;
  for (const GuestProgress& progress : plan.progress) {
    if (progress.target != wanted) continue;
    done.cases.insert(progress.done.begin(), progress.done.end());
    done.traces.insert(progress.done_traces.begin(), progress.done_traces.end());
    done.checks.insert(progress.done_checks.begin(), progress.done_checks.end());
    done.signatures.insert(progress.signatures.begin(), progress.signatures.end());
    first_case = progress.first_case;
    spent_ms = progress.spent_ms;
  }
  conformance::CampaignOptions options = campaign_options(plan.settings, target, opened, done);
  options.first_case = first_case;
  if (options.max_time.count() > 0)
    options.max_time = std::max(std::chrono::milliseconds(1), options.max_time - std::chrono::milliseconds(spent_ms));
  run_target(plan.settings, target, opened, options, done, sink);
}

void replay_one(const GuestPlan& plan, guest::Link& link) {
  OpenedTarget opened = open_here(plan.targets.front());
  if (opened.adapter == nullptr) {
    LinkSink(link).write(record::Skipped{target_of(plan, plan.targets.front()).text(), opened.reason, opened.remedy});
    return;
  }
  const auto trace = conformance::parse_trace(plan.program);
  if (!trace) {
    link.send(protocol::verb::warning, "bad-trace");
    return;
  }
  conformance::Runner runner(*opened.adapter, opened.profile);
  conformance::ShrinkLimits limits;
  limits.time = plan.settings.shrink_time;
  LinkSink sink(link);
  link.send(protocol::verb::begin, "replay k=0 seed=0x0 try=1");
  conformance::Carried carried;
  auto finding =
      examine(runner, trace->program(), target_of(plan, plan.targets.front()).text(), limits, nullptr, &carried);
  if (finding) {
    finding->kernel = opened.kernel_release;
    sink.write(*finding);
  }
  link.send(protocol::verb::result, fmt::format("replay {} ms=0 ops={} skipped={}{}", finding ? "divergence" : "pass",
                                                carried.out, carried.skipped, mark_word()));
}

/// Checked operations against bare ones: the same programs, through the same adapter, with and
/// without oracle and observation. Both let go of everything in the end, and both have gone before.
void bench_one(const GuestPlan& plan, const GuestTarget& wanted, guest::Link& link) {
  OpenedTarget opened = open_here(wanted);
  if (opened.adapter == nullptr) return;
  conformance::Adapter& adapter = *opened.adapter;
  conformance::Runner runner(adapter, opened.profile);
  conformance::GeneratorOptions generator;
  generator.alphabet = adapter.alphabet();
  using seconds = std::chrono::duration<double>;
  seconds checked{}, bare{};
  std::uint64_t operations = 0;
  std::vector<model::Operation> calls;
  for (std::uint32_t round = 0; round < plan.rounds; ++round) {
    const conformance::Program program = conformance::generate(round, 100, opened.profile, {}, generator);
    if (runner.run(program).outcome != record::CaseOutcome::Pass) continue;  // a finding is the run's business
    auto start = protocol_clock::now();
    const conformance::CaseResult& result = runner.run(program);
    checked += protocol_clock::now() - start;
    calls.clear();
    for (const conformance::Step& step : result.steps) calls.push_back(step.operation);
    operations += calls.size();
    start = protocol_clock::now();
    for (const model::Operation& call : calls) (void)adapter.apply(call);
    adapter.reset();
    bare += protocol_clock::now() - start;
  }
  const auto rate = [&](seconds time) { return time.count() > 0 ? static_cast<double>(operations) / time.count() : 0; };
  link.send(protocol::verb::capability,
            fmt::format("bench exporter={} operations={} checked={:.0f}/s bare={:.0f}/s ratio={:.2f}", wanted.exporter,
                        operations, rate(checked), rate(bare), rate(bare) > 0 ? rate(checked) / rate(bare) : 0));
}

/// Runs in a child, so that whatever happens to it, init is there to say so. Gives the wait status.
int in_child(const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string read_text(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

long listed_buffers() {
  const std::string text = read_text("/sys/kernel/debug/dma_buf/bufinfo");
  const auto at = text.rfind("Total ");
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + 6);
}

/// Kills the runner at some moment of its work, again and again; afterwards no buffer may be left.
void kill_one(const GuestPlan& plan, const GuestTarget& wanted, guest::Link& link) {
  std::mt19937 random(static_cast<unsigned>(plan.settings.seed));
  long worst = 0;
  std::uint32_t killed = 0;
  const long before = listed_buffers();
  for (std::uint32_t round = 0; round < plan.rounds; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      NullSink sink;
      GuestPlan quiet = plan;
      quiet.settings.seed = round;
      quiet.settings.cases = 1'000'000;
      quiet.settings.checks.run = false;
      run_one(quiet, wanted, sink);
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 400));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) ++killed;
    // Its peer is init's child now, and dies with its parent; when both are reaped their files are gone.
    while (::waitpid(-1, &status, 0) > 0) {
    }
    worst = std::max(worst, listed_buffers() - before);
    link.send(protocol::verb::operation, fmt::format("{} kill", round));
  }
  link.send(protocol::verb::capability,
            fmt::format("kill exporter={} rounds={} killed={} before={} left={}", wanted.exporter, plan.rounds, killed,
                        before, worst));
}

void tell_about_death(guest::Link& link, int status, const std::string& what) {
  send_mark(link);  // what the kernel said of its end was about this target, and the case at hand if there is one
  if (WIFSIGNALED(status))
    link.send(protocol::verb::warning, fmt::format("runner-died {} signal={}", what, WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0)
    link.send(protocol::verb::warning, fmt::format("runner-failed {} status={}", what, WEXITSTATUS(status)));
}

void carry_out(const GuestPlan& plan) {
  const std::vector<GuestTarget> targets = targets_of(plan);
  {
    Sender link;  // the host holds every one of them against what comes back
    for (const GuestTarget& target : targets)
      link.send(protocol::verb::capability, "target=" + target_of(plan, target).text());
    link.drain();
  }
  for (const GuestTarget& target : targets) {
    if (std::ranges::any_of(plan.progress, [&](const GuestProgress& p) { return p.finished && p.target == target; }))
      continue;
    const int status = in_child([&] {
      Sender link;
      try {
        switch (plan.job) {
          case GuestJob::Run: {
            LinkSink sink(link);
            run_one(plan, target, sink);
            break;
          }
          case GuestJob::Replay: replay_one(plan, link); break;
          case GuestJob::Bench: bench_one(plan, target, link); break;
          case GuestJob::Kill: break;
        }
      } catch (const std::exception& error) {
        link.send(protocol::verb::warning, fmt::format("runner-error {}", error.what()));
        link.drain();
        ::_exit(3);
      }
      link.drain();
    });
    Sender link;
    tell_about_death(link, status, target.exporter);
    if (plan.job == GuestJob::Kill) kill_one(plan, target, link);
    link.drain();
  }
}

}  // namespace

void guest_main() {
  const std::vector<std::string> complaints = guest::mount_filesystems();
  {
    Sender link;
    struct utsname name {};
    ::uname(&name);
    link.send(protocol::verb::hello, fmt::format("kernel={}", name.release));
    for (const std::string& complaint : complaints) link.send(protocol::verb::warning, "mount " + complaint);
    guest::load_modules(link);
    send_mark(link);  // what was said so far is nobody's
    link.drain();
  }
  int failures = 0;
  try {
    carry_out(guest_plan_from_json(read_text(kGuestPlanPath)));
  } catch (const std::exception& error) {
    Sender link;
    link.send(protocol::verb::warning, fmt::format("plan {}", error.what()));
    ++failures;
    link.drain();
  }
  Sender link;
  link.send(protocol::verb::end, fmt::format("error={}{}", failures, mark_word()));
  guest::end(link);
}

}  // namespace dmabuf::app
