// SPDX-License-Identifier: MIT
/// Memory accesses that may fault without ending the process.
#pragma once

#include <type_traits>

namespace dmabuf::adapters {

/// Runs `function(context)`; false if it was cut short by SIGSEGV or SIGBUS. It is left by a jump:
/// whatever it holds must need no destructor. Faults outside a guard go to whoever handled them
/// before. One guard at a time in a thread.
bool survives(void (*function)(void*), void* context);

template <class F>
bool survives(F&& function) {
  using Body = std::remove_reference_t<F>;
  return survives([](void* context) { (*static_cast<Body*>(context))(); },
                  const_cast<void*>(static_cast<const void*>(&function)));
}

}  // namespace dmabuf::adapters
