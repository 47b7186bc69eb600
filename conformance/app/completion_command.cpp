// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "exit_code.hpp"
#include "manual.hpp"

namespace dmabuf::app {

void add_completion_command(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "completions for a shell, on stdout");
  command->footer(
      "Examples:\n"
      "  source <(dmabuf-conform completion bash)\n"
      "  dmabuf-conform completion zsh > ~/.zfunc/_dmabuf-conform\n"
      "  dmabuf-conform completion fish > ~/.config/fish/completions/dmabuf-conform.fish");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &status] {
    fmt::print("{}", *shell == "bash" ? bash_completion(app) : *shell == "zsh" ? zsh_completion(app) : fish_completion(app));
    status = kConforms;
  });
}

void add_man_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("man", "the man page, on stdout");
  command->footer("Examples:\n  dmabuf-conform man | man -l -\n  dmabuf-conform man > /usr/local/share/man/man1/dmabuf-conform.1");
  command->callback([&app, &status] {
    fmt::print("{}", man_page(app));
    status = kConforms;
  });
}

}  // namespace dmabuf::app
