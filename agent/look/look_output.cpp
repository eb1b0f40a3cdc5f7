// SPDX-License-Identifier: Apache-2.0
#include "agent/look/look_output.hpp"

#include "agent/tell/colours.hpp"
#include "agent/tell/told.hpp"
#include "core/config/values.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace recoverd::agent {

namespace {

std::string line_of(const Trouble& trouble) {
    std::string out = trouble.rule;
    if (!trouble.subject.empty())
        out += (out.empty() ? "" : " ") + trouble.subject;
    return out.empty() ? trouble.text : out + ": " + trouble.text;
}

/// What to do stands on a line of its own; what others wrote brings none.
std::string in_lines(const std::string& text, std::string_view indent) {
    const auto hint = text.find("\nhint: ");
    if (hint == std::string::npos)
        return printable(text);
    return fmt::format("{}\n{}{}", printable(text.substr(0, hint)), indent, printable(text.substr(hint + 1)));
}

struct Widths {
    std::size_t word = std::string_view{"unknown"}.size();
    std::size_t name = 0;
};

Widths widths_of(const LookVerdict& verdict) {
    Widths widths;
    for (const auto* part : verdict.parts())
        for (const Looked& row : *part) {
            widths.word = std::max(widths.word, row.word().size());
            widths.name = std::max(widths.name, row.name.size());
        }
    return widths;
}

void append_rows(std::string& out, const std::vector<Looked>& rows, const Widths& widths, bool colours) {
    for (const Looked& row : rows) {
        const std::string word = row.note.empty() || row.grade() != Grade::good ? row.word() : "";
        out += painted(fmt::format("{:<{}} ", word, widths.word), colour_of(row.grade()), colours);
        out += fmt::format("{:<{}}", row.name, widths.name);
        if (!row.note.empty())
            out += "  " + row.note;
        if (!row.why.empty())
            out += ": " + row.why;
        while (out.ends_with(' '))
            out.pop_back();
        out += '\n';
        for (const Trouble& trouble : row.troubles)
            out += fmt::format("        {} {}\n", trouble.word, in_lines(line_of(trouble), "        "));
    }
}

/// ", 1 good, 2 unknown"
std::string in_grades(std::span<const Grade> grades) {
    std::string out;
    for (const auto& [grade, word] : {std::pair{Grade::good, "good"},
                                      {Grade::minor, "P3 or P4"},
                                      {Grade::unknown, "unknown"},
                                      {Grade::major, "P1 or P2"}})
        if (const auto count = std::ranges::count(grades, grade); count > 0)
            out += fmt::format(", {} {}", count, word);
    return out;
}

/// "; 2 assets not good", with what the worst of them is called; nothing where all are.
std::string not_good(const std::vector<Looked>& rows, std::string_view what) {
    const auto count = std::ranges::count_if(rows, [](const Looked& row) { return row.grade() != Grade::good; });
    if (count == 0)
        return {};
    const auto worst = std::ranges::max_element(rows, {}, &Looked::grade);
    return fmt::format("; {} {}{} not good, the worst {}", count, what, count == 1 ? "" : "s", worst->word());
}

std::string counted(const LookVerdict& verdict) {
    std::vector<Grade> looked;
    for (const Looked& check : verdict.checks)
        if (check.note.empty())
            looked.push_back(check.grade());
    if (looked.empty())
        return "nothing was looked at";
    return fmt::format("{} check{}{}{}{}", looked.size(), looked.size() == 1 ? "" : "s", in_grades(looked),
                       not_good(verdict.others, "other"), not_good(verdict.assets, "asset"));
}

/// The names of the rules, in lines.
std::string needs_history() {
    constexpr std::size_t kWidth = 100;
    std::string out;
    std::string line;
    for (const core::Rule& rule : core::rules()) {
        if (rule.needs_history.empty())
            continue;
        if (line.size() + rule.name.size() > kWidth)
            out += std::exchange(line, {}) + '\n';
        line += fmt::format("  {}", rule.name);
    }
    return out + line + '\n';
}

void write(io::JsonWriter& out, const Looked& looked) {
    out.field("state", looked.word());
    out.key("troubles").begin_array();
    for (const Trouble& trouble : looked.troubles) {
        out.begin_object();
        out.field("state", trouble.word);
        if (!trouble.rule.empty())
            out.field("rule", trouble.rule);
        out.field("subject", trouble.subject).field("reason", trouble.text);
        out.end_object();
    }
    out.end_array();
}

void write_evidence(io::JsonWriter& out, const core::CheckSnapshot& check) {
    out.field("collector", check.check->collector).field("took_seconds", core::to_seconds(check.memory->last_took));
    out.key("subjects").begin_array();
    std::size_t i = 0;
    for (const auto& [name, seen] : check.memory->subjects) {
        out.begin_object().field("subject", name).field("asset", check.subject_assets.at(i++));
        out.key("evidence").begin_array();
        for (const core::Evidence& evidence : *seen.evidence)
            io::write(out, evidence);
        out.end_array().end_object();
    }
    out.end_array();
}

std::string_view nagios_word(Grade grade) {
    switch (grade) {
    case Grade::good:
        return "OK";
    case Grade::minor:
        return "WARNING";
    case Grade::major:
        return "CRITICAL";
    case Grade::unknown:
        break;
    }
    return "UNKNOWN";
}

} // namespace

