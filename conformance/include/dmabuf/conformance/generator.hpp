// SPDX-License-Identifier: MIT
/// Random programs that the contract speaks of from the first line to the last: each operation is, in
/// the model's nominal world, either permitted or refused with errnos the contract names.
///
/// Nothing is thrown away: the kind is drawn among those that can happen now, then its operands among
/// the slots in a fitting state. (Drawing anything and discarding what does not fit costs eighteen
/// times as much.) Slots are symbolic, so a program keeps its meaning when a line is deleted.
#pragma once

#include <array>
#include <cstdint>

#include <rapidcheck.h>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/conformance/program.hpp"
#include "dmabuf/model/bounds.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::conformance {

/// How often each kind is drawn when it can happen, against the others that can.
using Weights = std::array<std::uint16_t, model::kOperationKinds>;
Weights default_weights();

struct GeneratorOptions {
  Alphabet alphabet = Alphabet{}.set();  ///< what the adapter can carry out
  Weights weights = default_weights();
  std::uint16_t min_length = 30;  ///< at nominal size; smaller sizes shorten both
  std::uint16_t max_length = 60;
  bool read_at_end = true;  ///< beyond that length: every page once through every view still there
  std::uint8_t refusals = 12;  ///< per cent of calls that are made to be refused
  std::uint8_t fences = 25;    ///< per cent of cases with fences, polls and sync_files, if the alphabet has them
  std::uint8_t swarm = 25;     ///< per cent of cases that use a random subset of the kinds
  std::uint8_t sweeps = 30;    ///< per cent of stores and device writes that become a sweep over all pages
};

/// The program of a seed. A pure function of its arguments: same arguments, same program, anywhere.
/// `size` counts as in RapidCheck: 100 is nominal, less gives shorter programs.
Program generate(std::uint64_t seed, int size, const model::Profile& profile, const model::Bounds& bounds,
                 const GeneratorOptions& options);
/// The same into `program`, whose memory is used again.
void generate(std::uint64_t seed, int size, const model::Profile& profile, const model::Bounds& bounds,
              const GeneratorOptions& options, Program& program);

/// The same for RapidCheck: draws a seed, and shrinks by leaving out operations, skipping what has
/// become meaningless.
rc::Gen<Program> programs(const model::Profile& profile, const model::Bounds& bounds,
                          const GeneratorOptions& options = {});

/// Leaves out every operation that no world the model thinks possible here gives a meaning to: what a
/// shrinker does after deleting lines. Keeps the operations' order and never repairs one.
Program drop_meaningless(const Program& program, const model::Profile& profile);

}  // namespace dmabuf::conformance
