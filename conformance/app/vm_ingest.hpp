// SPDX-License-Identifier: MIT
/// What guests say, put into the journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dmabuf/boot/guest.hpp"
#include "dmabuf/boot/protocol.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "vm_prepare.hpp"
#include "vm_runner.hpp"

namespace dmabuf::app {

/// The records of one kernel's guests, one after the other; knows what was running when a guest went away.
class Ingest {
 public:
  Ingest(const VmRequest& request, Output& output, const PreparedKernel& prepared, ProgressLine& line)
      : request_(request), output_(output), prepared_(prepared), line_(line), progress_(request.progress) {}

  /// What came over the link.
  void record(const protocol::Record& r);
  /// The kernel complained. Not fatal: it is still a finding, of the case that was running.
  void report(const boot::KernelReport& report);
  /// The console did not come as far as the guest said: reports may be of the case before or after.
  void mark_missed();
  /// The guest is gone in the middle of a case. Without a word from the kernel it may have been anybody
  /// (QEMU killed, the host out of memory): the case is given a second chance, and only then blamed.
  void gone(const boot::GuestResult& result);
  /// The guest is gone, and no case was running. If the kernel said why, the case before is suspected.
  void gone_between(const boot::GuestResult& result);
  /// A new guest has been started.
  void boots() { up_ = mark_missed_ = false; }
  bool up() const { return up_; }

  /// The guest says that it is through: whatever it was to test and did not finish is lost.
  void account();

  bool in_case() const { return !case_.empty(); }
  bool any_target() const { return !target_.empty(); }

  /// The kernel is given up: whatever has not finished is lost, not skipped.
  void give_up(const std::string& why, const std::string& reason);
  /// For the next guest: where to go on, and how much of the time limit is used up.
  const std::vector<GuestProgress>& progress();
  /// Somebody wants to stop: the target at hand ends without a verdict.
  void stopped_by_user();

 private:
  GuestProgress& current();
  /// The case at hand need not be run again.
  void passed_over();
  void begin(const protocol::Record& r);
  void result(const protocol::Record& r);
  void ended();
  void show();
  void warning(const protocol::Record& r);
  void take(const record::Record& r);
  void crashed(const boot::GuestResult& result);
  /// The case at hand ends as an error, which is nobody's fault that is tested.
  void lost(const std::string& why);
  /// The runner of the present target is gone, and the guest goes on with the next.
  void runner_gone(const std::string& why);
  /// The target at hand ends: what was found more than once is written again, with its count.
  void stop(const record::Stop& how);
  /// Its signature. Written once a target; each case that shows it is counted.
  std::string write_kernel_finding(const boot::KernelReport& report, record::CaseOutcome kind, const std::string& summary);

  const VmRequest& request_;
  Output& output_;
  const PreparedKernel& prepared_;
  ProgressLine& line_;
  protocol::Reassembler reassembler_;
  std::string target_, exporter_, case_;
  std::string last_case_;
  std::map<std::string, std::uint32_t> deaths_;  ///< by target and case
  std::uint32_t attempt_ = 1;
  std::uint64_t case_seed_ = 0;
  std::uint64_t k_ = 0, cases_ = 0, findings_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  /// What the kernel was found out in, with the last case that showed it.
  struct Reported {
    record::Finding finding;
    std::string last_case;
  };
  std::map<std::string, Reported> reported_;  ///< by target and signature
  std::set<std::string> started_targets_, announced_;
  bool up_ = false, mark_missed_ = false;
  GuestTarget where_;
  std::vector<GuestProgress> progress_;
};

}  // namespace dmabuf::app
