// SPDX-License-Identifier: Apache-2.0
// One table per enumeration: how its values are spelled in configuration, JSON, metrics and alerts.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace recoverd::core {

/// Specialised beside each enumeration with `static constexpr std::array<std::string_view, N> values`,
/// in the order of the enumerators, which start at 0 without gaps.
template <class E>
struct Names;

template <class E>
constexpr std::string_view name_of(E value) {
    return Names<E>::values[static_cast<std::size_t>(std::to_underlying(value))];
}

/// The enumerator spelled `name`, or nothing.
template <class E>
constexpr std::optional<E> from_name(std::string_view name) {
    for (std::size_t i = 0; i < Names<E>::values.size(); ++i)
        if (Names<E>::values[i] == name)
            return static_cast<E>(i);
    return std::nullopt;
}

} // namespace recoverd::core
