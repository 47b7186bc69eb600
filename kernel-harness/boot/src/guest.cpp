// SPDX-License-Identifier: MIT
#include "dmabuf/boot/guest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <system_error>
#include <utility>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"
#include "guest_config.hpp"
#include "held_reports.hpp"
#include "qmp.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int clean_status = 33;         // 0x10 through isa-debug-exit
constexpr auto tick = milliseconds(50);  // how late a console line may be seen
constexpr auto report_quiet = milliseconds(1000);
constexpr auto dump_time = milliseconds(2000);
constexpr auto mark_time = milliseconds(2000);
constexpr std::size_t tail_size = 4096;

milliseconds since(Clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - then);
}

std::pair<UniqueFd, UniqueFd> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(fmt::format("cannot make a socket pair: {}", strerrorname_np(errno)));
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void require_file(const fs::path& path, std::string_view what) {
  if (::access(path.c_str(), R_OK) != 0)
    throw Error(fmt::format("{} {}: {}", what, path.string(), strerrorname_np(errno)),
                "give a file that can be read");
}

GuestConfig checked(GuestConfig config) {
  require_file(config.kernel, "kernel");
  require_file(config.initramfs, "initramfs");
  if (!program_exists(config.qemu))
    throw Error(fmt::format("{} not found", config.qemu), "apt-get install qemu-system-x86");
  if (config.console.empty()) throw Error("a guest needs a file for its console");
  config.console = fs::absolute(config.console);
  fs::create_directories(config.console.parent_path());
  write_file(config.console, "");
  return config;
}

fs::path qemu_log(const GuestConfig& config) { return config.console.string() + ".qemu"; }

std::string tail_of(const std::string& text) {
  return text.size() <= tail_size ? text : text.substr(text.size() - tail_size);
}

}  // namespace

class Guest::Impl {
 public:
  explicit Impl(GuestConfig config)
      : config_(checked(std::move(config))), console_(open_console()), started_(Clock::now()) {
    auto [ours, theirs] = socket_pair();
    auto [monitor, monitor_in_qemu] = socket_pair();
    child_ = std::make_unique<ChildProcess>(
        Command{.argv = qemu_command(config_),
                .output = qemu_log(config_),
                .inherit = {{theirs.get(), protocol_fd_in_qemu},
                            {monitor_in_qemu.get(), monitor_fd_in_qemu}}});
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    link_ = std::move(ours);
    qmp_.emplace(std::move(monitor));
    last_record_ = last_console_ = started_;
  }

  std::optional<GuestResult> step(milliseconds limit) {
    const Clock::time_point deadline = Clock::now() + limit;
    do {
      if (result_) return result_;
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
      const bool handled = work(std::clamp(left, milliseconds(0), tick));
      if (stopping_)
        finish(GuestEnd::Stopped, "stopped by the caller");
      else if (child_->poll())
        ended();
      else if (const auto bite = watch())
        hung(bite->first, bite->second);
      if (handled) break;
    } while (Clock::now() < deadline);
    return result_;
  }

  void send(std::string_view line) {
    // The wire is slow and small: what QEMU does not take at once is sent from work().
    outgoing_.append(line);
    flush();
  }

  bool settle(std::optional<std::uint64_t> mark) {
    if (!result_) read_console();
    const bool came = mark && wait_for_mark(*mark);
    if (mark) held_.settled(*mark);
    if (came)
      publish_reports();
    else
      publish_all();
    return came || !mark || result_ || child_->poll();
  }

  void stop() {
    stopping_ = true;
    if (!handling_ && !result_) finish(GuestEnd::Stopped, "stopped by the caller");
  }

  GuestConfig config_;
  UniqueFd console_;
  Clock::time_point started_;
  std::unique_ptr<ChildProcess> child_;
  UniqueFd link_;
  std::optional<Qmp> qmp_;
  protocol::Encoder encoder_;
  RecordHandler on_record_;
  ReportHandler on_report_;
  TextHandler on_text_;
  std::optional<GuestResult> result_;

  /// A second reader of records, for as long as it lives.
  class Listening {
   public:
    Listening(Impl& guest, RecordHandler listener)
        : guest_(guest), before_(std::exchange(guest.listener_, std::move(listener))) {}
    ~Listening() { guest_.listener_ = std::move(before_); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    Impl& guest_;
    RecordHandler before_;
  };

 private:
  [[nodiscard]] UniqueFd open_console() const {
    return UniqueFd(::open(config_.console.c_str(), O_RDONLY | O_CLOEXEC));
  }

  /// True once the console has come to the mark and every report before it is whole. One that is
  /// late is waited for, but not one after another: a kernel may print none at all.
  bool wait_for_mark(std::uint64_t mark) {
    const Clock::time_point begun = Clock::now();
    const milliseconds limit = marks_late_ ? milliseconds(0) : mark_time;
    while (!scanner_.complete_to(mark)) {
      if (result_ || since(begun) >= limit || child_->poll()) break;
      ::poll(nullptr, 0, 1);
      read_console();
    }
    marks_late_ = scanner_.mark() < mark;
    return scanner_.complete_to(mark);
  }

