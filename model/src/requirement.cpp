// SPDX-License-Identifier: MIT
#include "dmabuf/model/requirement.hpp"

#include <ostream>

namespace dmabuf::model {

std::string full_id(std::string_view id) { return "DBUF-" + std::string(id); }

std::string_view name(Bearer bearer) {
  switch (bearer) {
    case Bearer::Core:
      return "core";
    case Bearer::Exporter:
      return "exporter";
    case Bearer::Importer:
      return "importer";
    case Bearer::Userspace:
      return "userspace";
    case Bearer::Tester:
      return "tester";
  }
  return {};
}

std::string_view name(Strength strength) {
  switch (strength) {
    case Strength::Must:
      return "must";
    case Strength::Documented:
      return "documented";
    case Strength::Implementation:
      return "implementation";
  }
  return {};
}

std::string_view name(Route route) {
  switch (route) {
    case Route::Userspace:
      return "userspace";
    case Route::Harness:
      return "harness";
    case Route::Debug:
      return "debug";
    case Route::KernelLog:
      return "kernel-log";
    case Route::Reference:
      return "reference";
  }
  return {};
}

std::ostream& operator<<(std::ostream& out, const Requirement& requirement) {
  return out << full_id(requirement.id) << " (" << name(requirement.bearer)
             << "): " << requirement.text << " [" << requirement.source.file << ", "
             << requirement.source.where << ']';
}

}  // namespace dmabuf::model
