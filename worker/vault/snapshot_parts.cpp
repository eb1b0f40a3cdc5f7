// SPDX-License-Identifier: Apache-2.0
#include "worker/vault/snapshot_parts.hpp"

#include "io/json.hpp"
#include "worker/files/proof.hpp"

#include <fmt/format.h>

namespace recoverd::worker::vault {

namespace {

constexpr std::size_t kHexDigits = 64;

/// raft.SnapshotMeta: what it says must be so.
std::string fault_in_meta(const std::string& text, std::uint64_t state_bytes) {
    try {
        const io::Json meta = io::Json::parse(text);
        const std::uint64_t size = meta["Size"].natural();
        if (meta["Index"].natural() == 0)
            return "meta.json: it is of raft index 0, before anything was written";
        if (size != state_bytes)
            return fmt::format("state.bin has {} bytes, meta.json says {}", state_bytes, size);
        return size == 0 ? "state.bin is empty" : "";
    } catch (const io::BadDocument& bad) {
        return fmt::format("meta.json: {}", bad.what());
    }
}

} // namespace

std::string fault_in(const SnapshotParts& parts) {
    // The last one: Vault's own client takes a snapshot without it for incomplete, and restores it only by force.
    for (const std::string_view name : {kMeta, kSums, kSealed})
        if (const auto found = parts.small.find(name); found == parts.small.end() || found->second.empty())
            return fmt::format("expected {} in it, found {}", name, found == parts.small.end() ? "none" : "no content");
    if (!parts.sums.contains(kState))
        return "expected state.bin in it, found none";
    const auto told = files::parse_checksums(parts.small.find(kSums)->second, kHexDigits);
    if (told.size() != 2)
        return fmt::format("SHA256SUMS: expected the sums of meta.json and state.bin, found {}", told.size());
    for (const std::string_view name : {kMeta, kState}) {
        const auto found = told.find(name);
        if (found == told.end())
            return fmt::format("SHA256SUMS: expected the sum of {}, found none", name);
        if (const auto& actual = parts.sums.find(name)->second; actual != found->second)
            return fmt::format("the SHA-256 of {} is {}, SHA256SUMS says {}", name, actual, found->second);
    }
    return fault_in_meta(parts.small.find(kMeta)->second, parts.state_bytes);
}

} // namespace recoverd::worker::vault
