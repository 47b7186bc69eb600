// SPDX-License-Identifier: MIT
#include "readers.hpp"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace dmabuf::tests {

namespace fs = std::filesystem;

Heard listen(const std::string& command) {
  Heard heard;
  FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) return heard;
  std::array<char, 4096> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) heard.out.append(part.data(), got);
  const int status = ::pclose(pipe);
  heard.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return heard;
}

bool installed(const std::string& program) {
  return listen("command -v " + program).status == 0;
}

Paper::Paper(const std::string& name, const std::string& text)
    : path_(fs::temp_directory_path() / ("dmabuf-reports-" + std::to_string(::getpid()) + "-" + name)) {
  std::ofstream(path_, std::ios::binary) << text;
}

Paper::~Paper() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

std::string kunit_tool() {
  const char* const given = std::getenv("DMABUF_KUNIT");  // kunit.py of any kernel tree
  if (given != nullptr) return given;
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  if (home == nullptr) return "";
  const fs::path place = (cache != nullptr ? fs::path(cache) : fs::path(home) / ".cache") / "dmabuf-conform/kunit";
  const fs::path tool = place / "linux-source-6.12/tools/testing/kunit/kunit.py";
  if (fs::exists(tool)) return tool.string();
  if (!fs::exists("/usr/src/linux-source-6.12.tar.xz")) return "";
  // Two tests may be at it at the same time: unpack beside, then rename.
  const std::string draft = place.string() + "." + std::to_string(::getpid());
  const Heard unpacked =
      listen("mkdir -p " + draft + " && tar -xf /usr/src/linux-source-6.12.tar.xz -C " + draft +
             " --wildcards 'linux-source-6.12/tools/testing/kunit/*.py' && mv -T " + draft + " " + place.string());
  listen("rm -rf " + draft);
  return fs::exists(tool) ? tool.string() : "";
}

}  // namespace dmabuf::tests
