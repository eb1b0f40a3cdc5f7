// SPDX-License-Identifier: Apache-2.0
#include "agent/tell/told.hpp"

#include "agent/tell/colours.hpp"
#include "core/rules/table.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

/// What others wrote shall neither steer the terminal nor look like lines of ours. In JSON such characters can only
/// stand escaped.
std::string without_control_characters(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] != '\\' || i + 1 == json.size()) {
            out += json[i];
            continue;
        }
        const std::string_view code = json.substr(i + 1, 5);
        const bool spelled = code.starts_with("u00") && code.size() == 5 && (code[3] == '0' || code[3] == '1');
        const bool brief = std::string_view{"bfnrt"}.contains(code[0]);
        if (spelled || brief)
            out += code[0] == 'n' || code[0] == 't' ? ' ' : '?';
        else
            out.append(json.substr(i, 2));
        i += spelled ? 5 : 1;
    }
    return out;
}

} // namespace

std::optional<io::Json> ask_daemon(const ApiClient& client, const std::string& path, Console& console) {
    const auto answer = client.get(path);
    if (!answer) {
        print_away(client.address(), answer.error(), console);
        return std::nullopt;
    }
    if (answer->status != 200) {
        fmt::print(console.err, "recoverd: expected status 200 from {}{}, found {}\n", client.address().shown(), path,
                   answer->status);
        for (const std::string& error : errors_in(*answer))
            fmt::print(console.err, "  {}\n", error);
        fmt::print(console.err, "hint: --url names the daemon, with its route prefix and without a path\n");
        return std::nullopt;
    }
    try {
        return io::Json::parse(without_control_characters(answer->body));
    } catch (const io::BadDocument& bad) {
        fmt::print(console.err, "recoverd: expected JSON from {}{}, found something else: {}\n",
                   client.address().shown(), path, bad.what());
        return std::nullopt;
    }
}

Grade grade_of_alert(const io::Json& alert) {
    const std::string& name = alert["alertname"].text();
    if (alert["state"].text() != "firing" || name == core::rule(core::RuleId::recoverd_watchdog).name)
        return Grade::good;
    if (name == core::rule(core::RuleId::evidence_missing).name)
        return Grade::unknown;
    const auto priority = core::from_name<core::Priority>(alert["priority"].text());
    return priority ? grade_of(*priority) : Grade::unknown;
}

Grade grade_of_verdict(const std::string& state) {
    switch (core::from_name<core::VerdictState>(state).value_or(core::VerdictState::unknown)) {
    case core::VerdictState::recoverable:
        return Grade::good;
    case core::VerdictState::at_risk:
        return Grade::minor;
    case core::VerdictState::unrecoverable:
        return Grade::major;
    case core::VerdictState::unknown:
        break;
    }
    return Grade::unknown;
}

std::string_view colour_of(Grade grade) {
    switch (grade) {
    case Grade::good:
        return colour::kGreen;
    case Grade::minor:
    case Grade::unknown:
        return colour::kYellow;
    case Grade::major:
        break;
    }
    return colour::kRed;
}

std::string in_words(const io::Json& labels, std::initializer_list<std::string_view> names) {
    std::string out;
    for (const std::string_view name : names)
        if (const io::Json& label = labels[name]; label && !label.text().empty())
            out += (out.empty() ? "" : " ") + label.text();
    return out;
}

std::string about(const io::Json& alert) {
    return in_words(alert["labels"],
                    {"asset", "check", "subject", "assertion", "exercise", "scenario", "target", "measurement"});
}

} // namespace recoverd::agent
