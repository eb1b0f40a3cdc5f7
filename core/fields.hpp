// SPDX-License-Identifier: Apache-2.0
// The members of every kind of evidence, named once: what is stored, shown in the API, and exchanged with the worker
// and with `exec` programs. `visit(name, member)` is called in order; it reads or writes as it likes.
#pragma once

#include "core/lifecycle.hpp"
#include "core/memory.hpp"
#include "core/scenario.hpp"
#include "core/validation.hpp"

#include <concepts>

namespace recoverd::core {

/// T or const T.
template <class Self, class T>
concept Is = std::same_as<std::remove_const_t<Self>, T>;

template <Is<Failure> Self>
void fields(Self& self, auto&& visit) {
    visit("kind", self.kind);
    visit("detail", self.detail);
}

template <Is<Location> Self>
void fields(Self& self, auto&& visit) {
    visit("node", self.node);
    visit("zone", self.zone);
    visit("region", self.region);
    visit("role", self.role);
}

template <Is<RecoveryPoint> Self>
void fields(Self& self, auto&& visit) {
    visit("id", self.id);
    visit("data_at", self.data_at);
    visit("ended_at", self.ended_at);
    visit("size_bytes", self.size_bytes);
    visit("stored_bytes", self.stored_bytes);
    visit("duration", self.duration);
    visit("backup_type", self.backup_type);
    visit("state", self.state);
    visit("detail", self.detail);
    visit("depth", self.depth);
    visit("encrypted", self.encrypted);
    visit("kept_until", self.kept_until);
    visit("needs", self.needs);
}

template <Is<BackupJob> Self>
void fields(Self& self, auto&& visit) {
    visit("state", self.state);
    visit("backup_type", self.backup_type);
    visit("started_at", self.started_at);
    visit("ended_at", self.ended_at);
    visit("detail", self.detail);
}

template <Is<RecoveryPoints> Self>
void fields(Self& self, auto&& visit) {
    visit("method", self.method);
    visit("points", self.points);
    visit("count", self.count);
    visit("oldest_at", self.oldest_at);
    visit("jobs", self.jobs);
    visit("tells_jobs", self.tells_jobs);
    visit("source_changed_at", self.source_changed_at);
}

template <Is<LogGap> Self>
void fields(Self& self, auto&& visit) {
    visit("first", self.first);
    visit("last", self.last);
    visit("segments", self.segments);
}

template <Is<LogArchive> Self>
void fields(Self& self, auto&& visit) {
    visit("enabled", self.enabled);
    visit("oldest_at", self.oldest_at);
    visit("newest_at", self.newest_at);
    visit("pending", self.pending);
    visit("pending_bytes", self.pending_bytes);
    visit("pending_segments", self.pending_segments);
    visit("waiting_since", self.waiting_since);
    visit("failing_since", self.failing_since);
    visit("failing_detail", self.failing_detail);
    visit("last_segment", self.last_segment);
    visit("gaps", self.gaps);
    visit("whole_since", self.whole_since);
    visit("from_repository", self.from_repository);
    visit("system_id", self.system_id);
}

template <Is<Follower> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("state", self.state);
    visit("expected", self.expected);
    visit("lag", self.lag);
    visit("lag_bytes", self.lag_bytes);
    visit("wanted_delay", self.wanted_delay);
}

template <Is<ReplicationSlot> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("active", self.active);
    visit("lost", self.lost);
    visit("retained_bytes", self.retained_bytes);
    visit("limit_bytes", self.limit_bytes);
}

template <Is<Replication> Self>
void fields(Self& self, auto&& visit) {
    visit("role", self.role);
    visit("timeline", self.timeline);
    visit("followers", self.followers);
    visit("slots", self.slots);
}

template <Is<Exercise> Self>
void fields(Self& self, auto&& visit) {
    visit("id", self.id);
    visit("exercise", self.exercise);
    visit("outcome", self.outcome);
    visit("started_at", self.started_at);
    visit("ended_at", self.ended_at);
    visit("depth", self.depth);
    visit("rpo", self.rpo);
    visit("rto", self.rto);
    visit("link", self.link);
    visit("message", self.message);
}

