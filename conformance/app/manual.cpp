// SPDX-License-Identifier: MIT
#include "manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "version.hpp"

namespace dmabuf::app {
namespace {

struct Word {
  std::string name = {};                 ///< "--format"
  std::vector<std::string> others = {};  ///< "-o"
  std::string help = {};
  bool takes_value = false;
  std::vector<std::string> values = {};  ///< that it is checked against; none: any, such as a file
};

/// One subcommand, with what may stand behind it.
struct Command {
  std::string path;  ///< "vm run"; "" for the program
  std::string help, footer;
  std::vector<Word> options, positionals;
  std::vector<Word> subcommands;
};

Word word_of(const CLI::Option& option) {
  Word word{.help = option.get_description(), .values = values_of(option)};
  word.takes_value = option.get_items_expected_max() > 0 && option.get_type_size() > 0;
  for (const std::string& name : option.get_lnames()) (word.name.empty() ? word.name : word.others.emplace_back()) = "--" + name;
  for (const std::string& name : option.get_snames()) (word.name.empty() ? word.name : word.others.emplace_back()) = "-" + name;
  if (word.name.empty()) word.name = option.get_single_name();
  return word;
}

void walk(const CLI::App& app, const std::string& path, std::vector<Command>& out) {
  Command command{.path = path, .help = app.get_description(), .footer = app.get_footer(), .options = {}, .positionals = {}, .subcommands = {}};
  for (const CLI::Option* option : app.get_options({}))
    (option->get_positional() ? command.positionals : command.options).push_back(word_of(*option));
  const auto subcommands = app.get_subcommands({});
  for (const CLI::App* sub : subcommands)
    command.subcommands.push_back({.name = sub->get_name(), .others = {}, .help = sub->get_description(), .values = {}});
  out.push_back(std::move(command));
  for (const CLI::App* sub : subcommands) walk(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> all;
  walk(app, "", all);
  return all;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

/// What may be typed next, names only.
std::vector<std::string> names_of(const Command& command) {
  std::vector<std::string> names;
  for (const Word& word : command.subcommands) names.push_back(word.name);
  for (const Word& word : command.options) {
    names.push_back(word.name);
    names.insert(names.end(), word.others.begin(), word.others.end());
  }
  for (const Word& word : command.positionals) names.insert(names.end(), word.values.begin(), word.values.end());
  return names;
}

std::string shell_quoted(std::string_view text) {  // for a shell
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

/// Patterns of a case for every path but the program's own: "run|vm|'vm run'".
std::string path_patterns(const std::vector<Command>& commands) {
  std::vector<std::string> patterns;
  for (const Command& command : commands)
    if (!command.path.empty()) patterns.push_back(shell_quoted(command.path));
  return joined(patterns, "|");
}

/// In bash and zsh: sets the variable `at` to the subcommand that is being typed.
std::string finding_out_where(const std::vector<Command>& commands, std::string_view loop) {
  return fmt::format("  at=\n  {}\n    case ${{at:+$at }}$word in\n      {}) at=${{at:+$at }}$word ;;\n    esac\n  done\n", loop,
                     path_patterns(commands));
}

std::string roff(std::string_view text);

/// ": text, json", unless the help says so itself.
std::string choices(const Word& word) {
  if (word.values.empty() || word.help.find(word.values.front()) != std::string::npos) return "";
  return roff(": " + joined(word.values, ", "));
}

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (text.substr(i).starts_with("…")) { out += "..."; i += std::string_view("…").size() - 1; }
    else out += c;
  }
  return out;
}

}  // namespace

/// CLI11 keeps the values of IsMember in the option's type only: "TEXT:{text,json}".
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{'), close = type.rfind('}');
  std::vector<std::string> values;
  if (open == std::string::npos || close == std::string::npos || close < open) return values;
  std::string value;
  for (const char c : type.substr(open + 1, close - open - 1)) {
    if (c != ',') {
      value += c;
      continue;
    }
    values.push_back(value);
    value.clear();
  }
  values.push_back(value);
  return values;
}

std::string bash_completion(const CLI::App& app) {
  const auto commands = commands_of(app);
  std::string out = "# bash completion for dmabuf-conform; written by 'dmabuf-conform completion bash'\n"
                    "_dmabuf_conform() {\n  local at word words= previous=${COMP_WORDS[COMP_CWORD-1]} current=${COMP_WORDS[COMP_CWORD]}\n"
                    "  COMPREPLY=()\n";
  out += finding_out_where(commands, "for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do");
  out += "  case $at:$previous in\n";
  for (const Command& command : commands)
    for (const Word& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> names = {shell_quoted(command.path + ":" + option.name)};
      for (const std::string& other : option.others) names.push_back(shell_quoted(command.path + ":" + other));
      out += fmt::format("    {})\n      ", joined(names, "|"));
      out += option.values.empty() ? "COMPREPLY=($(compgen -f -- \"$current\"))"
                                   : fmt::format("COMPREPLY=($(compgen -W {} -- \"$current\"))", shell_quoted(joined(option.values, " ")));
      out += "\n      return ;;\n";
    }
  out += "  esac\n  case $at in\n";
  for (const Command& command : commands)
    out += fmt::format("    {}) words={} ;;\n", shell_quoted(command.path), shell_quoted(joined(names_of(command), " ")));
  out += "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n}\n"
         "complete -o filenames -F _dmabuf_conform dmabuf-conform\n";
  return out;
}

std::string zsh_completion(const CLI::App& app) {
  const auto commands = commands_of(app);
  std::string out = "#compdef dmabuf-conform\n# zsh completion; written by 'dmabuf-conform completion zsh'\n"
                    "_dmabuf_conform() {\n  local at word previous=${words[CURRENT-1]}\n  local -a choices\n";
  out += finding_out_where(commands, "for word in \"${(@)words[2,CURRENT-1]}\"; do");
  out += "  case $at:$previous in\n";
  for (const Command& command : commands)
    for (const Word& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> names = {shell_quoted(command.path + ":" + option.name)};
      for (const std::string& other : option.others) names.push_back(shell_quoted(command.path + ":" + other));
      out += fmt::format("    {})\n      {}\n      return ;;\n", joined(names, "|"),
                         option.values.empty() ? "_files" : "compadd -- " + joined(option.values, " "));
    }
  out += "  esac\n  case $at in\n";
  for (const Command& command : commands) {
    out += fmt::format("    {})\n      choices=(\n", shell_quoted(command.path));
    const auto add = [&](const std::string& name, const std::string& help) {
      std::string text = name;  // ':' parts a word from its explanation
      text += ":" + help;
      out += "        " + shell_quoted(text) + "\n";
    };
    for (const Word& word : command.subcommands) add(word.name, word.help);
    for (const Word& word : command.options) {
      add(word.name, word.help);
      for (const std::string& other : word.others) add(other, word.help);
    }
    for (const Word& word : command.positionals)
      for (const std::string& value : word.values) add(value, word.help);
    out += "      ) ;;\n";
  }
  out += "  esac\n  _describe dmabuf-conform choices\n  _files\n}\n_dmabuf_conform \"$@\"\n";
  return out;
}

std::string fish_completion(const CLI::App& app) {
  const auto commands = commands_of(app);
  std::string out = "# fish completion for dmabuf-conform; written by 'dmabuf-conform completion fish'\n"
                    "function __dmabuf_conform_at\n  set -l at\n  for word in (commandline -opc)[2..-1]\n"
                    "    switch (string join -- ' ' $at $word)\n      case";
  for (const Command& command : commands)
    if (!command.path.empty()) out += " " + fish_quoted(command.path);
  out += "\n        set at $at $word\n    end\n  end\n  test \"$at\" = \"$argv\"\nend\n";
  for (const Command& command : commands) {
    const std::string condition = "complete -c dmabuf-conform -n " + fish_quoted("__dmabuf_conform_at " + command.path);
    for (const Word& word : command.subcommands)
      out += fmt::format("{} -f -a {} -d {}\n", condition, word.name, fish_quoted(word.help));
    for (const Word& word : command.options) {
      out += condition;
      std::vector<std::string> names = word.others;
      names.insert(names.begin(), word.name);
      for (const std::string& name : names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!word.values.empty()) out += " -x -a " + fish_quoted(joined(word.values, " "));
      else if (word.takes_value) out += " -r";
      out += " -d " + fish_quoted(word.help) + "\n";
    }
    for (const Word& word : command.positionals)
      if (!word.values.empty())
        out += fmt::format("{} -f -a {} -d {}\n", condition, fish_quoted(joined(word.values, " ")), fish_quoted(word.help));
  }
  return out;
}

std::string man_page(const CLI::App& app) {
  const auto commands = commands_of(app);
  std::string out = fmt::format(".\\\" Written by 'dmabuf-conform man'.\n.TH DMABUF\\-CONFORM 1 \"\" \"dmabuf\\-conform {}\" \"User Commands\"\n",
                                roff(DMABUF_VERSION));
  out += ".SH NAME\ndmabuf\\-conform \\- checks whether kernels and drivers keep the dma\\-buf contract\n";
  out += ".SH SYNOPSIS\n.B dmabuf\\-conform\n.I command\n.RI [ options ]\n";
  out += ".SH DESCRIPTION\nMakes up programs, drives them against a reference implementation and against kernels, and reports each "
         "difference from the contract and each leak as the shortest program that shows it.\n.SH COMMANDS\n";
  for (const Command& command : commands) {
    if (command.path.empty()) continue;
    std::string usage;
    for (const Word& word : command.positionals) usage += fmt::format(" \\fI{}\\fR", roff(word.name));
    out += fmt::format(".SS \\fBdmabuf\\-conform {}\\fR{}{}\n{}.\n", roff(command.path), command.subcommands.empty() ? "" : " \\fIcommand\\fR",
                       usage, roff(command.help));
    for (const Word& word : command.positionals)
      out += fmt::format(".TP\n.I {}\n{}{}\n", roff(word.name), roff(word.help),
                         choices(word));
    for (const Word& word : command.options) {
      if (word.name == "--help") continue;
      std::string bold = roff(word.name);
      for (const std::string& other : word.others) bold += "\\fR, \\fB" + roff(other);
      out += fmt::format(".TP\n\\fB{}\\fR{}\n{}{}\n", bold,
                         word.takes_value ? " \\fIvalue\\fR" : "", roff(word.help),
                         choices(word));
    }
    // A group inherits the program's footer, which says nothing of it.
    if (!command.footer.empty() && command.subcommands.empty()) out += ".PP\n.nf\n" + roff(command.footer) + "\n.fi\n";
  }
  out += ".SH EXIT STATUS\n";
  const std::pair<int, const char*> codes[] = {
      {0, "conforms: finished, at least one case judged, nothing found"},
      {1, "findings: a divergence, leak, crash or hang"},
      {2, "inconclusive: nothing was judged, or a case could not be"},
      {3, "infrastructure: could not start, or the target was lost"},
      {4, "not applicable: every target was skipped"},
      {64, "usage: wrong options, an unknown name, a directory in use"},
      {70, "internal: a failure of this program"},
      {75, "stopped by a signal; go on with --resume"}};
  for (const auto& [code, text] : codes) out += fmt::format(".TP\n.B {}\n{}\n", code, roff(text));
  out += ".SH ENVIRONMENT\n.TP\n.B DMABUF_CONFORM_SEED\nthe base seed where none is given\n.TP\n.B NO_COLOR\nno colour\n.TP\n.B XDG_CACHE_HOME\nwhere kernels and initramfs are kept\n";
  return out;
}

}  // namespace dmabuf::app
