// SPDX-License-Identifier: MIT
// Pid 1 of the kernel tests: says what it finds, then does what the kernel's command line asks for.
#include <fcntl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include "dmabuf/boot/init.hpp"

namespace {

namespace guest = dmabuf::guest;
namespace verb = dmabuf::protocol::verb;

/// The value of `demo=` on the kernel's command line.
std::string task() {
  std::ifstream line("/proc/cmdline");
  for (std::string word; line >> word;)
    if (word.starts_with("demo=")) return word.substr(5);
  return "report";
}

void describe(guest::Link& link) {
  utsname system{};
  ::uname(&system);
  link.send(verb::capability, std::string("release=") + system.release);
  link.send(verb::capability,
            std::string("bufinfo=") +
                (::access("/sys/kernel/debug/dma_buf/bufinfo", R_OK) == 0 ? "yes" : "no"));
  for (const char* module : {"vgem", "dmabuf_harness"})
    link.send(verb::capability, std::string("present.") + module + "=" +
                                    (guest::module_present(module) ? "yes" : "no"));
}

void panic_on_purpose() {
  const int trigger = ::open("/proc/sysrq-trigger", O_WRONLY);
  if (trigger >= 0 && ::write(trigger, "c", 1) != 1) std::perror("sysrq-trigger");
}

/// Sends back what the host sends, until it says stop.
void echo(guest::Link& link) {
  for (;;) {
    const auto record = link.receive(std::chrono::seconds(30));
    if (!record || record->args == "stop") return;
    link.send(verb::result, record->args);
  }
}

/// What a program of the guest prints, and its exit status, 128 + signal if it was killed.
void run_program(guest::Link& link, const char* path) {
  int ends[2];
  if (::pipe(ends) != 0) return;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execl(path, path, static_cast<char*>(nullptr));
    std::perror(path);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string said;
  char piece[4096];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;)
    said.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  link.send_payload("program", said);
  link.send(verb::result, "status=" + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status)
                                                                       : 128 + WTERMSIG(status)));
}

}  // namespace

int main() {
  const auto failures = guest::mount_filesystems();
  guest::Link link;
  if (!link) guest::end(0x11);
  for (const std::string& each : failures) link.send(verb::warning, "mount " + each);
  link.send(verb::hello, "run=00000000 tool=demo shard=1/1 cases=0 seed=0x0 sut=none");
  guest::load_modules(link);
  describe(link);

  const std::string wanted = task();
  if (wanted == "panic") panic_on_purpose();
  if (wanted == "silent") ::sleep(3600);
  if (wanted == "exit-11") guest::end(link, 0x11);
  if (wanted == "no-end-record") guest::end(link);
  if (wanted == "echo") echo(link);
  if (wanted == "program") run_program(link, "/program");
  if (wanted == "payload") link.send_payload("demo.payload", std::string(5000, 'x') + "end");
  link.send(verb::end, "pass=0 fail=0 skip=0 error=0");
  guest::reap_children();
  guest::end(link);
}
