// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"

#include "core/rules/exercises.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"
#include "core/verdict_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <string_view>
#include <utility>

namespace recoverd::core {

namespace {

/// The others (a job that failed, an odd size, a slow endpoint) are reasons to act, and leave what could be recovered
/// as it is. docs/guide.md names them.
constexpr std::array kAtRisk{
    RuleId::backup_too_old,   RuleId::backup_retention_short, RuleId::pitr_lag_high,        RuleId::pitr_window_short,
    RuleId::wal_archive_gap,  RuleId::restore_test_failed,    RuleId::restore_test_overdue, RuleId::exercise_failed,
    RuleId::exercise_overdue, RuleId::assertion_failed,       RuleId::asset_uncovered,      RuleId::subject_vanished,
    RuleId::evidence_missing, RuleId::evidence_implausible,   RuleId::scenario_active,      RuleId::rto_exceeded,
};

/// Of one that is not backed up, too: what runs is all there is of it.
constexpr std::array kAtRiskWithoutBackups{RuleId::endpoint_down, RuleId::replica_missing};

/// Where nobody promised how often it is proven, or nobody is told when it is not, a proof counts for so long: of what
/// was there a year ago little is left.
constexpr Duration kProofCounts = 365 * kDay;

std::string text_of(const Repository& repository) {
    return fmt::format("{}: {}", label(*repository.contributor), repository.reason);
}

constexpr std::string_view kNoRepository = "no check looks at its recovery points: add one that does, or say "
                                           "backups = false where there are none on purpose";
constexpr std::string_view kNoSource = "no check looks at it: add one that does";

/// The best repository decides; what the others lost is said.
void judge_repositories(const AssetView& view, const std::vector<Repository>& repositories, Reasons& reasons) {
    const bool others_see = view.asset.is_seen_elsewhere();
    if (repositories.empty() && !others_see)
        reasons.push_back(
            {VerdictState::unknown, std::string{view.asset.objectives.backups ? kNoRepository : kNoSource}});
    const auto stands = [&](Standing standing) {
        return std::ranges::find(repositories, standing, &Repository::standing) != repositories.end();
    };
    const VerdictState state = stands(Standing::good)                   ? VerdictState::at_risk
                               : stands(Standing::unseen) || others_see ? VerdictState::unknown
                                                                        : VerdictState::unrecoverable;
    for (const Repository& repository : repositories)
        if (repository.standing != Standing::good)
            reasons.push_back({state, text_of(repository)});
}

void judge_loss(const AssetView& view, const std::vector<Repository>& repositories, const LogReach& logs,
                const Verdict& verdict, Time& revisit, Reasons& reasons) {
    const auto& rpo = view.asset.objectives.rpo;
    const bool all_saved = std::ranges::any_of(repositories, [](const Repository& repository) {
        return repository.standing == Standing::good && repository.all_saved;
    });
    if (!rpo || !verdict.recoverable_until || all_saved)
        return;
    if (auto reason = too_much_lost(*verdict.recoverable_until, *rpo,
                                    fmt::format("an RPO of {} is promised", in_words(*rpo)), logs, view.now, revisit))
        reasons.push_back(std::move(*reason));
}

/// A failover, which takes seconds and loses nothing, hides no restore that takes hours: another exercise counts only
/// where no restore test ever passed.
const Exercise* newest_proof(const AssetView& view) {
    const Exercise* restore = newest_passed(view, is_restore_test, Depth::restored);
    return restore != nullptr ? restore : newest_passed(view, any_exercise, Depth::restored);
}

/// The newest proof at depth >= restored, by an exercise or by what is known of a point itself.
void find_proof(const AssetView& view, const std::vector<Repository>& repositories, Verdict& verdict) {
    if (const Exercise* passed = newest_proof(view); passed != nullptr) {
        verdict.proven_rto = recovery_time(*passed);
        verdict.proven_rpo = passed->rpo;
        verdict.proven_depth = passed->depth;
        verdict.proven_at = passed->ended_at;
    }
    for (const Repository& repository : repositories)
        if (repository.newest != nullptr && repository.newest->depth >= Depth::restored &&
            (!verdict.proven_at || repository.newest->ended_at > *verdict.proven_at)) {
            verdict.proven_depth = repository.newest->depth;
            verdict.proven_at = repository.newest->ended_at;
        }
}

/// Is it promised how often it is proven?
bool has_cadence(const AssetView& view) {
    return view.asset.objectives.restore_test_every ||
           std::ranges::any_of(view.planned, [&](const PlannedExercise& planned) {
               return planned.asset == view.asset.name && planned.cadence > Duration{0} &&
                      is_restore_test(planned.name);
           });
}

void judge_age_of_proof(const AssetView& view, const Verdict& verdict, Time& revisit, Reasons& reasons) {
    const bool promised = has_cadence(view);
    // Then it is said when that is overdue, as an alert, unless nobody wants to hear of that.
    if (!verdict.proven_at || (promised && view.asset.policy.enabled(RuleId::restore_test_overdue)))
        return;
    const Time expires = *verdict.proven_at + kProofCounts;
    if (view.now < expires)
        revisit = std::min(revisit, expires);
    else
        reasons.push_back(
            {VerdictState::at_risk, fmt::format("the last proof is {} old, it counts for {}: test a restore again{}",
                                                in_words(view.now - *verdict.proven_at), in_words(kProofCounts),
                                                promised ? "" : ", and promise how often (`restore_test_every`)")});
}

void judge_proof(const AssetView& view, const Verdict& verdict, Reasons& reasons) {
    const auto& rto = view.asset.objectives.rto;
    if (!verdict.proven_depth)
        reasons.push_back({VerdictState::at_risk, std::string{kUnproven}});
    else if (rto && !verdict.proven_rto)
        reasons.push_back({VerdictState::at_risk,
                           fmt::format("no proof told how long it took, an RTO of {} is promised: report its start, or "
                                       "its --rto",
                                       in_words(*rto))});
    else if (rto && *verdict.proven_rto > *rto)
        reasons.push_back({VerdictState::at_risk, fmt::format("the last proof took {}, an RTO of {} is promised",
                                                              in_words(*verdict.proven_rto), in_words(*rto))});
    const auto& rpo = view.asset.objectives.rpo;
    if (rpo && verdict.proven_rpo && *verdict.proven_rpo > *rpo)
        reasons.push_back({VerdictState::at_risk, fmt::format("the last proof lost {}, an RPO of {} is promised",
                                                              in_words(*verdict.proven_rpo), in_words(*rpo))});
}

/// What has already been said of a repository that is not good.
class Said {
  public:
    explicit Said(const std::vector<Repository>& repositories) {
        for (const Repository& repository : repositories) {
            if (repository.standing == Standing::good)
                continue;
            checks_.insert(repository.contributor->check->name);
            subjects_.emplace(repository.contributor->check->name, repository.contributor->subject);
        }
    }

