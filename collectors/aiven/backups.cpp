// SPDX-License-Identifier: Apache-2.0
// Backups and the PITR range of a service, at home and in additional regions.
//
// Three absences mean three things. No `pitr`: this type knows no PITR. `pitr_range_start: null`: it does, and no
// backup can be used for it. `pitr_range_end: null`: up to now, and all is well; of an additional region it is always
// told.
#include "collectors/aiven/parts.hpp"
#include "core/assertion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::aiven_parts {

namespace {

using core::Assertion;
using core::LogArchive;
using core::RecoveryPoint;
using core::RecoveryPoints;
using core::Time;
using core::Told;
using io::Json;

constexpr std::size_t kMaxRegions = 20;
constexpr std::size_t kMaxCloud = 256;

RecoveryPoint point_of(const Json& backup) {
    RecoveryPoint point;
    point.id = said(backup["backup_name"].text());
    // One moment is all that is told. Backups cannot be downloaded: that one is listed is all the proof there is.
    point.data_at = point.ended_at = backup["backup_time"].time();
    point.size_bytes = backup["data_size"].natural();
    return point;
}

RecoveryPoints points_of(std::vector<RecoveryPoint> all) {
    RecoveryPoints points;
    points.method = "aiven";
    points.tells_jobs = Told::no;
    points.count = all.size();
    std::ranges::stable_sort(all, {}, &RecoveryPoint::ended_at);
    if (!all.empty())
        points.oldest_at = all.front().data_at;
    if (all.size() > core::kMaxPoints)
        all.erase(all.begin(), all.end() - core::kMaxPoints);
    points.points = std::move(all);
    return points;
}

/// Null, or a time; a key that is missing is neither.
std::optional<Time> end_of_range(const Json& json) {
    if (json.null())
        return std::nullopt;
    return json.time();
}

LogArchive archive_of(const Service& service, const Json& range, Time now) {
    LogArchive archive;
    archive.from_repository = true;
    archive.enabled = Told::yes;
    archive.oldest_at = end_of_range(range["pitr_range_start"]);
    archive.newest_at = end_of_range(range["pitr_range_end"]);
    if (service.off())
        // Nobody writes; and up to when one could go back nobody tells, but that it cannot be now.
        archive.pending = Told::no;
    else if (archive.newest_at)
        // Not up to now, of a service that is there to be written to.
        archive.pending = Told::yes;
    else if (archive.oldest_at)
        archive.newest_at = now;
    if (!archive.oldest_at)
        archive.newest_at.reset();
    return archive;
}

/// An additional region, as backups and PITR tell of it.
struct Region {
    std::string cloud;
    std::vector<RecoveryPoint> points;
    bool listed = false;
    bool paused = false;
    std::string reason;
    std::optional<LogArchive> archive;
};

Region& region_of(std::vector<Region>& regions, const Json& json) {
    const std::string& cloud = name_of(json["cloud"], kMaxCloud);
    if (const auto known = std::ranges::find(regions, cloud, &Region::cloud); known != regions.end())
        return *known;
    if (regions.size() == kMaxRegions)
        json.bad(fmt::format("at most {} additional regions", kMaxRegions));
    return regions.emplace_back(Region{.cloud = cloud, .points = {}, .reason = {}, .archive = {}});
}

void add_copies(const Json& backup, const RecoveryPoint& point, std::vector<Region>& regions) {
    const Json& copies = backup["additional_regions"];
    if (!copies)
        return;
    for (const Json& copy : copies.items()) {
        Region& region = region_of(regions, copy);
        region.listed = true;
        if (std::ranges::find(region.points, point.id, &RecoveryPoint::id) == region.points.end())
            region.points.push_back(point);
        if (copy["paused"] && copy["paused"].boolean()) {
            region.paused = true;
            if (copy["pause_reason"])
                region.reason = said(copy["pause_reason"].text());
        }
    }
}

core::SubjectReport report_of(const Service& service, Region region) {
    core::SubjectReport report;
    report.subject = fmt::format("{}/{}", service.name, region.cloud);
    report.location.region = region.cloud;
    if (region.listed) {
        report.evidence.emplace_back(points_of(std::move(region.points)));
        core::Assertions assertions;
        assertions.assertions.push_back({.name = "backup_synchronization",
                                         .expected = "running",
                                         .actual = region.paused ? "paused" : "running",
                                         .priority = std::nullopt,
                                         .detail = region.reason});
        report.evidence.emplace_back(std::move(assertions));
    }
    if (region.archive)
        report.evidence.emplace_back(std::move(*region.archive));
    return report;
}

/// What the plan promises and the answer does not have. That no backup can be used for it is the range's business.
void expect_mode(const Service& service, const Promise* promise, bool found, Backups& backups) {
    if (promise == nullptr)
        return;
    Assertion mode{.name = "recovery_mode", .expected = "pitr", .actual = found ? "pitr" : "basic"};
    if (!promise->pitr)
        mode = core::not_asked("recovery_mode", fmt::format("plan {} promises no PITR", service.plan));
    backups.assertions.push_back(std::move(mode));
}

/// Why the plan does not say how many there are to be; empty: it does.
std::string_view why_uncounted(const Service& service, const Promise& promise) {
    const Json& config = (*service.document)["user_config"];
    if (service.off())
        return "none are made while the service is powered off";
    if (config["backup_interval_hours"] || config["backup_retention_days"])
        return "the service's own settings say how many there are";
    if (promise.two_schedules || promise.interval_hours == 0)
        return "its plan does not say how many there are";
    return {};
}

void read_pitr(const Service& service, const Json& pitr, Time now, Backups& backups, std::vector<Region>& regions) {
    if (!pitr)
        return;
    backups.archive = archive_of(service, pitr["primary_region"], now);
    const Json& others = pitr["additional_regions"];
    if (!others)
        return;
    for (const Json& range : others.items()) {
        // Always told, both of them.
        (void)range["pitr_range_start"].time();
        (void)range["pitr_range_end"].time();
        region_of(regions, range).archive = archive_of(service, range, now);
    }
}

} // namespace

