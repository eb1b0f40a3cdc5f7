// SPDX-License-Identifier: Apache-2.0
// What the answers mean as evidence.
#include "collectors/collector.hpp"
#include "collectors/vault/parts.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using core::ReachState;
using vault_parts::Cursor;
using vault_parts::Health;
using vault_parts::read_answer;

constexpr std::string_view kRaft = "sys/storage/raft/autopilot/state";

/// How far unsealing has come, where the server says so.
std::string progress(const VaultAnswers& answers) {
    if (!answers.seal_status)
        return {};
    const auto json = read_answer(*answers.seal_status, "sys/seal-status");
    if (!json)
        return {};
    const io::Json& needed = (*json)["t"];
    const io::Json& given = (*json)["progress"];
    if (!needed || !given || needed.natural() == 0)
        return {};
    return fmt::format(", {} of {} unseal keys given", given.natural(), needed.natural());
}

/// "raft", "consul", "file" …; empty where it is not told.
std::string storage_of(const VaultAnswers& answers) {
    if (!answers.seal_status)
        return {};
    const auto json = read_answer(*answers.seal_status, "sys/seal-status");
    const bool told = json && (*json)["storage_type"].is_text();
    return told ? (*json)["storage_type"].text() : std::string{};
}

/// A standby answers as before for as long as it lives, whether or not the active node does: what is asked of it is
/// passed on, so that a standby that passes nothing on serves nobody.
void judge_standby(const VaultExpected& expected, const VaultAnswers& answers, core::Reachability& seen) {
    if (answers.leader) {
        const auto leader = read_answer(*answers.leader, "sys/leader");
        // OpenBao leaves it out when there is none.
        if (leader && (!(*leader)["leader_address"] || (*leader)["leader_address"].text().empty())) {
            seen.state = ReachState::down;
            seen.detail = "it is a standby, and the cluster has no active node";
            return;
        }
    }
    if (!answers.raft)
        return;
    const auto& asked = *answers.raft;
    // A standby may refer to the active node, and that one's host refuse the connection. Who is heard refuses by a
    // status.
    const auto nobody_answers = [](FailureKind kind) {
        return kind == FailureKind::unreachable || kind == FailureKind::timed_out || kind == FailureKind::refused;
    };
    const bool silent = asked ? asked->status >= 500 : nobody_answers(asked.error().kind);
    if (silent) {
        seen.state = ReachState::down;
        seen.detail = fmt::format("it is a standby, and the active node does not answer: {}",
                                  asked ? fmt::format("status {}", asked->status) : asked.error().detail);
    } else if (asked && !asked->url.empty() && !asked->url.starts_with(expected.target + "/")) {
        seen.state = ReachState::degraded;
        seen.detail = fmt::format("it is a standby and cannot pass on what it is asked, but refers to {}", asked->url);
    }
}

core::Reachability reachability_of(const VaultExpected& expected, const VaultAnswers& answers, const Health& health) {
    core::Reachability seen;
    seen.target = expected.target;
    if (answers.health) {
        seen.certificate = answers.health->certificate;
        if (answers.health->status != 0)
            seen.latency = answers.health->latency;
    }
    if (!health.down.empty()) {
        seen.state = ReachState::down;
        seen.detail = health.down + (health.sealed && health.initialized ? progress(answers) : "");
    } else if (health.cut_off) {
        seen.state = ReachState::degraded;
        seen.detail = "it is a standby, and has lost its connection to the active node";
    } else if (health.standby) {
        judge_standby(expected, answers, seen);
    }
    return seen;
}

