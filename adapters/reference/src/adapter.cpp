// SPDX-License-Identifier: MIT
#include "dmabuf/reference/adapter.hpp"

namespace dmabuf::reference {

namespace {

std::string full_name(const ExporterConfig& exporter, Mutant mutant) {
  std::string name = "reference:" + std::string(exporter.name);
  for (const MutantInfo& info : mutants())
    if (info.mutant == mutant) name += "!" + std::string(info.name);
  return name;
}

}  // namespace

ReferenceAdapter::ReferenceAdapter(const ExporterConfig& exporter, Mutant mutant)
    : name_(full_name(exporter, mutant)),
      alphabet_(AdapterOf::alphabet()),
      system_(exporter, mutant) {
  alphabet_.set(model::kind_of<model::op::Export>(), exporter.in_kernel);
  alphabet_.set(model::kind_of<model::op::Create>(), !exporter.in_kernel);
  alphabet_.set(model::kind_of<model::op::Migrate>(), exporter.ops->migrate != nullptr);
  for (const std::size_t kind : {model::kind_of<model::op::CloseHandle>(), model::kind_of<model::op::CreateDumb>(),
                                 model::kind_of<model::op::HandleToFd>(), model::kind_of<model::op::FdToHandle>()})
    alphabet_.set(kind, exporter.own_references > 0);
  for (const std::size_t kind : {model::kind_of<model::op::Memfd>(), model::kind_of<model::op::CloseMemfd>(),
                                 model::kind_of<model::op::WriteMemfd>(), model::kind_of<model::op::ReadMemfd>(),
                                 model::kind_of<model::op::CreateList>()})
    alphabet_.set(kind, exporter.takes_lists);
  for (const std::size_t kind : {model::kind_of<model::op::Reqbufs>(), model::kind_of<model::op::Qbuf>(),
                                 model::kind_of<model::op::PrepareBuf>(), model::kind_of<model::op::Dqbuf>(),
                                 model::kind_of<model::op::StreamOn>(), model::kind_of<model::op::StreamOff>(),
                                 model::kind_of<model::op::CloseVideo>()})
    alphabet_.set(kind, exporter.queue != Importing::No);
  if (exporter.queue != Importing::No) alphabet_.reset(model::kind_of<model::op::Fork>());  // the video file would be a child's, too
}

model::Outcome ReferenceAdapter::apply(const model::Operation& operation) {
  if (!alphabet_[operation.index()])
    throw conformance::HarnessError(name_ + " cannot " + std::string(model::name_of(operation)));
  return AdapterOf::apply(operation);
}

void ReferenceAdapter::observe(model::Observation& seen) {
  const std::lock_guard lock(mutex_);
  system_.observe(seen);
}

void ReferenceAdapter::reset() {
  const std::lock_guard lock(mutex_);
  system_.let_go();
  leftover_ = system_.leftover();
  system_ = System(system_.exporter(), system_.mutant());
}

std::vector<conformance::Residue> ReferenceAdapter::residue() {
  const std::lock_guard lock(mutex_);
  std::vector<conformance::Residue> found;
  const auto note = [&found](const char* what, long count) {
    if (count != 0) found.push_back({.what = what, .count = count});
  };
  note("buffers that were never released", leftover_.buffers);
  note("attachments the exporter still has", leftover_.exporter_attachments);
  note("mappings the exporter still has", leftover_.exporter_mappings);
  note("kernel mappings the exporter still has", leftover_.exporter_vmaps);
  note("pins the exporter still has", leftover_.exporter_pins);
  note("references to a file that is no dma-buf", leftover_.foreign_references);
  note("sync_files nobody was told of", leftover_.sync_files);
  note("memfds", leftover_.memfds);
  note("handles, or objects without one", leftover_.handles);
  return found;
}

System ReferenceAdapter::snapshot() const {
  const std::lock_guard lock(mutex_);
  return system_;
}

void ReferenceAdapter::restore(const System& system) {
  const std::lock_guard lock(mutex_);
  system_ = system;
}

std::unique_ptr<conformance::Adapter> open_reference(std::string_view exporter, Mutant mutant) {
  const ExporterConfig* config = find_exporter(exporter);
  if (config == nullptr)
    throw conformance::HarnessError("the reference has no exporter named " + std::string(exporter));
  return std::make_unique<ReferenceAdapter>(*config, mutant);
}

}  // namespace dmabuf::reference
