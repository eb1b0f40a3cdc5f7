// SPDX-License-Identifier: Apache-2.0
// What the answers of one run mean together, service by service.
#include "collectors/aiven/parts.hpp"
#include "collectors/collector.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using aiven_parts::Backups;
using aiven_parts::Cursor;
using aiven_parts::Found;
using aiven_parts::Promise;
using aiven_parts::Service;
using core::Failure;
using core::FailureKind;
using core::SubjectReport;
using core::Time;

/// Plans change rarely, and their list is long.
constexpr core::Duration kPromiseKept = core::kDay;

std::string plan_key(const Service& service) { return fmt::format("{}/{}", service.type, service.plan); }

/// Those of before that are still used, and what was learned now.
void learn_promises(const std::vector<Found>& found, const AivenAnswers& answers, Cursor& cursor, Time now) {
    std::map<std::string, Promise, std::less<>> kept;
    for (const auto& [name, service] : found) {
        if (!service)
            continue;
        const std::string key = plan_key(*service);
        if (const auto before = cursor.promises.find(key); before != cursor.promises.end())
            kept[key] = before->second;
        const auto plans = answers.plans.find(service->type);
        if (plans == answers.plans.end() || !plans->second)
            continue;
        // A plan that is not in the list (one made for a customer) promises nothing that anybody could read.
        const auto read = understood([&] { return aiven_parts::read_plans(*plans->second, now); });
        if (read)
            if (const auto plan = read->find(service->plan); plan != read->end())
                kept[key] = plan->second;
    }
    cursor.promises = std::move(kept);
}

/// Since when the plan's promise counts: a service that moved to a larger plan has no backups of before.
Time since_of(const Service& service, Cursor& cursor, Time now) {
    auto [known, is_new] = cursor.services.try_emplace(service.name);
    if (is_new)
        known->second = {service.plan, service.created_at};
    else if (known->second.plan != service.plan)
        known->second = {service.plan, now};
    return known->second.since;
}

void measure_promise(const Promise& promise, std::vector<core::Evidence>& evidence) {
    const auto measure = [&](std::string name, double value, std::string unit) {
        core::Measurement measurement;
        measurement.name = std::move(name);
        measurement.value = value;
        measurement.unit = std::move(unit);
        evidence.emplace_back(std::move(measurement));
    };
    measure("plan_backup_interval", static_cast<double>(promise.interval_hours) * 3600, "seconds");
    measure("plan_backup_count", static_cast<double>(promise.max_count), "backups");
}

/// One service and what belongs to it.
class Reporting {
  public:
    Reporting(const AivenExpected& expected, const AivenAnswers& answers, Cursor& cursor, Time now)
        : expected_(expected), answers_(answers), cursor_(cursor), now_(now) {}

    void add(const Service& service, core::Seen& seen) {
        SubjectReport report;
        report.subject = service.name;
        report.location.region = service.cloud;
        if (service.nodes.size() == 1)
            report.location.zone = service.nodes.front().zone;
        core::Assertions assertions;
        if (auto known = understood([&] { return aiven_parts::assertions_of(expected_, service, now_); }))
            assertions.assertions = std::move(*known);
        else
            fail(report, std::move(known.error()));
        std::vector<SubjectReport> others;
        add_state(service, report);
        seen.complete = add_backups(service, report, assertions, others) && seen.complete;
        add_topics(service, report, others, seen);
        report.evidence.emplace_back(std::move(assertions));
        seen.subjects.push_back(std::move(report));
        std::ranges::move(others, std::back_inserter(seen.subjects));
    }
    /// One that makes no sense may hold any topic.
    void lost() { all_listed_ = false; }
    void add_absent(core::Seen& seen) const {
        if (all_listed_ && !listed_.empty())
            aiven_parts::add_absent_topics(expected_, listed_, seen);
    }

  private:
    static void fail(SubjectReport& report, Failure failure) {
        if (!report.failure)
            report.failure = std::move(failure);
    }

    void add_state(const Service& service, SubjectReport& report) const {
        std::string target =
            fmt::format("{}/project/{}/service/{}", expected_.api_url, expected_.project, service.name);
        if (auto reach = aiven_parts::reachability_of(service, std::move(target), now_))
            report.evidence.emplace_back(std::move(*reach));
        else
            fail(report, {FailureKind::bad_answer,
                          fmt::format("expected POWEROFF, REBALANCING, REBUILDING or RUNNING, found state '{}'",
                                      service.state)});
        if (auto replication = aiven_parts::replication_of(service))
            report.evidence.emplace_back(std::move(*replication));
        // Another service of the same name has none of the backups of the one that was deleted.
        report.evidence.emplace_back(
            core::Fingerprint{.name = "create_time", .value = core::config::format_time(service.created_at)});
    }

    /// Were all its additional regions told?
    bool add_backups(const Service& service, SubjectReport& report, core::Assertions& assertions,
                     std::vector<SubjectReport>& regions) {
        const Time since = since_of(service, cursor_, now_);
        if (!service.backed_up())
            return true;
        const auto known = cursor_.promises.find(plan_key(service));
        const Promise* promise = known == cursor_.promises.end() ? nullptr : &known->second;
        if (promise != nullptr)
            measure_promise(*promise, report.evidence);
        auto backups = read(service, report, promise);
        const bool whole = backups && !report.failure;
        if (!backups) {
            fail(report, std::move(backups.error()));
            return whole;
        }
        std::ranges::move(backups->assertions, std::back_inserter(assertions.assertions));
        if (promise != nullptr && (backups->points || promise->max_count == 0))
            assertions.assertions.push_back(aiven_parts::count_by_plan(
                service, backups->points ? backups->points->count : 0, *promise, since, now_));
        if (backups->points)
            report.evidence.emplace_back(std::move(*backups->points));
        if (backups->archive)
            report.evidence.emplace_back(std::move(*backups->archive));
        std::ranges::move(backups->regions, std::back_inserter(regions));
        return whole;
    }

