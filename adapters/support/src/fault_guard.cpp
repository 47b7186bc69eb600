// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fault_guard.hpp"

#include <csetjmp>
#include <csignal>
#include <mutex>

#include "dmabuf/adapters/call.hpp"

namespace dmabuf::adapters {
namespace {

// Read by the signal handler of the thread that faults, in that thread.
thread_local sigjmp_buf* landing = nullptr;

struct sigaction before_segv;
struct sigaction before_bus;

void on_fault(int signal, siginfo_t*, void*) {
  if (landing != nullptr) siglongjmp(*landing, 1);
  // Not ours: back to whoever was there before; the access is made again and faults again.
  ::sigaction(signal, signal == SIGSEGV ? &before_segv : &before_bus, nullptr);
}

void install() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  // SA_NODEFER: the jump out of the handler must leave the signal mask as it was, and then nobody
  // has to save and restore it (a system call for each access).
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(SIGSEGV, &action, &before_segv) != 0 ||
      ::sigaction(SIGBUS, &action, &before_bus) != 0)
    harness_failure("cannot handle faults", errno);
}

}  // namespace

bool survives(void (*function)(void*), void* context) {
  static std::once_flag installed;
  std::call_once(installed, install);
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    landing = nullptr;
    return false;
  }
  landing = &here;
  function(context);
  landing = nullptr;
  return true;
}

}  // namespace dmabuf::adapters
