// SPDX-License-Identifier: Apache-2.0
// What the collector of Vault's snapshots makes of the worker's answers; for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/vault_snapshot/objects.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors {

/// The fresh snapshot that is taken now and then: what came of the last one is kept from run to run.
struct FreshSnapshot {
    std::optional<Time> tried_at;
    /// Why the last attempt brought nothing to judge.
    std::optional<Failure> failure;
    std::optional<core::Exercise> last;

    /// Is it time for the next one? After an attempt that brought nothing, sooner.
    bool due(Time now, Duration every) const;
    bool operator==(const FreshSnapshot&) const = default;
};

struct VaultSnapshotCursor {
    /// The files job's own.
    std::string files;
    KnownObjects objects;
    FreshSnapshot fresh;

    bool operator==(const VaultSnapshotCursor&) const = default;
};
/// An empty one for text that is no cursor.
VaultSnapshotCursor read_vault_snapshot_cursor(std::string_view text);
std::string write_vault_snapshot_cursor(const VaultSnapshotCursor& cursor);

/// Puts the last attempt at a fresh snapshot into `fresh`. Throws io::BadDocument.
void take_download(const Collected& answer, Time now, FreshSnapshot& fresh);

/// Puts what came of reading one object into `known`, or says why nobody knows. Throws io::BadDocument.
std::optional<Failure> take_proof(const Collected& answer, const SnapshotObject& object, KnownObjects& known);

/// `kept`: what was seen of the files or objects, or nothing where there are none to look at; `downloads`: is a fresh
/// snapshot wanted at all?
Collected report_vault_snapshot(std::optional<Collected> kept, bool downloads, VaultSnapshotCursor cursor);

} // namespace recoverd::collectors
