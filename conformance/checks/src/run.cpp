// SPDX-License-Identifier: MIT
#include "dmabuf/checks/run.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <new>
#include <set>
#include <thread>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/kernel_file.hpp"
#include "dmabuf/adapters/proc_text.hpp"
#include "dmabuf/checks/context.hpp"
#include "log.hpp"

namespace dmabuf::checks {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr char kField = '\x1f';
constexpr char kRecord = '\x1e';

/// What parent and child share: a page in which the child says what it is about to do, and pages to
/// which it adds what came of it. What was written survives however the child ends.
struct Board {
  static constexpr std::size_t kText = 1U << 18U;
  char doing[512];
  std::atomic<std::size_t> length;
  std::atomic<bool> overflow;
  char text[kText];

  void say(std::string_view what) {
    const std::size_t size = std::min(what.size(), sizeof doing - 1);
    std::memcpy(doing, what.data(), size);
    doing[size] = '\0';
  }
  void add(std::string record) {
    record += kRecord;
    const std::size_t at = length.load();
    if (at + record.size() > kText) {
      overflow = true;
      return;
    }
    std::memcpy(text + at, record.data(), record.size());
    length = at + record.size();
  }
};

class SharedBoard {
 public:
  SharedBoard() {
    void* const memory =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) board_ = new (memory) Board{};
  }
  ~SharedBoard() {
    if (board_ != nullptr) ::munmap(board_, sizeof(Board));
  }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  Board* operator->() const { return board_; }
  explicit operator bool() const { return board_ != nullptr; }
  Board& operator*() const { return *board_; }

 private:
  Board* board_ = nullptr;
};