std::string look_as_table(const LookVerdict& verdict, bool colours) {
    const Widths widths = widths_of(verdict);
    std::string out = "CHECKS\n";
    append_rows(out, verdict.checks, widths, colours);
    append_rows(out, verdict.others, widths, colours);
    if (!verdict.assets.empty()) {
        out += "\nASSETS\n";
        append_rows(out, verdict.assets, widths, colours);
    }
    out += fmt::format("\n{}\n", counted(verdict));
    return out + "\nnot judged in full without the daemon's memory (--output json says what of them):\n" +
           needs_history();
}

std::string look_as_json(const LookVerdict& verdict, const core::Snapshot& snapshot) {
    io::JsonWriter out;
    out.begin_object().field("made_at", core::config::format_time(snapshot.made_at));
    out.field("exit_code", exit_code(verdict.worst));
    out.key("checks").begin_array();
    for (const auto* part : {&verdict.checks, &verdict.others})
        for (const Looked& looked : *part) {
            out.begin_object().field("name", looked.name);
            write(out, looked);
            snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
                if (check.check->name == looked.name)
                    write_evidence(out, check);
            });
            out.end_object();
        }
    out.end_array().key("assets").begin_array();
    for (const Looked& looked : verdict.assets) {
        out.begin_object().field("name", looked.name).field("verdict", looked.note);
        write(out, looked);
        out.end_object();
    }
    out.end_array().key("needs_history").begin_object();
    for (const core::Rule& rule : core::rules())
        if (!rule.needs_history.empty())
            out.field(rule.name, rule.needs_history);
    out.end_object().end_object();
    return out.take() + "\n";
}

std::string look_as_nagios(const LookVerdict& verdict) {
    std::string lines;
    for (const auto* part : verdict.parts())
        for (const Looked& one : *part)
            for (const Trouble& trouble : one.troubles) {
                std::string text = line_of(trouble);
                std::ranges::replace(text, '\n', ' ');
                lines += fmt::format("{} {}: {}\n", trouble.word, one.name, printable(std::move(text)));
            }
    // What follows a bar is performance data to Nagios.
    std::ranges::replace(lines, '|', '/');
    return fmt::format("RECOVERD {} - {} | checks={} assets={} minor={} unknown={} major={}\n{}",
                       nagios_word(verdict.worst), counted(verdict), verdict.checks.size(), verdict.assets.size(),
                       verdict.count(Grade::minor), verdict.count(Grade::unknown), verdict.count(Grade::major), lines);
}

} // namespace recoverd::agent
