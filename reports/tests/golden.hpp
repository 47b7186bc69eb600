// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace dmabuf::tests {

/// Compares with tests/golden/<name>. With DMABUF_UPDATE_GOLDEN=1 in the environment the file is
/// written instead: read the difference before committing it.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace dmabuf::tests
