// SPDX-License-Identifier: Apache-2.0
// What is worth knowing of a Terraform or OpenTofu state, read from front to back without keeping any of it: it holds
// secrets.
#pragma once

#include "io/json.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::worker::terraform_state {

struct State {
    std::uint64_t bytes = 0;
    /// Lower-case hex of all bytes; empty when it was not read to its end.
    std::string sha256;
    std::string md5;
    /// What it is instead of a state, in words that hold nothing of it: "a state of version 3". Empty for a state.
    std::string fault;
    bool encrypted = false;
    std::optional<std::uint64_t> serial;
    /// Empty when it is not told.
    std::string lineage;
    /// Instances of managed resources, without deposed ones; not told of an encrypted state.
    std::optional<std::uint64_t> resources;
};

/// `next` gives its bytes, and none at the end.
State read_state(const std::function<std::string_view()>& next);

} // namespace recoverd::worker::terraform_state
