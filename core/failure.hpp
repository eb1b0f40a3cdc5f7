// SPDX-License-Identifier: Apache-2.0
// Why a check learned nothing. A failure is never evidence that something is bad, only that nobody knows.
#pragma once

#include "core/names.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace recoverd::core {

enum class FailureKind : std::uint8_t { unreachable, timed_out, refused, bad_answer, misconfigured };

template <>
struct Names<FailureKind> {
    static constexpr std::array<std::string_view, 5> values{"unreachable", "timed_out", "refused", "bad_answer",
                                                            "misconfigured"};
};

struct Failure {
    FailureKind kind = FailureKind::bad_answer;
    /// One line: what was expected, what was found, where. What to do about it may follow: "\nhint: …". Holds no
    /// secret.
    std::string detail;

    bool operator==(const Failure&) const = default;
};

template <class T>
using Result = std::expected<T, Failure>;

inline std::unexpected<Failure> failed(FailureKind kind, std::string detail) {
    return std::unexpected(Failure{kind, std::move(detail)});
}

} // namespace recoverd::core
