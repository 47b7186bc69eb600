// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/boot/protocol.hpp"
#include "dmabuf/boot/unique_fd.hpp"

/// What pid 1 of our guests needs. Links statically; depends on the kernel and libc only.
namespace dmabuf::guest {

/// Mounts proc, sys, devtmpfs, debugfs, and tmpfs on /tmp, /run and /dev/shm.
///
/// Gives a sentence for each mount that failed; one that is there already is no failure.
std::vector<std::string> mount_filesystems();

/// The line to the host.
class Link {
 public:
  /// Opens the terminal raw: no echo, no translation of line ends. Waits up to two seconds for the
  /// device to appear. Check with operator bool.
  explicit Link(const char* device = "/dev/ttyS1");
  /// Takes an open descriptor, such as a socket, as it is.
  explicit Link(boot::UniqueFd fd);

  explicit operator bool() const { return static_cast<bool>(fd_); }

  /// One record in one write(2). Text that does not fit is made printable and cut.
  void send(std::string_view verb, std::string_view args);
  void send_payload(std::string_view id, std::string_view payload);

  /// The host's next record, or nothing within the limit.
  std::optional<protocol::Record> receive(std::chrono::milliseconds limit);

  /// Waits until everything sent has left the machine.
  void drain();

  [[nodiscard]] const protocol::LinkStats& stats() const { return decoder_.stats(); }

 private:
  void write_all(std::string_view line);

  boot::UniqueFd fd_;
  protocol::Encoder encoder_;
  protocol::Decoder decoder_;
  std::vector<protocol::Record> received_;
};

/// Numbered lines in the kernel's log, in order with everything the kernel prints: they tell the host
/// which reports came before a record. Processes forked from the one that made it count on together.
class LogMarks {
 public:
  explicit LogMarks(const char* log = "/dev/kmsg");
  ~LogMarks();
  LogMarks(const LogMarks&) = delete;
  LogMarks& operator=(const LogMarks&) = delete;

  /// Writes the next mark and gives its number, from 1; nothing if the log cannot be written.
  std::optional<std::uint64_t> next();

 private:
  boot::UniqueFd log_;
  std::atomic<std::uint64_t>* count_ = nullptr;  ///< in memory that children share
};

/// What became of one module.
struct ModuleLoad {
  std::string name;
  int error = 0;  ///< errno of finit_module; 0: loaded, or there already
};

/// Loads what `list` names, in its order, from the directory of the list.
std::vector<ModuleLoad> load_modules(const char* list = "/modules/load-order");

/// The same, told to the host: `C module.<name>=loaded`, or `W module <name>: <errno's name>`.
/// True if all were loaded.
bool load_modules(Link& link, const char* list = "/modules/load-order");

/// True if the kernel lists it: /sys/module/<name>, which built-in ones with parameters have too.
bool module_present(std::string_view name);

/// Collects every child that has ended, without waiting. How many there were.
int reap_children();

/// The value for end() that QEMU turns into status 33: a clean end.
inline constexpr std::uint8_t clean_end = 0x10;

/// Leaves QEMU through port 0xf4; powers off where there is no such port. Never returns.
///
/// What is still in a serial line's buffer then is lost: give the link, and it is drained first.
[[noreturn]] void end(std::uint8_t code = clean_end);
[[noreturn]] void end(Link& link, std::uint8_t code = clean_end);

}  // namespace dmabuf::guest
