// SPDX-License-Identifier: MIT
/// Readers that are not ours: a format is right if those who read it say so.
#pragma once

#include <filesystem>
#include <string>

namespace dmabuf::tests {

struct Heard {
  int status = -1;  ///< as the shell has it; 127: no such program, 77: it lacks what it needs
  std::string out;  ///< stdout and stderr
};

/// The command, by sh.
Heard listen(const std::string& command);

/// True if the program is on PATH.
bool installed(const std::string& program);

/// A file of the test's own with this text, gone with it.
class Paper {
 public:
  Paper(const std::string& name, const std::string& text);
  ~Paper();
  Paper(const Paper&) = delete;
  Paper& operator=(const Paper&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// kunit.py of Debian's linux-source package, unpacked once for this user; "" if it is not installed.
std::string kunit_tool();

}  // namespace dmabuf::tests

/// Skips the test, loudly, with the package to install.
#define NEED_READER(there, what, package) \
  if (!(there))                           \
  GTEST_SKIP() << "NOT CHECKED by " what ": not installed; as root: apt-get install " package
