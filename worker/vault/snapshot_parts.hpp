// SPDX-License-Identifier: Apache-2.0
// What is inside a snapshot of raft storage, the state itself aside, and whether it fits together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace recoverd::worker::vault {

inline constexpr std::string_view kMeta = "meta.json";
inline constexpr std::string_view kState = "state.bin";
inline constexpr std::string_view kSums = "SHA256SUMS";
inline constexpr std::string_view kSealed = "SHA256SUMS.sealed";

struct SnapshotParts {
    /// Contents of the small members, by name.
    std::map<std::string, std::string, std::less<>> small;
    /// SHA-256 of meta.json and state.bin, by name.
    std::map<std::string, std::string, std::less<>> sums;
    std::uint64_t state_bytes = 0;
};

/// What is wrong with them, or empty: meta.json against the state, SHA256SUMS against both. Pure.
std::string fault_in(const SnapshotParts& parts);

} // namespace recoverd::worker::vault
