// SPDX-License-Identifier: Apache-2.0
// Snapshots of raft storage that are whole, or broken in a chosen way.
#pragma once

#include "tests/worker/folder.hpp"
#include "worker/files/digest.hpp"

#include <fmt/format.h>

namespace recoverd::test {

inline std::string sha256(const std::string& bytes) {
    worker::files::Digest digest{"sha256"};
    digest.add({bytes.data(), bytes.size()});
    return digest.hex();
}

/// Its members in the order in which they are written.
struct SnapshotMembers {
    std::string state = noise(100'000);
    std::string meta = R"({"Version":1,"ID":"bolt-snapshot","Index":38,"Term":3,"Peers":null,"Size":100000})";
    std::string sums = fmt::format("{}  meta.json\n{}  state.bin\n", sha256(meta), sha256(state));
    std::string sealed = noise(400);

    std::vector<std::pair<std::string, std::string>> list() const {
        return {{"meta.json", meta}, {"state.bin", state}, {"SHA256SUMS", sums}, {"SHA256SUMS.sealed", sealed}};
    }
    std::string bytes() const { return tar(list(), Pack::gzip); }
};

} // namespace recoverd::test
