// SPDX-License-Identifier: MIT
/// report.html: one file that opens from disk or from a mail.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

struct HtmlOptions {
  std::string title = "dma-buf conformance report";
  std::size_t trace_rows = 400;  ///< longer traces lose their middle, and say so
  std::size_t lane_steps = 240;  ///< columns of the lanes; longer traces lose their middle
  std::size_t log_bytes = 64 << 10;
  std::size_t max_bytes =
      5 << 20;  ///< details of later findings are left out rather than exceed it
};

/// The whole page. It holds no script and refers to nothing outside itself.
std::string render_html(const std::vector<record::Run>& runs, const HtmlOptions& options = {});

}  // namespace dmabuf::reports
