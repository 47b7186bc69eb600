// SPDX-License-Identifier: MIT
/// The journal: an append-only file of records, written as the run goes and read by every report.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dmabuf/record/codec.hpp"

namespace dmabuf::record {

/// The file cannot be used. The message names the file, the reason and what to do about it.
class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Sync {
  Never,
  AfterBegin,  ///< fdatasync after each Begin: a panic must not take the name of its case along
};

/// Nanoseconds since some fixed moment. Tests pass their own.
using Clock = std::function<std::uint64_t()>;

/// Appends records to a journal. Each is one write(2) of one line, so that whoever reads meanwhile,
/// or after the machine has died, sees whole records and at most one cut-off tail.
///
/// On a file that has records already it goes on where they end: a cut-off tail is removed, `seq`
/// continues. Members may be called from several threads.
class JournalWriter {
 public:
  explicit JournalWriter(std::filesystem::path file, Sync sync = Sync::Never, Clock clock = {});
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Throws JournalError. A line that could not be written in full is taken back.
  void write(const Record& record);
  /// Everything written so far is on the disk when this returns.
  void sync();

  const std::filesystem::path& file() const { return file_; }
  std::uint64_t last_seq() const;  ///< 0 if the journal is empty

 private:
  void fail(const char* what, int error) const;
  void continue_existing();

  std::filesystem::path file_;
  Sync sync_;
  Clock clock_;
  int fd_ = -1;
  std::uint64_t seq_ = 0;
  mutable std::mutex mutex_;
};

/// A line that could not be read.
struct Damage {
  std::uint64_t line = 0;  ///< from 1
  std::string what = {};
  friend bool operator==(const Damage&, const Damage&) = default;
};

/// Reads a journal record by record, in constant memory. Nothing that a line holds makes it throw.
class JournalReader {
 public:
  /// The stream must outlive the reader.
  explicit JournalReader(std::istream& in) : in_(in) {}

  /// The next record that can be read; nothing at the end, or when the journal was refused.
  std::optional<Line> next();

  std::uint64_t damaged_lines() const { return damaged_lines_; }
  /// The first of them, at most kDamageKept.
  const std::vector<Damage>& damage() const { return damage_; }
  static constexpr std::size_t kDamageKept = 100;

  /// The last line had no newline and was no record: the writer died in the middle of it.
  bool cut_off() const { return cut_off_; }
  /// Records that `seq` says were written and that are not there.
  std::uint64_t missing() const { return missing_; }
  /// Records of a kind this version does not know; they are passed over.
  std::uint64_t unknown() const { return unknown_; }
  /// Why the journal was refused (a higher major, another tool's file); "" if it was not.
  const std::string& refused() const { return refused_; }

 private:
  std::istream& in_;
  std::uint64_t line_ = 0, last_seq_ = 0;
  std::uint64_t damaged_lines_ = 0, missing_ = 0, unknown_ = 0;
  std::vector<Damage> damage_;
  bool cut_off_ = false;
  std::string refused_;
};

}  // namespace dmabuf::record