template <Is<Certificate> Self>
void fields(Self& self, auto&& visit) {
    visit("not_before", self.not_before);
    visit("not_after", self.not_after);
    visit("renewal_at", self.renewal_at);
    visit("fault", self.fault);
    visit("subject", self.subject);
}

template <Is<Reachability> Self>
void fields(Self& self, auto&& visit) {
    visit("target", self.target);
    visit("state", self.state);
    visit("latency", self.latency);
    visit("detail", self.detail);
    visit("certificate", self.certificate);
}

template <Is<Assertion> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("expected", self.expected);
    visit("actual", self.actual);
    visit("compare", self.compare);
    visit("verdict", self.verdict);
    visit("priority", self.priority);
    visit("detail", self.detail);
}

template <Is<Assertions> Self>
void fields(Self& self, auto&& visit) {
    visit("assertions", self.assertions);
}

template <Is<Fingerprint> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("value", self.value);
    visit("constancy", self.constancy);
}

template <Is<Measurement> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("value", self.value);
    visit("unit", self.unit);
    visit("above", self.above);
    visit("below", self.below);
    visit("inverted", self.inverted);
    visit("priority", self.priority);
}

template <Is<PastPoint> Self>
void fields(Self& self, auto&& visit) {
    visit("id", self.id);
    visit("method", self.method);
    visit("backup_type", self.backup_type);
    visit("ended_at", self.ended_at);
    visit("size_bytes", self.size_bytes);
    visit("duration", self.duration);
}

template <Is<RunningJob> Self>
void fields(Self& self, auto&& visit) {
    visit("backup_type", self.backup_type);
    visit("first_seen", self.first_seen);
}

template <Is<FailedJob> Self>
void fields(Self& self, auto&& visit) {
    visit("at", self.at);
    visit("backup_type", self.backup_type);
    visit("detail", self.detail);
}

template <Is<FailingAssertion> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("expected", self.expected);
    visit("actual", self.actual);
    visit("priority", self.priority);
    visit("since", self.since);
}

template <Is<UnknownAssertion> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("since", self.since);
}

template <Is<ArchivedMark> Self>
void fields(Self& self, auto&& visit) {
    visit("segment", self.segment);
    visit("at", self.at);
}

template <Is<PastFingerprint> Self>
void fields(Self& self, auto&& visit) {
    visit("name", self.name);
    visit("value", self.value);
    visit("since", self.since);
    visit("broken_value", self.broken_value);
    visit("broken_since", self.broken_since);
}

template <Is<HalfLearned> Self>
void fields(Self& self, auto&& visit) {
    visit("kind", self.kind);
    visit("at", self.at);
    visit("took", self.took);
}

template <Is<SubjectMemory> Self>
void fields(Self& self, auto&& visit) {
    visit("first_seen", self.first_seen);
    visit("location", self.location);
    visit("evidence", self.evidence);
    visit("learned_at", self.learned_at);
    visit("learned_took", self.learned_took);
    visit("half_learned", self.half_learned);
    visit("failure", self.failure);
    visit("failing_since", self.failing_since);
    visit("vanished_since", self.vanished_since);
    visit("passing", self.passing);
    visit("watched_since", self.watched_since);
    visit("past_points", self.past_points);
    visit("points_known_since", self.points_known_since);
    visit("newest_good_at", self.newest_good_at);
    visit("unsaved_since", self.unsaved_since);
    visit("running", self.running);
    visit("last_failed_job", self.last_failed_job);
    visit("archived", self.archived);
    visit("bad_in_row", self.bad_in_row);
    visit("good_in_row", self.good_in_row);
    visit("down_in_row", self.down_in_row);
    visit("not_down_in_row", self.not_down_in_row);
    visit("turned_at", self.turned_at);
    visit("settled", self.settled);
    visit("settled_since", self.settled_since);
    visit("failing_assertions", self.failing_assertions);
    visit("unknown_assertions", self.unknown_assertions);
    visit("fingerprints", self.fingerprints);
    visit("exercises", self.exercises);
}

