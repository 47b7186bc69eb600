// SPDX-License-Identifier: MIT
/// The laws, again: a test reads conformance/properties and holds this list against what it finds there.
#include "dmabuf/traceability/traceability.hpp"

namespace dmabuf::traceability {
namespace {

constexpr Law kLaws[] = {
    {"Attachments.AreListedUntilDetached", {"INV-003"}},
    {"Attachments.CallTheExporterOnceEachWay", {"ATT-004", "ATT-017", "INV-004"}},
    {"CpuAccess.ReachesTheExporterOnce", {"CPU-002", "CPU-005"}},
    {"Export.GivesWhatWasAskedFor", {"EXP-007", "EXP-009"}},
    {"Export.FixesSizeAndAccessForGood", {"INV-007"}},
    {"Failure.ChangesNothing", {"INV-006"}},
    {"Mappings.CallTheExporterOnceEachWay", {"MAP-002", "MAP-007", "INV-004"}},
    {"References.EqualTheLedger", {"INV-001"}},
    {"References.AreLeftAloneByAttachments", {"ATT-007"}},
    {"Release.HappensOnceAndLast", {"REL-001", "REL-002"}},
    {"Release.TakesTheBufferOffTheList", {"INV-002"}},
    {"Release.LeavesNothingBehind", {"INV-012"}},
    {"Userspace.NewFdsHaveTheCloseOnExecFlagAskedFor", {"FD-004"}},
    {"Userspace.ReadsWhatWasWritten", {"INV-011", "MMU-016"}},
    {"Userspace.NamesBuffersToTheByte", {"NAM-003"}},
    {"Userspace.LearnsTheSizeBySeekingToTheEnd", {"LSK-001"}},
};

}  // namespace

std::span<const Law> laws() { return kLaws; }

}  // namespace dmabuf::traceability
