/* SPDX-License-Identifier: MIT
 * Importers that are told of moves, pins, and exporters that move when they are asked to: DBUF-DYN.
 * Profile: MOVES (the exporter has pin and unpin), MAPS_AT_ATTACH (ATT-010, ATT-012: up to 6.12), MOVE_NOTIFY (DYN-007:
 * the kernel is built with it).
 */
#ifndef MOVES
#define MOVES 0
#endif
#ifndef MAPS_AT_ATTACH
#define MAPS_AT_ATTACH 0
#endif
#ifndef MOVE_NOTIFY
#define MOVE_NOTIFY 0
#endif
#define MOST_PINS 2      /* more are counted nowhere: no program */
byte dyn[ATTACHMENTS];   /* its importer is told of moves */
byte pins[ATTACHMENTS];  /* of the importer's own */
byte stale[MAPPINGS];    /* the storage has moved from under it (DYN-010) */
#define SET_DYNAMIC(a, dynamic) dyn[a] = dynamic
#define PINNED(a) (pins[a] > 0)
#define IS_STALE(m) (stale[m] == 1)
#define FORGET_STALE(m) stale[m] = 0

/* DYN-011: what is pinned stays, by whomsoever it was pinned. An exporter without pin goes by what is mapped. */
#if PLANT == 16
#define HOLDS_BY_PIN(a) false
#else
#define HOLDS_BY_PIN(a) PINNED(a)
#endif
#if MOVES
#define HOLDS(a, b) \
  || (att[a] == b + 1 && (HOLDS_BY_PIN(a) || cached[a] > 0 || (maps[a] > 0 && !(dyn[a] && MOVE_NOTIFY))))
#else
#define HOLDS(a, b) || (att[a] == b + 1 && (cached[a] > 0 || maps[a] > 0))
#endif
#define HELD(b) (VMAPPED(b) ALL_A(HOLDS, b))

/* DYN-009: every dynamic importer is told, and what it has mapped shows what was. */
#if MOVES
#define TELL_OF(m, b) stale[m] = (stale[m] || (map[m] > 0 && att[map[m] - 1] == b + 1 && dyn[map[m] - 1]));
#define TELL(b) ALL_M(TELL_OF, b)
#else
#define TELL(b)
#endif

#define KEPT_AT_ATTACH(dynamic) (MAPS_AT_ATTACH && dynamic != MOVES)
#define KEEP_AT_ATTACH(dynamic, a, b) \
  if \
  :: KEPT_AT_ATTACH(dynamic) -> MOVE(a, b); ALLOCATE(b); used[b] = 1; cached[a] = BIDIRECTIONAL + 1 \
  :: else \
  fi
#define ATTACH_DYNAMIC(b, r, d, a) ATTACH_AS("attach_dynamic", 1, b, r, d, a)
#define ATTACH_DYNAMIC_NONE(r, d, a) GUARD("attach_dynamic r" #r " d" #d " a" #a, ref[r] == 0 && att[a] == 0)

/* DYN-003: without pin nobody is called. DYN-001: a pin for a static importer is a bug of its caller's. */
#define CAN_PIN(b, a) (att[a] == b + 1 && dyn[a] && pins[a] < MOST_PINS)
#if MOVES
#define PIN(b, a) \
  OP("pin a" #a, CAN_PIN(b, a) && REACH(a, b), MOVE(a, b); ALLOCATE(b); pins[a]++) \
  REFUSE("pin a" #a, EBUSY, CAN_PIN(b, a) && !REACH(a, b))
#else
#define PIN(b, a) OP("pin a" #a, CAN_PIN(b, a), pins[a]++)
#endif
#ifdef UNGUARDED
#define GUARD_HARM(label, guard)
#else
#define GUARD_HARM(label, guard) REFUSE(label, EPERM, guard)
#endif
#define PIN_A(a, ...) \
  EACH_B(PIN, a) \
  GUARD_HARM("pin a" #a, att[a] > 0 && !dyn[a]) GUARD("pin a" #a, att[a] == 0) \
  STEP("unpin a" #a, PINNED(a), pins[a]--) GUARD("unpin a" #a, !PINNED(a))

/* MIG-007. Storage that there is not has nowhere to go. */
#if MOVES
#define MIGRATE(b, r) \
  OP("migrate r" #r, ref[r] == b + 1 && (place[b] == NOWHERE || !HELD(b)), TELL(b) skip) \
  REFUSE("migrate r" #r, EBUSY, ref[r] == b + 1 && place[b] != NOWHERE && HELD(b))
#else
#define MIGRATE(b, r)
#endif
#define MIGRATE_R(r, ...) EACH_B(MIGRATE, r)

#define IS_TOLD(m, a) assert(stale[m] == 0 || map[m] != a + 1 || dyn[a]);
#define CHECK_DYNAMIC(a) assert(att[a] > 0 || (!PINNED(a) && !dyn[a])); ALL_M_OF(IS_TOLD, a)
#define QN1(X, ...) X(0, __VA_ARGS__)
#define QN2(X, ...) QN1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define QN3(X, ...) QN2(X, __VA_ARGS__) X(2, __VA_ARGS__)
#define ALL_M_OF JOIN(QN, MAPPINGS)
