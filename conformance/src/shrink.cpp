// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/shrink.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shape.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;
using Operations = std::vector<Operation>;

/// How far a value is from the plainest one of its domain.
std::size_t cost(const shape::Field& field, std::uint32_t value) {
  switch (field.domain) {
    case shape::Domain::Pages: return value == 0 ? kMaxPages + 1 : value - 1;
    case shape::Domain::Extent:
      return field.key == "length" ? (value == 0 ? 300 : value - 1) : value;
    case shape::Domain::SeekOffset:
      return static_cast<std::size_t>(std::abs(int{static_cast<std::int16_t>(value)}));
    case shape::Domain::Access: return static_cast<std::size_t>(Access::ReadWrite) - value;
    case shape::Domain::Name: return value == static_cast<std::uint32_t>(NameId::Empty) ? kNames.size() : value - 1;
    case shape::Domain::Usage: case shape::Domain::Timeline: case shape::Domain::FenceResult: case shape::Domain::Events:
    case shape::Domain::FenceFlags: case shape::Domain::OutArgument: case shape::Domain::MergeForm: case shape::Domain::InfoForm:
    case shape::Domain::Nth: case shape::Domain::Callback: case shape::Domain::Failure:
    case shape::Domain::Page: case shape::Domain::CloseOnExec: case shape::Domain::Direction:
    case shape::Domain::Protection: case shape::Domain::Sharing: case shape::Domain::Argument:
    case shape::Domain::Whence: case shape::Domain::SyncFlags: case shape::Domain::Device:
    case shape::Domain::Process: case shape::Domain::CreationFlags: case shape::Domain::Ending: case shape::Domain::DrmFile:
    case shape::Domain::Index: case shape::Domain::VideoFile: case shape::Domain::VideoMemory: case shape::Domain::VideoLength:
    case shape::Domain::Seals: case shape::Domain::ListForm: return value;
    case shape::Domain::Count: return value == 0 ? kMaxIndices + 1 : value - 1;
    case shape::Domain::Tag: return 0;  // renamed by first use
    case shape::Domain::Buffer: case shape::Domain::Fd: case shape::Domain::Reference:
    case shape::Domain::Attachment: case shape::Domain::Mapping: case shape::Domain::Vma:
    case shape::Domain::Message: case shape::Domain::Fence: case shape::Domain::SyncFile: case shape::Domain::Child:
    case shape::Domain::Vmap: case shape::Domain::Memfd: return 0;
  }
  return 0;
}

bool renamed(shape::Domain domain, std::uint32_t value) {
  if (domain == shape::Domain::Fd) return value < kMaxFds;
  if (domain == shape::Domain::SyncFile) return value < kMaxSyncFiles;
  if (domain == shape::Domain::Memfd) return value < kMaxMemfds;
  return domain == shape::Domain::Tag || (shape::is_slot(domain) && domain != shape::Domain::Device && domain != shape::Domain::Process);
}

std::string key_of(const Program& program) {
  std::string key;
  key.reserve(program.size() * 8);
  for (const Operation& operation : program.operations) {
    key += static_cast<char>(operation.index());
    for (const shape::Field& field : shape::fields(operation.index())) {
      const std::uint32_t value = field.load(operation);
      for (int shift = 0; shift < 32; shift += 8) key += static_cast<char>((value >> shift) & 0xffU);
    }
  }
  return key;
}

class Shrinker {
 public:
  Shrinker(const Program& start, const ShrinkHooks& hooks, const ShrinkLimits& limits)
      : hooks_(hooks), limits_(limits), begun_(Clock::now()), deadline_(begun_ + limits.time) {
    result_.program = start;
  }

