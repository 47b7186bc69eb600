// SPDX-License-Identifier: MIT
/// What the explorer says by hand of fences: by how much f_count must change, and what must hold.
#pragma once

#include <array>

#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Does the operation stand outside buffers, or touch several at once? Then this speaks of all of them.
bool beyond_one_buffer(const Operation& operation);

/// By how much each buffer's f_count must change; 0 for operations that the model permits without.
std::array<int, kMaxBuffers> said_of_fences(const World& world, const Profile& profile, const Operation& operation);

/// Entries and armed slots stand for fences that are pending, sync_files for fences that are known, and
/// orders are those of so many fences.
bool fences_known(const World& world);

/// A fence that was pending is pending or over, one that is over stays so until its slot is used again,
/// and nothing but a signal ends one (DBUF-FEN-008, DBUF-INV-010).
bool fences_monotone(const World& before, const World& after, const Operation& operation);

/// poll, EXPORT_SYNC_FILE and START agree of each buffer about who may read and write, and who may
/// write may read (DBUF-INV-009). Asks through an fd, if there is one.
bool witnesses_agree(const World& world, const Profile& profile, bool polls, bool exports, bool syncs);

}  // namespace dmabuf::model
