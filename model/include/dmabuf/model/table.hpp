// SPDX-License-Identifier: MIT
/// The flat transition tables, extracted from the MSM machines by running them: every machine is put
/// in every state, every event is fired under every combination of its facts, and what happened is
/// written down. Oracle, generator, explorer, coverage, diagrams and documentation read these.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/outcome.hpp"

namespace dmabuf::model {

using StateId = std::uint8_t;  ///< index into MachineInfo::states; 0 is the initial state
using RowId = std::uint16_t;   ///< index into rows(); unique over all machines
__extension__ typedef unsigned __int128 FactSet;  ///< a bit for each Fact; as typedef, because -Wpedantic knows no other

/// In an ErrnoSet: every errno there is.
inline constexpr int kAnyErrno = 0;

/// At most four errnos one refusal may give.
struct ErrnoSet {
  std::array<int, 4> values{};
  std::uint8_t size = 0;
  constexpr bool contains(Errno e) const {
    for (std::uint8_t i = 0; i < size; ++i)
      if (values[i] == e.value || values[i] == kAnyErrno) return true;
    return false;
  }
  /// "EBUSY|EIO", or "any errno".
  std::string text(std::string_view separator) const;
};

enum class RowKind : std::uint8_t { Permitted, Refused, Forbidden, Unspecified, Malformed };

/// A fact and whether it must hold.
struct Guard {
  std::string_view fact;
  bool holds = true;
};

/// One line of a machine's table, as text and data.
struct RowInfo {
  RowId id = 0;
  std::string_view machine, source, event, target;  ///< target "" for a refusal: the state stays
  std::string_view requirement;                     ///< "ATT-005"
  std::vector<Guard> guards;
  std::vector<std::string_view> effects;
  RowKind kind = RowKind::Permitted;
  ErrnoSet errnos;
  FactSet must = 0, must_not = 0;  ///< the guards as sets of facts
};

struct MachineInfo {
  std::string_view name;
  std::string_view state_of;  ///< the machine whose state it moves: itself, or another one with the same states
  std::vector<std::string_view> states;
  std::vector<std::string_view> events;
  std::vector<std::string_view> facts;
  std::vector<RowId> rows;
};

std::span<const MachineInfo> machines();
std::span<const RowInfo> rows();
/// Hash of all tables as text: printed in every verdict, so that a verdict names its model.
std::string_view model_hash();

inline constexpr std::size_t kMaxRows = 1024;
/// Which rows have fired.
struct Coverage {
  std::bitset<kMaxRows> rows;
  void hit(RowId id) { rows.set(id); }
};

/// What a run did: the rows it took, and those that its targets could have taken.
struct Travelled {
  std::bitset<kMaxRows> taken, possible;
};

/// Graphviz text of one machine. With a run: what it took is bold, what it could have taken dashed, the rest grey.
std::string dot(const MachineInfo& machine, const Travelled* run = nullptr);
/// One row as text: "attachment   Mapped   detach   refused EBUSY if importer guards misuse [ATT-018]".
std::string describe(const RowInfo& row);
/// One row as an edge: "attachment: Mapped --detach refused EBUSY--> Mapped [DBUF-ATT-018]".
std::string edge(const RowInfo& row);
/// All tables as text, one row a line; stable, held by a golden file.
std::string tables_text();

}  // namespace dmabuf::model
