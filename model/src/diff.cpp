// SPDX-License-Identifier: MIT
#include "dmabuf/model/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_set>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/pack.hpp"
#include "dmabuf/model/world.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {
namespace {

std::string text(bool value) { return value ? "yes" : "no"; }
std::string text(Interface interface) {
  switch (interface) {
    case Interface::Unread: return "unread";
    case Interface::Udmabuf: return "udmabuf";
    case Interface::Heap: return "heap";
    case Interface::Prime: return "prime";
  }
  return "?";
}
std::string text(Growth growth) {
  switch (growth) {
    case Growth::Refused: return "refused";
    case Growth::Faulting: return "faulting";
    case Growth::Unread: return "unread";
  }
  return "?";
}
std::string text(std::string value) { return value; }
std::string text(std::uint8_t value) { return std::to_string(value); }
std::string text(Answer answer) { return answer == Answer::Yes ? "yes" : answer == Answer::No ? "no" : "maybe"; }
std::string text(Constraints constraints) {
  switch (constraints) {
    case Constraints::Ignored: return "ignored";
    case Constraints::RefusedAtAttach: return "refused at attach";
    case Constraints::RefusedAtMap: return "refused at map";
    case Constraints::Migrates: return "migrates";
  }
  return "?";
}

template <class T>
void compare(std::vector<FieldDifference>& out, std::string_view field, const T& a, const T& b) {
  if (a != b) out.push_back({field, text(a), text(b)});
}

/// Bytes that are equal if and only if the values are.
class Bytes {
 public:
  template <class T>
  void add(T value) {
    const auto wide = static_cast<std::uint64_t>(value);
    text_.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
  template <class T>
  void add_small(T value) { text_.push_back(static_cast<char>(value)); }
  std::string take() { return std::move(text_); }
  const std::string& view() const { return text_; }

 private:
  std::string text_;
};

std::string seen(const Observation& observation) {
  Bytes bytes;
  for (const BufferSeen& b : observation.buffers) {
    bytes.add(b.seen);
    for (std::size_t i = 0; i < kAspects; ++i)
      if (b.has(static_cast<Aspect>(i))) bytes.add(b.values[i]);
    for (const char c : b.name.view()) bytes.add_small(c);
  }
  for (const FdSeen& fd : observation.fds) {
    bytes.add_small(fd.open);
    bytes.add_small(fd.open && fd.close_on_exec);
    bytes.add_small(fd.open ? fd.process.value_or(0xff) : 0xff);
  }
  return bytes.take();
}

/// The first thing that is seen differently.
std::string first_difference(const Observation& a, const Observation& b) {
  for (std::size_t i = 0; i < kMaxBuffers; ++i) {
    for (std::size_t k = 0; k < kAspects; ++k) {
      const auto aspect = static_cast<Aspect>(k);
      if (a.buffers[i].has(aspect) != b.buffers[i].has(aspect) ||
          (aspect != Aspect::Name && a.buffers[i].has(aspect) && a.buffers[i][aspect] != b.buffers[i][aspect]) ||
          (aspect == Aspect::Name && a.buffers[i].name != b.buffers[i].name))
        return fmt::format("{} of b{}", aspect_name(aspect), i);
    }
  }
  for (std::size_t i = 0; i < kMaxFds; ++i)
    if (a.fds[i].open != b.fds[i].open || a.fds[i].close_on_exec != b.fds[i].close_on_exec) return fmt::format("f{}", i);
  return "outcome";
}

using Worlds = std::vector<World>;

/// One thing that can come of an operation, as a caller sees it.
struct Came {
  std::string outcome;  ///< "ok", "ok, returning 0", "EBUSY"
  Observation observation;
  Worlds worlds;
};

/// Everything that can come of the operations in any of the worlds, by how it looks; empty if they may not be asked.
std::map<std::string, Came> what_comes(const Worlds& worlds, const Profile& profile, const std::vector<Operation>& steps) {
  std::map<std::string, Came> all;
  Alternatives ways;
  struct Path {
    World world;
    std::string outcome;
  };
  for (const World& start : worlds) {
    std::vector<Path> paths = {{start, ""}};
    for (const Operation& operation : steps) {
      std::vector<Path> next;
      for (const Path& path : paths) {
        alternatives(path.world, profile, operation, ways);
        for (const Alternative& way : ways) {
          const std::string before = path.outcome.empty() || path.outcome == "ok" ? "" : path.outcome + ", ";
          if (way.allowance == Allowance::Permitted)
            next.push_back({way.next, before + (way.value == kUnknownTag ? std::string("ok")
                                                                          : fmt::format("ok, returning {}", way.value))});
          else if (way.allowance == Allowance::Refused)
            for (std::uint8_t i = 0; i < way.errnos.size; ++i)
              next.push_back({way.next, before + std::string(errno_name(Errno{way.errnos.values[i]}))});
          else return {};
        }
      }
      paths = std::move(next);
    }
    for (Path& path : paths) {
      settle(path.world, profile);
      Observation observation = expected_observation(path.world, profile);
      Came& came = all[path.outcome + '\0' + seen(observation)];
      came.outcome = path.outcome;
      came.observation = observation;
      came.worlds.push_back(std::move(path.world));
    }
  }
  return all;
}

void keep_distinct(Worlds& worlds) {
  std::map<std::string, World> distinct;
  for (World& world : worlds) distinct.emplace(without_counters(world), std::move(world));
  worlds.clear();
  for (auto& [key, world] : distinct) worlds.push_back(std::move(world));
}

std::string key(const Worlds& a, const Worlds& b) {
  std::string all;
  for (const World& world : a) all += without_counters(world);
  all += '|';
  for (const World& world : b) all += without_counters(world);
  return all;
}

struct Twin {
  std::vector<Operation> a, b;
};

/// The alphabet: the same for both, but for making a buffer where only one of them exports in the kernel.
std::vector<Twin> alphabet(const Profile& a, const Profile& b, const Bounds& bounds) {
  std::vector<Twin> all;
  const bool same = a.exporter.in_kernel == b.exporter.in_kernel;
  const auto born = [&](const Profile& profile, std::uint8_t pages, Access access) -> std::vector<Operation> {
    const BufferId b0{0};
    const FdId f0{0};
    const ReferenceId r0{0};
    if (profile.exporter.in_kernel) return {op::Export{b0, r0, pages, access}, op::InstallFd{r0, f0, CloseOnExec::No}};
    return {op::Create{b0, f0, pages, access, CloseOnExec::No}};
  };
  for (const std::uint8_t pages : {std::uint8_t{2}, std::uint8_t{1}})
    for (const Access access : {Access::ReadWrite, Access::ReadOnly, Access::WriteOnly}) {
      if (!same) {
        all.push_back({born(a, pages, access), born(b, pages, access)});
        continue;
      }
      const Operation birth = a.exporter.in_kernel
                                  ? Operation{op::Export{BufferId{0}, ReferenceId{0}, pages, access}}
                                  : Operation{op::Create{BufferId{0}, FdId{0}, pages, access, CloseOnExec::No}};
      all.push_back({{birth}, {birth}});
    }
  for (const Operation& operation : all_operations(bounds)) {
    if (std::holds_alternative<op::Export>(operation) || std::holds_alternative<op::Create>(operation)) continue;
    // Of fds that are none or no dma-buf no profile says anything.
    if (std::visit([](const auto& o) {
          if constexpr (requires { o.fd; }) return o.fd.value >= kMaxFds;
          else if constexpr (requires { o.from; }) return o.from.value >= kMaxFds;
          else return false;
        }, operation))
      continue;
    all.push_back({{operation}, {operation}});
  }
  return all;
}

/// What there is a call for in one alone.
std::string calls_beyond(const KernelProfile& one, const KernelProfile& other) {
  std::string names;
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
    if (one.has(kind) && !other.has(kind)) names += fmt::format("{}{}", names.empty() ? "also " : " ", kOperationNames[kind]);
  return names.empty() ? "no other" : names;
}

bool has_calls(const Profile& profile, const std::vector<Operation>& operations) {
  return std::ranges::all_of(operations, [&](const Operation& o) { return profile.kernel.has(o.index()); });
}

/// Is it there for more than to be refused?
bool succeeds(const std::map<std::string, Came>& all) {
  return std::ranges::any_of(all, [](const auto& one) { return one.second.outcome.starts_with("ok"); });
}

std::vector<std::string> in_words(const std::map<std::string, Came>& all) {
  std::vector<std::string> words;
  for (const auto& [key, came] : all)
    if (std::ranges::find(words, came.outcome) == words.end()) words.push_back(came.outcome);
  if (words.empty()) words.push_back("nothing is promised");
  std::ranges::sort(words);
  return words;
}

}  // namespace

std::vector<FieldDifference> differences(const KernelProfile& a, const KernelProfile& b) {
  std::vector<FieldDifference> out;
  compare(out, "rename_while_attached", a.rename_while_attached, b.rename_while_attached);
  compare(out, "caches_mappings", a.caches_mappings, b.caches_mappings);
  compare(out, "has_sync_file", a.has_sync_file, b.has_sync_file);
  compare(out, "maps_at_attach", a.maps_at_attach, b.maps_at_attach);
  compare(out, "move_notify", a.move_notify, b.move_notify);
  compare(out, "poll_holds_file", a.poll_holds_file, b.poll_holds_file);
  compare(out, "faulting_mappings_grow", a.faulting_mappings_grow, b.faulting_mappings_grow);
  compare(out, "empty_list_items", a.empty_list_items, b.empty_list_items);
  compare(out, "future_write_refused", a.future_write_refused, b.future_write_refused);
  compare(out, "memfd_may_go_while_mapped", a.memfd_may_go_while_mapped, b.memfd_may_go_while_mapped);
  compare(out, "export_reserves_fd_first", a.export_reserves_fd_first, b.export_reserves_fd_first);
  compare(out, "fd_flags", a.fd_flags, b.fd_flags);
  compare(out, "calls", calls_beyond(a, b), calls_beyond(b, a));
  return out;
}

std::vector<FieldDifference> differences(const ExporterProfile& a, const ExporterProfile& b) {
  std::vector<FieldDifference> out;
  compare(out, "in_kernel", a.in_kernel, b.in_kernel);
  compare(out, "own_references", a.own_references, b.own_references);
  compare(out, "caches_mapping", a.caches_mapping, b.caches_mapping);
  compare(out, "allocates_at_export", a.allocates_at_export, b.allocates_at_export);
  compare(out, "refuses_attach_after_map", a.refuses_attach_after_map, b.refuses_attach_after_map);
  compare(out, "constraints", a.constraints, b.constraints);
  compare(out, "single_page_suits", a.single_page_suits, b.single_page_suits);
  compare(out, "concurrent_maps", a.concurrent_maps, b.concurrent_maps);
  compare(out, "has_mmap", a.has_mmap, b.has_mmap);
  compare(out, "private_mmap", a.private_mmap, b.private_mmap);
  compare(out, "end_needs_begin", a.end_needs_begin, b.end_needs_begin);
  compare(out, "chooses_access", a.chooses_access, b.chooses_access);
  compare(out, "write_only", a.write_only, b.write_only);
  compare(out, "zeroed", a.zeroed, b.zeroed);
  compare(out, "device_data", a.device_data, b.device_data);
  compare(out, "refuses_attach", a.refuses_attach, b.refuses_attach);
  compare(out, "fails", a.fails, b.fails);
  compare(out, "vmap_fails", a.vmap_fails, b.vmap_fails);
  compare(out, "dynamic", a.dynamic, b.dynamic);
  compare(out, "has_vmap", a.has_vmap, b.has_vmap);
  compare(out, "private_single_page", a.private_single_page, b.private_single_page);
  compare(out, "interface", a.interface, b.interface);
  compare(out, "growth", a.growth, b.growth);
  return out;
}

Bounds diff_bounds() {
  Bounds bounds;
  bounds.buffers = bounds.fds = bounds.vmas = 1;
  bounds.references = 1;
  bounds.attachments = bounds.mappings = bounds.devices = 2;
  bounds.messages = 0;
  bounds.pages = 2;
  bounds.fences = 1;
  bounds.vmaps = 1;
  bounds.kinds.reset(kind_of<op::Fail>());  // who can be told to fail is not what tells systems apart
  for (const std::size_t kind : {kind_of<op::FillFds>(), kind_of<op::FreeFds>()}) bounds.kinds.reset(kind);
  bounds.memfds = 1;
  bounds.sync_files = bounds.children = 0;  // no profile differs in what these do once there are any
  for (const std::size_t kind : {kind_of<op::CreateDumb>(), kind_of<op::HandleToFd>(), kind_of<op::FdToHandle>()})
    bounds.kinds.reset(kind);  // nor in what handles do, once both have any
  return bounds;
}

ProfileDiff distinguish(const Profile& a, const Profile& b, const Bounds& bounds, std::uint64_t limit, unsigned most_steps) {
  const std::vector<Twin> steps = alphabet(a, b, bounds);
  struct Node {
    Worlds a, b;
    std::size_t parent, step;
    unsigned depth;
  };
  std::deque<Node> nodes;
  nodes.push_back({{World{}}, {World{}}, 0, 0, 0});
  std::unordered_set<std::string> known = {key(nodes[0].a, nodes[0].b)};
  ProfileDiff result;
  const auto program = [&](std::size_t node, std::size_t last) {
    std::vector<std::size_t> way = {last};
    for (; node != 0; node = nodes[node].parent) way.push_back(nodes[node].step);
    std::ranges::reverse(way);
    Distinction found;
    for (const std::size_t step : way) {
      found.a.insert(found.a.end(), steps[step].a.begin(), steps[step].a.end());
      found.b.insert(found.b.end(), steps[step].b.begin(), steps[step].b.end());
    }
    return found;
  };
  std::optional<Distinction> unpromised;  // told only if nothing can be seen
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (at >= limit || nodes[at].depth >= most_steps) {
      result.distinction = std::move(unpromised);
      return result;
    }
    result.searched = at + 1;
    result.depth = nodes[at].depth;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const auto of_a = what_comes(nodes[at].a, a, steps[s].a);
      const auto of_b = what_comes(nodes[at].b, b, steps[s].b);
      const bool lacks_a = !has_calls(a, steps[s].a), lacks_b = !has_calls(b, steps[s].b);
      if (lacks_a != lacks_b && succeeds(lacks_a ? of_b : of_a)) {
        result.distinction = program(at, s);
        result.distinction->where = "a call";
        result.distinction->allowed_a = lacks_a ? std::vector<std::string>{"there is no such call"} : in_words(of_a);
        result.distinction->allowed_b = lacks_b ? std::vector<std::string>{"there is no such call"} : in_words(of_b);
        return result;
      }
      if (of_a.empty() || of_b.empty()) {
        if (of_a.empty() != of_b.empty() && !unpromised) {
          unpromised = program(at, s);
          unpromised->allowed_a = in_words(of_a);
          unpromised->allowed_b = in_words(of_b);
        }
        continue;
      }
      const bool differ = !std::ranges::equal(of_a, of_b, {}, [](const auto& e) { return e.first; },
                                              [](const auto& e) { return e.first; });
      if (differ) {
        Distinction found = program(at, s);
        found.allowed_a = in_words(of_a);
        found.allowed_b = in_words(of_b);
        if (found.allowed_a != found.allowed_b) {
          found.where = "outcome";
        } else {
          const Observation& one = of_a.begin()->second.observation;
          const Observation& other = of_b.begin()->second.observation;
          found.where = first_difference(one, other);
          const auto value = [&](const Came& came) {
            for (std::size_t i = 0; i < kMaxBuffers; ++i)
              for (std::size_t k = 0; k < kAspects; ++k)
                if (found.where == fmt::format("{} of b{}", aspect_name(static_cast<Aspect>(k)), i))
                  return fmt::format("{}; {} {}", came.outcome, found.where, came.observation.buffers[i].values[k]);
            return came.outcome;
          };
          const auto values = [&](const auto& all) {
            std::vector<std::string> list;
            for (const auto& [k, came] : all)
              if (const std::string text = value(came); std::ranges::find(list, text) == list.end()) list.push_back(text);
            return list;
          };
          found.allowed_a = values(of_a);
          found.allowed_b = values(of_b);
        }
        result.distinction = std::move(found);
        return result;
      }
      for (const auto& [look, came] : of_a) {
        Node next{came.worlds, of_b.at(look).worlds, at, s, nodes[at].depth + 1};
        keep_distinct(next.a);
        keep_distinct(next.b);
        if (known.insert(key(next.a, next.b)).second) nodes.push_back(std::move(next));
      }
    }
  }
  result.complete = true;
  result.distinction = std::move(unpromised);
  return result;
}

}  // namespace dmabuf::model
