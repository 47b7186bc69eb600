// SPDX-License-Identifier: MIT
/// Any operation the codecs can write, meaningful or not.
#pragma once

#include <rapidcheck.h>

#include "../src/shape.hpp"
#include "dmabuf/conformance/program.hpp"
#include "dmabuf/conformance/trace.hpp"

namespace dmabuf::conformance::arbitrary {

inline std::uint32_t value(shape::Domain domain) {
  if (domain == shape::Domain::Tag) return *rc::gen::arbitrary<std::uint32_t>();
  if (domain == shape::Domain::Fd)
    return *rc::gen::element<std::uint32_t>(0, 1, 2, 3, 4, 5, model::kBadFd.value, model::kForeignFd.value);
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, shape::count(domain)));
}

inline rc::Gen<model::Operation> operation() {
  return rc::gen::exec([] {
    const auto kind =
        *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, model::kOperationKinds));
    model::Operation result = shape::blank(kind);
    for (const shape::Field& field : shape::fields(kind)) field.store(result, value(field.domain));
    return result;
  });
}

inline rc::Gen<Program> program() {
  return rc::gen::map(rc::gen::container<std::vector<model::Operation>>(operation()),
                      [](std::vector<model::Operation> operations) { return Program{std::move(operations)}; });
}

inline rc::Gen<model::Outcome> outcome() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t v) { return model::done(v); }),
      rc::gen::just(model::done()), rc::gen::just(model::done(model::kTorn)),
      rc::gen::map(rc::gen::element(EBADF, EINVAL, EBUSY, ENOENT, EFAULT, EACCES, ENOMEM, ENOTTY, EIO),
                   [](int error) { return model::refused(error); }));
}

}  // namespace dmabuf::conformance::arbitrary

namespace rc {
template <>
struct Arbitrary<dmabuf::model::Operation> {
  static Gen<dmabuf::model::Operation> arbitrary() { return dmabuf::conformance::arbitrary::operation(); }
};
}  // namespace rc

namespace std {
inline ostream& operator<<(ostream& out, const dmabuf::model::Operation& operation) {
  return out << dmabuf::conformance::to_text(operation);
}
}  // namespace std