Backups read_backups(const Service& service, const Json& document, bool tells_pitr, const Promise* promise, Time now) {
    Backups backups;
    std::vector<Region> regions;
    std::vector<RecoveryPoint> all;
    for (const Json& backup : document["backups"].items()) {
        all.push_back(point_of(backup));
        add_copies(backup, all.back(), regions);
    }
    // A plan without backups has none to miss; and an empty list among errors is no list.
    const bool none_meant = promise != nullptr && promise->max_count == 0;
    if (!all.empty() || (!none_meant && !errors_in(document)))
        backups.points = points_of(std::move(all));
    if (tells_pitr) {
        read_pitr(service, document["pitr"], now, backups, regions);
        if (!errors_in(document))
            expect_mode(service, promise, backups.archive.has_value(), backups);
    }
    for (Region& region : regions)
        backups.regions.push_back(report_of(service, std::move(region)));
    return backups;
}

Assertion count_by_plan(const Service& service, std::uint64_t count, const Promise& promise, Time since, Time now) {
    if (const std::string_view why = why_uncounted(service, promise); !why.empty())
        return core::not_asked("backup_count", std::string{why});
    const core::Duration age = std::max(core::Duration{0}, now - since);
    const auto hours = static_cast<std::uint64_t>(std::chrono::floor<std::chrono::hours>(age).count());
    // One may be missing: the oldest goes when the next one is due, and that takes its time.
    const std::uint64_t due = std::min(promise.max_count, hours / promise.interval_hours);
    if (due < 2)
        return core::not_asked("backup_count", fmt::format("plan {} asks for none yet", service.plan));
    Assertion assertion{.name = "backup_count",
                        .expected = std::to_string(due - 1),
                        .actual = std::to_string(count),
                        .compare = core::Compare::at_least};
    assertion.priority = core::Priority::p3;
    assertion.detail =
        fmt::format("plan {} keeps {}, one each {} h", service.plan, promise.max_count, promise.interval_hours);
    return assertion;
}

std::map<std::string, Promise, std::less<>> read_plans(const Json& plans, Time now) {
    std::map<std::string, Promise, std::less<>> read;
    for (const Json& plan : plans["service_plans"].items()) {
        const Json& config = plan["backup_config"];
        if (!config)
            continue;
        read[said(plan["service_plan"].text())] = {.interval_hours = config["interval"].natural(),
                                                   .max_count = config["max_count"].natural(),
                                                   .pitr = config["recovery_mode"].text() == "pitr",
                                                   .two_schedules = bool{config["infrequent_interval_minutes"]},
                                                   .read_at = now};
    }
    return read;
}

} // namespace recoverd::collectors::aiven_parts
