// SPDX-License-Identifier: MIT
#include "explore_fast.hpp"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "explore_checks.hpp"
#include "explore_compiled.hpp"
#include "explore_shared_set.hpp"

namespace dmabuf::model {
namespace {

using Clock = std::chrono::steady_clock;

double process_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// One thread's part: takes blocks of the frontier, and collects what is new behind them.
class Worker {
 public:
  Worker(const Compiled& compiled, SharedSet& visited)
      : compiled_(compiled), visited_(visited), memo_(compiled), batch_(kBatch + compiled.most_successors()) {}

  /// Expands states; false if an invariant fails.
  template <bool kShared>
  bool expand(const std::uint64_t* first, const std::uint64_t* last) {
    const Configuration& c = compiled_.configuration();
    std::uint64_t* end = batch_.data();
    for (; first != last; ++first) {
      std::uint64_t* const begin = end;
      end = memo_.successors(*first, end);
      if (end == nullptr) return false;
      // Most steps lead to where another one has just led: those need not reach for memory that is far away.
      std::uint64_t* kept = begin;
      for (const std::uint64_t* next = begin; next != end; ++next) {
        const std::uint64_t state = *next;
        std::uint64_t& recent = recent_[(state * 0x9e3779b97f4a7c15ULL) >> (64 - kRecentBits)];
        *kept = state;
        kept += static_cast<std::size_t>(recent != state);
        recent = state;
      }
      end = kept;
      for (const std::uint64_t* next = begin; next != end; ++next) visited_.prefetch(compiled_.key(*next));
      if (!memo_.descended()) stragglers.push_back(*first);
      if ((expanded_++ & kAuditMask) == 0) {
        if (!memo_.audit(*first)) throw WrongStep("the explorer's memo and the model do not agree");
      }
      if (c.teardown && !teardown_works(compiled_.packing().unpack(compiled_.to_packed(*first)), c.profile)) return false;
      if (static_cast<std::size_t>(end - batch_.data()) < kBatch) continue;
      if (!collect<kShared>(end)) return false;
      end = batch_.data();
    }
    return collect<kShared>(end);
  }

  Memo& memo() { return memo_; }
  std::vector<std::uint64_t> found;       ///< since the last round
  std::vector<std::uint64_t> stragglers;  ///< states without a step that is nearer to nothing

 private:
  static constexpr std::size_t kBatch = 256;          // successors between their prefetch and their test
  static constexpr std::uint64_t kAuditMask = 0x1fff;  // one state in so many is expanded the slow way too

  static constexpr unsigned kRecentBits = 15;

  template <bool kShared>
  bool collect(const std::uint64_t* end) {
    const std::size_t before = found.size();
    found.resize(before + static_cast<std::size_t>(end - batch_.data()));
    std::uint64_t* last = found.data() + before;
    if (visited_.bitmap()) {
      for (const std::uint64_t* next = batch_.data(); next != end; ++next) {
        *last = *next;
        last += static_cast<std::size_t>(visited_.insert_bit<kShared>(compiled_.key(*next)));
      }
    } else {
      for (const std::uint64_t* next = batch_.data(); next != end; ++next) {
        *last = *next;
        last += static_cast<std::size_t>(visited_.insert<kShared>(compiled_.key(*next)));
      }
    }
    bool good = true;
    for (const std::uint64_t* state = found.data() + before; state != last; ++state) good &= compiled_.balanced(*state);
    found.resize(static_cast<std::size_t>(last - found.data()));
    return good;
  }

  const Compiled& compiled_;
  SharedSet& visited_;
  Memo memo_;
  std::vector<std::uint64_t> batch_;
  std::vector<std::uint64_t> recent_ = std::vector<std::uint64_t>(std::size_t{1} << kRecentBits);
  std::uint64_t expanded_ = 0;
};

class FastExplorer {
 public:
  FastExplorer(const Configuration& configuration, const std::vector<Operation>& operations,
               std::vector<std::uint64_t> records)
      : c_(configuration),
        packing_(configuration.profile, operations),
        compiled_(configuration, operations, packing_, std::move(records)),
        visited_(compiled_.key_bits()),
        threads_(std::max(1U, configuration.threads)) {}

