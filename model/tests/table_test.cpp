// SPDX-License-Identifier: MIT
#include "dmabuf/model/table.hpp"

#include <gtest/gtest.h>

#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::model {

TEST(Tables, AreExtractedWithoutAmbiguityOrHole) { EXPECT_NO_THROW(machines()); }

TEST(Tables, KeepEveryMachineSmall) {
  for (const MachineInfo& machine : machines()) {
    std::size_t transitions = 0;
    for (RowId id : machine.rows)
      transitions += rows()[id].kind == RowKind::Permitted || rows()[id].kind == RowKind::Refused;
    EXPECT_LE(transitions, 20U) << machine.name;
  }
}

TEST(Tables, CiteOnlyTheCatalogue) {
  for (const RowInfo& row : rows()) EXPECT_NE(find(row.requirement), nullptr) << describe(row);
}

TEST(Tables, NameErrnosForRefusalsOnly) {
  for (const RowInfo& row : rows()) EXPECT_EQ(row.kind == RowKind::Refused, row.errnos.size > 0) << describe(row);
}

TEST(Tables, AreDrawnWithEveryState) {
  for (const MachineInfo& machine : machines()) {
    const std::string text = dot(machine);
    for (std::string_view state : machine.states)
      EXPECT_NE(text.find('"' + std::string(state) + '"'), std::string::npos) << machine.name;
  }
}

}  // namespace dmabuf::model
