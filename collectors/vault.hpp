// SPDX-License-Identifier: Apache-2.0
// What a Vault or OpenBao server says of itself and of its cluster. Pure: tests feed it captured answers.
#pragma once

#include "core/report.hpp"
#include "io/http.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the cluster.
struct VaultExpected {
    /// The address that is asked, for the evidence.
    std::string target;
    bool has_token = false;
    /// Ids of the raft servers that must be there; all that were ever seen when empty.
    std::vector<std::string> peers;
    /// How many of them may fail while the cluster goes on, at least.
    std::optional<std::int64_t> failure_tolerance;
    /// Names of Enterprise's configurations of automated snapshots.
    std::vector<std::string> auto_snapshots;
};

/// What was brought back from one run; what was not asked is nothing.
struct VaultAnswers {
    core::Result<io::HttpAnswer> health;
    std::optional<core::Result<io::HttpAnswer>> seal_status;
    std::optional<core::Result<io::HttpAnswer>> leader;
    /// Autopilot's state of the raft cluster.
    std::optional<core::Result<io::HttpAnswer>> raft;
    /// In the order of `VaultExpected::auto_snapshots`.
    std::vector<core::Result<io::HttpAnswer>> auto_snapshots;
};

/// What else is worth asking, by what the server says of itself.
struct VaultQuestions {
    bool leader = false;
    bool raft = false;
    bool auto_snapshots = false;
};
/// Throws io::BadDocument for documents that are not Vault's.
VaultQuestions vault_questions(const VaultExpected& expected, const VaultAnswers& answers, core::Time now);

/// `cursor` is what the last call left in `Seen::cursor`, or empty. A failure when nobody knows how the server is.
/// Throws io::BadDocument for documents that are not Vault's.
core::Result<core::Seen> interpret_vault(const VaultExpected& expected, const VaultAnswers& answers,
                                         std::string_view cursor, core::Time now);

} // namespace recoverd::collectors
