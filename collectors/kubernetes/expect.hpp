// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/evidence.hpp"

#include <optional>
#include <string>
#include <utility>

namespace recoverd::collectors::kubernetes_parts {

/// Nothing as `actual`: it could not be learned.
inline core::Assertion expect(std::string name, std::string expected, std::optional<std::string> actual,
                              std::string detail = {}) {
    return {.name = std::move(name),
            .expected = std::move(expected),
            .actual = std::move(actual),
            .detail = std::move(detail)};
}

} // namespace recoverd::collectors::kubernetes_parts
