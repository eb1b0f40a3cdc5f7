// SPDX-License-Identifier: Apache-2.0
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/silences.hpp"
#include "core/scenario.hpp"
#include "core/verdict_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>

namespace recoverd::core {

namespace {

bool knows_nothing(const Contributor& contributor) {
    return contributor.seen == nullptr || contributor.seen->evidence->empty();
}

/// Why the newest point does not do; empty when it does. `all_saved`: its source did not change since, so that it is as
/// good as one that were made now, and what was promised to be kept for so long is.
std::string why_unusable(const AssetView& view, const RecoveryPoints& points, const RecoveryPoint* newest,
                         bool all_saved, Time& revisit) {
    const auto newest_first = points.points | std::views::reverse;
    const auto finished = std::ranges::find_if(
        newest_first, [](const RecoveryPoint& point) { return point.state != PointState::incomplete; });
    if (finished != newest_first.end() && !usable(points, *finished))
        return fmt::format("newest backup {} is bad", finished->id);
    if (newest == nullptr)
        return "no usable backup";
    Time until = newest->kept_until.value_or(kNever);
    if (view.asset.objectives.retention && !all_saved)
        until = std::min(until, newest->data_at + *view.asset.objectives.retention);
    if (view.now >= until)
        return fmt::format("newest backup is {} old, beyond its retention", in_words(view.now - newest->data_at));
    revisit = std::min(revisit, until);
    return {};
}

std::string silence_of(const Contributor& contributor, EvidenceKind kind, Time now) {
    return fmt::format("nothing learned for {}",
                       in_words(now - last_learned(*contributor.memory, *contributor.seen, kind)));
}

/// Who only hears of backups does not know of one that was made before: that there is none is not known before the
/// first that could be reported is late.
bool waits_for_first(const AssetView& view, const Contributor& contributor, const RecoveryPoints& points,
                     Time& revisit) {
    if (contributor.check->looks() || !points.points.empty())
        return false;
    const Time due_at = first_backup(*contributor.check, &view.asset, *contributor.seen).due_at();
    if (view.now < due_at)
        revisit = std::min(revisit, due_at);
    return view.now < due_at;
}

Repository stand(const AssetView& view, const Contributor& contributor, const RecoveryPoints& points, Time& revisit) {
    Repository repository{&contributor, Standing::good, {}};
    repository.points = &points;
    if (contributor.seen->vanished_since) {
        repository.standing = Standing::unusable;
        repository.reason = "missing from complete answers";
        return repository;
    }
    if (waits_for_first(view, contributor, points, revisit)) {
        repository.standing = Standing::unseen;
        repository.reason = "no backup was reported yet";
        return repository;
    }
    repository.newest = newest_usable(points, contributor.seen->learned_of(EvidenceKind::recovery_points));
    repository.all_saved = repository.newest != nullptr && points.source_changed_at &&
                           repository.newest->data_at >= *points.source_changed_at;
    repository.reason = why_unusable(view, points, repository.newest, repository.all_saved, revisit);
    if (!repository.reason.empty()) {
        repository.standing = Standing::unusable;
    } else if (silent(contributor, EvidenceKind::recovery_points, view.now, revisit)) {
        repository.standing = Standing::unseen;
        repository.reason = silence_of(contributor, EvidenceKind::recovery_points, view.now);
    }
    return repository;
}

bool holds_backups(const Contributor& contributor, const std::vector<Repository>& repositories) {
    return std::ranges::find(repositories, &contributor, &Repository::contributor) != repositories.end();
}

/// A log leads nowhere without a backup to start from: its own repository's when that holds backups, any otherwise.
bool has_base(const Contributor& contributor, Time until, const std::vector<Repository>& repositories) {
    const bool of_its_own = holds_backups(contributor, repositories);
    return std::ranges::any_of(repositories, [&](const Repository& repository) {
        return repository.newest != nullptr && repository.newest->data_at <= until &&
               (!of_its_own || repository.contributor == &contributor);
    });
}

/// What a server says it archived may be anywhere: that it is kept here tells only who keeps it.
bool is_kept_in(const Location& place, const Contributor& contributor, const LogArchive& archive,
                const std::vector<Repository>& repositories) {
    return place == Location{} ||
           (stands(contributor, place) && (archive.from_repository || holds_backups(contributor, repositories)));
}

/// Is a segment missing that every backup needs to be rolled forward? Those behind all gaps need none of them.
bool is_holed(const LogArchive& archive) { return !archive.gaps.empty() && !archive.whole_since; }

bool broken(const AssetView& view, const Contributor& contributor, const LogArchive& archive) {
    return archive.enabled == Told::no || is_holed(archive) ||
           std::ranges::any_of(view.findings, [&](const Finding& finding) {
               return finding.identity.rule == RuleId::wal_archive_gap &&
                      finding.identity.check == contributor.check->name &&
                      finding.identity.subject == contributor.subject;
           });
}

/// Up to where a log reaches. What a server says it archived leads no further than the hole that every repository of it
/// has, by what they tell of themselves.
std::optional<Time> reach_of(const AssetView& view, const LogArchive& archive) {
    if (archive.from_repository || archive.system_id.empty())
        return archive.newest_at;
    bool holed = false;
    std::optional<Time> held;
    for (const Contributor& contributor : view.contributors) {
        if (knows_nothing(contributor) || contributor.seen->vanished_since)
            continue;
        for (const Evidence& evidence : *contributor.seen->evidence) {
            const auto* repository = std::get_if<LogArchive>(&evidence);
            if (repository == nullptr || !repository->from_repository || repository->system_id != archive.system_id)
                continue;
            if (!is_holed(*repository))
                return archive.newest_at;
            holed = true;
            held = std::max(held, repository->newest_at);
        }
    }
    return holed ? std::min(held, archive.newest_at) : archive.newest_at;
}

} // namespace

std::string label(const Contributor& contributor) {
    if (contributor.subject.empty())
        return contributor.check->name;
    return join_subject(contributor.check->name, contributor.subject);
}

bool silent(const Contributor& contributor, EvidenceKind kind, Time now, Time& revisit) {
    const Check& check = *contributor.check;
    if (!check.looks())
        return false;
    const auto steps = silence_thresholds(check, check.policy);
    const double over = std::ranges::min(steps, {}, &Threshold::over).over;
    const Time at = last_learned(*contributor.memory, *contributor.seen, kind) + as_duration(over);
    if (now < at)
        revisit = std::min(revisit, at);
    return now >= at;
}

std::vector<Repository> repositories_of(const AssetView& view, Time& revisit) {
    std::vector<Repository> found;
    for (const Contributor& contributor : view.contributors) {
        if (knows_nothing(contributor)) {
            // Who is only told need never be told of backups that others see.
            if (contributor.check->may_bring(EvidenceKind::recovery_points) &&
                (contributor.check->looks() || !view.asset.is_seen_elsewhere()))
                found.push_back({&contributor, Standing::unseen, "nothing learned yet"});
            continue;
        }
        for (const Evidence& evidence : *contributor.seen->evidence)
            if (const auto* points = std::get_if<RecoveryPoints>(&evidence))
                found.push_back(stand(view, contributor, *points, revisit));
    }
    return found;
}

std::vector<Repository> sources_of(const AssetView& view, Time& revisit) {
    std::vector<Repository> found;
    for (const Contributor& contributor : view.contributors) {
        // The others are told, whenever something happens.
        if (!contributor.check->looks())
            continue;
        // An experiment or a Job that was deleted is kept for what it proved, and nobody misses it.
        if (contributor.seen && contributor.seen->passing && contributor.seen->vanished_since)
            continue;
        Repository source{&contributor, Standing::good, {}};
        if (knows_nothing(contributor)) {
            source.standing = Standing::unseen;
            source.reason = "nothing learned yet";
        } else {
            for (const Evidence& evidence : *contributor.seen->evidence)
                if (silent(contributor, kind_of(evidence), view.now, revisit)) {
                    source.standing = Standing::unseen;
                    source.reason = silence_of(contributor, kind_of(evidence), view.now);
                }
        }
        found.push_back(std::move(source));
    }
    return found;
}

bool stands(const Contributor& contributor, const Location& place) {
    return stands_in(place, stands_at(*contributor.check, contributor.seen ? contributor.seen->location : Location{}));
}

LogReach log_reach(const AssetView& view, const std::vector<Repository>& repositories, const Location& place,
                   Time& revisit) {
    LogReach reach;
    for (const Contributor& contributor : view.contributors) {
        if (knows_nothing(contributor) || contributor.seen->vanished_since)
            continue;
        for (const Evidence& evidence : *contributor.seen->evidence) {
            const auto* archive = std::get_if<LogArchive>(&evidence);
            if (archive == nullptr || !is_kept_in(place, contributor, *archive, repositories))
                continue;
            if (silent(contributor, kind_of(evidence), view.now, revisit))
                reach.unseen.push_back(label(contributor));
            const auto until = reach_of(view, *archive);
            if (until && *archive->newest_at <= contributor.seen->learned_of(kind_of(evidence)) + kClockTolerance &&
                !broken(view, contributor, *archive) && has_base(contributor, *until, repositories))
                reach.until = std::max(reach.until, until);
        }
    }
    return reach;
}

std::optional<Reason> too_much_lost(Time since, Duration rpo, std::string_view promise, const LogReach& logs, Time now,
                                    Time& revisit) {
    const Time missed_at = since + rpo;
    if (now < missed_at) {
        revisit = std::min(revisit, missed_at);
        return std::nullopt;
    }
    std::string loss = fmt::format("{} would be lost, {}", in_words(now - since), promise);
    // A log that nobody could look at may well reach further.
    if (logs.unseen.empty())
        return Reason{VerdictState::at_risk, std::move(loss)};
    return Reason{VerdictState::unknown,
                  fmt::format("{}, unless {} goes on, which could not be seen", loss, fmt::join(logs.unseen, ", "))};
}

} // namespace recoverd::core
