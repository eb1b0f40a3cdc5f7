// SPDX-License-Identifier: Apache-2.0
#include "core/rules/validations.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

constexpr std::size_t kMostValidations = 50;

std::string_view tone(core::StepState state) {
    switch (state) {
    case core::StepState::passed:
        return "good";
    case core::StepState::failed:
        return "bad";
    case core::StepState::waiting:
    case core::StepState::running:
    case core::StepState::skipped:
        break;
    }
    return "none";
}

int order(const core::ValidationMemory& memory) {
    if (memory.running)
        return 0;
    return memory.last && !core::has_passed(*memory.last) ? 1 : 2;
}

std::string word(const core::ValidationMemory& memory) {
    if (memory.running)
        return tag("warn", "Running");
    if (!memory.last)
        return tag("none", "Never run");
    if (!memory.last->aborted.empty())
        return tag("none", "Given up");
    return core::has_passed(*memory.last) ? tag("good", "Passed") : tag("bad", "Failed");
}

void write_run(std::string& out, const core::ValidationRun& run, core::Time now) {
    out += fmt::format("<p class=\"soft\">{}, began {}{}</p>\n<ol class=\"why\">\n", html(run.cause),
                       moment(run.began_at, now),
                       run.ended_at ? ", took " + core::in_words(*run.ended_at - run.began_at) : "");
    for (const core::StepResult& step : run.steps)
        out += fmt::format("<li>{} {}{}</li>\n", tag(tone(step.state), name_of(step.state)), html(step.check),
                           step.detail.empty() ? "" : ": " + html(step.detail));
    out += "</ol>\n";
}

} // namespace

void write_validations(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    if (snapshot.validations.empty())
        return;
    auto sorted = snapshot.validations;
    std::ranges::stable_sort(sorted, {}, [](const auto& one) { return order(one->memory); });
    out += "<section aria-labelledby=\"validations\">\n<h2 id=\"validations\">Validations</h2>\n<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostValidations, sorted.size()); ++i) {
        const core::ValidationSnapshot& one = *sorted[i];
        out +=
            fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n", html(one.validation.name), word(one.memory));
        if (!one.validation.description.empty())
            out += fmt::format("<p class=\"soft\">{}</p>\n", html(one.validation.description));
        if (one.memory.running)
            write_run(out, *one.memory.running, now);
        else if (one.memory.last)
            write_run(out, *one.memory.last, now);
        out += "</li>\n";
    }
    out += "</ul>\n";
    more(out, sorted.size(), kMostValidations, "api/v1/validations");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
