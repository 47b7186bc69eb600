// SPDX-License-Identifier: MIT
#include "dmabuf/reports/reproducer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "helpers.hpp"
#include "requirements.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

using record::CaseOutcome;
using record::Finding;
using reproducer::Parts;

/// Why there is no program. An exception within this file only.
struct No {
  std::string why;
};

struct Named {
  std::string_view name;
  int number;
};
// include/uapi/dmabuf_harness.h; the numbers are its interface and never change.
constexpr auto kPolicies = std::to_array<Named>(
    {{"eager", 1}, {"deferred", 2}, {"refusing", 2 | 4}, {"caching", 1 | 8}, {"migrating", 2 | 128}});
constexpr auto kDefects = std::to_array<std::string_view>(
    {"none", "leak-mapping", "leak-reference", "wrong-size", "drop-cloexec", "stale-pages", "skip-detach",
     "mmap-ignores-offset", "wrong-errno", "double-release", "extra-reference", "short-map", "dirty-storage",
     "lose-contents", "move-while-mapped", "no-zap", "mmap-private", "forget-refusal"});

std::string c_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : visible(text)) {
    if (c == '"' || c == '\\' || c == '?') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Text for a comment.
std::string remark(std::string_view text) {
  std::string out = visible(text);
  for (const std::string_view acts : {"*/", "/*", "??"})
    for (std::size_t at = 0; (at = out.find(acts, at)) != std::string::npos; ++at) out.insert(at + 1, " ");
  return out;
}

/// One operation of a trace: its words, and its keyed fields.
struct Line {
  std::string word;
  std::vector<std::string> slots;  ///< by position: "b0", "to_device", "\"scanout\"" without quotes
  std::map<std::string, std::string> keyed;

  bool has(std::string_view flag) const { return std::find(slots.begin(), slots.end(), flag) != slots.end(); }
  const std::string& at(std::size_t i) const {
    if (i >= slots.size()) throw No{fmt::format("'{}' lacks a field", word)};
    return slots[i];
  }
  unsigned long number(const std::string& key) const {
    const auto found = keyed.find(key);
    if (found == keyed.end()) throw No{fmt::format("'{}' lacks {}=", word, key)};
    std::string_view text = found->second;
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    unsigned long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value > UINT32_MAX)
      throw No{fmt::format("'{}': {} is no number", word, found->second)};
    return value;
  }
  bool unmapped() const {
    const auto found = keyed.find("argument");
    return found != keyed.end() && found->second == "unmapped";
  }
};

Line parsed(const std::string& text) {
  Line line;
  std::string word;
  bool quotes = false, name = false;
  const auto take = [&] {
    if (line.word.empty() && !name) {
      line.word = word;
    } else if (name) {
      line.slots.push_back(word);
    } else if (!word.empty()) {
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        line.slots.push_back(word);
      else
        line.keyed[word.substr(0, equals)] = word.substr(equals + 1);
    }
    word.clear();
    name = false;
  };
  for (const char c : text) {
    if (c == '"') {
      quotes = !quotes;
      name = true;
    } else if (c == ' ' && !quotes) {
      if (!word.empty() || name) take();
    } else {
      word += c;
    }
  }
  if (!word.empty() || name) take();
  return line;
}

/// "f[0]" for "f0"; slots are numbered within their rooms (docs/reference/trace-format.md).
std::string slot(const std::string& name, char letter) {
  const int room = letter == 'b' || letter == 'v' ? 3 : letter == 'f' ? 6 : letter == 's' || letter == 'd' ? 2 : 4;
  if (name.size() != 2 || name[0] != letter || name[1] < '0' || name[1] >= '0' + room)
    throw No{fmt::format("'{}' is no slot {}0 to {}{}", remark(name), letter, letter, room - 1)};
  return fmt::format("{}[{}]", letter, name[1]);
}
int index_of(const std::string& name, char letter) {
  (void)slot(name, letter);
  return name[1] - '0';
}

