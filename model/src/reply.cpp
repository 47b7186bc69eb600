// SPDX-License-Identifier: MIT
#include "dmabuf/model/reply.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace dmabuf::model {
namespace {

constexpr std::array<std::string_view, 3> kStatus = {"pending", "ok", "failed"};
constexpr std::array<std::string_view, 4> kEvents = {"none", "in", "out", "in|out"};

bool polls(const Operation& operation) {
  return std::holds_alternative<op::Poll>(operation) || std::holds_alternative<op::PollSyncFile>(operation);
}

std::string_view status_word(FenceInfo::Status status) {
  const auto index = static_cast<std::size_t>(status);
  return index < kStatus.size() ? kStatus[index] : "no_status";
}

bool names_handle(const Operation& operation) { return std::holds_alternative<op::FdToHandle>(operation); }

}  // namespace

bool replies_in_words(const Operation& operation) {
  return polls(operation) || names_handle(operation) || std::holds_alternative<op::FileInfo>(operation);
}

std::string reply_text(const Operation& operation, std::uint64_t value) {
  // A system may report what no contract knows; that is written as a number.
  if (polls(operation)) return value < kEvents.size() ? std::string(kEvents[value]) : fmt::format("{:#x}", value);
  if (names_handle(operation)) {
    if (value == kNewHandle) return "new";
    if (value == kGappedHandle) return "new_after_gap";
    return value <= kMaxBuffers ? fmt::format("b{}", value - 1) : fmt::format("{:#x}", value);
  }
  const FenceInfo info = FenceInfo::of(value);
  if (info.reply() != value || static_cast<std::size_t>(info.status) >= kStatus.size() ||
      (!info.records && (info.pending != 0 || info.failed != 0)))
    return fmt::format("{:#x}", value);
  std::string text = fmt::format("{}:{}", status_word(info.status), info.fences);
  if (info.records) text += fmt::format(",{},{}", info.pending, info.failed);
  return text;
}

std::optional<std::uint64_t> reply_from_text(const Operation& operation, std::string_view text) {
  if (polls(operation)) {
    for (std::size_t i = 0; i < kEvents.size(); ++i)
      if (kEvents[i] == text) return i;
    return std::nullopt;
  }
  if (names_handle(operation)) {
    for (const std::uint64_t value : {kNewHandle, kGappedHandle, handle_of(BufferId{0}), handle_of(BufferId{1}), handle_of(BufferId{2})})
      if (reply_text(operation, value) == text) return value;
    return std::nullopt;
  }
  if (!std::holds_alternative<op::FileInfo>(operation)) return std::nullopt;
  FenceInfo info;
  const std::size_t colon = text.find(':');
  std::size_t status = 0;
  while (status < kStatus.size() && kStatus[status] != text.substr(0, colon)) ++status;
  if (colon == std::string_view::npos || status == kStatus.size()) return std::nullopt;
  info.status = static_cast<FenceInfo::Status>(status);
  text.remove_prefix(colon + 1);
  const auto number = [&](std::uint8_t& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
  };
  const auto comma = [&] {
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!number(info.fences)) return std::nullopt;
  if (!text.empty()) {
    info.records = true;
    if (!comma() || !number(info.pending) || !comma() || !number(info.failed) || !text.empty()) return std::nullopt;
  }
  return info.reply();
}

std::string reply_class(const Operation& operation, std::uint64_t value) {
  if (polls(operation)) return reply_text(operation, value);
  if (names_handle(operation)) return value == kNewHandle || value == kGappedHandle ? reply_text(operation, value) : "known";
  return std::string(status_word(FenceInfo::of(value).status));
}

}  // namespace dmabuf::model
