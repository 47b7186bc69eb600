// SPDX-License-Identifier: MIT
#include "dmabuf/boot/accel.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <system_error>
#include <vector>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

constexpr int debug_exit_status = 33;  // isa-debug-exit: (0x10 << 1) | 1

constexpr std::string_view qemu_remedy = "apt-get install qemu-system-x86";

/// A file that is gone with its owner.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view contents) {
    std::string pattern = (fs::temp_directory_path() / "dmabuf-probe-XXXXXX").string();
    const UniqueFd fd(::mkstemp(pattern.data()));
    if (!fd) throw Error(fmt::format("cannot make {}", pattern));
    path_ = pattern;
    write_file(path_, contents);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What the answer depends on: it is good until one of these changes.
std::string cache_key(const AcceleratorProbe& probe) {
  const std::string boot_id = probe.boot_id.empty()
                                  ? first_line(read_file("/proc/sys/kernel/random/boot_id"))
                                  : probe.boot_id;
  const CommandResult version =
      run_command({probe.qemu, "--version"}, {}, std::chrono::seconds(10));
  const std::string device = ::access(probe.kvm_device.c_str(), R_OK | W_OK) == 0 ? "rw" : "none";
  return boot_id + " " + device + " " + first_line(version.output);
}

struct Attempt {
  bool works;
  std::string why;
};

Attempt attempt(Accelerator accelerator, const AcceleratorProbe& probe) {
  if (accelerator == Accelerator::Kvm && ::access(probe.kvm_device.c_str(), R_OK | W_OK) != 0)
    return {false, fmt::format("{} cannot be opened", probe.kvm_device.string())};

  const std::array<std::uint8_t, 512> sector = probe_boot_sector();
  const TemporaryFile disk(std::string(sector.begin(), sector.end()));
  ChildProcess guest(Command{
      .argv = {probe.qemu, "-accel", std::string(name(accelerator)), "-m", "64", "-display", "none",
               "-nodefaults", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
               "-drive", fmt::format("file={},format=raw,if=floppy", disk.path().string()), "-boot",
               "a"}});
  // There is nothing to fall back to from TCG: a busy machine must not make it fail.
  const auto limit = accelerator == Accelerator::Tcg ? 10 * probe.limit : probe.limit;
  const std::optional<int> status = guest.wait_for(limit);
  if (!status)
    return {false,
            fmt::format("a guest under {} hung for {} ms", name(accelerator), limit.count())};
  if (*status == debug_exit_status)
    return {true, fmt::format("a guest ran under {}", name(accelerator))};
  return {false, fmt::format("QEMU ended with status {} under {}", *status, name(accelerator))};
}

std::optional<AcceleratorChoice> cached_choice(const fs::path& file, const std::string& key) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  std::istringstream lines(read_file(file));
  std::string its_key;
  std::string accelerator;
  std::string reason;
  std::getline(lines, its_key);
  std::getline(lines, accelerator);
  std::getline(lines, reason);
  if (its_key != key || reason.empty()) return std::nullopt;
  for (const Accelerator each : {Accelerator::Kvm, Accelerator::Tcg})
    if (accelerator == name(each)) return AcceleratorChoice{each, reason};
  return std::nullopt;
}

}  // namespace

std::string_view name(Accelerator accelerator) {
  switch (accelerator) {
    case Accelerator::Kvm:
      return "kvm";
    case Accelerator::Tcg:
      return "tcg";
  }
  return "?";
}

std::array<std::uint8_t, 512> probe_boot_sector() {
  // mov al,0x10; mov dx,0xf4; out dx,al; hlt; jmp to the hlt
  constexpr std::array<std::uint8_t, 9> code = {0xb0, 0x10, 0xba, 0xf4, 0x00,
                                                0xee, 0xf4, 0xeb, 0xfd};
  std::array<std::uint8_t, 512> sector{};
  std::copy(code.begin(), code.end(), sector.begin());
  sector[510] = 0x55;
  sector[511] = 0xaa;
  return sector;
}

bool runs(Accelerator accelerator, const AcceleratorProbe& probe) {
  return attempt(accelerator, probe).works;
}

AcceleratorChoice choose_accelerator(const AcceleratorProbe& probe) {
  if (!program_exists(probe.qemu))
    throw Error(fmt::format("{} not found", probe.qemu), qemu_remedy);
  const fs::path file = probe.cache.empty() ? cache_directory() / "accel" : probe.cache;
  const std::string key = cache_key(probe);
  if (std::optional<AcceleratorChoice> known = cached_choice(file, key)) return *known;

  std::vector<std::string> reasons;
  for (const Accelerator each : {Accelerator::Kvm, Accelerator::Tcg}) {
    const Attempt tried = attempt(each, probe);
    reasons.push_back(tried.why);
    if (!tried.works) continue;
    const AcceleratorChoice choice{each, fmt::format("{}", fmt::join(reasons, "; "))};
    write_file(file, fmt::format("{}\n{}\n{}\n", key, name(each), choice.reason));
    return choice;
  }
  throw Error(fmt::format("{} runs no guest: {}", probe.qemu, fmt::join(reasons, "; ")),
              qemu_remedy);
}

}  // namespace dmabuf::boot
