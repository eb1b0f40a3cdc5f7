// SPDX-License-Identifier: Apache-2.0
// The parts of the `vault` collector, one per document. Nobody else includes it, tests and fuzzers aside.
#pragma once

#include "collectors/vault.hpp"
#include "io/json.hpp"

#include <map>

namespace recoverd::collectors::vault_parts {

/// What a server says of itself at /v1/sys/health.
struct Health {
    /// Why it serves nobody, or empty.
    std::string down;
    bool answered = false;
    bool initialized = false;
    bool sealed = false;
    bool standby = false;
    /// It has lost its connection to the active node (Vault 1.18 and newer say so).
    bool cut_off = false;
    /// A secondary for disaster recovery knows no tokens, and one for performance answers reads itself.
    bool dr_secondary = false;
    bool performance_standby = false;
    std::string cluster_id;
};

/// A failure when nobody knows: an answer that is not Vault's, or not of now. Throws io::BadDocument.
core::Result<Health> read_health(const core::Result<io::HttpAnswer>& answer, core::Time now);

/// A point that Vault said it made.
struct AutoSnapshot {
    core::Time started_at;
    core::Time ended_at;
    std::string url;

    bool operator==(const AutoSnapshot&) const = default;
};

/// What is remembered from run to run.
struct Cursor {
    /// Every raft server that was seen, 200 at most.
    std::vector<std::string> peers;
    /// The last good one by configuration: after a failed one Vault does not tell of it any more.
    std::map<std::string, AutoSnapshot, std::less<>> auto_snapshots;

    void add_peer(const std::string& id);
    bool operator==(const Cursor&) const = default;
};
/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

/// The body of an answer of status 200, or why there is none: `what` names what was asked.
core::Result<io::Json> read_answer(const core::Result<io::HttpAnswer>& answer, std::string_view what);

/// Autopilot's state.
struct Raft {
    std::string leader;
    std::int64_t failure_tolerance = 0;
    /// By id: is it alive and does it keep up?
    std::map<std::string, bool, std::less<>> servers;
};
/// Throws io::BadDocument.
Raft read_raft(const io::Json& answer);
core::Replication replication_of(const VaultExpected& expected, const Raft& raft, const Cursor& cursor, bool standby);

/// The state of one configuration of automated snapshots. Throws io::BadDocument.
core::Result<core::RecoveryPoints> auto_snapshot_of(const std::string& name, const io::Json& answer, Cursor& cursor);

} // namespace recoverd::collectors::vault_parts
