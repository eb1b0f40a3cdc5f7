// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/details.hpp"
#include "exporters/page/frame.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

namespace recoverd::exporters::page {

namespace {

constexpr std::string_view kRoot = "../";
/// Of evidence as text; beyond that the API has it.
constexpr std::size_t kMostText = 8'000;
/// Up to here it is shown without being asked for.
constexpr std::size_t kShortText = 600;

const core::CheckSnapshot* find_check(const core::Snapshot& snapshot, std::string_view name) {
    const core::CheckSnapshot* found = nullptr;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        if (check.check->name == name)
            found = &check;
    });
    return found;
}

void write_facts(std::string& out, const core::CheckSnapshot& snapshot, core::Time now) {
    const core::Check& check = *snapshot.check;
    const core::CheckMemory& memory = *snapshot.memory;
    out += "<dl>\n";
    row(out, "Collector", html(check.collector));
    if (!check.asset.empty())
        row(out, "Asset", asset_link(check.asset, kRoot));
    if (!check.target.empty())
        row(out, "Looks at", html(check.target));
    row(out, "Every", check.looks() ? core::config::format_duration(check.every) : "whenever it is told");
    row(out, "Last run", memory.last_run ? moment(*memory.last_run, now) : "none yet");
    row(out, "Last learned", memory.last_success ? moment(*memory.last_success, now) : "nothing yet");
    row(out, "It took", core::config::format_duration(memory.last_took));
    if (memory.failure)
        row(out, "It fails",
            fmt::format("{} since {}: {}", name_of(memory.failure->kind), moment(memory.failing_since, now),
                        html(memory.failure->detail)));
    if (const auto& over = memory.last_failure)
        row(out, memory.failure ? "It failed before" : "It failed last",
            fmt::format("{} from {} until {}: {}", name_of(over->failure.kind), time_only(over->began_at),
                        moment(over->ended_at, now), html(over->failure.detail)));
    for (std::size_t i = 0; i < memory.failures_total.size(); ++i)
        if (memory.failures_total[i] > 0)
            row(out, fmt::format("Ended {}", core::Names<core::FailureKind>::values[i]),
                fmt::format("{} times", memory.failures_total[i]));
    out += "</dl>\n";
}

/// Works without the script as well: the answer leads back here.
void write_run(std::string& out, std::string_view name) {
    out += fmt::format("<form class=\"run\" method=\"post\" action=\"{}api/v1/checks/{}/run\" data-own>"
                       "<button>Run now</button> <output></output></form>\n",
                       kRoot, path_part(name));
}

/// The alerts that go on, and below them those that ended lately.
void write_wrong(std::string& out, const core::CheckSnapshot& check, const core::Config& config, core::Time now) {
    const auto is_over = [](const core::Alert& alert) { return alert.state == core::AlertState::resolved; };
    std::string wrong;
    std::string over;
    for (const core::Alert& alert : check.alerts)
        write_alert(is_over(alert) ? over : wrong, alert, config, now);
    out += "<section aria-labelledby=\"wrong\">\n<h2 id=\"wrong\">What is wrong</h2>\n<ul class=\"rows\">\n";
    out += (wrong.empty() ? "<li>Nothing fires.</li>\n" : wrong) + "</ul>\n</section>\n";
    if (!over.empty())
        out += "<section aria-labelledby=\"over\">\n<h2 id=\"over\">What ended lately</h2>\n<ul class=\"rows\">\n" +
               over + "</ul>\n</section>\n";
}

/// What is known of it beside its last evidence.
void write_past(std::string& out, const core::SubjectMemory& seen, core::Time now) {
    // Only what is probed settles.
    if (seen.settled_since != core::Time{})
        out +=
            fmt::format("<p class=\"soft\">{} since {}</p>\n", name_of(seen.settled), moment(seen.settled_since, now));
    if (const auto& failed = seen.last_failed_job)
        out += fmt::format("<p class=\"soft\">last failed job {}{}{}</p>\n", moment(failed->at, now),
                           failed->detail.empty() ? "" : ": ", html(failed->detail));
}

void write_subject(std::string& out, std::string_view name, const core::SubjectMemory& seen, core::Time now) {
    out += fmt::format("<li>\n<h3>{}</h3>\n<p class=\"soft\">learned {}, first seen {}</p>\n",
                       name.empty() ? "What it looks at" : html(name), moment(seen.learned_at, now),
                       moment(seen.first_seen, now));
    if (seen.vanished_since)
        out += fmt::format("<p>missing since {}</p>\n", moment(*seen.vanished_since, now));
    if (seen.failure)
        out += fmt::format("<p>{} {}, since {}</p>\n", tag("none", name_of(seen.failure->kind)),
                           html(seen.failure->detail), moment(seen.failing_since, now));
    write_past(out, seen, now);
    for (const core::Evidence& evidence : *seen.evidence) {
        io::JsonWriter json;
        io::write(json, evidence);
        std::string text = json.take();
        const bool cut = text.size() > kMostText;
        if (cut)
            text.resize(kMostText);
        out += fmt::format("<details{}><summary>{}</summary><pre>{}{}</pre></details>\n",
                           text.size() <= kShortText ? " open" : "", name_of(core::kind_of(evidence)), html(text),
                           cut ? " …" : "");
    }
    out += "</li>\n";
}

} // namespace

std::optional<Detail> check_page(const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view name,
                                 bool may_run) {
    constexpr std::size_t kMostSubjects = 200;
    const core::CheckSnapshot* check = find_check(snapshot, name);
    if (!check)
        return std::nullopt;
    const core::Time now = shown_at(snapshot, facts);
    Detail page;
    std::string& out = page.above;
    begin_page(out, snapshot, name, kRoot);
    out += "</header>\n<main>\n";
    write_facts(out, *check, now);
    if (may_run && check->check->looks())
        write_run(out, name);
    write_wrong(out, *check, *snapshot.config, now);
    std::string& rest = page.below;
    rest += "<section aria-labelledby=\"seen\">\n<h2 id=\"seen\">What it learned last</h2>\n<ul class=\"rows\">\n";
    std::size_t shown = 0;
    for (const auto& [subject, seen] : check->memory->subjects)
        if (shown++ < kMostSubjects)
            write_subject(rest, subject, seen, now);
    rest += "</ul>\n";
    more(rest, check->memory->subjects.size(), kMostSubjects, fmt::format("{}api/v1/checks", kRoot));
    rest += "</section>\n";
    end_page(rest, snapshot, facts, kRoot);
    return page;
}

} // namespace recoverd::exporters::page
