// SPDX-License-Identifier: MIT
/// What a row does to the world beside moving its own machine. world.cpp carries them out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dmabuf::model {

enum class Effect : std::uint8_t {
  TakeReference,           ///< f_count + 1 (the buffer's machine is asked)
  DropReference,           ///< f_count - 1; at 0 the file is released
  TakeOwnReferences,       ///< the exporter's own, as many as its profile says
  DropOwnReferences,
  CallAttach, CallDetach,  ///< exporter callbacks
  CallMap,                 ///< also asks the storage, which may refuse
  CallUnmap,
  BeginAccess, EndAccess,  ///< asks the cpu_access machine
  CallBegin, CallEnd,
  CallRelease,
  Migrate,                 ///< storage moves, contents are carried over
  Rename,
  CallVmap, CallVunmap,
  CallPin,                 ///< also asks the storage, which may move, or refuse
  CallUnpin,
};
inline constexpr std::size_t kEffects = 19;
inline constexpr std::array<std::string_view, kEffects> kEffectNames = {
    "take reference", "drop reference", "take exporter's references", "drop exporter's references",
    "call attach", "call detach", "call map", "call unmap", "begin access", "end access",
    "call begin_cpu_access", "call end_cpu_access", "call release", "migrate", "rename",
    "call vmap", "call vunmap", "call pin", "call unpin"};
constexpr std::string_view name_of(Effect effect) { return kEffectNames[static_cast<std::size_t>(effect)]; }

}  // namespace dmabuf::model