std::string joined(std::initializer_list<std::string_view> fields) {
  std::string text;
  for (std::string_view field : fields) {
    for (const char c : field) text += c == kField || c == kRecord ? '?' : c;
    text += kField;
  }
  return text;
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find(by, at);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// Every open fd of this process but the one it is read with, and what it is.
std::map<int, std::string> open_fds() {
  std::map<int, std::string> fds;
  DIR* const directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return fds;
  while (const dirent* entry = ::readdir(directory)) {
    char* end = nullptr;
    const long number = std::strtol(entry->d_name, &end, 10);
    if (end == entry->d_name || number == ::dirfd(directory)) continue;
    char target[256];
    const ssize_t size =
        ::readlink(fmt::format("/proc/self/fd/{}", number).c_str(), target, sizeof target);
    fds[static_cast<int>(number)] =
        std::string(target, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
  ::closedir(directory);
  return fds;
}

void close_inherited() {
  for (const auto& [fd, what] : open_fds())
    if (fd > STDERR_FILENO) ::close(fd);
}

/// The child's whole life.
void work(const Check& check, const Environment& environment, Board& board) {
  // A group of its own, so that whatever it forks can be swept up with it.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_inherited();
  const auto before = open_fds();
  const auto pronounce = [&](const Verdict& v) {
    board.add(joined({"verdict", v.requirement, fmt::format("{}", static_cast<int>(v.state)),
                      v.call, v.expected, v.observed, v.reason, v.remedy,
                      fmt::format("{}", v.calls), v.residue ? "1" : "0"}));
  };
  const auto fail = [&](std::string_view why) { board.add(joined({"error", why})); };
  try {
    Context context(
        check, environment,
        [&](const Call& call) { board.add(joined({"call", call.text, call.outcome})); }, pronounce,
        [&](std::string_view doing) { board.say(doing); });
    try {
      check.run(context);
      context.rest("the check did not come to it",
                   "read the check: a call before it went another way");
    } catch (const NotApplicable& why) {
      context.rest(why.reason, why.remedy);
    } catch (const Context::Stop&) {
      context.rest("a call that it builds on failed", "see what is broken");
    }
  } catch (const conformance::HarnessError& error) {
    fail(error.what());
  } catch (const std::bad_alloc&) {
    fail("out of memory");
  } catch (const std::exception& error) {
    fail(error.what());
  }
  board.say("the end of the check");
  for (const auto& [fd, what] : open_fds())
    if (!before.contains(fd))
      board.add(
          joined({"verdict", check.residue.text, fmt::format("{}", static_cast<int>(State::Broken)),
                  "the end of the check", "no fd left open",
                  fmt::format("fd {} is open on {}", fd, what), "", "", "1000000", "1"}));
  board.add(joined({"end"}));
}

long listed() {
  adapters::KernelFile file = adapters::open_bufinfo();
  return file.is_open() ? adapters::count_buffers(file.read()) : -1;
}

/// Buffers that are listed now and were not before; waits a little, since release may lag.
long left_over(long before) {
  if (before < 0) return 0;
  long more = 0;
  for (int look = 0; look < 20; ++look) {
    more = listed() - before;
    if (more <= 0) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return more;
}

/// One verdict for each requirement: broken beats kept beats not applicable; of several the first.
void keep(std::vector<Verdict>& verdicts, Verdict verdict) {
  const auto rank = [](State state) {
    return state == State::Broken ? 2 : state == State::Kept ? 1 : 0;
  };
  for (Verdict& known : verdicts) {
    if (known.requirement != verdict.requirement) continue;
    if (rank(verdict.state) > rank(known.state)) known = std::move(verdict);
    return;
  }
  verdicts.push_back(std::move(verdict));
}

void read_board(const Board& board, Result& result, bool& ended) {
  for (const std::string& record : split({board.text, board.length.load()}, kRecord)) {
    const std::vector<std::string> f = split(record, kField);
    if (f.empty()) continue;
    if (f[0] == "call" && f.size() == 3) result.calls.push_back({f[1], f[2]});
    if (f[0] == "error" && f.size() == 2) result.error = f[1];
    if (f[0] == "end") ended = true;
    if (f[0] == "verdict" && f.size() == 10)
      keep(result.verdicts, {.requirement = f[1],
                             .state = static_cast<State>(std::atoi(f[2].c_str())),
                             .call = f[3],
                             .expected = f[4],
                             .observed = f[5],
                             .reason = f[6],
                             .remedy = f[7],
                             .calls = static_cast<std::size_t>(std::atoll(f[8].c_str())),
                             .residue = f[9] == "1"});
  }
}

/// Waits for the child; nothing if it is still there at that time.
std::optional<int> wait_for(pid_t pid, std::chrono::milliseconds limit) {
  const auto until = SteadyClock::now() + limit;
  auto pause = std::chrono::microseconds(100);
  for (;;) {
    int status = 0;
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid) return status;
    if (got < 0 && errno != EINTR) return 0;
    if (SteadyClock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(2000));
  }
}

void account(Board& board, std::optional<int> status, std::chrono::milliseconds limit, pid_t pid,
             Result& result) {
  const std::string doing(board.doing);
  const std::string during = doing.empty() ? "before its first call" : "during: " + doing;
  const bool over_time = !status;
  if (over_time) {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
    status = wait_for(pid, std::chrono::seconds(30));
    if (!status) result.stuck = doing;
  }
  ::kill(-pid, SIGKILL);  // whatever it forked and left
  bool ended = false;
  read_board(board, result, ended);
  if (over_time)
    result.error = fmt::format("took longer than {} s, {}", limit.count() / 1000, during);
  else if (WIFSIGNALED(*status))
    result.error = fmt::format("died of SIG{}, {}", ::sigabbrev_np(WTERMSIG(*status)), during);
  else if (!ended && result.error.empty())
    result.error = fmt::format("ended by itself with status {}, {}", WEXITSTATUS(*status), during);
  if (board.overflow) result.error = "said more than there was room for";
}

}  // namespace

const Verdict* Result::broken() const {
  const auto found = std::find_if(verdicts.begin(), verdicts.end(),
                                  [](const Verdict& v) { return v.state == State::Broken; });
  return found == verdicts.end() ? nullptr : &*found;
}

bool Result::any(State state) const {
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [&](const Verdict& v) { return v.state == state; });
}

Result run(const Check& check, const Environment& given) {
  Result result;
  const auto begun = SteadyClock::now();
  const auto all_inapplicable = [&](const std::string& reason, const std::string& remedy) {
    for (const std::string_view id : check.requirements)
      result.verdicts.push_back({.requirement = std::string(id),
                                 .state = State::NotApplicable,
                                 .reason = reason,
                                 .remedy = remedy});
    return result;
  };
  if (!within(given.kernel, check.needs.kernels))
    return all_inapplicable(fmt::format("it is about kernels {}{}{}", check.needs.kernels.since,
                                        check.needs.kernels.until.empty() ? " and later" : " to ",
                                        check.needs.kernels.until),
                            "test one of those");
  if (check.needs.root && ::geteuid() != 0) return all_inapplicable("it needs root", "run as root");

  Environment environment = given;
  environment.log_from = KernelLog::next();
  const SharedBoard board;
  if (!board) {
    result.error = "no memory to run the check in";
    return result;
  }
  const long listed_before = listed();
  const pid_t pid = ::fork();
  if (pid < 0) {
    result.error = fmt::format("cannot fork: {}", adapters::errno_text(errno));
    return result;
  }
  if (pid == 0) {
    work(check, environment, *board);
    ::_exit(0);
  }
  ::setpgid(pid, pid);
  account(*board, wait_for(pid, environment.limit), environment.limit, pid, result);
  if (const long more = left_over(listed_before); more > 0)
    keep(result.verdicts, {.requirement = std::string(check.residue.text),
                           .state = State::Broken,
                           .call = "the end of the check",
                           .expected = "no buffer left in bufinfo",
                           .observed = fmt::format("{} left", more),
                           .calls = result.calls.size(),
                           .residue = true});
  if (environment.watch_log && environment.log_from != 0)
    result.log = complaints(KernelLog(environment.log_from).lines());
  result.ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
  return result;
}

}  // namespace dmabuf::checks
