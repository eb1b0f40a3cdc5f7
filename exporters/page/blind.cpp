// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace recoverd::exporters::page {

namespace {

/// Those beyond are told by name and kind, and those beyond that by the API.
constexpr std::size_t kMostInFull = 30;
constexpr std::size_t kMostChecks = 100;
/// Of one check; its own page has the others.
constexpr std::size_t kMostOfCheck = 5;

/// One thing that is not known of a check that brought others.
struct Unknown {
    std::string_view subject;
    /// The kind of failure, or the name of an expectation.
    std::string_view what;
    std::string_view detail;
    std::optional<core::Time> since;
};

struct Blind {
    const core::CheckSnapshot* check;
    /// Empty when it knows nothing at all.
    std::vector<Unknown> unknown;
};

/// What is old is not asked: a subject that could not be seen is one thing unknown, not one per expectation.
void find_unknown(std::string_view subject, const core::SubjectMemory& seen, std::vector<Unknown>& found) {
    if (seen.failure) {
        found.push_back({subject, name_of(seen.failure->kind), seen.failure->detail, seen.failing_since});
        return;
    }
    if (seen.vanished_since && seen.passing)
        return;
    if (seen.vanished_since) {
        found.push_back({subject, "vanished", "it is missing from the answer", seen.vanished_since});
        return;
    }
    for (const core::Evidence& evidence : *seen.evidence) {
        const auto* some = std::get_if<core::Assertions>(&evidence);
        if (!some)
            continue;
        for (const core::Assertion& one : some->assertions)
            if (core::state_of(one) == core::AssertionState::unknown)
                found.push_back({subject,
                                 one.name,
                                 one.detail.empty() ? std::string_view{"could not be learned"} : one.detail,
                                 {}});
    }
}

/// It failed, has not run yet, or looks at nothing.
bool knows_nothing(const core::CheckSnapshot& check) {
    const core::CheckMemory& memory = *check.memory;
    return memory.failure || !memory.last_success || (check.check->looks() && memory.subjects.empty());
}

/// Those that know nothing at all first.
std::vector<Blind> find_blind(const core::Snapshot& snapshot) {
    std::vector<Blind> found;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        Blind blind{&check, {}};
        const bool is_whole = knows_nothing(check);
        if (!is_whole)
            for (const auto& [subject, seen] : check.memory->subjects)
                find_unknown(subject, seen, blind.unknown);
        if (is_whole || !blind.unknown.empty())
            found.push_back(std::move(blind));
    });
    std::ranges::stable_partition(found, [](const Blind& blind) { return blind.unknown.empty(); });
    return found;
}

void write_whole(std::string& out, const core::CheckMemory& memory, core::Time now) {
    const std::string detail = memory.failure        ? html(memory.failure->detail)
                               : memory.last_success ? "It looks, and finds nothing."
                                                     : "It has not brought anything yet.";
    out += fmt::format("<p>{}</p>\n", detail);
    if (memory.last_success && memory.failure)
        out += fmt::format("<p class=\"soft\">last knew something {}</p>\n", moment(*memory.last_success, now));
}

void write_some(std::string& out, const std::vector<Unknown>& unknown, core::Time now) {
    out += "<ul class=\"why\">\n";
    for (std::size_t i = 0; i < std::min(kMostOfCheck, unknown.size()); ++i) {
        const Unknown& one = unknown[i];
        out += fmt::format("<li>{}{}{}: {}{}</li>\n", html(one.subject), one.subject.empty() ? "" : ": ",
                           html(one.what), html(one.detail), one.since ? ", since " + moment(*one.since, now) : "");
    }
    if (unknown.size() > kMostOfCheck)
        out += fmt::format("<li class=\"soft\">and {} more</li>\n", unknown.size() - kMostOfCheck);
    out += "</ul>\n";
}

std::string headline(const Blind& blind) {
    const core::CheckMemory& memory = *blind.check->memory;
    if (!blind.unknown.empty())
        return fmt::format("{} unknown", blind.unknown.size());
    if (memory.failure)
        return std::string{name_of(memory.failure->kind)};
    return memory.last_success ? "nothing found" : "not run yet";
}

} // namespace

void write_blind(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    const std::vector<Blind> blind = find_blind(snapshot);
    if (blind.empty())
        return;
    out += "<section aria-labelledby=\"blind\">\n<h2 id=\"blind\">What is unknown</h2>\n<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostInFull, blind.size()); ++i) {
        out += fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n", check_link(blind[i].check->check->name),
                           tag("none", headline(blind[i])));
        if (blind[i].unknown.empty())
            write_whole(out, *blind[i].check->memory, now);
        else
            write_some(out, blind[i].unknown, now);
        out += "</li>\n";
    }
    out += "</ul>\n";
    if (blind.size() > kMostInFull) {
        out += "<ul class=\"rows more\">\n";
        for (std::size_t i = kMostInFull; i < std::min(kMostChecks, blind.size()); ++i)
            out += fmt::format("<li>{} {}</li>\n", check_link(blind[i].check->check->name),
                               tag("none", headline(blind[i])));
        out += "</ul>\n";
    }
    more(out, blind.size(), kMostChecks, "api/v1/checks");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