template <Is<SeenBefore> Self>
void fields(Self& self, auto&& visit) {
    visit("first_seen", self.first_seen);
    visit("newest_good_at", self.newest_good_at);
}

template <Is<PastFailure> Self>
void fields(Self& self, auto&& visit) {
    visit("failure", self.failure);
    visit("began_at", self.began_at);
    visit("ended_at", self.ended_at);
}

template <Is<CheckMemory> Self>
void fields(Self& self, auto&& visit) {
    visit("first_seen", self.first_seen);
    visit("watched_since", self.watched_since);
    visit("last_run", self.last_run);
    visit("last_success", self.last_success);
    visit("last_took", self.last_took);
    visit("failure", self.failure);
    visit("failing_since", self.failing_since);
    visit("last_failure", self.last_failure);
    visit("subjects", self.subjects);
    visit("seen_before", self.seen_before);
    visit("cursor", self.cursor);
    visit("forgotten", self.forgotten);
    visit("failures_total", self.failures_total);
}

template <Is<Outage> Self>
void fields(Self& self, auto&& visit) {
    visit("began_at", self.began_at);
    visit("ended_at", self.ended_at);
    visit("cause", self.cause);
    visit("lost", self.lost);
}

template <Is<Loss> Self>
void fields(Self& self, auto&& visit) {
    visit("time", self.time);
    visit("rows", self.rows);
}

template <Is<CanaryTold> Self>
void fields(Self& self, auto&& visit) {
    visit("at", self.at);
    visit("loss", self.loss);
    visit("since", self.since);
    visit("by", self.by);
}

template <Is<OutageHistory> Self>
void fields(Self& self, auto&& visit) {
    visit("running", self.running);
    visit("past", self.past);
    visit("told", self.told);
    visit("early", self.early);
    visit("unseen", self.unseen);
}

template <Is<Unseen> Self>
void fields(Self& self, auto&& visit) {
    visit("from", self.from);
    visit("to", self.to);
}

template <Is<StepResult> Self>
void fields(Self& self, auto&& visit) {
    visit("check", self.check);
    visit("state", self.state);
    visit("began_at", self.began_at);
    visit("ended_at", self.ended_at);
    visit("asked_at", self.asked_at);
    visit("detail", self.detail);
}

template <Is<ValidationRun> Self>
void fields(Self& self, auto&& visit) {
    visit("id", self.id);
    visit("cause", self.cause);
    visit("began_at", self.began_at);
    visit("ended_at", self.ended_at);
    visit("aborted", self.aborted);
    visit("steps", self.steps);
}

template <Is<ValidationMemory> Self>
void fields(Self& self, auto&& visit) {
    visit("running", self.running);
    visit("last", self.last);
    visit("still_failed", self.still_failed);
}

template <Is<Identity> Self>
void fields(Self& self, auto&& visit) {
    visit("rule", self.rule);
    visit("asset", self.asset);
    visit("check", self.check);
    visit("subject", self.subject);
    visit("assertion", self.assertion);
    visit("exercise", self.exercise);
    visit("scenario", self.scenario);
    visit("target", self.target);
    visit("measurement", self.measurement);
}

template <Is<Finding> Self>
void fields(Self& self, auto&& visit) {
    visit("identity", self.identity);
    visit("priority", self.priority);
    visit("reason", self.reason);
    visit("hold", self.hold);
    visit("raw_priority", self.raw_priority);
    visit("lowered_by", self.lowered_by);
}

template <Is<Alert> Self>
void fields(Self& self, auto&& visit) {
    visit("finding", self.finding);
    visit("labels", self.labels);
    visit("state", self.state);
    visit("since", self.since);
    visit("started_at", self.started_at);
    visit("resolved_at", self.resolved_at);
}

} // namespace recoverd::core