/// Adds what raft tells, or says why it tells nothing.
std::optional<Failure> add_raft(const VaultExpected& expected, const VaultAnswers& answers, const Health& health,
                                Cursor& cursor, core::SubjectReport& report) {
    if (!expected.has_token || health.dr_secondary)
        return std::nullopt;
    if (!health.down.empty())
        return Failure{FailureKind::unreachable, health.down};
    if (!answers.raft) {
        if (expected.peers.empty() && !expected.failure_tolerance)
            return std::nullopt;
        return Failure{FailureKind::misconfigured,
                       fmt::format("expected storage 'raft' for its peers, found '{}'", storage_of(answers))};
    }
    const auto json = read_answer(*answers.raft, kRaft);
    if (!json)
        return json.error();
    const auto raft = understood([&] { return vault_parts::read_raft(*json); });
    if (!raft)
        return raft.error();
    for (const auto& [id, well] : raft->servers)
        cursor.add_peer(id);
    report.evidence.emplace_back(vault_parts::replication_of(expected, *raft, cursor, health.standby));
    if (expected.failure_tolerance) {
        core::Assertion tolerance{.name = "failure_tolerance",
                                  .expected = std::to_string(*expected.failure_tolerance),
                                  .actual = std::to_string(raft->failure_tolerance),
                                  .compare = core::Compare::at_least};
        tolerance.priority = core::Priority::p3;
        report.evidence.emplace_back(core::Assertions{{std::move(tolerance)}});
    }
    return std::nullopt;
}

core::SubjectReport auto_snapshot(const std::string& name, const VaultAnswers& answers, std::size_t index,
                                  const Health& health, Cursor& cursor) {
    core::SubjectReport report;
    report.subject = "snapshot-auto/" + name;
    if (index >= answers.auto_snapshots.size()) {
        report.failure =
            Failure{FailureKind::unreachable, health.down.empty() ? "it cannot be asked here" : health.down};
        return report;
    }
    const auto& answer = answers.auto_snapshots[index];
    // Vault without its enterprise features, and OpenBao, do not know the path.
    if (answer && answer->status == 404) {
        report.failure = Failure{FailureKind::misconfigured,
                                 fmt::format("auto_snapshots: expected the configuration '{}', found none\nhint: only "
                                             "Vault Enterprise has them; vault_snapshot looks at the files",
                                             name)};
        return report;
    }
    const auto json = read_answer(answer, "sys/storage/raft/snapshot-auto/status/" + name);
    if (!json) {
        report.failure = json.error();
        return report;
    }
    auto points = understood([&] { return vault_parts::auto_snapshot_of(name, *json, cursor); });
    if (points && *points)
        report.evidence.emplace_back(std::move(**points));
    else
        report.failure = points ? points->error() : points.error();
    return report;
}

} // namespace

VaultQuestions vault_questions(const VaultExpected& expected, const VaultAnswers& answers, Time now) {
    const auto health = vault_parts::read_health(answers.health, now);
    if (!health || !health->down.empty())
        return {};
    VaultQuestions questions;
    questions.leader = health->standby;
    questions.auto_snapshots = expected.has_token && !health->dr_secondary;
    const std::string storage = storage_of(answers);
    // Without a token the answer is a refusal; from a standby it comes from the active node all the same.
    const bool tells = expected.has_token || (health->standby && !health->performance_standby);
    questions.raft = tells && !health->dr_secondary && (storage.empty() || storage == "raft");
    return questions;
}

Result<Seen> interpret_vault(const VaultExpected& expected, const VaultAnswers& answers, std::string_view cursor_text,
                             Time now) {
    const auto health = vault_parts::read_health(answers.health, now);
    if (!health)
        return std::unexpected(health.error());
    Cursor cursor = vault_parts::read_cursor(cursor_text);
    core::SubjectReport report;
    report.evidence.emplace_back(reachability_of(expected, answers, *health));
    if (!health->cluster_id.empty())
        report.evidence.emplace_back(core::Fingerprint{.name = "cluster_id", .value = health->cluster_id});
    report.failure = add_raft(expected, answers, *health, cursor, report);
    // Then nobody knows whether a standby's cluster has an active node.
    const bool passed_on = answers.raft && *answers.raft && (*answers.raft)->status < 500;
    if (!report.failure && answers.leader && !passed_on)
        if (const auto leader = read_answer(*answers.leader, "sys/leader"); !leader)
            report.failure = leader.error();
    Seen seen;
    seen.subjects.push_back(std::move(report));
    for (std::size_t i = 0; i < expected.auto_snapshots.size(); ++i)
        seen.subjects.push_back(auto_snapshot(expected.auto_snapshots[i], answers, i, *health, cursor));
    seen.cursor = vault_parts::write_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
