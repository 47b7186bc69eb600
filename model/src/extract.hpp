// SPDX-License-Identifier: MIT
/// Extracts the flat table of one MSM machine by running it.
///
/// Every state is set, every event fired under every combination of the machine's facts, and the row
/// that fired is compared with the one line whose condition holds. MSM would resolve two applicable
/// rows silently in favour of the last; here that is an error, and so is a cell without any line.
#pragma once

#include <boost/msm/back/state_machine.hpp>

#include <stdexcept>
#include <string>

#include "contract.hpp"
#include "machine_id.hpp"

namespace dmabuf::model::contract {

/// The last component of a type's name: "Detached".
template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  const auto start = text.find("T = ") + 4;
  text = text.substr(start, text.find_first_of(";]", start) - start);
  const auto colon = text.rfind("::");
  return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

/// Sets the active state of a machine; the one thing MSM offers no call for (it has serialize()).
struct Poke {
  int state;
  template <class T>
  Poke& operator&(T&) {
    return *this;
  }
  template <int N>
  Poke& operator&(int (&states)[N]) {
    static_assert(N == 1);
    states[0] = state;
    return *this;
  }
};
struct Peek {
  int state = -1;
  template <class T>
  Peek& operator&(T&) {
    return *this;
  }
  template <int N>
  Peek& operator&(int (&states)[N]) {
    state = states[0];
    return *this;
  }
};

template <class Definition>
class Extraction {
  using Back = boost::msm::back::state_machine<Definition>;
  using StateList = typename Definition::states;
  using EventList = typename Definition::events;
  using Inside = typename Definition::transition_table;
  using Lines = mp11::mp_append<Inside, typename Definition::outside>;
  static constexpr std::size_t kStates = mp11::mp_size<StateList>::value;
  static constexpr std::size_t kEventCount = mp11::mp_size<EventList>::value;
  static constexpr auto& kFactList = Definition::facts_used::all;

 public:
  static void into(Tables& tables, MachineId id) {
    MachineInfo info;
    info.name = Definition::name;
    info.state_of = Definition::name;
    if constexpr (requires { Definition::state_of; }) info.state_of = Definition::state_of;
    FlatMachine& flat = tables.flat[static_cast<std::size_t>(id)];
    flat.events = kEventCount;
    flat.fact_count = static_cast<std::uint8_t>(kFactList.size());
    static_assert(kFactList.size() <= std::tuple_size_v<decltype(flat.facts)>);
    flat.event_index.fill(0xff);
    FactSet used = 0;
    for (std::size_t i = 0; i < kFactList.size(); ++i) {
      flat.facts[i] = kFactList[i];
      used |= bit(kFactList[i]);
      info.facts.push_back(name_of(kFactList[i]));
    }
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, StateList>>(
        [&]<class S>(mp11::mp_identity<S>) { info.states.push_back(type_name<S>()); });
    std::uint8_t next_event = 0;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, EventList>>(
        [&]<class E>(mp11::mp_identity<E>) {
          flat.event_index[static_cast<std::size_t>(event_id<E>())] = next_event++;
          info.events.push_back(event_name(event_id<E>()));
        });

    const RowId first = static_cast<RowId>(tables.rows.size());
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Lines>>(
        [&]<class Line>(mp11::mp_identity<Line>) { add_row<Line>(tables, info, used); });

    flat.cells.resize((kStates * kEventCount) << kFactList.size());
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, StateList>>(
        [&]<class S>(mp11::mp_identity<S>) {
          mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, EventList>>(
              [&]<class E>(mp11::mp_identity<E>) { fill<S, E>(flat, first); });
        });
    tables.machines.push_back(std::move(info));
  }

