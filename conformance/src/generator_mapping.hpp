// SPDX-License-Identifier: MIT
/// Operands for what becomes of CPU mappings after mmap, and for children.
#pragma once

#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::conformance {

/// Kinds of operations draw_mapping() knows.
bool is_mapping_kind(std::size_t kind);

/// Those of them that make sense in the world at all.
Alphabet mapping_kinds(const model::World& world, const model::Bounds& bounds);

/// One of mapping_kinds().
model::Operation draw_mapping(std::size_t kind, const model::World& world, const model::Bounds& bounds, Dice& dice);

/// Kinds that are never refused: a careless call of one is wasted.
Alphabet never_refused();

/// Pages of a mapping that a trace can name. One that has grown may be longer.
std::uint8_t nameable_pages(const model::VmaState& vma);

}  // namespace dmabuf::conformance
