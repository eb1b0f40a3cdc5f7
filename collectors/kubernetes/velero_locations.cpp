// SPDX-License-Identifier: Apache-2.0
// Where Velero keeps backups, and whether one gets at it.
#include "collectors/kubernetes/expect.hpp"
#include "collectors/kubernetes/objects.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

namespace {

/// Velero looks every minute, unless its server (--store-validation-frequency) or the location is told otherwise.
constexpr Duration kValidated = std::chrono::hours{1};

/// How old its last look may be; nothing where it is told never to look.
std::optional<Duration> validated_within(const io::Json& spec) {
    const auto every = core::config::parse_duration(text_or(spec["validationFrequency"]));
    // Not told, or less than none, for which Velero takes its server's.
    if (!every)
        return kValidated;
    return *every == Duration{0} ? std::nullopt : std::optional{std::max(kValidated, 2 * *every)};
}

/// Why nobody knows now whether it is available; nothing where Velero does.
std::optional<Failure> not_validated(const io::Json& location, Time now) {
    const io::Json& status = location["status"];
    const auto validated = time_or_none(status["lastValidationTime"]);
    const auto within = validated_within(location["spec"]);
    if (!within)
        return Failure{FailureKind::bad_answer,
                       "Velero is told never to look whether it is available\nhint: give it a spec.validationFrequency "
                       "other than 0"};
    if (text_or(status["phase"]).empty() || !validated)
        return Failure{FailureKind::bad_answer, "Velero never looked whether it is available"};
    if (now - *validated > *within)
        return Failure{FailureKind::bad_answer, fmt::format("Velero has not looked whether it is available for {}",
                                                            core::config::format_duration(*within))};
    return std::nullopt;
}

SubjectReport read_storage_location(const io::Json& location, Time now) {
    SubjectReport report{
        .subject = subject_of(location, "backupstoragelocation"), .location = {}, .evidence = {}, .failure = {}};
    report.failure = not_validated(location, now);
    if (report.failure)
        return report;
    const io::Json& status = location["status"];
    const std::string phase = clean(text_or(status["phase"]), 40);
    core::Reachability reach;
    if (phase != "Available") {
        reach.state = ReachState::down;
        reach.detail = fmt::format("{}: {}", phase, clean(text_or(status["message"])));
    }
    report.evidence.emplace_back(std::move(reach));
    const std::string mode = clean(text_or(location["spec"]["accessMode"]), 40);
    report.evidence.emplace_back(
        core::Assertions{{expect("access_mode", "ReadWrite", mode.empty() ? "ReadWrite" : mode)}});
    return report;
}

} // namespace

void AllVelero::read_location(const io::Json& location, Time now) {
    const io::Json& metadata = location["metadata"];
    StorageLocation& kept =
        locations[fmt::format("{}/{}", clean(metadata["namespace"].text(), 63), clean(metadata["name"].text(), 253))];
    kept.told = read_storage_location(location, now);
    const io::Json& is_default = location["spec"]["default"];
    kept.is_default = is_default && is_default.boolean();
    const bool down = std::ranges::any_of(kept.told.evidence, [](const Evidence& one) {
        const auto* reach = std::get_if<core::Reachability>(&one);
        return reach && reach->state == core::ReachState::down;
    });
    if (down)
        kept.wrong = clean(location["status"]["phase"].text(), 40);
}

std::string AllVelero::default_location(std::string_view of_namespace) const {
    const std::string all = fmt::format("{}/", of_namespace);
    for (auto one = locations.lower_bound(all); one != locations.end() && one->first.starts_with(all); ++one)
        if (one->second.is_default)
            return one->first;
    // Of this name unless its server is told another one, and before there was a default in the object.
    const std::string by_name = all + "default";
    return locations.contains(by_name) ? by_name : std::string{};
}

bool AllVelero::uses(std::string_view location) const {
    const auto is_it = [&](std::string_view subject, std::string_view named) {
        return named.empty() ? default_location(subject.substr(0, subject.find('/'))) == location : named == location;
    };
    return std::ranges::any_of(series, [&](const auto& one) { return is_it(one.first.subject, one.first.location); }) ||
           std::ranges::any_of(schedule_locations, [&](const auto& one) { return is_it(one.first, one.second); });
}

std::set<std::string> AllVelero::missing_locations() const {
    std::set<std::string> missing;
    const auto note = [&](const std::string& named) {
        if (!named.empty() && !locations.contains(named))
            missing.insert(named);
    };
    for (const auto& [one, points] : series)
        note(one.location);
    for (const auto& [schedule, named] : schedule_locations)
        note(named);
    return missing;
}

void AllVelero::report_locations(const VeleroLists& lists, std::vector<SubjectReport>& out) const {
    for (const auto& [name, location] : locations)
        if (!lists.selected || uses(name)) {
            out.push_back(location.told);
            // One that is no longer used is told no more, and missed by nobody.
            out.back().passing = lists.selected;
        }
    // One that was deleted while it is used would be missed by nobody either.
    if (!lists.selected || !lists.locations_known)
        return;
    for (const std::string& name : missing_locations()) {
        const auto slash = name.find('/');
        out.push_back({.subject = subject_of(name.substr(0, slash), "backupstoragelocation", name.substr(slash + 1)),
                       .location = {},
                       .evidence = {},
                       .failure = Failure{FailureKind::misconfigured,
                                          "backups or schedules that are selected name it, and it is not there"},
                       .passing = true});
    }
}

} // namespace recoverd::collectors::kubernetes_parts