 private:
  template <class Line>
  static void add_row(Tables& tables, MachineInfo& info, FactSet used) {
    static_assert(mp11::mp_contains<StateList, typename Line::state>::value);
    static_assert(mp11::mp_contains<StateList, typename Line::next>::value);
    static_assert(mp11::mp_contains<EventList, typename Line::event>::value);
    if (((Line::condition.must | Line::condition.must_not) & ~used) != 0)
      throw std::logic_error(std::string(Definition::name) + " uses a fact it does not list");
    RowInfo row;
    row.id = static_cast<RowId>(tables.rows.size());
    row.machine = Definition::name;
    row.source = type_name<typename Line::state>();
    row.event = event_name(event_id<typename Line::event>());
    row.target = Line::kind == RowKind::Permitted ? type_name<typename Line::next>() : std::string_view{};
    row.requirement = Line::id;
    row.kind = Line::kind;
    row.errnos = Line::errnos;
    row.must = Line::condition.must;
    row.must_not = Line::condition.must_not;
    for (std::size_t f = 0; f < kFacts; ++f) {
      if ((Line::condition.must >> f) & 1U) row.guards.push_back({name_of(static_cast<Fact>(f)), true});
      if ((Line::condition.must_not >> f) & 1U) row.guards.push_back({name_of(static_cast<Fact>(f)), false});
    }
    EffectList effects;
    static_assert(Line::effects::all.size() <= std::tuple_size_v<decltype(effects.list)>);
    for (Effect e : Line::effects::all) {
      effects.list[effects.size++] = e;
      row.effects.push_back(name_of(e));
    }
    info.rows.push_back(row.id);
    tables.rows.push_back(std::move(row));
    tables.effects.push_back(effects);
  }

  static FactSet unpack(unsigned packed) {
    FactSet facts = 0;
    for (std::size_t i = 0; i < kFactList.size(); ++i)
      if ((packed >> i) & 1U) facts |= bit(kFactList[i]);
    return facts;
  }

  template <class S>
  static constexpr int msm_state = boost::msm::back::get_state_id<typename Back::stt, S>::type::value;

  template <class S, class E>
  static void fill(FlatMachine& flat, RowId first) {
    const std::size_t state = mp11::mp_find<StateList, S>::value;
    const std::size_t event = mp11::mp_find<EventList, E>::value;
    for (unsigned packed = 0; packed < (1U << kFactList.size()); ++packed) {
      const FactSet facts = unpack(packed);
      Cell& cell = flat.cells[((state * kEventCount + event) << kFactList.size()) | packed];
      const int applies = applicable<S, E>(facts);
      const Cell ran = fire<S, E>(facts, first);
      if (ran.kind == RowKind::Malformed) {  // MSM took no transition: a cell outside the table
        if (applies < static_cast<int>(mp11::mp_size<Inside>::value))
          throw std::logic_error(where<S, E>() + "MSM did not fire the row that applies");
        cell = line_cell(applies, static_cast<StateId>(state), first);
      } else {
        if (ran.row != first + applies)
          throw std::logic_error(where<S, E>() + "MSM fired another row than the one that applies");
        cell = ran;
      }
    }
  }

  /// The one line that speaks of the cell under these facts.
  template <class S, class E>
  static int applicable(FactSet facts) {
    int found = -1;
    int index = 0;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Lines>>(
        [&]<class Line>(mp11::mp_identity<Line>) {
          if constexpr (speaks_of<Line, S, E>) {
            if (Line::condition.holds(facts)) {
              if (found >= 0) throw std::logic_error(where<S, E>() + "two lines apply at once");
              found = index;
            }
          }
          ++index;
        });
    if (found < 0) throw std::logic_error(where<S, E>() + "no line applies under some facts");
    return found;
  }

  template <class S, class E>
  static Cell fire(FactSet facts, RowId first) {
    Back machine;
    Poke poke{msm_state<S>};
    machine.serialize(poke, 0U);
    machine.facts = facts;
    const auto result = machine.process_event(E{});
    if (result != boost::msm::back::HANDLED_TRUE || machine.fired < 0) return {};
    Peek peek;
    machine.serialize(peek, 0U);
    Cell cell;
    cell.row = static_cast<RowId>(first + machine.fired);
    StateId index = 0;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, StateList>>(
        [&]<class T>(mp11::mp_identity<T>) {
          if (msm_state<T> == peek.state) cell.next = index;
          ++index;
        });
    cell.kind = RowKind::Permitted;
    int line = 0;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Inside>>(
        [&]<class Line>(mp11::mp_identity<Line>) {
          if (line++ == machine.fired) cell.kind = Line::kind;
        });
    return cell;
  }

  static Cell line_cell(int index, StateId state, RowId first) {
    Cell cell{static_cast<RowId>(first + index), state, RowKind::Malformed};
    int line = 0;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Lines>>(
        [&]<class Line>(mp11::mp_identity<Line>) {
          if (line++ == index) cell.kind = Line::kind;
        });
    return cell;
  }

  template <class S, class E>
  static std::string where() {
    return std::string(Definition::name) + ": " + std::string(type_name<S>()) + " on " +
           std::string(event_name(event_id<E>())) + ": ";
  }
};

}  // namespace dmabuf::model::contract
