// SPDX-License-Identifier: Apache-2.0
// Snapshots that are files: found, counted and remembered as any other backups, and proven as what they are.
#include "worker/files/job.hpp"
#include "io/json.hpp"
#include "worker/all.hpp"
#include "worker/vault/snapshot.hpp"

#include <variant>

namespace recoverd::worker::vault {

namespace {

/// Vault writes nothing into its storage that its barrier has not encrypted.
void mark(core::RecoveryPoints& points) {
    points.method = "vault_snapshot";
    for (core::RecoveryPoint& point : points.points)
        if (point.depth >= core::Depth::checksummed)
            point.encrypted = core::Told::yes;
}

} // namespace

core::Result<core::Seen> run(std::string_view input) {
    files::Options options = files::read_options(io::Json::parse(input));
    options.of_kind = prove_snapshot;
    auto seen = files::look(options, files::system_clock());
    if (!seen)
        return seen;
    for (core::SubjectReport& report : seen->subjects)
        for (core::Evidence& evidence : report.evidence)
            if (auto* points = std::get_if<core::RecoveryPoints>(&evidence))
                mark(*points);
    return seen;
}

} // namespace recoverd::worker::vault
