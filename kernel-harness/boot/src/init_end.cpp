// SPDX-License-Identifier: MIT
#include <sys/io.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dmabuf/boot/init.hpp"

namespace dmabuf::guest {

int reap_children() {
  int reaped = 0;
  while (::waitpid(-1, nullptr, WNOHANG) > 0) ++reaped;
  return reaped;
}

void end(std::uint8_t code) {
  constexpr unsigned short port = 0xf4;  // isa-debug-exit
  if (::ioperm(port, 1, 1) == 0) {
    outb(code, port);
    ::usleep(1000 * 1000);
  }
  ::reboot(RB_POWER_OFF);
  for (;;) ::pause();
}

void end(Link& link, std::uint8_t code) {
  link.drain();
  end(code);
}

}  // namespace dmabuf::guest
