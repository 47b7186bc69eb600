// SPDX-License-Identifier: MIT
#include "dmabuf/model/tour.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "dmabuf/model/pack.hpp"

namespace dmabuf::model {
namespace {

using Node = std::uint32_t;
constexpr Node kNowhere = std::numeric_limits<Node>::max();

struct Arc {
  std::uint16_t operation = 0;
  Node to = 0;
  bool covered = false;
};

/// Worlds and steps; or, for pairs, steps and the steps that can follow them.
struct Graph {
  std::vector<std::vector<Arc>> arcs;
  std::vector<bool> empty;  ///< nothing is left there
};

Graph worlds(const Configuration& c, const std::vector<Operation>& operations) {
  Graph graph;
  std::vector<World> found;
  std::unordered_map<std::string, Node> numbers;
  const auto number = [&](const World& world) {
    const auto [at, is_new] = numbers.emplace(without_counters(world), static_cast<Node>(found.size()));
    if (is_new) {
      found.push_back(world);
      graph.empty.push_back(world.empty());
    }
    return at->second;
  };
  number(World{});
  Alternatives ways;
  for (Node n = 0; n < found.size(); ++n) {
    if (found.size() > c.max_states) throw std::invalid_argument("the world is too large for a tour");
    graph.arcs.emplace_back();
    const World here = found[n];
    for (std::size_t o = 0; o < operations.size(); ++o) {
      alternatives(here, c.profile, operations[o], ways);
      const Allowance allowance = ways.front().allowance;
      if (allowance != Allowance::Permitted && allowance != Allowance::Refused) continue;
      if (ways.size() > 1) throw std::invalid_argument("the profile leaves a choice open: nobody can plan a walk");
      World next = ways.front().next;
      settle(next, c.profile);
      graph.arcs[n].push_back({static_cast<std::uint16_t>(o), number(without_data(next)), false});
    }
  }
  return graph;
}

/// A node for each arc, and one for the start.
Graph pairs_of(const Graph& steps) {
  Graph graph;
  std::vector<Node> first(steps.arcs.size());
  Node count = 1;
  for (std::size_t n = 0; n < steps.arcs.size(); ++n) {
    first[n] = count;
    count += static_cast<Node>(steps.arcs[n].size());
  }
  graph.arcs.resize(count);
  graph.empty.resize(count);
  graph.empty[0] = true;
  const auto follow = [&](Node from, Node world) {
    for (std::size_t i = 0; i < steps.arcs[world].size(); ++i)
      graph.arcs[from].push_back({steps.arcs[world][i].operation, first[world] + static_cast<Node>(i), false});
  };
  follow(0, 0);
  for (std::size_t n = 0; n < steps.arcs.size(); ++n)
    for (std::size_t i = 0; i < steps.arcs[n].size(); ++i) {
      const Node node = first[n] + static_cast<Node>(i);
      graph.empty[node] = steps.empty[steps.arcs[n][i].to];
      follow(node, steps.arcs[n][i].to);
    }
  return graph;
}

class Planner {
 public:
  Planner(Graph graph, const std::vector<Operation>& operations, std::size_t longest)
      : g_(std::move(graph)), operations_(operations), longest_(longest), seen_(g_.arcs.size()), from_(g_.arcs.size()) {
    left_.resize(g_.arcs.size());
    for (std::size_t n = 0; n < g_.arcs.size(); ++n) left_[n] = g_.arcs[n].size();
    measure_home();
  }

  void plan(Tour& tour) {
    for (const auto& arcs : g_.arcs) tour.transitions += arcs.size();
    while (covered_ < tour.transitions) {
      const std::uint64_t before = covered_;
      std::vector<Operation> piece = one();
      if (covered_ == before) break;  // what is left lies too far away for a piece
      tour.operations += piece.size();
      tour.pieces.push_back(std::move(piece));
    }
    tour.covered = covered_;
  }