  /// Handles what is there, after waiting for at most `limit`. True if something was.
  bool work(milliseconds limit) {
    pollfd wire{.fd = link_.get(),
                .events = static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT),
                .revents = 0};
    ::poll(&wire, link_open_ ? 1 : 0, static_cast<int>(limit.count()));
    if (!outgoing_.empty()) flush();
    // The link is read before the console and handled after it: so a report comes before every
    // record that was sent after it. What the console has beyond those records is held back.
    read_link();
    read_console();
    if (scanner_.in_report() && since(last_console_) > report_quiet) scanner_.finish();
    const bool reported = publish_reports();
    const bool handled = handle_lines();
    return publish_reports() || handled || reported;
  }

  void read_console() {
    char piece[16 * 1024];
    for (;;) {
      const ssize_t size = ::read(console_.get(), piece, sizeof piece);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) break;
      const std::string_view bytes(piece, static_cast<std::size_t>(size));
      console_seen_ = true;
      last_console_ = Clock::now();
      scanner_.bytes(bytes);
      tail_.append(bytes);
      if (tail_.size() > 4 * tail_size) tail_.erase(0, tail_.size() - tail_size);
    }
  }

  /// Those of which is known after which record they come.
  bool publish_reports() {
    held_.add(scanner_.take(), scanner_.mark() > 0);
    bool some = false;
    while (const std::optional<KernelReport> report = held_.next()) {
      reports_.push_back(*report);
      if (on_report_) {
        const Handling now(handling_);
        on_report_(*report);
      }
      some = true;
    }
    return some;
  }

  /// Ends the report that is open, and publishes what is held, too.
  void publish_all() {
    scanner_.finish();
    held_.add(scanner_.take(), scanner_.mark() > 0);
    held_.release();
    publish_reports();
  }

  void read_link() {
    char piece[16 * 1024];
    while (link_open_) {
      const ssize_t size = ::recv(link_.get(), piece, sizeof piece, 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) break;
      if (size <= 0) {
        link_open_ = false;
        break;
      }
      incoming_.append(piece, static_cast<std::size_t>(size));
    }
  }

  bool handle_lines() {
    bool handled = false;
    for (std::size_t end = incoming_.find('\n'); end != std::string::npos;
         end = incoming_.find('\n')) {
      const std::string line = incoming_.substr(0, end);
      incoming_.erase(0, end + 1);
      const std::vector<protocol::Record> records = decoder_.line(line);
      const Handling now(handling_);
      if (records.empty() && on_text_) on_text_(line);
      for (const protocol::Record& record : records) {
        note(record);
        publish_reports();  // the record before may have let one go
        if (on_record_) on_record_(record);
        if (listener_) listener_(record);
        if (record.verb == protocol::verb::begin) held_.begun();
      }
      handled = true;
    }
    constexpr std::size_t longest = 64 * 1024;
    if (incoming_.size() > longest) incoming_.clear();  // no line of ours
    return handled;
  }

  void note(const protocol::Record& record) {
    last_record_ = Clock::now();
    if (!first_record_) first_record_ = last_record_;
    if (record.verb == protocol::verb::end) end_record_ = last_record_;
  }

  void flush() {
    while (!outgoing_.empty()) {
      const ssize_t sent = ::send(link_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) outgoing_.clear();  // QEMU has gone; poll() will say so
      if (sent <= 0) return;
      outgoing_.erase(0, static_cast<std::size_t>(sent));
    }
  }

  /// The watchdog that bites, and why; nothing while all is well.
  std::optional<std::pair<GuestEnd, std::string>> watch() const {
    const Watchdogs& limits = config_.watchdogs;
    const auto over = [](GuestEnd end, std::string_view what, milliseconds limit) {
      return std::pair(end, fmt::format("{} within {} ms of wall time", what, limit.count()));
    };
    if (end_record_ && since(*end_record_) > limits.leave)
      return over(GuestEnd::Stuck, "said E, but did not leave", limits.leave);
    if (since(started_) > limits.total)
      return over(GuestEnd::OverTime, "did not end", limits.total);
    if (!first_record_) {
      const milliseconds boot =
          limits.boot.value_or(config_.accelerator == Accelerator::Kvm ? std::chrono::seconds(20)
                                                                       : std::chrono::seconds(60));
      if (since(started_) > boot) return over(GuestEnd::BootHung, "sent no record", boot);
    } else if (!end_record_ && since(last_record_) > limits.silence) {
      return over(GuestEnd::Silent, "sent no further record", limits.silence);
    }
    return std::nullopt;
  }

  void hung(GuestEnd end, const std::string& why) {
    if (config_.dump_when_silent && console_seen_ && qmp_->sysrq('w')) {
      const Clock::time_point begun = Clock::now();
      while (since(begun) < dump_time && !child_->poll()) {
        ::poll(nullptr, 0, static_cast<int>(tick.count()));
        read_console();
      }
    }
    finish(end, why);
  }

  [[nodiscard]] const KernelReport* fatal_report() const {
    for (const KernelReport& report : reports_)
      if (report.fatal) return &report;
    return nullptr;
  }

  /// QEMU has ended by itself.
  void ended() {
    while (work(milliseconds(0))) {
    }
    publish_all();
    const int status = child_->kill();
    if (status == clean_status && end_record_) return finish(GuestEnd::Clean, "");
    if (const KernelReport* fatal = fatal_report()) return finish(GuestEnd::Panicked, fatal->title);
    if (!console_seen_ && !first_record_ && status != 0) {
      std::error_code ignored;
      const std::string said =
          fs::exists(qemu_log(config_), ignored) ? read_file(qemu_log(config_)) : "";
      return finish(GuestEnd::QemuFailed,
                    fmt::format("QEMU ended with status {}: {}", status, said));
    }
    finish(GuestEnd::Died, fmt::format("QEMU ended with status {}, {}", status,
                                       end_record_ ? "although E had come" : "and no E had come"));
  }

  void finish(GuestEnd end, std::string detail) {
    const int status = child_->kill();
    read_console();
    publish_all();
    if (end == GuestEnd::BootHung || end == GuestEnd::Silent)
      if (const KernelReport* fatal = fatal_report()) {
        end = GuestEnd::Panicked;  // it went down and could not even reboot
        detail = fmt::format("{}; {}", fatal->title, detail);
      }
    GuestResult result{.end = end,
                       .qemu_status = status,
                       .end_record = end_record_.has_value(),
                       .detail = std::move(detail),
                       .console_tail = tail_of(tail_),
                       .reports = reports_,
                       .link = decoder_.stats(),
                       .boot_time = {},
                       .wall_time = since(started_)};
    if (first_record_)
      result.boot_time = std::chrono::duration_cast<milliseconds>(*first_record_ - started_);
    result_ = std::move(result);
  }

  /// True as long as a handler of the caller's runs: it must not lose the ground under its feet.
  class Handling {
   public:
    explicit Handling(bool& flag) : flag_(flag), before_(std::exchange(flag, true)) {}
    ~Handling() { flag_ = before_; }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

   private:
    bool& flag_;
    bool before_;
  };

  RecordHandler listener_;
  protocol::Decoder decoder_;
  ConsoleScanner scanner_;
  HeldReports held_;
  std::vector<KernelReport> reports_;
  std::string incoming_;
  std::string outgoing_;
  std::string tail_;
  Clock::time_point last_record_;
  Clock::time_point last_console_;
  std::optional<Clock::time_point> first_record_;
  std::optional<Clock::time_point> end_record_;
  bool console_seen_ = false;
  bool link_open_ = true;
  bool stopping_ = false;
  bool handling_ = false;
  bool marks_late_ = false;
};

