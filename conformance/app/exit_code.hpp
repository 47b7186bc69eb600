// SPDX-License-Identifier: MIT
/// What a script may rely on.
#pragma once

namespace dmabuf::app {

enum ExitCode : int {
  kConforms = 0,        ///< finished, nothing to fail on, at least one case judged
  kFindings = 1,        ///< finished, something found
  kInconclusive = 2,    ///< finished, but nothing was judged, or a case could not be
  kInfrastructure = 3,  ///< could not start, or the target was lost
  kNotApplicable = 4,   ///< every target was skipped
  kUsage = 64,          ///< bad options, a target nobody knows, an output directory that is in use
  kInternal = 70,       ///< a failure of ours
  kStopped = 75,        ///< SIGTERM or SIGINT; go on with --resume
};

}  // namespace dmabuf::app
