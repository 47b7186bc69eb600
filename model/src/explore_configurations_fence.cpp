// SPDX-License-Identifier: MIT
/// The worlds in which fences are explored.
#include <algorithm>
#include <functional>
#include <initializer_list>

#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

void add_fence_configurations(std::vector<Configuration>& all, const Resize& resize);

namespace {

/// Whoever can do all there is.
constexpr FenceProfile kAnyone{.name = "reference", .timelines = true, .kernel_usages = true, .errors = true};
/// User space alone.
constexpr FenceProfile kUser{.name = "user"};
/// As vgem's, which knows no errors, but with them: what stands in the way has failed, too.
constexpr FenceProfile kRefusing{.name = "refusing", .errors = true, .refuses_conflicts = true};

struct Slots {
  std::uint8_t buffers = 1, fds = 1, references = 0, attachments = 0, mappings = 0, fences = 0, sync_files = 0;
};

/// Makes a world, in another size where one is asked for.
struct Maker {
  const Resize& resize;

  Configuration operator()(std::string name, std::string_view exporter, std::string_view kernel,
                           const FenceProfile& fences, const Slots& slots,
                           const std::bitset<kOperationKinds>& more) const {
    Configuration c;
    c.name = std::move(name);
    c.profile = {*find_kernel_profile(kernel), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true},
                 fences};
    c.bounds.buffers = slots.buffers;
    c.bounds.fds = slots.fds;
    c.bounds.references = slots.references;
    c.bounds.attachments = slots.attachments;
    c.bounds.mappings = slots.mappings;
    c.bounds.vmas = c.bounds.messages = 0;
    c.bounds.devices = 1;
    c.bounds.pages = 2;
    c.bounds.fences = slots.fences;
    c.bounds.sync_files = slots.sync_files;
    c.bounds.kinds = more | (c.profile.exporter.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>());
    if (resize) resize(c.name, c.bounds);
    c.operations = all_operations(c.bounds);
    return c;
  }
};

/// Without the operations that `unwanted` names.
Configuration without(Configuration c, const std::function<bool(const Operation&)>& unwanted) {
  std::erase_if(c.operations, unwanted);
  return c;
}

/// Fences of these usages, each with a context of its own.
Configuration with_usages(Configuration c, std::initializer_list<Usage> usages) {
  return without(std::move(c), [&](const Operation& o) {
    const auto* add = std::get_if<op::AddFence>(&o);
    return add != nullptr &&
           (add->timeline != Timeline::Own || std::ranges::find(usages, add->usage) == usages.end());
  });
}

/// Imports as one usage only.
Configuration with_imports(Configuration c, FenceFlags flags) {
  return without(std::move(c), [&](const Operation& o) {
    const auto* import = std::get_if<op::ImportSyncFile>(&o);
    return import != nullptr && import->argument == Argument::Good && import->flags != flags &&
           (import->flags == FenceFlags::Read || import->flags == FenceFlags::Write) &&
           import->sync_file.value < kMaxSyncFiles;
  });
}

}  // namespace

void add_fence_configurations(std::vector<Configuration>& all, const Resize& resize) {
  const Maker configuration{resize};
  const auto polled = kinds<op::Close, op::AddFence, op::SignalFence, op::Poll>();
  const auto exported = kinds<op::ExportSyncFile, op::ImportSyncFile, op::FileInfo, op::PollSyncFile, op::CloseSyncFile>();

  // What is in a reservation, and who waits for it: every usage, timelines, errors, replacement.
  all.push_back(configuration("fences", "reference:udmabuf", "reference", kAnyone, {.fences = 2},
                              polled | kinds<op::Sync>()));
  all.push_back(configuration("fences-mapped", "reference:caching", "reference", kAnyone,
                              {.references = 1, .attachments = 1, .mappings = 1, .fences = 1},
                              polled | kinds<op::Get, op::Attach, op::Detach, op::Map, op::Unmap, op::Put, op::BeginCpuAccess,
                                             op::EndCpuAccess>()));
  // Who holds the buffer when nothing else does.
  all.push_back(with_usages(configuration("poll", "reference:prime", "reference", kUser, {.fds = 2, .fences = 3},
                                          polled | kinds<op::Dup, op::CloseHandle>()),
                            {Usage::Read, Usage::Write}));
  all.push_back(with_usages(configuration("poll-vgem", "vgem", "6.1", kRefusing, {.fds = 1, .fences = 3},
                                          polled | kinds<op::CloseHandle>()),
                            {Usage::Read, Usage::Write}));
  all.push_back(with_usages(configuration("poll-5.10", "reference:udmabuf", "5.10", kUser, {.fences = 1, .sync_files = 1},
                                          polled | kinds<op::ExportSyncFile, op::ImportSyncFile>()),
                            {Usage::Write}));
  // Snapshots and what they are put into.
  all.push_back(with_imports(with_usages(configuration("sync-files", "reference:udmabuf", "reference", kAnyone,
                                                       {.fences = 2, .sync_files = 1},
                                                       polled | exported | kinds<op::Sync>()),
                                         {Usage::Read}),
                             FenceFlags::Write));
  all.push_back(with_imports(with_usages(configuration("sync-files-shared", "reference:udmabuf", "reference", kUser,
                                                       {.buffers = 2, .fds = 2, .fences = 1, .sync_files = 1},
                                                       polled | kinds<op::ExportSyncFile, op::ImportSyncFile,
                                                                      op::CloseSyncFile>()),
                                         {Usage::Read}),
                             FenceFlags::Read));
  all.push_back(with_imports(with_usages(configuration("sync-files-merged", "reference:udmabuf", "reference", kUser,
                                                       {.fences = 2, .sync_files = 3},
                                                       kinds<op::Close, op::AddFence, op::SignalFence, op::ExportSyncFile,
                                                             op::MergeSyncFiles, op::CloseSyncFile, op::FileInfo>()),
                                         {Usage::Write}),
                             FenceFlags::Write));
  // Where no fd is free for what they would make.
  all.push_back(with_usages(configuration("full-sync-files", "reference:udmabuf", "reference", kUser, {.fences = 1, .sync_files = 2},
                                          kinds<op::Close, op::AddFence, op::SignalFence, op::ExportSyncFile, op::MergeSyncFiles,
                                                op::CloseSyncFile, op::FillFds, op::FreeFds>()),
                            {Usage::Write}));
}

}  // namespace dmabuf::model