  ShrinkResult run() {
    if (limits_.time.count() == 0) return give_up("not shrunk: switched off");
    auto again = hooks_.still_fails(result_.program);
    ++result_.runs;
    if (!again) return give_up("not shrunk: did not fail again");
    result_.reproduced = true;
    result_.program = std::move(*again);  // cut after the difference
    tried_.insert(key_of(result_.program));

    chunks();
    do polish();
    while (!spent() && substitution());
    accept_if_better(rename_by_first_use(result_.program));
    result_.one_minimal = !spent();
    result_.minimality = result_.one_minimal ? "1-minimal"
                         : result_.runs >= limits_.runs
                             ? fmt::format("shrunk until {} runs were up", limits_.runs)
                             : fmt::format("shrunk until {} s were up",
                                           std::chrono::duration<double>(limits_.time).count());
    return std::move(result_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void polish() {
    for (bool better = true; better && !spent();) {
      const Size before = size_of(result_.program);
      singles();
      pairs();
      aliases();
      arguments();
      jointly();
      better = size_of(result_.program) < before;
    }
  }

  /// Deleting lines cannot leave a valley: "map, unmap" may have stood for one "begin_cpu_access". Each
  /// pair of lines is replaced by each operation there is; true at the first that does.
  bool substitution() {
    const std::size_t lines = best().size();
    if (!hooks_.substitutes || lines > limits_.pairs_below) return false;
    const Operations substitutes = hooks_.substitutes(result_.program);
    const auto a_run = (Clock::now() - begun_) / std::max<std::uint32_t>(1, result_.runs);
    if (a_run * static_cast<std::int64_t>(lines * lines / 2 * substitutes.size()) > limits_.substitution_time)
      return false;
    for (std::size_t first = 0; first < lines; ++first)
      for (std::size_t second = first + 1; second < lines; ++second)
        for (const Operation& operation : substitutes) {
          if (spent()) return false;
          Program changed = without(second, 1);
          changed.operations[first] = operation;
          if (accept_if_better(std::move(changed))) return true;
        }
    return false;
  }

  ShrinkResult give_up(std::string why) {
    result_.minimality = std::move(why);
    return std::move(result_);
  }

  bool spent() const { return result_.runs >= limits_.runs || Clock::now() >= deadline_; }
  Operations& best() { return result_.program.operations; }

  /// Runs the candidate unless that is known to be in vain. True if it is the new best.
  bool accept_if_better(Program candidate) {
    if (spent()) return false;
    if (hooks_.skip_invalid) candidate = hooks_.skip_invalid(candidate);
    if (candidate.empty() || size_of(candidate) >= size_of(result_.program)) return false;
    if (!tried_.insert(key_of(candidate)).second) {
      ++result_.remembered;
      return false;
    }
    ++result_.runs;
    auto shown = hooks_.still_fails(candidate);
    if (!shown || size_of(*shown) >= size_of(result_.program)) return false;
    tried_.insert(key_of(*shown));
    result_.program = std::move(*shown);
    if (hooks_.improved) hooks_.improved(result_.program);
    return true;
  }

  Program without(std::size_t from, std::size_t count) {
    Program rest;
    rest.operations.reserve(best().size());
    for (std::size_t i = 0; i < best().size(); ++i)
      if (i < from || i >= from + count) rest.operations.push_back(best()[i]);
    return rest;
  }

  /// Counter-based deletion: each chunk is as long as is likely to go in one piece, and the chance
  /// that a line is needed is raised from round to round. A tenth of the runs that trying all
  /// sub-ranges takes, for the same lengths.
  void chunks() {
    for (double needed = 0.1; !spent(); needed /= 1 - std::exp(-1.0)) {
      const double length = needed < 1 ? std::floor(-1 / std::log(1 - needed)) : 1;
      const auto chunk = static_cast<std::size_t>(std::max(1.0, length));
      for (std::size_t at = 0; at < best().size() && !spent();)
        if (!accept_if_better(without(at, chunk))) at += chunk;
      if (chunk == 1) return;
    }
  }

  void singles() {
    for (bool again = true; again && !spent();) {
      again = false;
      for (std::size_t at = best().size(); at-- > 0;)
        if (at < best().size() && accept_if_better(without(at, 1))) again = true;
    }
  }

  /// What opens and what closes, or what goes out and what comes in, can only go together.
  void pairs() {
    if (best().size() > limits_.pairs_below) return;
    for (std::size_t first = 0; first < best().size(); ++first)
      for (std::size_t second = first + 1; second < best().size() && !spent(); ++second) {
        Program rest = without(second, 1);
        rest.operations.erase(rest.operations.begin() + static_cast<std::ptrdiff_t>(first));
        if (accept_if_better(std::move(rest))) {
          first = 0;
          second = 0;
        }
      }
  }

  /// Later mentions of a slot become another one.
  static void redirect(Operations& operations, std::size_t begin, shape::Domain domain, std::uint32_t from,
                       std::uint32_t to) {
    for (std::size_t i = begin; i < operations.size(); ++i)
      for (const shape::Field& field : shape::fields(operations[i].index()))
        if (field.domain == domain && field.load(operations[i]) == from) field.store(operations[i], to);
  }

  static bool lets_go(const Operation& operation, shape::Domain domain, std::uint32_t slot) {
    const bool ends = std::holds_alternative<op::InstallFd>(operation) ||
                      std::holds_alternative<op::Close>(operation) || std::holds_alternative<op::Put>(operation) ||
                      std::holds_alternative<op::Detach>(operation) ||
                      std::holds_alternative<op::Unmap>(operation) || std::holds_alternative<op::Munmap>(operation) ||
                      std::holds_alternative<op::MunmapPage>(operation) ||  // of a mapping's only page
                      std::holds_alternative<op::CloseSyncFile>(operation);
    const shape::Field& first = shape::fields(operation.index()).front();
    return ends && first.domain == domain && first.load(operation) == slot;
  }

  static void remove(Operations& operations, std::size_t at) {
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(at));
  }

  /// A second fd, reference, attachment, mapping where the first would do: drop the operation that
  /// made it and use the first instead, kept alive if need be.
  bool merge_into(std::size_t at, shape::Domain domain, std::uint32_t slot, std::uint32_t older) {
    Program direct = without(at, 1);
    redirect(direct.operations, at, domain, slot, older);
    if (accept_if_better(direct)) return true;
    for (std::size_t i = at; i-- > 0;)
      if (lets_go(direct.operations[i], domain, older)) {
        remove(direct.operations, i);
        return accept_if_better(std::move(direct));
      }
    return false;
  }

  bool merge(std::size_t at) {
    for (const shape::Field& field : shape::fields(best()[at].index())) {
      if (field.role != shape::Role::Fills || field.domain == shape::Domain::Buffer) continue;
      const std::uint32_t slot = field.load(best()[at]);
      for (std::uint32_t older = 0; older < shape::count(field.domain); ++older)
        if (older != slot && merge_into(at, field.domain, slot, older)) return true;
    }
    return false;
  }

  /// One process instead of two: what is sent and received is used directly, or dup'ed.
  bool stay_home(std::size_t at) {
    const auto* send = std::get_if<op::Send>(&best()[at]);
    if (send == nullptr) return false;
    std::size_t arrival = at + 1;
    const auto arrives = [&](const Operation& operation) {
      const auto* receive = std::get_if<op::Receive>(&operation);
      return receive != nullptr && receive->message == send->message;
    };
    while (arrival < best().size() && !arrives(best()[arrival])) ++arrival;
    if (arrival == best().size()) return false;
    const op::Send sent = *send;
    const op::Receive receive = std::get<op::Receive>(best()[arrival]);
    Program direct = without(arrival, 1);
    remove(direct.operations, at);
    redirect(direct.operations, arrival - 1, shape::Domain::Fd, receive.fd.value, sent.fd.value);
    if (accept_if_better(std::move(direct))) return true;
    Program local = without(at, 1);
    local.operations[arrival - 1] = op::Dup{sent.fd, receive.fd, receive.cloexec};
    return accept_if_better(std::move(local));
  }

  static std::uint32_t first_unused(const Operations& operations, shape::Domain domain) {
    std::uint32_t slot = 0;
    const auto mentions = [&](const Operation& operation) {
      const auto fields = shape::fields(operation.index());
      return std::any_of(fields.begin(), fields.end(), [&](const shape::Field& field) {
        return field.domain == domain && field.load(operation) == slot;
      });
    };
    while (slot < shape::count(domain) && std::any_of(operations.begin(), operations.end(), mentions)) ++slot;
    return slot;
  }

  /// What is let go only to be made again: keep it, and let its successor have a slot of its own.
  bool keep(std::size_t at) {
    const shape::Field& freed = shape::fields(best()[at].index()).front();
    const std::uint32_t slot = freed.load(best()[at]);
    if (!lets_go(best()[at], freed.domain, slot)) return false;
    const std::uint32_t fresh = first_unused(best(), freed.domain);
    if (fresh == shape::count(freed.domain)) return false;
    for (std::size_t again = at + 1; again < best().size(); ++again)
      for (const shape::Field& field : shape::fields(best()[again].index()))
        if (field.role == shape::Role::Fills && field.domain == freed.domain && field.load(best()[again]) == slot) {
          Program kept = without(at, 1);
          redirect(kept.operations, again - 1, freed.domain, slot, fresh);
          return accept_if_better(std::move(kept));
        }
    return false;
  }

  /// A mapping that is cut later: made as what was left of it.
  bool cut_at_once(std::size_t at) {
    const auto* found = std::get_if<op::MunmapPage>(&best()[at]);
    if (found == nullptr) return false;
    const op::MunmapPage cut = *found;
    for (std::size_t i = at; i-- > 0;) {
      const auto* made = std::get_if<op::Mmap>(&best()[i]);
      if (made == nullptr || made->vma != cut.vma) continue;
      const op::Mmap whole = *made;
      if (cut.page >= whole.length) return false;
      const auto head = cut.page, tail = static_cast<std::uint8_t>(whole.length - cut.page - 1);
      if (head > 0) {
        Program rest = without(at, 1);
        std::get<op::Mmap>(rest.operations[i]).length = head;
        if (accept_if_better(std::move(rest))) return true;
      }
      if (tail == 0) return false;
      Program rest = without(at, 1);
      auto& mmap = std::get<op::Mmap>(rest.operations[i]);
      mmap.offset = static_cast<std::uint8_t>(whole.offset + head + 1);
      mmap.length = tail;
      if (head > 0) redirect(rest.operations, at, shape::Domain::Vma, cut.into.value, cut.vma.value);
      return accept_if_better(std::move(rest));
    }
    return false;
  }

  /// Without user space: the exporter's own reference does all, and a sync is what it becomes in the
  /// kernel.
  void stay_in_kernel() {
    const auto* made = best().empty() ? nullptr : std::get_if<op::Export>(&best().front());
    if (made == nullptr) return;
    const ReferenceId own = made->reference;
    Program inside;
    for (Operation operation : best()) {
      if (const auto* sync = std::get_if<op::Sync>(&operation)) {
        if (sync->flags <= SyncFlags::StartBoth)
          operation = op::BeginCpuAccess{own, Direction::Bidirectional};
        else
          operation = op::EndCpuAccess{own, Direction::Bidirectional};
      }
      const bool about_fds =
          std::holds_alternative<op::InstallFd>(operation) || std::holds_alternative<op::Dup>(operation) ||
          std::holds_alternative<op::Close>(operation) || std::holds_alternative<op::Get>(operation);
      if (!about_fds) inside.operations.push_back(operation);
    }
    for (std::uint32_t slot = 0; slot < kMaxReferences; ++slot)
      redirect(inside.operations, 1, shape::Domain::Reference, slot, own.value);
    accept_if_better(std::move(inside));
  }

  void aliases() {
    for (std::size_t at = 1; at < best().size() && !spent();)
      if (!stay_home(at) && !merge(at) && !keep(at) && !cut_at_once(at)) ++at;
    stay_in_kernel();
  }

  void arguments() {
    for (std::size_t at = best().size(); at-- > 0 && !spent();) {
      if (at >= best().size()) continue;
      for (std::size_t f = 0; f < shape::fields(best()[at].index()).size() && at < best().size(); ++f) {
        const auto fields = shape::fields(best()[at].index());
        if (f >= fields.size() || fields[f].domain == shape::Domain::Tag) continue;
        simplify(at, fields[f]);
      }
    }
  }

  void simplify(std::size_t at, const shape::Field& field) {
    if (shape::is_slot(field.domain) && field.domain != shape::Domain::Device) return;
    const std::uint32_t now = field.load(best()[at]);
    std::vector<std::uint32_t> plainer;
    const std::uint32_t domain_size = shape::count(field.domain);
    if (domain_size <= 16)
      for (std::uint32_t value = 0; value < domain_size; ++value) plainer.push_back(value);
    else
      plainer = {0, 1, now > 0 ? now - 1 : 0};
    std::erase_if(plainer, [&](std::uint32_t value) {
      return !shape::legal(field.domain, value) || cost(field, value) >= cost(field, now);
    });
    std::sort(plainer.begin(), plainer.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(cost(field, a), a) < std::pair(cost(field, b), b);
    });
    for (std::uint32_t value : plainer) {
      Program changed = result_.program;
      field.store(changed.operations[at], value);
      if (accept_if_better(std::move(changed))) return;
    }
  }

