// SPDX-License-Identifier: MIT
/// The directory of a run: journal, findings, reports.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dmabuf/conformance/sink.hpp"
#include "dmabuf/record/journal.hpp"
#include "dmabuf/record/run.hpp"

namespace dmabuf::app {

/// A mistake of the caller's: ends with 64.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Existing { Refuse, Resume, Overwrite };

class Output final : public conformance::Sink {
 public:
  /// Makes the directory (and a `latest` link beside it) or takes up an unfinished one. Throws
  /// UsageError if it is in use and neither resume nor overwrite was asked for.
  Output(std::filesystem::path directory, Existing existing);

  /// Journal first; a finding's trace goes to findings/<id>/repro.dbt as well. Safe from threads.
  void write(const record::Record& record) override;

  /// results.json and report.html, made from the journal alone.
  void render() const;
  std::vector<record::Run> runs() const;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path journal() const { return directory_ / "journal.ndjson"; }

  /// "dmabuf-conform-run-20260214-093011-7f3a"
  static std::filesystem::path default_directory();

 private:
  std::filesystem::path directory_;
  std::unique_ptr<record::JournalWriter> journal_;
  std::mutex mutex_;
};

/// The counterexample as a .dbt file.
std::string trace_text(const record::Finding& finding);
/// A directed check made it: it has a list of calls and no trace, and `trace_text` gives those.
bool has_calls(const record::Finding& finding);

/// The journal of a run's directory, or a journal itself. Throws UsageError if there is none.
std::vector<record::Run> read_run(const std::filesystem::path& place);

/// What the user typed, program first; set by main().
std::vector<std::string>& command_line();
/// How to call this program again: "dmabuf-conform", or what DMABUF_CONFORM_COMMAND says (./run sets it).
std::string command();

/// A random version 4 uuid.
std::string new_uuid();
/// UTC now, RFC 3339.
std::string utc_now();

}  // namespace dmabuf::app