 private:
  /// How far each node is from one where nothing is left.
  void measure_home() {
    std::vector<std::vector<Node>> back(g_.arcs.size());
    for (Node n = 0; n < g_.arcs.size(); ++n)
      for (const Arc& arc : g_.arcs[n]) back[arc.to].push_back(n);
    home_.assign(g_.arcs.size(), kNowhere);
    std::vector<Node> queue;
    for (Node n = 0; n < g_.arcs.size(); ++n)
      if (g_.empty[n]) home_[n] = 0, queue.push_back(n);
    for (std::size_t at = 0; at < queue.size(); ++at)
      for (const Node n : back[queue[at]])
        if (home_[n] == kNowhere) home_[n] = home_[queue[at]] + 1, queue.push_back(n);
  }

  void take(Node& here, std::size_t arc, std::vector<Operation>& piece) {
    Arc& a = g_.arcs[here][arc];
    if (!a.covered) {
      a.covered = true;
      --left_[here];
      ++covered_;
    }
    piece.push_back(operations_[a.operation]);
    here = a.to;
  }

  /// The arcs to the nearest node with something to cover, and that; empty if there is none near enough.
  std::vector<std::pair<Node, std::size_t>> nearest(Node here, std::size_t room) {
    ++stamp_;
    std::vector<Node> queue = {here};
    seen_[here] = stamp_;
    std::vector<std::size_t> depth = {0};
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const Node n = queue[at];
      if (depth[at] + 1 > room) break;
      if (left_[n] > 0) {
        // Of the steps to cover, those that stay first, then those nearest to home, so that the rest is near too.
        std::size_t best = g_.arcs[n].size();
        for (std::size_t i = 0; i < g_.arcs[n].size(); ++i) {
          const Arc& arc = g_.arcs[n][i];
          if (arc.covered || home_[arc.to] == kNowhere || depth[at] + 1 + home_[arc.to] > room) continue;
          if (best == g_.arcs[n].size() || rank(n, arc) < rank(n, g_.arcs[n][best])) best = i;
        }
        if (best < g_.arcs[n].size()) {
          std::vector<std::pair<Node, std::size_t>> way = {{n, best}};
          for (Node m = n; m != here; m = from_[m].first) way.insert(way.begin(), from_[m]);
          return way;
        }
      }
      for (std::size_t i = 0; i < g_.arcs[n].size(); ++i) {
        const Node to = g_.arcs[n][i].to;
        if (seen_[to] == stamp_) continue;
        seen_[to] = stamp_;
        from_[to] = {n, i};
        queue.push_back(to);
        depth.push_back(depth[at] + 1);
      }
    }
    return {};
  }
  unsigned rank(Node n, const Arc& arc) const {
    if (arc.to == n) return 0;
    return left_[arc.to] > 0 ? 1 : 2;
  }

  std::vector<Operation> one() {
    std::vector<Operation> piece;
    Node here = 0;
    while (piece.size() < longest_) {
      const auto way = nearest(here, longest_ - piece.size());
      if (way.empty()) break;
      for (const auto& [node, arc] : way) take(here, arc, piece);
    }
    while (!g_.empty[here]) {
      std::size_t best = 0;
      bool covers = false;
      for (std::size_t i = 0; i < g_.arcs[here].size(); ++i)
        if (home_[g_.arcs[here][i].to] + 1 == home_[here] && (!covers || !g_.arcs[here][i].covered)) {
          best = i;
          covers = true;
        }
      take(here, best, piece);
    }
    return piece;
  }

  Graph g_;
  const std::vector<Operation>& operations_;
  std::size_t longest_;
  std::vector<std::size_t> left_;  ///< arcs to cover, by node
  std::vector<Node> home_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t stamp_ = 0;
  std::vector<std::pair<Node, std::size_t>> from_;
  std::uint64_t covered_ = 0;
};

}  // namespace

Tour plan_tour(const Configuration& configuration, const TourOptions& options) {
  const std::vector<Operation> operations =
      configuration.operations.empty() ? all_operations(configuration.bounds) : configuration.operations;
  Graph graph = worlds(configuration, operations);
  Tour tour;
  tour.states = graph.arcs.size();
  if (options.pairs) graph = pairs_of(graph);
  Planner(std::move(graph), operations, options.longest).plan(tour);
  return tour;
}

