// SPDX-License-Identifier: MIT
#include "dmabuf/record/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <istream>
#include <utility>

namespace dmabuf::record {

namespace {

Clock steady_clock() {
  const auto origin = std::chrono::steady_clock::now();
  return [origin] {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now() - origin)
                                          .count());
  };
}

const char* remedy(int error) {
  switch (error) {
    case ENOENT:
      return "create the directory, or give another --out";
    case EACCES:
    case EPERM:
    case EROFS:
      return "give an --out that this user may write to";
    case ENOSPC:
    case EDQUOT:
      return "free some space and go on with --resume, or give another --out";
    case EISDIR:
      return "this is a directory; name the journal in it";
    case EFBIG:
      return "raise the limit on file sizes (ulimit -f)";
    case EIO:
      return "the disk may be failing; give an --out on another one";
    default:
      return "check the file and its disk, or give another --out";
  }
}

}  // namespace

JournalWriter::JournalWriter(std::filesystem::path file, Sync sync, Clock clock)
    : file_(std::move(file)), sync_(sync), clock_(clock ? std::move(clock) : steady_clock()) {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) fail("open", errno);
  try {
    continue_existing();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

JournalWriter::~JournalWriter() { ::close(fd_); }

void JournalWriter::fail(const char* what, int error) const {
  throw JournalError(std::string("cannot ") + what + " journal " + file_.string() + ": " +
                     std::strerror(error) + "; " + remedy(error));
}

/// After a crash the file may end in half a line. It is cut off here: the next record would be
/// glued to it, and both be lost.
void JournalWriter::continue_existing() {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) fail("examine", errno);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return;
  std::ifstream in(file_, std::ios::binary);
  if (!in) fail("read", errno ? errno : EIO);
  off_t whole = 0;  // end of the last line that has its newline
  std::string text;
  while (std::getline(in, text)) {
    const auto line = from_json_line(text);
    if (line) seq_ = line->seq;
    if (!line && line.error().fault == LineFault::TooNew)
      throw JournalError("cannot append to journal " + file_.string() + ": " +
                         line.error().message);
    if (!in.eof()) {
      whole += static_cast<off_t>(text.size()) + 1;
    } else if (line) {  // all there but the newline
      if (::write(fd_, "\n", 1) != 1) fail("write to", errno);
      return;
    }
  }
  if (whole < status.st_size && ::ftruncate(fd_, whole) != 0) fail("repair", errno);
}

std::uint64_t JournalWriter::last_seq() const {
  const std::lock_guard lock(mutex_);
  return seq_;
}

void JournalWriter::write(const Record& record) {
  const std::lock_guard lock(mutex_);
  const std::string text = to_json_line({seq_ + 1, clock_(), record}) + '\n';
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd_, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written < 0 ? errno : ENOSPC;
      struct stat status {};
      if (done > 0 && ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode) &&
          status.st_size >= static_cast<off_t>(done))
        (void)!::ftruncate(fd_, status.st_size - static_cast<off_t>(done));
      fail("write to", error);
    }
    done += static_cast<std::size_t>(written);
  }
  ++seq_;
  if (sync_ == Sync::AfterBegin && std::holds_alternative<Begin>(record)) {
    if (::fdatasync(fd_) != 0 && errno != EINVAL) fail("sync", errno);
  }
}

void JournalWriter::sync() {
  const std::lock_guard lock(mutex_);
  // EINVAL: a pipe or a terminal, which have no disk to sync to.
  if (::fdatasync(fd_) != 0 && errno != EINVAL) fail("sync", errno);
}

std::optional<Line> JournalReader::next() {
  std::string text;
  std::uint64_t accounted = 0;  // lines since the last good one that explain a gap in seq
  while (refused_.empty() && std::getline(in_, text)) {
    ++line_;
    const bool whole = !in_.eof();
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.empty()) continue;
    auto line = from_json_line(text);
    if (line) {
      const std::uint64_t expected = last_seq_ + accounted + 1;
      if (line->seq > expected) missing_ += line->seq - expected;
      last_seq_ = line->seq;
      return std::move(*line);
    }
    switch (line.error().fault) {
      case LineFault::TooNew:
        refused_ = line.error().message;
        break;
      case LineFault::UnknownKind:
        ++unknown_;
        ++accounted;
        break;
      case LineFault::Damaged:
        if (!whole) {
          cut_off_ = true;
          break;
        }
        ++damaged_lines_;
        ++accounted;
        if (damage_.size() < kDamageKept) damage_.push_back({line_, line.error().message});
        break;
    }
  }
  return std::nullopt;
}

}  // namespace dmabuf::record
