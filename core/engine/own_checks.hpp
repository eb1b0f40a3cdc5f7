// SPDX-License-Identifier: Apache-2.0
// Checks that nobody configured: what an asset is told of (outcomes, validations) is kept under them.
#pragma once

#include "core/config.hpp"

#include <memory>
#include <string_view>

namespace recoverd::core {

/// What stands behind an asset's name in theirs. '/' cannot stand in a configured name.
inline constexpr std::string_view kOutcomes = "/outcomes";
inline constexpr std::string_view kValidations = "/validations";
inline constexpr std::string_view kOwnChecks[] = {kOutcomes, kValidations};

bool is_own_check(std::string_view name);

/// `scope`: that of the asset.
std::shared_ptr<const Check> make_own_check(const Asset& asset, std::string_view kind, Scope scope);

} // namespace recoverd::core
