// SPDX-License-Identifier: Apache-2.0
// What a state means as evidence. An apply writes states of its own on the way, so that what may be one of them (a lock
// is held) is not compared with what was before.
#include "collectors/terraform_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace recoverd::collectors {

namespace {

using core::Assertion;
using core::Duration;
using core::Failure;
using core::FailureKind;
using core::Told;

/// Clocks differ.
constexpr Duration kTolerance = std::chrono::minutes{2};
/// The digest is written after the state. Terraform looks again for ten seconds before it gives up, and then tells
/// people to wait for a minute or two.
constexpr Duration kDigestFollows = std::chrono::minutes{1};
/// A new level is reported for the serial that brought it and two more, then it is taken for what it is.
constexpr std::uint64_t kNewLevelAfter = 3;

Assertion same(std::string name, std::string expected, bool holds, std::string otherwise, std::string detail) {
    Assertion made{.name = std::move(name), .expected = expected, .actual = std::move(expected)};
    if (!holds) {
        made.actual = std::move(otherwise);
        made.detail = std::move(detail);
    }
    return made;
}

Assertion format_of(const TerraformState& state) {
    return same("format", state.encrypted ? "an encrypted state" : "a state of version 4", state.fault.empty(),
                state.fault, {});
}

/// Two states of one serial: somebody went on from an older one, and what the other held is lost.
std::optional<Assertion> content_of(const TerraformState& state, TerraformKept& kept) {
    if (!state.serial || state.locked == Told::yes)
        return std::nullopt;
    // One that went back is said as such; what it is compared with when it has caught up is kept.
    if (kept.serial && *state.serial < *kept.serial)
        return std::nullopt;
    const bool known = kept.serial == state.serial && !kept.sha256.empty();
    const bool holds = !known || kept.sha256 == state.sha256;
    if (!known)
        kept.sha256 = state.sha256;
    return same("content", "as first seen with its serial", holds, "another state with the same serial",
                fmt::format("serial {}", *state.serial));
}

std::uint64_t least(const TerraformExpected& expected, std::optional<std::uint64_t> usual) {
    if (!usual || *usual == 0)
        return expected.min_resources;
    const double part = std::ceil(static_cast<double>(*usual) * (1 - expected.max_drop));
    return std::max({expected.min_resources, std::uint64_t{1}, static_cast<std::uint64_t>(std::max(part, 0.0))});
}

std::optional<Assertion> resources_of(const TerraformExpected& expected, const TerraformState& state,
                                      TerraformKept& kept) {
    if (!state.resources || state.locked == Told::yes)
        return std::nullopt;
    const std::uint64_t now = *state.resources;
    Assertion made{.name = "resources", .actual = std::to_string(now), .compare = core::Compare::at_least};
    const std::uint64_t wanted = least(expected, kept.resources);
    if (now < wanted && (kept.fewer == 0 || kept.last != state.serial))
        ++kept.fewer;
    const bool new_level = kept.fewer >= kNewLevelAfter && now >= expected.min_resources && now > 0;
    made.expected = std::to_string(new_level ? std::min(now, wanted) : wanted);
    if (now >= wanted || new_level) {
        kept.resources = now;
        kept.fewer = 0;
        return made;
    }
    if (kept.resources)
        made.detail = fmt::format("there were {}", *kept.resources);
    // Where no lock can be seen, an apply is known by the next look finding another serial.
    if (state.locked == Told::not_told && kept.last != state.serial)
        return std::nullopt;
    return made;
}

std::optional<Assertion> checksum_of(const TerraformState& state) {
    if (state.told_md5.empty() || state.md5.empty())
        return std::nullopt;
    return same("checksum", "the MD5 that its server tells", state.told_md5 == state.md5, "another", {});
}

/// Two that differ may be an apply on its way: nobody knows until the same two were seen for long enough.
std::optional<Assertion> digest_of(const TerraformState& state, TerraformKept& kept, core::Time now) {
    if (!state.digest || state.md5.empty())
        return std::nullopt;
    constexpr const char* kExpected = "the MD5 that DynamoDB has of the state";
    if (*state.digest == state.md5) {
        kept.differing.clear();
        kept.differs_since.reset();
        return same("digest", kExpected, true, {}, {});
    }
    const std::string both = state.md5 + " " + *state.digest;
    const core::Time since = kept.differing == both ? std::min(kept.differs_since.value_or(now), now) : now;
    kept.differing = both;
    kept.differs_since = since;
    Assertion made = same("digest", kExpected, false, "another",
                          "Terraform refuses it until the two are the same; where the backend has no dynamodb_table "
                          "any more, the check is to have none, too");
    if (now - since < kDigestFollows) {
        made.actual.reset();
        made.detail = "DynamoDB has another than the state's, which may be an apply on its way";
    }
    return made;
}

/// In seconds since `then`, or why that cannot be.
core::Result<double> age(core::Time then, core::Time now, std::string_view what) {
    if (then > now + kTolerance)
        return core::failed(FailureKind::bad_answer,
                            fmt::format("{} is dated {:.0f} s ahead", what, core::to_seconds(then - now)));
    return std::max(core::to_seconds(now - then), 0.0);
}

/// A lock that was left behind is one until somebody tells otherwise. One that does not say since when it is held, or
/// says a moment before 1970, is as old as our knowledge of it.
void measure_lock(const TerraformExpected& expected, const TerraformState& state, TerraformKept& kept, core::Time now,
                  core::SubjectReport& report) {
    std::optional<core::Time> since;
    if (state.locked == Told::yes)
        since =
            state.lock.since && *state.lock.since > core::Time{} ? *state.lock.since : kept.held_since.value_or(now);
    else if (state.locked == Told::not_told && kept.stale)
        since = kept.held_since;
    if (state.locked == Told::not_told && !since) {
        kept.held_since.reset();
        return;
    }
    const double limit = core::to_seconds(expected.stale_lock);
    core::Measurement held{.name = "lock_age", .unit = "seconds", .above = limit};
    if (since) {
        const auto held_for = age(*since, now, "its lock");
        if (!held_for) {
            report.failure = held_for.error();
            return;
        }
        held.value = *held_for;
    }
    kept.held_since = since;
    kept.stale = held.value > limit;
    report.evidence.emplace_back(std::move(held));
}

void measure_age(const TerraformExpected& expected, const TerraformState& state, core::Time now,
                 core::SubjectReport& report) {
    if (!state.modified_at) {
        if (expected.max_age)
            report.failure = Failure{FailureKind::bad_answer, "nobody tells when the state was written"};
        return;
    }
    const auto written = age(*state.modified_at, now, "the state");
    if (!written)
        report.failure = written.error();
    else if (expected.max_age)
        report.evidence.emplace_back(core::Measurement{
            .name = "age", .value = *written, .unit = "seconds", .above = core::to_seconds(*expected.max_age)});
}

/// False for a state of another lineage: it is compared with nothing, that it is another is said.
bool tell_lineage(const TerraformState& state, TerraformKept& kept, core::SubjectReport& report) {
    if (kept.lineage.empty())
        kept.lineage = state.lineage;
    if (!kept.lineage.empty())
        report.evidence.emplace_back(
            core::Fingerprint{.name = "lineage", .value = state.lineage.empty() ? "none" : state.lineage});
    return state.lineage == kept.lineage;
}

void compare(const TerraformExpected& expected, const TerraformState& state, TerraformKept& kept,
             core::SubjectReport& report, std::vector<Assertion>& assertions) {
    if (!tell_lineage(state, kept, report))
        return;
    if (state.serial)
        report.evidence.emplace_back(core::Fingerprint{
            .name = "serial", .value = std::to_string(*state.serial), .constancy = core::Constancy::rising});
    if (auto content = content_of(state, kept))
        assertions.push_back(std::move(*content));
    if (auto resources = resources_of(expected, state, kept))
        assertions.push_back(std::move(*resources));
    if (state.serial && (!kept.serial || *state.serial > *kept.serial)) {
        kept.serial = state.serial;
        // What an apply writes on the way is not what is compared with.
        if (state.locked == Told::yes)
            kept.sha256.clear();
    }
    kept.last = state.serial;
}

} // namespace

