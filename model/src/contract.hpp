// SPDX-License-Identifier: MIT
/// The words in which the machines are written: Rule, Refused, Forbidden, Unspecified, Taken.
///
/// A machine is a Boost.MSM front end whose `transition_table` holds what is permitted and what is
/// refused, and whose `outside` list speaks of every cell that is left. Both are checked: an id that
/// the catalogue lacks does not compile, a (state, event) cell nobody speaks of does not compile, and
/// table extraction (extract.hpp) finds cells in which two lines would apply, or none.
#pragma once

#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/mp11/mpl.hpp>
#include <boost/mpl/list.hpp>
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/requirement.hpp"
#include "dmabuf/model/table.hpp"
#include "effect.hpp"
#include "fact.hpp"

namespace dmabuf::model::contract {

namespace mp11 = boost::mp11;
namespace front = boost::msm::front;

template <class... Rows>
using Table = mp11::mp_list<Rows...>;
template <class... S>
using States = mp11::mp_list<S...>;
template <class... E>
using Events = mp11::mp_list<E...>;
template <Fact... F>
struct Facts {
  static constexpr std::array<Fact, sizeof...(F)> all{F...};
};

/// What firing a row does to the world, in order.
template <Effect... E>
struct Do {
  static constexpr std::array<Effect, sizeof...(E)> all{E...};
};

template <int... E>
struct Errnos {
  static_assert(sizeof...(E) >= 1 && sizeof...(E) <= 4);
  static constexpr ErrnoSet set() {
    ErrnoSet result;
    ((result.values[result.size++] = E), ...);
    return result;
  }
};

/// Whatever the exporter says: nobody has read which.
struct AnyErrno {
  static constexpr ErrnoSet set() { return {{kAnyErrno}, 1}; }
};

// --- guards: conjunctions of facts ---------------------------------------------------------------

/// Facts that must hold and facts that must not, as bits over Fact.
struct Condition {
  FactSet must = 0, must_not = 0;
  constexpr bool holds(FactSet facts) const {
    return (facts & must) == must && (facts & must_not) == 0;
  }
};

template <Fact F>
struct If {
  static constexpr Condition condition{bit(F), 0};
  template <class Event, class Machine, class Source, class Target>
  bool operator()(const Event&, const Machine& machine, const Source&, const Target&) const {
    return condition.holds(machine.facts);
  }
};
template <Fact F>
struct IfNot {
  static constexpr Condition condition{0, bit(F)};
  template <class Event, class Machine, class Source, class Target>
  bool operator()(const Event&, const Machine& machine, const Source&, const Target&) const {
    return condition.holds(machine.facts);
  }
};
template <class... Guards>
struct All {
  static constexpr Condition condition{(0U | ... | Guards::condition.must),
                                       (0U | ... | Guards::condition.must_not)};
  template <class Event, class Machine, class Source, class Target>
  bool operator()(const Event&, const Machine& machine, const Source&, const Target&) const {
    return condition.holds(machine.facts);
  }
};
using Always = All<>;

// --- rows ----------------------------------------------------------------------------------------

/// Tells the extraction which row fired; the only thing an MSM action of ours does.
template <class Row>
struct Fire {
  template <class Event, class Machine, class Source, class Target>
  void operator()(const Event&, Machine& machine, Source&, Target&) const {
    machine.fired = static_cast<int>(mp11::mp_find<typename Machine::transition_table, Row>::value);
  }
};

/// Permitted: in State, on Event, under Guard, the machine goes to Next and the effects happen.
template <FixedString Id, class State, class Event, class Next, class Effects = Do<>, class Guard = Always>
  requires Catalogued<Id>
struct Rule : front::Row<State, Event, Next, Fire<Rule<Id, State, Event, Next, Effects, Guard>>, Guard> {
  static constexpr RowKind kind = RowKind::Permitted;
  static constexpr std::string_view id = Id.view();
  static constexpr Condition condition = Guard::condition;
  static constexpr ErrnoSet errnos{};
  using effects = Effects;
  using state = State;
  using event = Event;
  using next = Next;
};

/// Refused with one of the errnos; the state stays.
template <FixedString Id, class State, class Event, class Error, class Guard = Always>
  requires Catalogued<Id>
struct Refused
    : front::Row<State, Event, front::none, Fire<Refused<Id, State, Event, Error, Guard>>, Guard> {
  static constexpr RowKind kind = RowKind::Refused;
  static constexpr std::string_view id = Id.view();
  static constexpr Condition condition = Guard::condition;
  static constexpr ErrnoSet errnos = Error::set();
  using effects = Do<>;
  using state = State;
  using event = Event;
  using next = State;
};

/// A cell outside the table. These are not MSM rows: the machine has no transition there.
template <RowKind Kind, FixedString Id, class State, class Event, class Guard>
  requires Catalogued<Id>
struct Outside {
  static constexpr RowKind kind = Kind;
  static constexpr std::string_view id = Id.view();
  static constexpr Condition condition = Guard::condition;
  static constexpr ErrnoSet errnos{};
  using effects = Do<>;
  using state = State;
  using event = Event;
  using next = State;
};
/// The caller must not; nothing is promised, so no program of ours does it.
template <FixedString Id, class State, class Event, class Guard = Always>
using Forbidden = Outside<RowKind::Forbidden, Id, State, Event, Guard>;
/// The sources are silent here, or leave the answer to whoever wrote the file's driver.
template <FixedString Id, class State, class Event, class Guard = Always>
using Unspecified = Outside<RowKind::Unspecified, Id, State, Event, Guard>;
/// Not a question of the contract: a program names a slot that is taken, or one that is empty.
template <class State, class Event, class Guard = Always>
using Malformed = Outside<RowKind::Malformed, "VFS-003", State, Event, Guard>;

/// Base of every machine. One that moves another's state, for events of its own, has the same states and names it: `state_of`.
template <class Self>
struct Machine : front::state_machine_def<Self> {
  // Without these two an exception inside an event leaves the machine silently dead.
  using no_exception_thrown = int;
  using no_message_queue = int;

  template <class Fsm, class Event>
  void no_transition(const Event&, Fsm&, int) {}

  FactSet facts = 0;
  int fired = -1;
};

#define DMABUF_STATE(Name) \
  struct Name : front::state<> {}

// --- completeness --------------------------------------------------------------------------------

template <class Line, class State, class Event>
inline constexpr bool speaks_of =
    std::is_same_v<typename Line::state, State> && std::is_same_v<typename Line::event, Event>;

template <class Lines, class State, class Event>
inline constexpr bool spoken_of = false;
template <class... Line, class State, class Event>
inline constexpr bool spoken_of<mp11::mp_list<Line...>, State, Event> =
    (false || ... || speaks_of<Line, State, Event>);

template <class Lines, class State, class EventList>
inline constexpr bool row_complete = false;
template <class Lines, class State, class... Event>
inline constexpr bool row_complete<Lines, State, mp11::mp_list<Event...>> =
    (true && ... && spoken_of<Lines, State, Event>);

/// True if every cell of states × events is spoken of, in the table or outside it.
template <class StateList, class EventList, class TransitionTable, class OutsideTable>
inline constexpr bool complete = false;
template <class... State, class EventList, class TransitionTable, class OutsideTable>
inline constexpr bool complete<mp11::mp_list<State...>, EventList, TransitionTable, OutsideTable> =
    (true && ... &&
     row_complete<mp11::mp_append<TransitionTable, OutsideTable>, State, EventList>);

}  // namespace dmabuf::model::contract