template <std::size_t N>
std::string_view looked_up(const std::array<std::pair<std::string_view, std::string_view>, N>& table,
                           std::string_view word) {
  for (const auto& [from, to] : table)
    if (from == word) return to;
  throw No{fmt::format("'{}' is not known", remark(word))};
}
using Word = std::pair<std::string_view, std::string_view>;
constexpr auto kAccess = std::to_array<Word>({{"ro", "O_RDONLY"}, {"wo", "O_WRONLY"}, {"rw", "O_RDWR"}});
constexpr auto kDirections = std::to_array<Word>({{"bidirectional", "BIDIRECTIONAL"}, {"to_device", "TO_DEVICE"},
                                                  {"from_device", "FROM_DEVICE"}, {"none", "NONE"}});
constexpr auto kWhence = std::to_array<Word>({{"set", "SEEK_SET"}, {"cur", "SEEK_CUR"}, {"end", "SEEK_END"},
                                              {"data", "SEEK_DATA"}, {"hole", "SEEK_HOLE"}, {"bogus", "42"}});
constexpr auto kSync = std::to_array<Word>(
    {{"start|read", "DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ"},
     {"start|write", "DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE"},
     {"start|read|write", "DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW"},
     {"end|read", "DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ"},
     {"end|write", "DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE"},
     {"end|read|write", "DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW"},
     {"start", "DMA_BUF_SYNC_START"},
     {"end", "DMA_BUF_SYNC_END"},
     {"start|read|0x8", "DMA_BUF_SYNC_READ | 8"},
     {"start|read|0x100000000", "DMA_BUF_SYNC_READ | (1ULL << 32)"}});

/// What a step came to, as the program compares it.
std::string value_of(const Line& line, const std::string& outcome) {
  if (outcome == "ok") return line.word == "seek" ? "0" : "OK";
  if (outcome == "= torn") return "TORN";
  if (outcome.starts_with("= ")) {
    const std::string number = outcome.substr(2);
    if (number.find_first_not_of("0123456789abcdefx") == std::string::npos) return number + "L";
  } else if (outcome.starts_with("E") &&
             std::all_of(outcome.begin(), outcome.end(),
                         [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); })) {
    return "-" + outcome;
  }
  throw No{fmt::format("'{}' came to '{}', which is no outcome", line.word, remark(outcome))};
}

constexpr std::string_view kSecondFile = "handles on a second DRM file cannot be written in C yet";

class Writer {
 public:
  Writer(const Finding& finding, std::string exporter) : finding_(finding), exporter_(std::move(exporter)) {
    defect_ = "none";
    if (const auto bang = exporter_.find('!'); bang != std::string::npos) {
      defect_ = exporter_.substr(bang + 1);
      exporter_.resize(bang);
    }
  }

  std::string write() {
    if (finding_.trace.empty()) throw No{"the finding has no trace"};
    read_aspect();
    std::string body;
    for (std::size_t i = 0; i < finding_.trace.size(); ++i) body += step(i);
    body += ending();

    parts_.insert("core");
    std::string out = head();
    std::string parts = reproducer::program_parts(parts_);
    // Constants that parts ask for stand before them.
    const auto at = parts.find("\n\n");
    out += parts.substr(0, at + 1) + constants() + parts.substr(at + 1);
    out += "\nint main(void)\n{\n" + slots_ + "\tlong got;\n\n" + opening() + body + "}\n";
    return out;
  }