  /// One page less everywhere: a buffer, its mappings and the pages used in them can only go together.
  void jointly() {
    using shape::Domain;
    struct Fewer {
      bool lengths, offsets, pages;
    };
    for (const Fewer fewer : {Fewer{true, false, true}, {true, false, false}, {false, true, false},
                              {false, false, true}, {false, true, true}}) {
      for (bool again = true; again && !spent();) {
        Program changed = result_.program;
        for (Operation& operation : changed.operations)
          for (const shape::Field& field : shape::fields(operation.index())) {
            const std::uint32_t value = field.load(operation);
            const bool length = field.domain == Domain::Extent && field.key == "length";
            const bool offset = field.domain == Domain::Extent && !length;
            const bool reduce = (field.domain == Domain::Pages && value > 1) ||
                                (length && fewer.lengths && value > 1) ||
                                (offset && fewer.offsets && value > 0) ||
                                (field.domain == Domain::Page && fewer.pages && value > 0);
            if (reduce) field.store(operation, value - 1);
          }
        again = accept_if_better(std::move(changed));
      }
    }
  }

  const ShrinkHooks& hooks_;
  const ShrinkLimits& limits_;
  Clock::time_point begun_, deadline_;
  ShrinkResult result_;
  std::unordered_set<std::string> tried_;
};

}  // namespace