Guest::Guest(GuestConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Guest::~Guest() = default;
Guest::Guest(Guest&&) noexcept = default;
Guest& Guest::operator=(Guest&&) noexcept = default;

void Guest::on_record(RecordHandler handler) { impl_->on_record_ = std::move(handler); }
void Guest::on_report(ReportHandler handler) { impl_->on_report_ = std::move(handler); }
void Guest::on_text(TextHandler handler) { impl_->on_text_ = std::move(handler); }

void Guest::send(std::string_view verb, std::string_view args) {
  impl_->send(impl_->encoder_.encode(verb, args));
}

void Guest::send_line(std::string_view line) { impl_->send(std::string(line) + "\n"); }

std::optional<GuestResult> Guest::step(std::chrono::milliseconds limit) {
  return impl_->step(limit);
}

GuestResult Guest::run() {
  while (!impl_->step(std::chrono::seconds(1))) {
  }
  return *impl_->result_;
}

std::optional<protocol::Record> Guest::wait_for(
    const std::function<bool(const protocol::Record&)>& wanted, std::chrono::milliseconds limit) {
  const Clock::time_point begun = Clock::now();
  std::optional<protocol::Record> found;
  const Impl::Listening now(*impl_, [&](const protocol::Record& record) {
    if (!found && wanted(record)) found = record;
  });
  while (!found && since(begun) < limit)
    if (impl_->step(std::min(limit - since(begun), milliseconds(1000)))) break;
  return found;
}

bool Guest::settle(const protocol::Record& record) {
  const std::optional<std::string_view> word = record.value("mark");
  std::uint64_t mark = 0;
  const bool marked =
      word && std::from_chars(word->data(), word->data() + word->size(), mark).ec == std::errc();
  return impl_->settle(marked ? std::optional(mark) : std::nullopt);
}

void Guest::sysrq(char key) {
  if (!impl_->result_) impl_->qmp_->sysrq(key);
}

void Guest::stop() { impl_->stop(); }

const std::optional<GuestResult>& Guest::result() const { return impl_->result_; }

int Guest::pid() const { return impl_->child_->pid(); }

}  // namespace dmabuf::boot