 private:
  std::string head() const {
    std::string out = "// SPDX-License-Identifier: MIT\n/*\n";
    for (const std::string& line : wrapped(remark(finding_.summary), 92)) out += " * " + line + "\n";
    out += fmt::format(" *\n * Finding {} of dmabuf-conform, on {}{}{}.\n", remark(finding_.id), remark(finding_.target),
                       finding_.kernel.empty() ? "" : ", kernel ", remark(finding_.kernel));
    for (const record::Clause& clause : finding_.clauses) {
      const std::string text = fmt::format("{} {} [{}]", remark(full_requirement_id(clause.id)), remark(clause.text),
                                           remark(clause.source));
      for (const std::string& line : wrapped(text, 92)) out += " * " + line + "\n";
    }
    out += " *\n *   gcc -Wall -o repro repro.c && ./repro	(as root)\n *\n"
           " * Exit: 0 the bug does not show, 1 it shows, 2 an earlier step went otherwise than when it\n"
           " * was found, 4 this machine lacks what it takes.\n */\n";
    return out;
  }

  std::string constants() const {
    std::string out;
    if (exporter_.starts_with("heap:")) out += fmt::format("\n#define HEAP	{}\n", c_string(exporter_.substr(5)));
    if (exporter_ == "vgem") out += "\n#define DRIVER	\"vgem\"\n";
    if (exporter_.starts_with("drm:")) out += fmt::format("\n#define DRIVER	{}\n", c_string(exporter_.substr(4)));
    if (parts_.contains("export")) {
      const auto policy = std::find_if(kPolicies.begin(), kPolicies.end(),
                                       [&](const Named& p) { return "harness:" + std::string(p.name) == exporter_; });
      const auto defect = std::find(kDefects.begin(), kDefects.end(), defect_);
      if (policy == kPolicies.end() || defect == kDefects.end())
        throw No{fmt::format("the harness module has no '{}'", remark(exporter_ + "!" + defect_))};
      out += fmt::format("\n#define POLICY	{}	/* {} */\n#define DEFECT	{}	/* {} */\n", policy->number, policy->name,
                         defect - kDefects.begin(), *defect);
    }
    return out;
  }

  std::string opening() const {
    std::string out;
    if (finding_.kind == CaseOutcome::Hang) out += "\tsignal(SIGALRM, on_alarm);\n\talarm(30);\n";
    if (parts_.contains("store") || parts_.contains("load")) out += "\tsurvive_faults();\n";
    if (creates_) out += "\topen_exporter();\n";
    if (uses_harness_) out += "\topen_harness();\n";
    if (parts_.contains("foreign")) out += "\topen_foreign();\n";
    return out.empty() ? out : out + "\n";
  }

  void declare(char letter) {
    static constexpr std::string_view kDeclared = "fram";
    if (kDeclared.find(letter) == std::string_view::npos || declared_.find(letter) != std::string::npos) return;
    declared_ += letter;
    const int room = letter == 'f' ? 6 : 4;
    slots_ += fmt::format("\tint {}[{}] = {{ -1", letter, room);
    for (int i = 1; i < room; ++i) slots_ += ", -1";
    slots_ += " };\n";
  }

  std::string fd(const std::string& name) {
    if (name == "bad") return "0x3fffffff";
    if (name == "foreign") {
      parts_.insert("foreign");
      return "foreign";
    }
    declare('f');
    return slot(name, 'f');
  }
  std::string use(const std::string& name, char letter) {
    declare(letter);
    return slot(name, letter);
  }
  void harness(std::string_view part) {
    parts_.insert(part);
    uses_harness_ = true;
  }
  static std::string cloexec(const Line& line, std::string_view flags) {
    return std::string(flags) + (line.has("cloexec") ? " | O_CLOEXEC" : "");
  }