std::optional<core::SubjectReport> interpret_terraform(const TerraformExpected& expected, TerraformState state,
                                                       TerraformCursor& cursor, const std::string& subject,
                                                       core::Time now) {
    core::SubjectReport report;
    report.subject = subject;
    const auto kept = cursor.find(subject);
    if (state.missing && kept != cursor.end())
        return std::nullopt;
    if (!state.known() && kept == cursor.end()) {
        report.failure = Failure{FailureKind::bad_answer, fmt::format("expected a state of version 4, found {}",
                                                                      state.missing ? "none" : state.fault)};
        return report;
    }
    TerraformKept& keeps = kept != cursor.end() ? kept->second : cursor[subject];
    keeps.lock_seen = keeps.lock_seen || state.locked == Told::yes;
    if (state.may_lock_elsewhere && !keeps.lock_seen)
        state.locked = Told::not_told;
    std::vector<Assertion> assertions{format_of(state)};
    if (state.known()) {
        compare(expected, state, keeps, report, assertions);
        if (auto checksum = checksum_of(state))
            assertions.push_back(std::move(*checksum));
        if (auto digest = digest_of(state, keeps, now))
            assertions.push_back(std::move(*digest));
        measure_age(expected, state, now, report);
    }
    measure_lock(expected, state, keeps, now, report);
    if (state.table_failure && !report.failure)
        report.failure = std::move(state.table_failure);
    report.evidence.insert(report.evidence.begin(), core::Assertions{std::move(assertions)});
    return report;
}

} // namespace recoverd::collectors
