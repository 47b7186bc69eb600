// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/call.hpp"

#include <cstring>

#include "dmabuf/adapters/exporter_backend.hpp"

namespace dmabuf::adapters {

const char* errno_text(int error) {
  const char* const name = ::strerrorname_np(error);
  return name != nullptr ? name : "E?";
}

void harness_failure(const std::string& what, int error) {
  throw conformance::HarnessError(what + ": " + errno_text(error));
}

namespace {
[[noreturn]] void no_handles(const ExporterBackend& backend) {
  throw conformance::HarnessError(std::string(backend.name()) + " has no handles");
}
[[noreturn]] void no_lists(const ExporterBackend& backend) {
  throw conformance::HarnessError(std::string(backend.name()) + " makes no buffers of memfds");
}
}  // namespace

model::Outcome ExporterBackend::memfd(const model::op::Memfd&) { no_lists(*this); }
model::Outcome ExporterBackend::close_memfd(const model::op::CloseMemfd&) { no_lists(*this); }
model::Outcome ExporterBackend::write_memfd(const model::op::WriteMemfd&) { no_lists(*this); }
model::Outcome ExporterBackend::read_memfd(const model::op::ReadMemfd&) { no_lists(*this); }
Expected<int> ExporterBackend::create_list(const model::op::CreateList&) { no_lists(*this); }

model::Outcome ExporterBackend::close_handle(const model::op::CloseHandle&) { no_handles(*this); }
model::Outcome ExporterBackend::create_dumb(const model::op::CreateDumb&) { no_handles(*this); }
Expected<int> ExporterBackend::handle_to_fd(const model::op::HandleToFd&) { no_handles(*this); }
model::Outcome ExporterBackend::fd_to_handle(const model::op::FdToHandle&, int, std::optional<model::BufferId>) {
  no_handles(*this);
}

}  // namespace dmabuf::adapters
