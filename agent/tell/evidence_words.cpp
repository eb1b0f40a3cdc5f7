// SPDX-License-Identifier: Apache-2.0
#include "agent/tell/evidence_words.hpp"

#include "core/assertion.hpp"
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

using core::config::format_size;

struct Words {
    core::Time now;

    std::string operator()(const core::RecoveryPoints& points) const {
        std::string out =
            fmt::format("{} recovery point{} ({})", points.count, points.count == 1 ? "" : "s", points.method);
        if (!points.points.empty()) {
            const core::RecoveryPoint& newest = points.points.back();
            out += ", newest " + moment_words(newest.data_at, now);
            if (newest.size_bytes)
                out += ", " + format_size(*newest.size_bytes);
            out += fmt::format(", depth {}", core::name_of(newest.depth));
        }
        for (const core::BackupJob& job : points.jobs)
            out += fmt::format(", a job {}{}", job.state == core::JobState::running ? "runs" : "failed",
                               job.detail.empty() ? "" : ": " + job.detail);
        return out;
    }
    std::string operator()(const core::LogArchive& archive) const {
        std::string out = archive.from_repository ? "log kept in the repository" : "log written by the server";
        if (archive.enabled == core::Told::no)
            return out + ", archiving is off";
        if (archive.oldest_at)
            out += ", from " + moment_words(*archive.oldest_at, now);
        if (archive.newest_at)
            out += ", up to " + moment_words(*archive.newest_at, now);
        if (archive.pending_segments > 0)
            out += fmt::format(", {} segments wait", archive.pending_segments);
        if (archive.failing_since)
            out += fmt::format(", failing since {}: {}", moment_words(*archive.failing_since, now),
                               archive.failing_detail);
        if (!archive.gaps.empty())
            out += fmt::format(", {} gaps", archive.gaps.size());
        return out;
    }
    std::string operator()(const core::Replication& replication) const {
        std::string out = replication.role.empty() ? "role not told" : replication.role;
        for (const core::Follower& follower : replication.followers) {
            out += fmt::format(", {} {}", follower.name, core::name_of(follower.state));
            if (follower.lag)
                out += fmt::format(" {} behind", core::in_words(*follower.lag));
        }
        for (const core::ReplicationSlot& slot : replication.slots)
            if (slot.lost || slot.retained_bytes)
                out += fmt::format(", slot {} {}", slot.name,
                                   slot.lost ? "is lost" : "holds back " + format_size(*slot.retained_bytes));
        return out;
    }
    std::string operator()(const core::Exercise& exercise) const {
        std::string out = fmt::format("{} {}", exercise.exercise, core::name_of(exercise.outcome));
        if (const auto at = exercise.ended_at ? exercise.ended_at : exercise.started_at)
            out += " " + moment_words(*at, now);
        out += fmt::format(", depth {}", core::name_of(exercise.depth));
        if (exercise.rto)
            out += ", recovery took " + core::in_words(*exercise.rto);
        if (exercise.rpo)
            out += ", lost " + core::in_words(*exercise.rpo);
        for (const std::string* text : {&exercise.message, &exercise.link})
            if (!text->empty())
                out += ", " + *text;
        return out;
    }
    std::string operator()(const core::Reachability& reachability) const {
        std::string out = fmt::format("{} {}", reachability.target, core::name_of(reachability.state));
        if (reachability.latency)
            out += fmt::format(" in {}", core::in_words(*reachability.latency));
        if (!reachability.detail.empty())
            out += ": " + reachability.detail;
        if (reachability.certificate)
            out += ", certificate until " + moment_words(reachability.certificate->not_after, now);
        return out;
    }
    std::string operator()(const core::Assertions& assertions) const {
        std::size_t held = 0;
        std::string others;
        for (const core::Assertion& assertion : assertions.assertions) {
            const core::AssertionState state = core::state_of(assertion);
            held += state == core::AssertionState::holds ? 1 : 0;
            if (state == core::AssertionState::fails)
                others += fmt::format(", {} fails: {} expected, {} found", assertion.name, assertion.expected,
                                      assertion.actual.value_or("nothing"));
            if (state == core::AssertionState::unknown)
                others += fmt::format(", {} unknown", assertion.name);
        }
        return fmt::format("{} of {} expectations hold{}", held, assertions.assertions.size(), others);
    }
    std::string operator()(const core::Fingerprint& fingerprint) const {
        return fmt::format("{} is {}", fingerprint.name, fingerprint.value);
    }
    std::string operator()(const core::Measurement& measurement) const {
        return fmt::format("{} is {:g}{}{}", measurement.name, measurement.value, measurement.unit.empty() ? "" : " ",
                           measurement.unit);
    }
};

} // namespace

std::string evidence_words(const core::Evidence& evidence, core::Time now) {
    return fmt::format("{}: {}", core::name_of(core::kind_of(evidence)), std::visit(Words{now}, evidence));
}

std::string moment_words(core::Time at, core::Time now) {
    const std::string distance = at <= now ? core::in_words(now - at) + " ago" : "in " + core::in_words(at - now);
    return fmt::format("{} ({})", core::config::format_time(at), distance);
}

} // namespace recoverd::agent