    bool operator()(const Identity& identity) const {
        if (identity.rule != RuleId::evidence_missing && identity.rule != RuleId::subject_vanished)
            return false;
        return identity.subject.empty() ? checks_.contains(identity.check)
                                        : subjects_.contains({identity.check, identity.subject});
    }

  private:
    std::set<std::string_view> checks_;
    std::set<std::pair<std::string_view, std::string_view>> subjects_;
};

/// "orders-backup/orders/repo1: …", "scenario az (eu-1a): …"
std::string words_of(const Finding& finding) {
    const Identity& identity = finding.identity;
    std::string where;
    if (!identity.scenario.empty())
        where = fmt::format("scenario {}{}", identity.scenario,
                            identity.subject.empty() ? "" : fmt::format(" ({})", identity.subject));
    else
        where = identity.subject.empty() ? identity.check : join_subject(identity.check, identity.subject);
    return where.empty() ? finding.reason : fmt::format("{}: {}", where, finding.reason);
}

/// What is judged here is not all that there is to it. That is no reason to call it less than recoverable, unless its
/// backups are only seen elsewhere, and there may be nobody who sees any.
void name_others(const Asset& asset, const std::vector<Repository>& repositories, Reasons& reasons) {
    const bool proofs = asset.objectives.backups && asset.is_elsewhere(EvidenceKind::exercise);
    if (!asset.is_seen_elsewhere() && !proofs)
        return;
    if (asset.objectives.backups && asset.is_seen_elsewhere() && asset.may_be_nowhere && repositories.empty())
        return reasons.push_back(
            {VerdictState::unknown, "agents of the other scope may see backups of it, if one does"});
    const std::string_view what = !asset.objectives.backups   ? "look at it"
                                  : !proofs                   ? "see backups of it"
                                  : asset.is_seen_elsewhere() ? "see backups of it, and judge its proofs"
                                                              : "judge its proofs";
    reasons.push_back({VerdictState::recoverable, fmt::format("agents of the other scope {}", what)});
}

bool puts_at_risk(const Asset& asset, RuleId rule) {
    const auto is_among = [rule](const auto& rules) { return std::ranges::find(rules, rule) != rules.end(); };
    return is_among(kAtRisk) || (!asset.objectives.backups && is_among(kAtRiskWithoutBackups));
}

void judge_findings(const AssetView& view, const std::vector<Repository>& repositories, Time& revisit,
                    Reasons& reasons) {
    // What is overdue shows only here: the asset's own findings are made of the same view.
    Judgement own;
    judge_asset(view, own);
    revisit = std::min(revisit, own.revisit);
    std::vector<Finding> findings(view.findings.begin(), view.findings.end());
    for (Finding& finding : own.findings)
        if (std::ranges::find(findings, finding.identity, &Finding::identity) == findings.end())
            findings.push_back(std::move(finding));
    std::ranges::stable_sort(findings, {}, &Finding::raw_priority);
    const Said said{repositories};
    for (const Finding& finding : findings) {
        const Identity& identity = finding.identity;
        if (!puts_at_risk(view.asset, identity.rule) || said(identity))
            continue;
        reasons.push_back({VerdictState::at_risk, words_of(finding)});
    }
}

} // namespace

std::span<const RuleId> rules_at_risk() { return kAtRisk; }

Verdict judge_verdict(const AssetView& view, Time& revisit) {
    Verdict verdict;
    Reasons reasons;
    const bool backups = view.asset.objectives.backups;
    const auto repositories = backups ? repositories_of(view, revisit) : sources_of(view, revisit);
    const LogReach logs = log_reach(view, repositories, {}, revisit);
    verdict.recoverable_until = logs.until;
    for (const Repository& repository : repositories)
        if (repository.newest != nullptr)
            verdict.recoverable_until = std::max(verdict.recoverable_until, std::optional(repository.newest->data_at));
    find_proof(view, repositories, verdict);
    judge_repositories(view, repositories, reasons);
    judge_loss(view, repositories, logs, verdict, revisit, reasons);
    if (backups && !view.asset.is_elsewhere(EvidenceKind::exercise)) {
        judge_proof(view, verdict, reasons);
        judge_age_of_proof(view, verdict, revisit, reasons);
    }
    for (const std::string& unready : view.unready)
        reasons.push_back({VerdictState::at_risk, unready});
    judge_findings(view, repositories, revisit, reasons);
    name_others(view.asset, repositories, reasons);
    std::ranges::stable_sort(reasons, std::ranges::greater{}, &Reason::state);
    verdict.state = reasons.empty() ? VerdictState::recoverable : reasons.front().state;
    for (Reason& reason : reasons)
        verdict.reasons.push_back(std::move(reason.text));
    return verdict;
}

} // namespace recoverd::core