  std::optional<Exploration> run(const ProgressCallback& progress, std::vector<std::uint64_t>* records = nullptr);

 private:
  /// All threads expand this part of the frontier.
  void round(std::size_t begin, std::size_t end);
  void work(std::size_t index);
  bool all_can_end();
  std::size_t bytes() const;

  const Configuration& c_;
  Packing packing_;
  Compiled compiled_;
  SharedSet visited_;
  unsigned threads_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::uint64_t> frontier_;
  std::atomic<std::size_t> cursor_ = 0;
  std::size_t end_ = 0;
  std::atomic<bool> failed_ = false;
};

void FastExplorer::work(std::size_t index) {
  Worker& worker = *workers_[index];
  constexpr std::size_t kBlock = 256;
  while (!failed_.load(std::memory_order_relaxed)) {
    const std::size_t from = cursor_.fetch_add(kBlock, std::memory_order_relaxed);
    if (from >= end_) return;
    const std::uint64_t* const first = frontier_.data() + from;
    const std::uint64_t* const last = frontier_.data() + std::min(from + kBlock, end_);
    if (!(threads_ > 1 ? worker.expand<true>(first, last) : worker.expand<false>(first, last))) failed_ = true;
  }
}

void FastExplorer::round(std::size_t begin, std::size_t end) {
  cursor_ = begin;
  end_ = end;
  constexpr std::size_t kWorthAThread = 2048;
  if (threads_ == 1 || end - begin < kWorthAThread) return work(0);
  std::vector<std::exception_ptr> errors(threads_);
  {
    std::vector<std::jthread> crew;
    for (unsigned i = 1; i < threads_; ++i)
      crew.emplace_back([this, i, &error = errors[i]] {
        try {
          work(i);
        } catch (const std::exception&) {
          error = std::current_exception();
          failed_ = true;
        }
      });
    work(0);
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

/// Every state but the stragglers has an operation that brings it nearer to nothing, whatever the exporter chooses.
/// A straggler has a way down if some operation brings it, whatever is chosen, no farther from nothing and to
/// states that have a way down. If all have, then by induction over their weight all states do.
bool FastExplorer::all_can_end() {
  std::unordered_set<std::uint64_t> stuck;
  for (const auto& worker : workers_)
    for (const std::uint64_t state : worker->stragglers)
      if (const std::uint64_t packed = compiled_.to_packed(state); weight(packing_.unpack(packed)) != 0) stuck.insert(packed);
  Successors successors(c_.profile, compiled_.operations(), c_.bounds.buffers);
  for (bool changed = true; changed && !stuck.empty();) {
    changed = false;
    for (auto at = stuck.begin(); at != stuck.end();) {
      const World world = packing_.unpack(*at);
      const unsigned here = weight(world);
      bool can = false, all = true;
      successors(world, [&](const Successors::Way& way) {
        const auto packed = way.result.allowance == Allowance::Permitted ? packing_.pack(way.next)
                                                                         : std::optional<std::uint64_t>{};
        all = all && packed && weight(way.next) <= here && !stuck.contains(*packed);
        if (!way.last) return;
        can = can || all;
        all = true;
      });
      changed = changed || can;
      at = can ? stuck.erase(at) : std::next(at);
    }
  }
  return stuck.empty();
}

std::size_t FastExplorer::bytes() const {
  std::size_t sum = visited_.bytes() + frontier_.capacity() * sizeof(std::uint64_t);
  for (const auto& worker : workers_)
    sum += worker->memo().bytes() + (worker->found.capacity() + worker->stragglers.capacity()) * sizeof(std::uint64_t);
  return sum;
}

/// `records`: where to put what the first buffer's record was.
std::optional<Exploration> FastExplorer::run(const ProgressCallback& progress, std::vector<std::uint64_t>* records) {
  if (!compiled_.usable()) return std::nullopt;
  const auto start = Clock::now();
  const double cpu = process_seconds();
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  for (unsigned i = 0; i < threads_; ++i) workers_.push_back(std::make_unique<Worker>(compiled_, visited_));

  Exploration result;
  result.name = c_.name;
  result.bits = packing_.bits();
  const std::uint64_t nothing = compiled_.from_packed(*packing_.pack(World{}));
  visited_.insert<false>(compiled_.key(nothing));
  frontier_.push_back(nothing);
  std::uint64_t states = 1;
  std::size_t done = 0;
  auto reported = start;
  const auto report = [&] {
    const double seconds = seconds_since(start);
    progress({states, states - result.states, result.depth, seconds,
              seconds > 0 ? static_cast<double>(states) / seconds : 0, bytes()});
  };

  bool full = false;
  std::vector<std::uint64_t> next;
  // result.states counts those expanded, until the end.
  while (!frontier_.empty() && !full) {
    for (done = 0; done < frontier_.size() && !full;) {
      std::size_t most = visited_.room() / compiled_.most_successors();
      if (most < 64) {
        visited_.grow();
        continue;
      }
      // Near the limit, in small steps, so as not to go far beyond it.
      if (c_.max_states - states < (std::uint64_t{1} << 20)) most = std::min<std::size_t>(most, 1 + (c_.max_states - states) / 16);
      const std::size_t end = done + std::min({most, frontier_.size() - done, std::size_t{1} << 19});
      round(done, end);
      if (failed_) return std::nullopt;
      result.states += end - done;
      done = end;
      for (const auto& worker : workers_) {
        states += worker->found.size();
        if (records != nullptr)
          for (const std::uint64_t state : worker->found) records->push_back(compiled_.record(compiled_.to_packed(state)));
        next.insert(next.end(), worker->found.begin(), worker->found.end());
        worker->found.clear();
      }
      full = states > c_.max_states;
      visited_.fit(states);
      result.bytes = std::max(result.bytes, bytes() + next.capacity() * sizeof(std::uint64_t));
      if (progress && seconds_since(reported) >= 0.5) {
        reported = Clock::now();
        report();
      }
    }
    if (!next.empty() && !full) ++result.depth;
    frontier_.swap(next);
    next.clear();
  }

  if (!full && !all_can_end()) return std::nullopt;
  result.complete = !full;
  for (const auto& worker : workers_) worker->memo().add_to(result);
  const std::uint64_t expanded = result.states;
  result.states = states;
  result.seconds = seconds_since(start);
  result.cpu_seconds = process_seconds() - cpu;
  if (progress)
    progress({states, states - expanded, result.depth, result.seconds, result.states_per_second(), result.bytes});
  return result;
}

/// What a buffer's record can be: all it ever is in a world with no other buffer. Ids are names, and what others
/// do is nothing to it but that they fill slots. Should that be wrong, a record turns up that has no number.
std::vector<std::uint64_t> records(const Configuration& configuration, const std::vector<Operation>& operations) {
  Configuration alone = configuration;
  alone.bounds.buffers = 1;
  alone.teardown = false;
  alone.threads = 1;
  alone.operations.clear();
  for (const Operation& operation : operations)
    if (std::visit([]<class Op>(const Op& o) {
          if constexpr (requires { o.buffer; }) return o.buffer.value == 0;
          else return true;
        }, operation))
      alone.operations.push_back(operation);
  if (alone.operations.size() == operations.size()) return {};
  std::vector<std::uint64_t> found = {0};
  if (!FastExplorer(alone, alone.operations, {}).run({}, &found)) return {};
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace

std::optional<Exploration> explore_fast(const Configuration& configuration, const ProgressCallback& progress) {
  if (configuration.symmetry != Symmetry::Ignored || configuration.bounds.buffers > kMaxBuffers) return std::nullopt;
  const std::vector<Operation> operations =
      configuration.operations.empty() ? all_operations(configuration.bounds) : configuration.operations;
  return FastExplorer(configuration, operations, records(configuration, operations)).run(progress);
}

}  // namespace dmabuf::model