  /// The C expression that does the operation.
  std::string call(const Line& line) {
    const std::string& w = line.word;
    const auto filled = [&](const std::string& name, char letter, const std::string& expression) {
      parts_.insert("put_in");
      return fmt::format("put_in(&{}, {})", use(name, letter), expression);
    };
    const auto result = [&](const std::string& expression) {
      parts_.insert("result");
      return "result(" + expression + ")";
    };
    const auto direction = [&](std::size_t at) { return looked_up(kDirections, line.at(at)); };
    const auto access = [&] {
      const auto found = line.keyed.find("access");
      return looked_up(kAccess, found == line.keyed.end() ? "" : std::string_view(found->second));
    };

    if (w == "create") {
      if (line.keyed.contains("flags")) throw No{"a creation with flags that are refused cannot be written in C yet"};
      parts_.insert(exporter_ == "udmabuf"                                  ? "udmabuf"
                    : exporter_.starts_with("heap:")                        ? "heap"
                    : exporter_ == "vgem" || exporter_.starts_with("drm:") ? "drm"
                                                                            : throw No{no_create()});
      creates_ = true;
      return filled(line.at(1), 'f', fmt::format("create({}, {}, {})", index_of(line.at(0), 'b'), line.number("pages"),
                                                 cloexec(line, access())));
    }
    if (w == "close_handle") {
      if (exporter_ != "vgem" && !exporter_.starts_with("drm:")) throw No{"only DRM drivers have handles to close"};
      if (line.has("second")) throw No{std::string(kSecondFile)};
      parts_.insert("close_handle");
      creates_ = true;
      return fmt::format("close_handle({})", index_of(line.at(0), 'b'));
    }
    if (w == "create_dumb" || w == "handle_to_fd") {
      if (exporter_ != "vgem" && !exporter_.starts_with("drm:")) throw No{"only DRM drivers have handles"};
      if (line.has("second")) throw No{std::string(kSecondFile)};
      parts_.insert(w == "create_dumb" ? "create_dumb" : "handle_to_fd");
      creates_ = true;
      if (w == "create_dumb")
        return fmt::format("create_dumb({}, {})", index_of(line.at(0), 'b'), line.number("pages"));
      return filled(line.at(1), 'f', fmt::format("handle_to_fd({}, {}{})", index_of(line.at(0), 'b'), cloexec(line, access()),
                                                 line.keyed.contains("flags") ? " | 1 << 30" : ""));
    }
    if (w == "export") {
      if (!exporter_.starts_with("harness:")) throw No{"only the harness module exports in the kernel"};
      harness("export");
      return filled(line.at(1), 'r', fmt::format("export_buffer({}, {}, {})", index_of(line.at(0), 'b'), line.number("pages"), access()));
    }
    if (w == "install_fd") {
      harness("install");
      return filled(line.at(1), 'f',
                    fmt::format("install_fd({}, {})", use(line.at(0), 'r'), line.has("cloexec") ? "O_CLOEXEC" : "0"));
    }
    if (w == "dup") {
      parts_.insert("fcntl");
      return filled(line.at(1), 'f',
                    result(fmt::format("fcntl({}, {}, 0)", fd(line.at(0)),
                                       line.has("cloexec") ? "F_DUPFD_CLOEXEC" : "F_DUPFD")));
    }
    if (w == "close") return result(fmt::format("close({})", fd(line.at(0))));
    if (w == "send") {
      parts_.insert("sockets");
      return fmt::format("send_fd({}, {})", index_of(line.at(1), 's'), fd(line.at(0)));
    }
    if (w == "receive") {
      parts_.insert("receive");
      return filled(line.at(1), 'f',
                    fmt::format("receive_fd({}, {})", index_of(line.at(0), 's'),
                                line.has("cloexec") ? "MSG_CMSG_CLOEXEC" : "0"));
    }
    if (w == "discard") {
      parts_.insert("discard");
      return fmt::format("discard({})", index_of(line.at(0), 's'));
    }
    if (w == "get") {
      harness("get");
      return filled(line.at(1), 'r', fmt::format("get({})", fd(line.at(0))));
    }
    if (w == "put" || w == "detach" || w == "unmap") {
      harness("let_go");
      return w == "put"      ? fmt::format("let_go(PUT, &{})", use(line.at(0), 'r'))
             : w == "detach" ? fmt::format("let_go(DETACH, &{})", use(line.at(0), 'a'))
                             : fmt::format("let_go(UNMAP, &{})", use(line.at(0), 'm'));
    }
    if (w == "attach") {
      harness("attach");
      return filled(line.at(2), 'a', fmt::format("attach({}, {})", use(line.at(0), 'r'), index_of(line.at(1), 'd')));
    }
    if (w == "map") {
      harness("map");
      return filled(line.at(1), 'm', fmt::format("map({}, {})", use(line.at(0), 'a'), direction(2)));
    }
    if (w == "device_read") {
      harness("device_read");
      return fmt::format("device_read({}, {})", use(line.at(0), 'm'), line.number("page"));
    }
    if (w == "device_write") {
      harness("device_write");
      return fmt::format("device_write({}, {}, 0x{:x})", use(line.at(0), 'm'), line.number("page"), line.number("tag"));
    }
    if (w == "begin_cpu_access" || w == "end_cpu_access") {
      harness("cpu_access");
      parts_.insert("directions");
      return fmt::format("cpu_access({}, {}, {})", w[0] == 'b' ? "BEGIN" : "END", use(line.at(0), 'r'), direction(1));
    }
    if (w == "sync") {
      const std::string_view flags = looked_up(kSync, line.at(1));
      if (line.unmapped()) {
        parts_.insert("unmapped");
        parts_.insert("dma_buf_h");
        return result(fmt::format("ioctl({}, DMA_BUF_IOCTL_SYNC, unmapped())", fd(line.at(0))));
      }
      parts_.insert("sync");
      return fmt::format("sync_buffer({}, {})", fd(line.at(0)), flags);
    }
    if (w == "set_name") {
      parts_.insert("dma_buf_h");
      std::string argument = c_string(line.at(1));
      if (line.unmapped()) {
        parts_.insert("unmapped");
        argument = "unmapped()";
      }
      return result(fmt::format("ioctl({}, DMA_BUF_SET_NAME_B, {})", fd(line.at(0)), argument));
    }
    if (w == "mmap") {
      parts_.insert("mmap");
      return fmt::format("map_pages({}, {}, {}, {}, {}, {})", index_of(line.at(1), 'v'), fd(line.at(0)),
                         line.number("offset"), line.number("length"),
                         line.has("rw") ? "PROT_READ | PROT_WRITE" : "PROT_READ",
                         line.has("shared") ? "MAP_SHARED" : "MAP_PRIVATE");
    }
    if (w == "munmap") {
      parts_.insert("munmap");
      return fmt::format("unmap_pages({})", index_of(line.at(0), 'v'));
    }
    if (w == "store") {
      parts_.insert("store");
      return fmt::format("store({}, {}, 0x{:x})", index_of(line.at(0), 'v'), line.number("page"), line.number("tag"));
    }
    if (w == "load") {
      parts_.insert("load");
      return fmt::format("load({}, {})", index_of(line.at(0), 'v'), line.number("page"));
    }
    if (w == "seek") {
      const std::string& offset = line.at(2);
      if (offset.empty() || offset.find_first_not_of("-0123456789") != std::string::npos)
        throw No{"seek to no number"};
      return result(fmt::format("lseek({}, {}, {})", fd(line.at(0)), offset, looked_up(kWhence, line.at(1))));
    }
    throw No{fmt::format("operation '{}' cannot be written in C yet", remark(w))};
  }

