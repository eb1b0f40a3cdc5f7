// SPDX-License-Identifier: Apache-2.0
#include "worker/vault/snapshot.hpp"

#include "worker/files/formats.hpp"
#include "worker/vault/snapshot_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace recoverd::worker::vault {

namespace {

/// What a restore reads of every member but the state, and it refuses one that has a byte more, also where the archive
/// fits together: since v1.0.4 (2022) hashicorp/raft-snapshot, archive.go, copies 8192 bytes and takes it for cut off
/// when so many came. meta.json names the peers, some hundred bytes each.
constexpr std::size_t kMostSmall = 8191;

class Reader final : public files::Members {
  public:
    std::string begin(const std::string& name, bool is_file) override {
        end();
        constexpr std::array kNames{kMeta, kState, kSums, kSealed};
        if (!is_file || std::ranges::find(kNames, name) == kNames.end())
            return fmt::format("expected meta.json, state.bin and their checksums alone, found '{}'",
                               name.substr(0, 100));
        if (name == kState ? seen_state_ : parts_.small.contains(name))
            return fmt::format("it holds {} twice", name);
        name_ = name;
        if (name == kState)
            seen_state_ = true;
        else
            parts_.small[name];
        if (name == kState || name == kMeta)
            digest_.emplace("sha256");
        return {};
    }

    std::string take(std::span<const char> bytes) override {
        if (digest_)
            digest_->add(bytes);
        if (name_ == kState) {
            parts_.state_bytes += bytes.size();
            return {};
        }
        std::string& content = parts_.small[name_];
        if (content.size() + bytes.size() > kMostSmall)
            return fmt::format("{} is larger than {} bytes: no restore reads it", name_, kMostSmall);
        content.append(bytes.data(), bytes.size());
        return {};
    }

    const SnapshotParts& parts() {
        end();
        return parts_;
    }

  private:
    void end() {
        if (digest_)
            parts_.sums[name_] = digest_->hex();
        digest_.reset();
    }

    SnapshotParts parts_;
    std::string name_;
    bool seen_state_ = false;
    std::optional<files::Digest> digest_;
};

} // namespace

files::Proof prove_snapshot(files::Source& file) {
    files::GzipSource unpacked(file);
    Reader reader;
    std::string fault = files::read_tar(unpacked, reader);
    if (unpacked.exhausted() || file.exhausted())
        return files::unfinished();
    if (fault.empty())
        fault = fault_in(reader.parts());
    if (!fault.empty())
        return files::bad("not a whole snapshot: " + fault);
    return {core::Depth::checksummed, core::PointState::good, {}, true};
}

} // namespace recoverd::worker::vault
