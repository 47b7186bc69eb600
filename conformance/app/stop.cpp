// SPDX-License-Identifier: MIT
#include "stop.hpp"

#include <csignal>
#include <unistd.h>

#include "exit_code.hpp"

namespace dmabuf::app {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

void on_signal(int) {
  if (requested.exchange(true)) ::_exit(kStopped);
}

}  // namespace

const std::atomic<bool>& stop_requested() { return requested; }

void handle_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace dmabuf::app
