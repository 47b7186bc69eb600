// SPDX-License-Identifier: MIT
/// Completions and man page, drawn from the same definitions that parse the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace dmabuf::app {

/// Words that the option is checked against; none if it takes any.
std::vector<std::string> values_of(const CLI::Option& option);

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);
/// Section 1, in roff.
std::string man_page(const CLI::App& app);

}  // namespace dmabuf::app