  std::string no_create() const {
    return fmt::format("there is no device of '{}' to create buffers with; name another exporter", remark(exporter_));
  }

  std::string step(std::size_t i) {
    const record::Step& it = finding_.trace[i];
    const Line line = parsed(it.operation);
    const bool is_last = i + 1 == finding_.trace.size();
    if (it.outcome.empty() && !is_last) return fmt::format("\t/* {}: not carried out */\n", remark(it.operation));
    std::string out = fmt::format("\tgot = {};\n", call(line));
    if (line.word == "close") out += after_close(line);
    out += inode(line);
    if (is_last && (aspect_ == "outcome" || aspect_ == "value")) {
      parts_.insert("last");
      out += fmt::format("\tgot = last({}, {}, got);\n", i + 1, c_string(it.operation));
      seen_ = it.outcome.empty() ? "" : value_of(line, it.outcome);
    } else if (it.outcome.empty()) {
      parts_.insert("last");
      out += fmt::format("\tgot = last({}, {}, got);\n", i + 1, c_string(it.operation));
    } else {
      const std::string want = value_of(line, it.outcome);
      if (want == "TORN") parts_.insert("pattern");
      out += fmt::format("\texpect({}, {}, got, {});\n", i + 1, c_string(it.operation), want);
    }
    return out;
  }

