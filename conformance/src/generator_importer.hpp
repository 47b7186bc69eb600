// SPDX-License-Identifier: MIT
/// Operands for what an importer in the kernel does beside attaching and mapping.
#pragma once

#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::conformance {

/// Kinds of operations draw_importer() knows.
bool is_importer_kind(std::size_t kind);

/// Those of them that make sense in the world at all.
Alphabet importer_kinds(const model::World& world, const model::Bounds& bounds);

/// One of importer_kinds(). What is written is `tag`.
model::Operation draw_importer(std::size_t kind, const model::World& world, const model::Bounds& bounds, Dice& dice,
                               model::Tag tag);

}  // namespace dmabuf::conformance
