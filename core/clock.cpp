// SPDX-License-Identifier: Apache-2.0
#include "core/clock.hpp"

#include <algorithm>
#include <variant>

namespace recoverd::core {

void move_by(Time& at, Duration by) {
    if (at != Time{})
        at += by;
}

namespace {

void move_by(std::optional<Time>& at, Duration by) {
    if (at)
        *at += by;
}

/// What a server tells of its log means "now" or "for so long", and is told anew at the next look. What a repository
/// holds has its date.
std::shared_ptr<const EvidenceList> moved(const SubjectMemory& seen, Duration by) {
    if (std::ranges::none_of(*seen.evidence, [](const Evidence& e) { return std::holds_alternative<LogArchive>(e); }))
        return seen.evidence;
    auto made = std::make_shared<EvidenceList>(*seen.evidence);
    for (Evidence& one : *made)
        if (auto* archive = std::get_if<LogArchive>(&one); archive && !archive->from_repository) {
            move_by(archive->newest_at, by);
            move_by(archive->waiting_since, by);
            move_by(archive->failing_since, by);
        }
    return made;
}

void move_by(SubjectMemory& seen, Duration by) {
    seen.evidence = moved(seen, by);
    for (Time* at : {&seen.first_seen, &seen.learned_at, &seen.failing_since, &seen.turned_at, &seen.settled_since})
        core::move_by(*at, by);
    for (HalfLearned& half : seen.half_learned)
        core::move_by(half.at, by);
    move_by(seen.vanished_since, by);
    move_by(seen.watched_since, by);
    for (RunningJob& job : seen.running)
        core::move_by(job.first_seen, by);
    for (ArchivedMark& mark : seen.archived)
        core::move_by(mark.at, by);
    for (FailingAssertion& failing : seen.failing_assertions)
        core::move_by(failing.since, by);
    for (UnknownAssertion& unknown : seen.unknown_assertions)
        core::move_by(unknown.since, by);
    for (PastFingerprint& fingerprint : seen.fingerprints) {
        core::move_by(fingerprint.since, by);
        core::move_by(fingerprint.broken_since, by);
    }
}

} // namespace

void move_by(CheckMemory& memory, Duration by) {
    for (Time* at : {&memory.first_seen, &memory.watched_since, &memory.failing_since})
        move_by(*at, by);
    move_by(memory.last_run, by);
    move_by(memory.last_success, by);
    if (memory.last_failure)
        for (Time* at : {&memory.last_failure->began_at, &memory.last_failure->ended_at})
            move_by(*at, by);
    for (auto& [name, seen] : memory.subjects)
        move_by(seen, by);
    for (auto& [name, seen] : memory.seen_before)
        move_by(seen.first_seen, by);
}

namespace {

void each_moment(Alerts& alerts, auto&& use) {
    for (auto& [labels, alert] : alerts)
        for (Time* at : {&alert.since, &alert.started_at, &alert.resolved_at})
            use(*at);
}

} // namespace

void move_by(Alerts& alerts, Duration by) {
    each_moment(alerts, [&](Time& at) { move_by(at, by); });
}

void keep_before(Time& at, Time now) { at = std::min(at, now); }

void take_up(Alerts& alerts, Time start) {
    each_moment(alerts, [&](Time& at) { keep_before(at, start); });
    for (auto& [labels, alert] : alerts)
        if (alert.state == AlertState::pending)
            alert.since = start;
}

} // namespace recoverd::core