  std::string after_close(const Line& line) {
    if (line.at(0) == "foreign" || line.at(0) == "bad") return "";
    return fmt::format("\tif (!got)\n\t\t{} = -1;\n", fd(line.at(0)));
  }

  /// Buffers are told apart by their inodes where the difference is in what debugfs says of them.
  std::string inode(const Line& line) {
    if (!needs_bufinfo() || (line.word != "create" && line.word != "handle_to_fd")) return "";
    parts_.insert("inode");
    return fmt::format("\tb[{}] = inode_of({});\n", index_of(line.at(0), 'b'), fd(line.at(1)));
  }

  bool needs_bufinfo() const {
    return finding_.kind == CaseOutcome::Leak || aspect_ == "references" || aspect_ == "size" || aspect_ == "listed";
  }

  /// "references of b0: expected 2, observed 3; …" in the last step's note says what differs.
  void read_aspect() {
    if (finding_.kind == CaseOutcome::Crash || finding_.kind == CaseOutcome::Hang) {
      aspect_ = "alive";
      if (finding_.kind == CaseOutcome::Hang) parts_.insert("hang");
      return;
    }
    const std::string& note = finding_.trace.back().note;
    const auto colon = note.find(": expected ");
    std::string what = note.substr(0, colon == std::string::npos ? 0 : colon);
    if (const auto of = what.find(" of "); of != std::string::npos) {
      of_ = what.substr(of + 4);
      what.resize(of);
    }
    aspect_ = what;
    if (finding_.kind == CaseOutcome::Leak) return;
    static constexpr std::string_view kKnown[] = {"outcome", "value", "references", "size", "listed", "close_on_exec", "fd"};
    if (std::find(std::begin(kKnown), std::end(kKnown), aspect_) == std::end(kKnown))
      throw No{fmt::format("the difference is in '{}', which cannot be seen from outside of the kernel; use replay",
                           aspect_.empty() ? "nothing it names" : remark(aspect_))};
  }

  std::string ending() {
    if (finding_.kind == CaseOutcome::Crash || finding_.kind == CaseOutcome::Hang)
      return "\tputs(\"the kernel is alive; its log may tell more\");\n\treturn verdict(0);\n";
    if (finding_.kind == CaseOutcome::Leak) return leak_ending();
    if (aspect_ == "outcome" || aspect_ == "value") {
      if (seen_.empty()) throw No{"the last step has no outcome"};
      if (seen_ == "TORN") parts_.insert("pattern");
      return fmt::format("\t/* expected {} */\n\treturn verdict(got {});\n", remark(finding_.expected),
                         seen_ == "OK" ? ">= 0" : "== " + seen_);
    }
    if (aspect_ == "close_on_exec" || aspect_ == "fd") {
      const std::string number = fd(of_);
      parts_.insert("fcntl");
      const std::string test = aspect_ == "fd" ? fmt::format("fcntl({}, F_GETFD) {} 0", number,
                                                             finding_.observed == "open" ? ">=" : "<")
                                               : fmt::format("{}(fcntl({}, F_GETFD) & FD_CLOEXEC)",
                                                             finding_.observed == "set" ? "!!" : "!", number);
      return fmt::format("\t/* {} of {}: expected {} */\n\treturn verdict({});\n", remark(aspect_), remark(of_),
                         remark(finding_.expected), test);
    }
    const std::string what = aspect_ == "references" ? "REFERENCES" : aspect_ == "size" ? "SIZE" : "LISTED";
    const std::string number = aspect_ == "listed" ? (finding_.observed == "listed" ? "1" : "-1") : finding_.observed;
    if (number.empty() || number.find_first_not_of("-0123456789") != std::string::npos)
      throw No{fmt::format("'{}' is no number to compare with", remark(finding_.observed))};
    parts_.insert("bufinfo");
    return fmt::format(
        "\tgot = bufinfo({}, {});\n\tprintf(\"     {} of {}: %ld, expected {}\\n\", got);\n"
        "\treturn verdict(got == {});\n",
        what, slot(of_, 'b'), remark(aspect_), remark(of_), remark(finding_.expected), number);
  }