    core::Result<Backups> read(const Service& service, SubjectReport& report, const Promise* promise) const {
        const auto answer = answers_.backups.find(service.name);
        if (answer != answers_.backups.end() && answer->second) {
            if (auto errors = aiven_parts::errors_in(*answer->second))
                fail(report, std::move(*errors));
            return understood([&] { return aiven_parts::read_backups(service, *answer->second, true, promise, now_); });
        }
        if (answer != answers_.backups.end()) {
            Failure failure = answer->second.error();
            if (failure.kind != FailureKind::refused || !(*service.document)["backups"])
                return std::unexpected(std::move(failure));
            failure.detail += "\nhint: let the token list backups, or set pitr = false to do without the PITR range";
            fail(report, std::move(failure));
        }
        return understood([&] { return aiven_parts::read_backups(service, *service.document, false, promise, now_); });
    }

    void add_topics(const Service& service, SubjectReport& report, std::vector<SubjectReport>& topics,
                    core::Seen& seen) {
        if (!service.kafka() || expected_.topics.empty())
            return;
        // Without an answer topics are neither there nor gone.
        const auto answer = answers_.topics.find(service.name);
        if (answer == answers_.topics.end() || !answer->second) {
            seen.complete = all_listed_ = false;
            if (answer != answers_.topics.end())
                fail(report, answer->second.error());
            return;
        }
        if (auto errors = aiven_parts::errors_in(*answer->second)) {
            seen.complete = all_listed_ = false;
            fail(report, std::move(*errors));
        }
        auto read =
            understood([&] { return aiven_parts::read_topics(expected_, service, *answer->second, answers_.topic); });
        if (!read) {
            seen.complete = all_listed_ = false;
            return fail(report, std::move(read.error()));
        }
        listed_.push_back(&service);
        std::ranges::move(*read, std::back_inserter(topics));
    }

    const AivenExpected& expected_;
    const AivenAnswers& answers_;
    Cursor& cursor_;
    Time now_;
    /// Services whose topics are known; are those all that have some?
    std::vector<const Service*> listed_;
    bool all_listed_ = true;
};

/// One that is named and not there: gone, if it was ever seen, and otherwise a mistake.
void add_missing(const AivenExpected& expected, const std::vector<Found>& found, const Cursor& cursor,
                 core::Seen& seen) {
    for (const std::string& name : expected.services) {
        if (std::ranges::find(found, name, &Found::name) != found.end() || cursor.services.contains(name))
            continue;
        seen.subjects.push_back(
            {.subject = name,
             .location = {},
             .evidence = {},
             .failure = Failure{FailureKind::misconfigured, fmt::format("expected a service '{}' in project {}, found "
                                                                        "none",
                                                                        name, expected.project)}});
    }
}

/// No service at all, and none was there before: then nothing is watched.
core::Result<core::Seen> nothing(const AivenExpected& expected) {
    const std::string which = expected.tags.empty() ? "services" : "services with these tags";
    return core::failed(FailureKind::bad_answer,
                        fmt::format("expected {} in project {}, found none", which, expected.project));
}

} // namespace

std::vector<AivenQuestions> aiven_questions(const AivenExpected& expected, const io::Json& services) {
    std::vector<AivenQuestions> questions;
    for (const auto& [name, service] : aiven_parts::chosen(expected, services))
        if (service)
            questions.push_back({.service = name,
                                 .type = service->type,
                                 .backups = expected.pitr && service->backed_up(),
                                 .topics = service->kafka() && !service->off() && !expected.topics.empty()});
    return questions;
}

std::vector<std::string> aiven_types(const AivenExpected& expected, const io::Json& services,
                                     std::string_view cursor_text, Time now) {
    const Cursor cursor = aiven_parts::read_cursor(cursor_text);
    std::vector<std::string> types;
    for (const auto& [name, service] : aiven_parts::chosen(expected, services)) {
        if (!service || !service->backed_up() || std::ranges::find(types, service->type) != types.end())
            continue;
        const auto known = cursor.promises.find(plan_key(*service));
        if (known == cursor.promises.end() || now - known->second.read_at >= kPromiseKept)
            types.push_back(service->type);
    }
    return types;
}

core::Result<core::Seen> interpret_aiven(const AivenExpected& expected, const AivenAnswers& answers,
                                         std::string_view cursor_text, Time now) {
    const std::vector<Found> found = aiven_parts::chosen(expected, answers.services);
    Cursor cursor = aiven_parts::read_cursor(cursor_text);
    if (found.empty() && expected.services.empty() && cursor.services.empty())
        return nothing(expected);
    learn_promises(found, answers, cursor, now);
    core::Seen seen;
    add_missing(expected, found, cursor, seen);
    Reporting reporting{expected, answers, cursor, now};
    for (const auto& [name, service] : found) {
        std::optional<Failure> failure;
        if (!service)
            failure = service.error();
        else if (const auto added = understood([&, &of = *service] {
                     reporting.add(of, seen);
                     return true;
                 });
                 !added)
            failure = added.error();
        if (!failure)
            continue;
        // Its topics and regions were not looked at.
        seen.complete = false;
        reporting.lost();
        seen.subjects.push_back({.subject = name, .location = {}, .evidence = {}, .failure = std::move(failure)});
    }
    if (const auto errors = aiven_parts::errors_in(answers.services)) {
        seen.complete = false;
        for (SubjectReport& report : seen.subjects)
            if (!report.failure)
                report.failure = errors;
    } else {
        reporting.add_absent(seen);
    }
    seen.cursor = aiven_parts::write_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
