// SPDX-License-Identifier: Apache-2.0
// `recoverd status`: the running daemon's verdicts at a glance.
#include "agent/commands/all.hpp"
#include "agent/tell/colours.hpp"
#include "agent/tell/evidence_words.hpp"
#include "agent/tell/told.hpp"
#include "agent/tell/unknown.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

/// Docker and podman kill whoever has not answered after 30 s.
constexpr core::Duration kHealthyWithin{5'000};

struct Options {
    DaemonAddress daemon;
    bool healthy = false;
};

void declare(Arguments& arguments, Options& options) {
    declare_address(arguments, options.daemon);
    arguments.flag("healthy", options.healthy,
                   "Only whether the daemon works, whatever it found: exit 0 or 1, as health checks of containers are");
}

/// Worst first, as the API has them otherwise.
std::vector<const io::Json*> sorted(const io::Json::Array& all, Grade (*grade)(const io::Json&)) {
    std::vector<const io::Json*> out;
    for (const io::Json& one : all)
        out.push_back(&one);
    std::ranges::stable_sort(out, std::ranges::greater{}, [grade](const io::Json* one) { return grade(*one); });
    return out;
}

Grade grade_of_asset(const io::Json& asset) { return grade_of_verdict(asset["verdict"]["state"].text()); }

std::size_t width_of(const io::Json::Array& all, std::string_view member) {
    std::size_t width = 0;
    for (const io::Json& one : all)
        width = std::max(width, one[member].text().size());
    return width;
}

std::string_view no_moment(const io::Json& asset) {
    return asset["objectives"]["backups"] ? "there are no backups of it, on purpose"
                                          : "no moment is known to go back to";
}

Grade print_assets(const io::Json& document, const Console& console) {
    const auto& assets = document["assets"].items();
    const core::Time now = document["made_at"].time();
    const std::size_t width = width_of(assets, "name");
    Grade worst = Grade::good;
    fmt::print(console.out, "\nASSETS\n{}", assets.empty() ? "none is configured\n" : "");
    for (const io::Json* asset : sorted(assets, grade_of_asset)) {
        const io::Json& verdict = (*asset)["verdict"];
        const Grade grade = grade_of_asset(*asset);
        worst = std::max(worst, grade);
        fmt::print(console.out, "{} {:<{}}  {}\n",
                   painted(fmt::format("{:<13}", verdict["state"].text()), colour_of(grade), console.colours),
                   (*asset)["name"].text(), width,
                   verdict["recoverable_until"] ? "back to " + moment_words(verdict["recoverable_until"].time(), now)
                                                : no_moment(*asset));
        for (const io::Json& reason : verdict["reasons"].items())
            fmt::print(console.out, "              {}\n", reason.text());
    }
    return worst;
}

Grade print_alerts(const io::Json& document, const Console& console) {
    const core::Time now = document["made_at"].time();
    Grade worst = Grade::good;
    fmt::print(console.out, "\nALERTS\n");
    bool none = true;
    for (const io::Json* alert : sorted(document["alerts"].items(), grade_of_alert)) {
        const Grade grade = grade_of_alert(*alert);
        if (grade == Grade::good)
            continue;
        none = false;
        worst = std::max(worst, grade);
        fmt::print(console.out, "{} {} {}: {}, since {}\n",
                   painted((*alert)["priority"].text(), colour_of(grade), console.colours),
                   (*alert)["alertname"].text(), about(*alert), (*alert)["reason"].text(),
                   moment_words((*alert)["started_at"].time(), now));
    }
    if (none)
        fmt::print(console.out, "nothing fires\n");
    return worst;
}

/// Nothing is good only because nobody looked, nor because only a part could be seen.
Grade print_unknown(const io::Json& document, const Console& console) {
    Grade worst = Grade::good;
    for (const io::Json& check : document["checks"].items())
        for (const std::string& line : unknown_of(check)) {
            if (worst == Grade::good)
                fmt::print(console.out, "\nWHAT IS UNKNOWN\n");
            worst = Grade::unknown;
            fmt::print(console.out, "{}\n", line);
        }
    return worst;
}

/// Those that hold, and those of which nobody can tell.
Grade print_scenarios(const io::Json& document, const Console& console) {
    const core::Time now = document["made_at"].time();
    Grade worst = Grade::good;
    for (const io::Json& scenario : document["scenarios"].items())
        for (const io::Json& group : scenario["groups"].items()) {
            const io::Json& outage = group["outage"];
            if (!outage && group["state"].text() != "unknown")
                continue;
            if (worst == Grade::good)
                fmt::print(console.out, "\nFAILURE SCENARIOS\n");
            const Grade grade =
                outage ? grade_of(
                             core::from_name<core::Priority>(scenario["priority"].text()).value_or(core::Priority::p1))
                       : Grade::unknown;
            worst = std::max(worst, grade);
            const std::string& subject = group["subject"].text();
            fmt::print(console.out, "{} {}{}{}: {}\n",
                       painted(fmt::format("{:<7}", outage ? "outage" : "unknown"), colour_of(grade), console.colours),
                       scenario["name"].text(), subject.empty() ? "" : " ", subject,
                       outage ? fmt::format("since {}, began with {}", moment_words(outage["began_at"].time(), now),
                                            outage["cause"].text())
                              : fmt::format("{} of {} cannot be seen", group["unknown"].items().size(),
                                            group["members"].natural()));
        }
    return worst;
}

Grade grade_of_word(const std::string& status) {
    if (status == "operational")
        return Grade::good;
    if (status == "degraded")
        return Grade::minor;
    return status == "partial_outage" || status == "major_outage" ? Grade::major : Grade::unknown;
}

int run_health_check(const ApiClient& client, Console& console) {
    const auto answer = client.get("/-/healthy", kHealthyWithin);
    if (!answer) {
        print_away(client.address(), answer.error(), console);
        return kFailed;
    }
    if (answer->status == 200)
        return 0;
    fmt::print(console.err, "recoverd: expected status 200 from {}/-/healthy, found {}\n", client.address().shown(),
               answer->status);
    return kFailed;
}

int run(const Options& options, Console& console) {
    const ApiClient client{options.daemon};
    if (options.healthy)
        return run_health_check(client, console);
    std::vector<io::Json> documents;
    for (const char* path :
         {"/api/v1/status", "/api/v1/assets", "/api/v1/checks", "/api/v1/alerts", "/api/v1/scenarios"}) {
        auto document = ask_daemon(client, path, console);
        if (!document)
            return exit_code(Grade::unknown);
        documents.push_back(std::move(*document));
    }
    try {
        const io::Json& status = documents[0];
        const std::string& word = status["status"].text();
        fmt::print(console.out, "{}  recoverd {} on {}, running since {}\n",
                   painted(word, colour_of(grade_of_word(word)), console.colours), status["version"].text(),
                   status["instance"].text(), moment_words(status["started_at"].time(), status["made_at"].time()));
        Grade worst = print_assets(documents[1], console);
        worst = std::max(worst, print_scenarios(documents[4], console));
        worst = std::max(worst, print_unknown(documents[2], console));
        worst = std::max(worst, print_alerts(documents[3], console));
        return exit_code(worst);
    } catch (const io::BadDocument& bad) {
        fmt::print(console.err, "recoverd: the daemon at {} does not speak our language: {}\n", options.daemon.shown(),
                   bad.what());
        return exit_code(Grade::unknown);
    }
}

} // namespace

Command status_command() {
    return command<Options>("status",
                            "The running daemon's verdicts; exit 0 good, 1 P3, P4 or at risk, 3 something is "
                            "unknown, 2 P1, P2 or unrecoverable",
                            declare, run);
}

} // namespace recoverd::agent
