// SPDX-License-Identifier: Apache-2.0
// Kafka topics that should be there and are not.
#include "collectors/aiven/parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::collectors::aiven_parts {

std::string topic_target(const AivenExpected& expected, const Service& service, std::string_view topic) {
    return fmt::format("{}/project/{}/service/{}/topic/{}", expected.api_url, expected.project, service.name, topic);
}

namespace {

/// A name that is meant as it stands, and must be there.
bool is_name(std::string_view pattern) { return pattern.find_first_of("*?") == std::string_view::npos; }

core::SubjectReport absent_topic(const AivenExpected& expected, const Service& service, const std::string& name) {
    core::Reachability none;
    none.target = topic_target(expected, service, name);
    none.state = core::ReachState::down;
    none.detail = "no such topic is listed: it was deleted, or was never made";
    core::SubjectReport report{.subject = fmt::format("{}/{}", service.name, name)};
    report.location.region = service.cloud;
    report.evidence.emplace_back(std::move(none));
    return report;
}

bool lists(const core::Seen& seen, const Service& service, std::string_view topic) {
    return std::ranges::find(seen.subjects, fmt::format("{}/{}", service.name, topic), &core::SubjectReport::subject) !=
           seen.subjects.end();
}

bool lists_any(const core::Seen& seen, const Service& service) {
    return std::ranges::any_of(seen.subjects, [begin = service.name + "/"](const core::SubjectReport& report) {
        return report.subject.starts_with(begin);
    });
}

} // namespace

void add_absent_topics(const AivenExpected& expected, const std::vector<const Service*>& listed, core::Seen& seen) {
    const auto fail = [&](std::string words) {
        const auto report = std::ranges::find(seen.subjects, listed.front()->name, &core::SubjectReport::subject);
        if (report != seen.subjects.end() && !report->failure)
            report->failure = core::Failure{core::FailureKind::bad_answer, std::move(words)};
    };
    const bool named = std::ranges::any_of(expected.topics, is_name);
    for (const std::string& topic : expected.topics) {
        if (!is_name(topic) ||
            std::ranges::any_of(listed, [&](const Service* service) { return lists(seen, *service, topic); }))
            continue;
        // Where it should be is only known of one.
        if (listed.size() == 1)
            seen.subjects.push_back(absent_topic(expected, *listed.front(), topic));
        else
            fail(fmt::format("expected topic '{}' in one of {} services, found it in none", topic, listed.size()));
    }
    // Whatever there is may be nothing: "*" is what one has without asking.
    const bool whatever = std::ranges::find(expected.topics, "*") != expected.topics.end();
    if (!named && !whatever &&
        std::ranges::none_of(listed, [&](const Service* service) { return lists_any(seen, *service); }))
        fail(fmt::format("expected topics to look at, found none that {} fits", fmt::join(expected.topics, ", ")));
}

} // namespace recoverd::collectors::aiven_parts