  /// Everything is let go, in the order in which it holds on to each other; what is listed then leaks.
  std::string leak_ending() {
    parts_.insert("bufinfo");
    std::string out = "\n\t/* Let everything go. */\n";
    std::string loop;
    const auto each = [&](std::string_view guard, std::string_view action) {
      loop += fmt::format("\t\tif ({})\n\t\t\t{};\n", guard, action);
    };
    if (parts_.contains("mmap")) {
      parts_.insert("munmap");
      each("i < 3 && v[i].at", "unmap_pages(i)");
    }
    if (declared_.find('f') != std::string::npos) each("f[i] >= 0", "close(f[i])");
    if (parts_.contains("sockets") || parts_.contains("receive")) {
      parts_.insert("discard");
      each("i < 2 && s[i][0] >= 0", "discard(i)");
    }
    if (declared_.find('m') != std::string::npos) {
      parts_.insert("let_go");
      each("i < 4 && m[i] >= 0", "let_go(UNMAP, &m[i])");
    }
    if (declared_.find('a') != std::string::npos) {
      parts_.insert("let_go");
      each("i < 4 && a[i] >= 0", "let_go(DETACH, &a[i])");
    }
    if (declared_.find('r') != std::string::npos) {
      parts_.insert("let_go");
      each("i < 4 && r[i] >= 0", "let_go(PUT, &r[i])");
    }
    slots_ += "\tint i, left = 0;\n";
    out += "\tfor (i = 0; i < 6; i++) {\n" + loop + "\t}\n";
    if (creates_) out += "\tclose(exporter);\n";
    if (uses_harness_) out += "\tclose(harness);\n";
    out += "\tusleep(200000);\n\tfor (i = 0; i < 3; i++)\n\t\tif (b[i] && bufinfo(LISTED, b[i]) >= 0)\n"
           "\t\t\tleft++;\n\tprintf(\"     buffers left: %d, expected 0\\n\", left);\n\treturn verdict(left > 0);\n";
    parts_.insert("unistd");
    return out;
  }

  const Finding& finding_;
  std::string exporter_, defect_;
  std::string aspect_, of_, seen_;
  Parts parts_ = {"unistd"};
  std::string slots_, declared_;
  bool creates_ = false, uses_harness_ = false;
};

}  // namespace

std::string kernel_exporter_of(const std::string& target) {
  if (target.starts_with("native:")) return target.substr(7);
  if (!target.starts_with("vm:")) return "";
  const auto slash = target.rfind('/');
  return slash == std::string::npos ? "" : target.substr(slash + 1);
}

tl::expected<std::string, std::string> render_c(const Finding& finding, const std::string& exporter) {
  const std::string of = exporter.empty() ? kernel_exporter_of(finding.target) : exporter;
  if (of.empty())
    return tl::unexpected(fmt::format(
        "{} is no kernel, and has no system calls; give --exporter udmabuf, vgem, heap:NAME or harness:POLICY",
        finding.target.empty() ? "the target" : remark(finding.target)));
  try {
    return Writer(finding, of).write();
  } catch (const No& no) {
    return tl::unexpected(no.why);
  }
}

}  // namespace dmabuf::reports
