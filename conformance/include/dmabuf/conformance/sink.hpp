// SPDX-License-Identifier: MIT
/// Where records go. The suite writes them and does not know who reads.
#pragma once

#include "dmabuf/record/record.hpp"

namespace dmabuf::conformance {

class Sink {
 public:
  virtual ~Sink() = default;
  /// In order, as they happen. What a Begin announces must survive a crash of the machine, so a sink
  /// that keeps a journal writes it through before it returns.
  virtual void write(const record::Record& record) = 0;
};

}  // namespace dmabuf::conformance