Size size_of(const Program& program) {
  Size size{program.size(), 0, 0};
  for (const Operation& operation : program.operations)
    for (const shape::Field& field : shape::fields(operation.index())) {
      const std::uint32_t value = field.load(operation);
      size.arguments += cost(field, value);
      if (renamed(field.domain, value)) size.slots += value;
    }
  return size;
}

Program rename_by_first_use(const Program& program) {
  constexpr std::uint32_t kUnseen = ~std::uint32_t{0};
  constexpr Tag kFirstTag = 0x11;
  std::array<std::array<std::uint32_t, 16>, shape::kSlotDomains> slots{};
  for (auto& domain : slots) domain.fill(kUnseen);
  std::array<std::uint32_t, shape::kSlotDomains> used{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> tags;
  Program result = program;
  for (Operation& operation : result.operations)
    for (const shape::Field& field : shape::fields(operation.index())) {
      const std::uint32_t value = field.load(operation);
      if (!renamed(field.domain, value)) continue;
      if (field.domain == shape::Domain::Tag) {
        if (value == 0) continue;  // zero fills the page with zeroes: not a name
        auto known = std::find_if(tags.begin(), tags.end(), [&](const auto& t) { return t.first == value; });
        if (known == tags.end()) {
          tags.emplace_back(value, kFirstTag + static_cast<Tag>(tags.size()));
          known = tags.end() - 1;
        }
        field.store(operation, known->second);
        continue;
      }
      const auto domain = static_cast<std::size_t>(field.domain);
      std::uint32_t& name = slots[domain][value];
      if (name == kUnseen) name = used[domain]++;
      field.store(operation, name);
    }
  return result;
}

ShrinkResult shrink(const Program& program, const ShrinkHooks& hooks, const ShrinkLimits& limits) {
  return Shrinker(program, hooks, limits).run();
}

}  // namespace dmabuf::conformance
