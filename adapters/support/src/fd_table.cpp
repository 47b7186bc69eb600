// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fd_table.hpp"

#include <sys/eventfd.h>

#include <string>

#include "dmabuf/adapters/call.hpp"

namespace dmabuf::adapters {

FdTable::FdTable() { renew_foreign(); }

void FdTable::renew_foreign() {
  foreign_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!foreign_) harness_failure("cannot make an eventfd", errno);
}

FdPlace FdTable::at(model::FdId fd) const {
  if (fd == model::kForeignFd) return {model::ProcessId{0}, foreign_.get(), std::nullopt};
  if (fd.value < places_.size() && places_[fd.value]) return *places_[fd.value];
  return {model::ProcessId{0}, kClosedNumber, std::nullopt};
}

bool FdTable::holds(model::FdId fd) const {
  return fd == model::kForeignFd || (fd.value < places_.size() && places_[fd.value].has_value());
}

void FdTable::expect_free(model::FdId fd) const {
  if (fd.value >= places_.size() || places_[fd.value])
    throw conformance::HarnessError("fd slot f" + std::to_string(fd.value) + " is not free");
}

void FdTable::put(model::FdId fd, FdPlace place) {
  expect_free(fd);
  places_[fd.value] = place;
  left_[fd.value].reset();
  closed_[fd.value] = false;
}

void FdTable::erase(model::FdId fd) {
  if (fd == model::kForeignFd) {
    (void)foreign_.release();  // closed by the operation
    renew_foreign();
    return;
  }
  if (fd.value >= places_.size()) return;
  left_[fd.value] = places_[fd.value];
  places_[fd.value].reset();
}

void FdTable::clear() {
  places_ = {};
  left_ = {};
  closed_ = {};
}

std::optional<FdPlace> FdTable::left(model::FdId fd) const {
  if (fd.value >= left_.size() || !left_[fd.value]) return std::nullopt;
  for (const auto& place : places_)
    if (place && *place == *left_[fd.value]) return std::nullopt;
  return left_[fd.value];
}

void FdTable::seen_closed(model::FdId fd) {
  left_.at(fd.value).reset();
  closed_.at(fd.value) = true;
}

bool FdTable::was_seen_closed(model::FdId fd) const {
  return fd.value < closed_.size() && closed_[fd.value];
}

}  // namespace dmabuf::adapters