std::vector<Configuration> tour_configurations(const Profile& profile) {
  const auto birth = profile.exporter.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>();
  const auto handle = profile.exporter.own_references > 0 ? kinds<op::CloseHandle>() : std::bitset<kOperationKinds>{};
  std::vector<Configuration> all;
  const auto add = [&](std::string name, Bounds bounds, const std::bitset<kOperationKinds>& more) {
    Configuration c;
    c.name = std::move(name);
    c.bounds = bounds;
    c.bounds.kinds = birth | handle | more;
    c.profile = profile;
    c.operations = all_operations(c.bounds);
    c.max_states = 200'000;
    all.push_back(std::move(c));
  };
  const auto bounds = [](std::uint8_t fds, std::uint8_t references, std::uint8_t attachments, std::uint8_t mappings,
                         std::uint8_t vmas, std::uint8_t messages) {
    Bounds b;
    b.buffers = 1;
    b.fds = fds;
    b.references = references;
    b.attachments = attachments;
    b.mappings = mappings;
    b.vmas = vmas;
    b.messages = messages;
    b.devices = attachments > 0 ? kDevices : std::uint8_t{1};
    b.pages = 2;
    return b;
  };
  add("sharing", bounds(2, 1, 0, 0, 0, 1),
      kinds<op::Dup, op::Close, op::Send, op::Receive, op::Discard, op::Get, op::Put>());
  const auto held = kinds<op::Close, op::Get, op::Put>();
  const auto attached = held | kinds<op::Attach, op::Detach>();
  add("importing", bounds(1, 1, 2, 1, 0, 0), attached | kinds<op::Map, op::Unmap>());
  add("mapping", bounds(1, 1, 1, 2, 0, 0), attached | kinds<op::Map, op::Unmap, op::DeviceRead, op::DeviceWrite>());
  const auto mapped = kinds<op::Mmap, op::Munmap, op::Store, op::Load>();
  add("cpu", bounds(1, 1, 1, 0, 1, 0), attached | mapped | kinds<op::Sync, op::BeginCpuAccess, op::EndCpuAccess>());
  add("calls", bounds(1, 1, 1, 0, 0, 0), attached | kinds<op::Seek, op::SetName>());
  // What can be grown and cut and grown again has too many shapes to walk through.
  const bool grows = profile.exporter.growth == Growth::Faulting && profile.kernel.faulting_mappings_grow;
  add("reshaping", bounds(1, 1, 0, 0, 2, 0),
      mapped | kinds<op::Close, op::Mprotect, op::MunmapPage, op::Move>() |
          (grows ? std::bitset<kOperationKinds>{} : kinds<op::Mremap>()));
  Bounds forked = bounds(2, 1, 0, 0, 1, 0);
  forked.children = 1;
  add("children", forked, mapped | kinds<op::Close, op::Dup, op::Fork, op::ChildLoad, op::Exec, op::Exit>());
  Bounds vmapped = bounds(1, 1, 0, 0, 0, 0);
  vmapped.vmaps = 2;
  add("vmaps", vmapped, held | kinds<op::Vmap, op::Vunmap, op::VmapRead, op::VmapWrite>());
  Bounds fenced = bounds(1, 1, 0, 0, 0, 0);
  fenced.fences = 1;
  add("fences", fenced, kinds<op::Close, op::AddFence, op::SignalFence, op::Poll, op::Sync>());
  fenced.sync_files = 1;
  // Importing and merging leave something open (FEN-012, SYF-003): nobody can plan a walk through those.
  add("sync-files", fenced,
      kinds<op::Close, op::AddFence, op::SignalFence, op::ExportSyncFile, op::FileInfo, op::PollSyncFile, op::CloseSyncFile>());
  if (profile.exporter.own_references > 0)
    add("handles", bounds(2, 0, 0, 0, 0, 0), kinds<op::Close, op::CreateDumb, op::HandleToFd, op::FdToHandle>());
  return all;
}

}  // namespace dmabuf::model
