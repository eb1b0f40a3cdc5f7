// SPDX-License-Identifier: Apache-2.0
#include "core/remember.hpp"

#include "core/remember_parts.hpp"

#include <algorithm>
#include <set>

namespace recoverd::core {

namespace {

/// Who does not answer shows no certificate: the one that was shown last stays, and ages.
void keep_certificates(const EvidenceList& before, EvidenceList& now) {
    for (Evidence& fresh : now) {
        auto* reach = std::get_if<Reachability>(&fresh);
        if (reach == nullptr || reach->state != ReachState::down || reach->certificate)
            continue;
        for (const Evidence& old : before)
            if (const auto* known = std::get_if<Reachability>(&old); known && known->target == reach->target)
                reach->certificate = known->certificate;
    }
}

/// What is known after this answer. A whole answer replaces the last one; one that broke off replaces the kinds that
/// came, so that the rest stays and ages.
std::shared_ptr<const EvidenceList> merged(const SubjectMemory& seen, const SubjectReport& report) {
    auto now = std::make_shared<EvidenceList>(report.evidence);
    keep_certificates(*seen.evidence, *now);
    if (report.failure)
        for (const Evidence& old : *seen.evidence)
            if (std::ranges::none_of(report.evidence, [&](const Evidence& e) { return kind_of(e) == kind_of(old); }))
                now->push_back(old);
    return now;
}

/// Somebody is there and shows a certificate that is not trusted, so that nothing was asked. The certificate's own
/// finding says so at once; that the endpoint is down would be the same said again, unless the former is switched off.
ReachState counted(const Reachability& reach, const Check& check) {
    const bool distrusted = reach.certificate && !reach.certificate->fault.empty();
    return distrusted && check.policy.enabled(RuleId::certificate_expiring) ? ReachState::up : reach.state;
}

/// Several targets in one subject count as one probe, as good as the worst of them.
std::optional<ReachState> worst_probe(const std::vector<Evidence>& evidence, const Check& check) {
    std::optional<ReachState> worst;
    for (const Evidence& item : evidence)
        if (const auto* reach = std::get_if<Reachability>(&item))
            worst = std::max(worst, std::optional(counted(*reach, check)));
    return worst;
}

void fold(SubjectMemory& seen, const Evidence& evidence, const Learned& learned) {
    if (const auto* points = std::get_if<RecoveryPoints>(&evidence))
        remember_points(seen, *points, learned);
    else if (const auto* archive = std::get_if<LogArchive>(&evidence))
        remember_archive(seen, *archive, learned);
    else if (const auto* exercise = std::get_if<Exercise>(&evidence))
        remember_exercise(seen, *exercise, learned);
    else if (const auto* assertions = std::get_if<Assertions>(&evidence))
        remember_assertions(seen, *assertions, learned);
    else if (const auto* fingerprint = std::get_if<Fingerprint>(&evidence))
        remember_fingerprint(seen, *fingerprint, learned);
}

/// Half an answer does not make the other half young; nor is it as old as the other half.
void note_learned(SubjectMemory& seen, const SubjectReport& report, bool known, const Report& run) {
    if (!report.failure || !known) {
        seen.learned_at = run.looked_at;
        seen.learned_took = run.took;
        seen.half_learned.clear();
        return;
    }
    for (const Evidence& evidence : report.evidence) {
        std::erase_if(seen.half_learned, [&](const HalfLearned& half) { return half.kind == kind_of(evidence); });
        seen.half_learned.push_back({kind_of(evidence), run.looked_at, run.took});
    }
}

void remember_subject(SubjectMemory& seen, const Check& check, const SubjectReport& report, const Report& run) {
    const Time looked_at = run.looked_at;
    const bool known = !seen.evidence->empty();
    if (!report.evidence.empty()) {
        const auto learned = [&](EvidenceKind kind) {
            return Learned{check, looked_at, run.took, known ? std::optional(seen.learned_of(kind)) : std::nullopt};
        };
        for (const Evidence& evidence : report.evidence)
            fold(seen, evidence, learned(kind_of(evidence)));
        if (const auto probe = worst_probe(report.evidence, check))
            remember_probe(seen, *probe, learned(EvidenceKind::reachability));
        if (!report.failure)
            forget_untold_assertions(seen, report.evidence);
        seen.evidence = merged(seen, report);
        // Half an answer that does not say where it stands has not moved it.
        const bool moved = !report.location.node.empty() && report.location.node != seen.location.node;
        if ((report.place_known || moved) && (!report.failure || report.location != Location{}))
            seen.location = report.location;
    }
    seen.vanished_since.reset();
    seen.passing = report.passing;
    if (report.failure) {
        if (!seen.failure)
            seen.failing_since = looked_at;
        seen.failure = report.failure;
    } else if (!report.evidence.empty()) {
        seen.failure.reset();
    }
    if (!report.evidence.empty())
        note_learned(seen, report, known, run);
}

void remember_failure(CheckMemory& memory, const Failure& failure, Time looked_at) {
    if (!memory.failure)
        memory.failing_since = looked_at;
    memory.failure = failure;
    ++memory.failures_total[static_cast<std::size_t>(failure.kind)];
}

/// Of those that nobody misses so many are kept for how an exercise stands, the newest.
constexpr std::size_t kMaxPassed = 1'000;

bool passed_by(const SubjectMemory& seen) { return seen.passing && seen.vanished_since; }

/// Forgets who is gone and will not be missed, but for those by which an exercise has passed or failed: without them an
/// older run would count again, or one that failed no more. Was somebody forgotten?
bool let_pass(CheckMemory::Subjects& subjects, const Check& check) {
    if (std::ranges::none_of(subjects, [](const auto& known) { return passed_by(known.second); }))
        return false;
    const auto telling = tell_of_exercises(subjects, check);
    std::vector<Time> told;
    for (const auto& [name, seen] : subjects)
        if (passed_by(seen) && telling.contains(&seen))
            told.push_back(seen.learned_at);
    std::ranges::sort(told, std::ranges::greater{});
    const Time oldest = told.size() > kMaxPassed ? told[kMaxPassed - 1] : Time::min();
    return std::erase_if(subjects, [&](const auto& known) {
               const SubjectMemory& seen = known.second;
               return passed_by(seen) && (!telling.contains(&seen) || seen.learned_at < oldest);
           }) > 0;
}

/// Of who is gone and missed by nobody what it proved is left. What went on has ended with it, and nobody knows how;
/// what was expected of it can neither hold nor fail any more.
void keep_proof(SubjectMemory& seen) {
    std::erase_if(seen.exercises, [](const Exercise& run) { return run.outcome == ExerciseOutcome::started; });
    seen.failing_assertions.clear();
    seen.unknown_assertions.clear();
    auto kept = std::make_shared<EvidenceList>(*seen.evidence);
    std::erase_if(*kept, [](const Evidence& evidence) { return std::holds_alternative<Assertions>(evidence); });
    seen.evidence = std::move(kept);
}

/// Of a whole answer: what it lacks is gone.
bool remember_missing(CheckMemory& memory, const Check& check, const Seen& result, Time looked_at) {
    std::set<std::string_view> listed;
    for (const SubjectReport& subject : result.subjects)
        listed.insert(subject.subject);
    for (auto& [name, seen] : memory.subjects)
        if (!seen.vanished_since && !listed.contains(name)) {
            seen.vanished_since = looked_at;
            if (seen.passing)
                keep_proof(seen);
        }
    return let_pass(memory.subjects, check);
}

/// What a look was told to be forgotten, it has forgotten.
void note_forgotten(CheckMemory& memory, const Report& report) {
    if (!report.forgotten) {
        memory.forgotten.clear();
        return;
    }
    std::erase_if(memory.forgotten, [&](const std::string& subject) {
        return std::ranges::find(*report.forgotten, subject) != report.forgotten->end();
    });
}

/// It may have been there before the check's options were changed.
void recall(CheckMemory& memory, const std::string& subject, SubjectMemory& seen) {
    const auto before = memory.seen_before.find(subject);
    if (before == memory.seen_before.end())
        return;
    seen.first_seen = before->second.first_seen;
    seen.newest_good_at = before->second.newest_good_at;
    memory.seen_before.erase(before);
}

} // namespace

bool remember(CheckMemory& memory, const Check& check, const Report& report) {
    if (memory.first_seen == Time{})
        memory.first_seen = report.looked_at;
    memory.last_run = report.looked_at;
    memory.last_took = report.took;
    if (!report.result) {
        remember_failure(memory, report.result.error(), report.looked_at);
        return false;
    }
    const Seen& result = *report.result;
    if (memory.failure)
        memory.last_failure = PastFailure{*memory.failure, memory.failing_since, report.looked_at};
    memory.failure.reset();
    memory.last_success = report.looked_at;
    memory.cursor = result.cursor;
    note_forgotten(memory, report);
    for (const SubjectReport& subject : result.subjects) {
        // It was forgotten after this look had begun: the next one shows what there is of it.
        if (std::ranges::find(memory.forgotten, subject.subject) != memory.forgotten.end())
            continue;
        auto [at, is_new] = memory.subjects.try_emplace(subject.subject);
        if (is_new) {
            at->second.first_seen = report.looked_at;
            recall(memory, at->first, at->second);
        }
        remember_subject(at->second, check, subject, report);
    }
    return result.complete && remember_missing(memory, check, result, report.looked_at);
}

CheckMemory begun_anew(const CheckMemory& before, bool same_collector) {
    CheckMemory made;
    made.first_seen = before.first_seen;
    if (!same_collector)
        return made;
    for (const auto& [name, seen] : before.subjects)
        made.seen_before[name] = {seen.first_seen, seen.newest_good_at};
    // Nobody saw these since an earlier change: it may have been a mistake that this one mends.
    for (const auto& [name, seen] : before.seen_before)
        if (made.seen_before.size() < kMaxSeenBefore)
            made.seen_before.try_emplace(name, seen);
    return made;
}

} // namespace recoverd::core
