// SPDX-License-Identifier: Apache-2.0
// Where Velero keeps backups, and whether one gets at it.
#include "collectors/kubernetes/expect.hpp"
#include "collectors/kubernetes/objects.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

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
        reach.state = core::ReachState::down;
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

std::set<std::string> AllVelero::used_locations() const {
    std::set<std::string> used;
    const auto note = [&](std::string_view subject, const std::string& named) {
        std::string name = named.empty() ? default_location(subject.substr(0, subject.find('/'))) : named;
        if (!name.empty())
            used.insert(std::move(name));
    };
    for (const auto& [one, points] : series)
        note(one.subject, one.location);
    for (const auto& [subject, named] : schedule_locations)
        note(subject, named);
    return used;
}

void AllVelero::report_locations(const VeleroLists& lists, std::vector<SubjectReport>& out) const {
    if (!lists.selected) {
        for (const auto& [name, location] : locations)
            out.push_back(location.told);
        return;
    }
    for (const std::string& name : used_locations()) {
        const auto slash = name.find('/');
        if (const auto known = locations.find(name); known != locations.end())
            out.push_back(known->second.told);
        else if (lists.locations_known)
            // One that was deleted while it is used would be missed by nobody.
            out.push_back(
                {.subject = subject_of(name.substr(0, slash), "backupstoragelocation", name.substr(slash + 1)),
                 .location = {},
                 .evidence = {},
                 .failure = Failure{FailureKind::misconfigured,
                                    "backups or schedules that are selected name it, and it is not there"}});
        else
            continue;
        // One that is no longer used is told no more, and missed by nobody.
        out.back().passing = true;
    }
}

} // namespace recoverd::collectors::kubernetes_parts
