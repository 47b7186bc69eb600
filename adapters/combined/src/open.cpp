// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>

#include "dmabuf/adapters/dma_heap.hpp"
#include "dmabuf/adapters/drm_prime.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/udmabuf.hpp"
#include "dmabuf/adapters/vgem_fences.hpp"
#include "habits.hpp"
#include "kernel_adapter.hpp"

namespace dmabuf::adapters {
namespace {

constexpr std::string_view kHeap = "heap:";
constexpr std::string_view kDrm = "drm:";
constexpr std::string_view kHarness = "harness";

std::string joined(std::span<const NamedNumber> names) {
  std::string result;
  for (const NamedNumber& known : names)
    result.append(result.empty() ? "" : ", ").append(known.name);
  return result;
}

std::vector<std::string> words(std::span<const NamedNumber> names) {
  std::vector<std::string> result;
  for (const NamedNumber& known : names) result.emplace_back(known.name);
  return result;
}

OpenedBackend open_backend(const std::string& exporter) {
  if (exporter == "udmabuf") return open_udmabuf();
  if (exporter == "vgem") return open_drm_prime("vgem");
  if (exporter.starts_with(kHeap)) return open_dma_heap(exporter.substr(kHeap.size()));
  if (exporter.starts_with(kDrm)) return open_drm_prime(exporter.substr(kDrm.size()));
  return {nullptr, "no target is called " + exporter,
          "use vgem, udmabuf, heap:<name>, drm:<driver> or harness:<policy>"};
}

/// Where bufinfo is missing: what that costs, and how to have it.
Lack bufinfo_lack(int error) {
  if (error == EACCES || error == EPERM)
    return {"debugfs may not be read: buffers without an fd cannot be seen", "run as root"};
  if (::access("/sys/kernel/debug", F_OK) != 0)
    return {"no debugfs: buffers without an fd cannot be seen",
            "boot a kernel with CONFIG_DEBUG_FS=y"};
  return {"debugfs is not mounted: buffers without an fd cannot be seen",
          "as root: mount -t debugfs none /sys/kernel/debug"};
}

Opened refusal(std::string reason, std::string remedy) {
  return {nullptr, std::move(reason), std::move(remedy), {}, {}};
}

/// The target's exporter within the module; the reason in `refused` if it cannot be.
std::optional<HarnessExporter> harness_exporter(const KernelTarget& target, const Harness& harness,
                                                std::string& name, Opened& refused) {
  std::string policy = target.policy;
  if (target.exporter.size() > kHarness.size()) {
    const std::string named = target.exporter.substr(kHarness.size() + 1);
    if (policy.empty()) policy = named;
    if (policy != named) {
      refused = refusal("two policies at once: " + named + " and " + policy, "name one");
      return std::nullopt;
    }
  }
  if (policy.empty()) policy = "eager";
  const auto policy_bits = find_number(harness_policies(), policy);
  const auto defect = find_number(harness_defects(), target.defect);
  if (!policy_bits) {
    refused = refusal("the harness exporter has no policy " + policy,
                      "use one of " + joined(harness_policies()));
  } else if (!defect) {
    refused = refusal("the harness exporter has no defect " + target.defect,
                      "use one of " + joined(harness_defects()));
  } else if (*defect != DBH_DEFECT_NONE && !harness.has(DBH_FEATURE_DEFECTS)) {
    refused = refusal("dmabuf_harness.ko was loaded without defects",
                      "as root: rmmod dmabuf_harness; insmod dmabuf_harness.ko allow_defects=1");
  } else if ((*policy_bits & DBH_POLICY_CACHING) != 0 && !harness.has(DBH_FEATURE_CACHING)) {
    refused = refusal("this kernel has no cached mappings (gone by 6.17)",
                      "use a kernel of the 6.12 series or before");
  } else {
    name = std::string(kHarness) + ":" + policy;
    return HarnessExporter{.policy = *policy_bits, .defect = *defect};
  }
  return std::nullopt;
}

}  // namespace

OpenedBackend open_exporter(const std::string& exporter) { return open_backend(exporter); }

namespace {

Opened open_beside(const KernelTarget& target, std::unique_ptr<VideoQueue> queue, std::string_view beside);

}  // namespace

/// "vgem+v4l2": an exporter, and the queue beside it.
Opened open_kernel_adapter(const KernelTarget& target) {
  const std::size_t plus = target.exporter.find('+');
  if (plus == std::string::npos) return open_beside(target, nullptr, {});
  const std::string beside = target.exporter.substr(plus);
  if (beside != "+v4l2") return refusal("nothing is called " + beside, "use " + target.exporter.substr(0, plus) + "+v4l2");
  KernelTarget exporter = target;
  exporter.exporter.resize(plus);
  VideoQueue::Opened opened = VideoQueue::open("vmalloc");
  if (!opened.queue) return refusal(std::move(opened.reason), std::move(opened.remedy));
  return open_beside(exporter, std::move(opened.queue), beside);
}

namespace {

Opened open_beside(const KernelTarget& target, std::unique_ptr<VideoQueue> queue, std::string_view beside) {
  if (::sysconf(_SC_PAGESIZE) != static_cast<long>(kPageSize))
    return refusal("this kernel's pages are not of 4096 bytes", "use a kernel with 4 KiB pages");
  const bool in_kernel =
      target.exporter == kHarness || target.exporter.starts_with(std::string(kHarness) + ":");
  KernelAdapter::Parts parts;
  parts.name = target.exporter;
  parts.alone = target.alone;
  Opened result;

  if (!in_kernel) {
    if (!target.policy.empty() || target.defect != "none")
      return refusal(target.exporter + " has no policies and no defects to choose from",
                     "use harness:<policy>");
    OpenedBackend backend = open_backend(target.exporter);
    if (!backend.backend) return refusal(std::move(backend.reason), std::move(backend.remedy));
    parts.backend = std::move(backend.backend);
    parts.name = parts.backend->name();
  }
  if (in_kernel || target.with_importer) {
    OpenedHarness harness = Harness::open();
    if (!harness.harness && in_kernel)
      return refusal(std::move(harness.reason), std::move(harness.remedy));
    if (!harness.harness)
      result.lacks.push_back({"no importer in the kernel: " + harness.reason, harness.remedy});
    parts.harness = std::move(harness.harness);
  }
  if (in_kernel) {
    parts.harness_exporter = harness_exporter(target, *parts.harness, parts.name, result);
    if (!parts.harness_exporter) return result;
  }
  parts.queue = std::move(queue);
  parts.name += beside;
  parts.fences = VgemFences::open(target.exporter == "vgem" ? VgemFences::Way::Attached : VgemFences::Way::Imported);
  result.habits = habits_of(parts.harness.get(), parts.backend.get());
  auto adapter = std::make_unique<KernelAdapter>(std::move(parts));
  if (!adapter->sees_bufinfo()) result.lacks.push_back(bufinfo_lack(open_bufinfo().error()));
  result.adapter = std::move(adapter);
  return result;
}

}  // namespace

Machine probe() {
  Machine machine;
  const auto offer = [&machine](std::string name, const OpenedBackend& opened) {
    machine.targets.push_back({.target = std::move(name),
                               .available = opened.backend != nullptr,
                               .reason = opened.reason,
                               .remedy = opened.remedy});
  };
  machine.root = ::geteuid() == 0;
  if (!machine.root) machine.lacks.push_back({"not root", "run as root, in a virtual machine"});

  offer("vgem", open_drm_prime("vgem"));
  std::vector<std::string> drivers;
  for (const DrmCard& card : drm_cards())
    if (card.driver != "vgem" && !card.driver.empty() &&
        std::find(drivers.begin(), drivers.end(), card.driver) == drivers.end())
      drivers.push_back(card.driver);
  for (const std::string& driver : drivers)
    offer(std::string(kDrm) + driver, open_drm_prime(driver));
  offer("udmabuf", open_udmabuf());
  std::vector<std::string> heaps = dma_heaps();
  if (heaps.empty()) heaps.emplace_back("system");
  for (const std::string& heap : heaps) offer(std::string(kHeap) + heap, open_dma_heap(heap));

  const OpenedHarness harness = Harness::open();
  machine.harness = harness.harness != nullptr;
  if (!machine.harness)
    machine.lacks.push_back({"no importer in the kernel: " + harness.reason, harness.remedy});
  machine.harness_defects = machine.harness && harness.harness->has(DBH_FEATURE_DEFECTS);
  for (const NamedNumber& policy : harness_policies()) {
    Offer it{.target = std::string(kHarness) + ":" + std::string(policy.name),
             .available = machine.harness,
             .reason = harness.reason,
             .remedy = harness.remedy};
    if (machine.harness && (policy.value & DBH_POLICY_CACHING) != 0 &&
        !harness.harness->has(DBH_FEATURE_CACHING)) {
      it.available = false;
      it.reason = "this kernel has no cached mappings (gone by 6.17)";
      it.remedy = "use a kernel of the 6.12 series or before";
    }
    machine.targets.push_back(std::move(it));
  }

  const KernelFile bufinfo = open_bufinfo();
  machine.bufinfo = bufinfo.is_open();
  if (!machine.bufinfo) machine.lacks.push_back(bufinfo_lack(bufinfo.error()));
  return machine;
}

std::vector<std::string> policy_names() { return words(harness_policies()); }
std::vector<std::string> defect_names() { return words(harness_defects()); }

}  // namespace dmabuf::adapters
