// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/console.hpp"
#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::boot {

/// How long a guest may take, in wall time: a guest's own clock is not to be trusted.
struct Watchdogs {
  /// Until its first record. Nothing: 60 s under TCG, 20 s under KVM.
  std::optional<std::chrono::milliseconds> boot = {};
  /// Between two records.
  std::chrono::milliseconds silence = std::chrono::seconds(60);
  /// Altogether.
  std::chrono::milliseconds total = std::chrono::minutes(30);
  /// Between its E record and the end of QEMU.
  std::chrono::milliseconds leave = std::chrono::seconds(10);
};

struct GuestConfig {
  std::filesystem::path kernel;  ///< vmlinuz or bzImage
  std::filesystem::path initramfs;
  std::filesystem::path console;               ///< the log of ttyS0, replaced
  Accelerator accelerator = Accelerator::Tcg;  ///< see choose_accelerator()
  unsigned cpus = 1;  ///< under TCG, two now and then trip over a code patch of the kernel's (int3)
  unsigned memory_mib = 1024;
  std::vector<std::string> kernel_arguments = {};  ///< after ours
  std::vector<std::string> qemu_arguments = {};    ///< after ours: devices
  std::string qemu = "qemu-system-x86_64";
  Watchdogs watchdogs = {};
  /// Ask a silent kernel for its blocked tasks (sysrq w) before it is killed.
  bool dump_when_silent = true;
};

/// How a guest ended. Only Clean is a success.
enum class GuestEnd {
  Clean,       ///< E record seen, and left through port 0xf4 with 0x10
  Panicked,    ///< the console has a fatal report
  Died,        ///< ended without saying so, or with another status
  BootHung,    ///< no record within the boot limit
  Silent,      ///< no record within the silence limit
  OverTime,    ///< the total was used up
  Stuck,       ///< E record seen, but it did not leave
  QemuFailed,  ///< QEMU itself refused: nothing was booted
  Stopped,     ///< the caller's stop()
};

std::string_view name(GuestEnd end);

struct GuestResult {
  GuestEnd end = GuestEnd::Died;
  int qemu_status = 0;  ///< as the shell has it
  bool end_record = false;
  std::string detail;        ///< a sentence for people
  std::string console_tail;  ///< the last 4 KiB
  std::vector<KernelReport> reports;
  protocol::LinkStats link;
  std::chrono::milliseconds boot_time{};  ///< to the first record; 0: none came
  std::chrono::milliseconds wall_time{};

  [[nodiscard]] bool clean() const { return end == GuestEnd::Clean; }
};

/// A kernel running in QEMU, with its console in a file and a line to its init.
///
/// It is for one thread, and that thread must live as long as the guest (see ChildProcess). The
/// destructor kills what still runs.
class Guest {
 public:
  /// Starts QEMU. Throws Error when the files or QEMU are missing.
  explicit Guest(GuestConfig config);
  ~Guest();
  Guest(Guest&&) noexcept;
  Guest& operator=(Guest&&) noexcept;

  using RecordHandler = std::function<void(const protocol::Record&)>;
  using ReportHandler = std::function<void(const KernelReport&)>;
  using TextHandler = std::function<void(std::string_view line)>;

  /// Called from step() and run(). A handler may call send() and stop().
  void on_record(RecordHandler handler);
  /// A kernel report, as soon as it is whole, and before every record that the guest sent after it.
  /// One that the console has after a mark comes after the record with that mark and after the next
  /// begin, too, if settle() is called: what comes between two results belongs to the second. Without
  /// marks it may overtake records sent just before.
  void on_report(ReportHandler handler);
  void on_text(TextHandler handler);  ///< lines on ttyS1 that are no record

  /// Sends a record to the guest. What no one reads yet is lost: repeat until it is acknowledged.
  void send(std::string_view verb, std::string_view args);
  void send_line(std::string_view line);

  /// Works for at most `limit`, or until something has been handled. The result once it has ended.
  std::optional<GuestResult> step(std::chrono::milliseconds limit);

  /// Works until the guest has ended.
  GuestResult run();

  /// Works until a record comes for which `wanted` is true, the limit is reached, or the guest
  /// ends.
  std::optional<protocol::Record> wait_for(
      const std::function<bool(const protocol::Record&)>& wanted, std::chrono::milliseconds limit);

  /// To be called by a handler for a record that ends a case, so that what the case caused is known
  /// before the next begins. With mark=<number> in the record: reads the console up to that mark,
  /// waiting for it at most 2 s, and publishes the reports before it. Without: reads the console up
  /// to now, and ends a report that is still open. That is done, too, for a mark that does not come,
  /// and then the answer is false.
  bool settle(const protocol::Record& record);

  /// Asks the kernel for a sysrq dump on its console: 'w' blocked tasks, 't' all, 'l' processors.
  void sysrq(char key);

  /// Kills it; the result says Stopped.
  void stop();

  [[nodiscard]] const std::optional<GuestResult>& result() const;
  [[nodiscard]] int pid() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dmabuf::boot
