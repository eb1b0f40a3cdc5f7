// SPDX-License-Identifier: Apache-2.0
// `recoverd explain ASSET|ALERT`: why, from what evidence, against which promise, and what would mend it.
#include "agent/commands/all.hpp"
#include "agent/tell/colours.hpp"
#include "agent/tell/evidence_words.hpp"
#include "agent/tell/history.hpp"
#include "agent/tell/told.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/values.hpp"
#include "core/rules/table.hpp"
#include "core/rules/threshold.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace recoverd::agent {

namespace {

struct Options {
    DaemonAddress daemon;
    std::string name;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("NAME", options.name, "An asset, or the name of an alert such as BackupTooOld", true);
    declare_address(arguments, options.daemon);
}

class Explanation {
  public:
    Explanation(const io::Json& assets, const io::Json& checks, const io::Json& alerts, const Console& console)
        : assets_(assets), checks_(checks), alerts_(alerts), now_(assets["made_at"].time()), console_(console) {}

    /// Which of both bears this name; nothing when there is neither.
    std::optional<core::HistoryOf> explain(const std::string& name) {
        bool found = false;
        for (const io::Json& asset : assets_["assets"].items())
            if (asset["name"].text() == name) {
                explain_asset(asset);
                found = true;
            }
        if (found)
            return core::HistoryOf::asset;
        for (const io::Json& alert : alerts_["alerts"].items())
            if (alert["alertname"].text() == name) {
                if (std::exchange(found, true))
                    fmt::print(console_.out, "\n");
                explain_alert(alert, true);
            }
        return found || explain_silent_rule(name) ? std::optional{core::HistoryOf::alert} : std::nullopt;
    }

  private:
    void heading(std::string_view text) const {
        fmt::print(console_.out, "\n{}\n", painted(text, colour::kBold, console_.colours));
    }

    void explain_asset(const io::Json& asset) const {
        const io::Json& verdict = asset["verdict"];
        const std::string& state = verdict["state"].text();
        const std::string& name = asset["name"].text();
        fmt::print(console_.out, "{}: {}\n", name,
                   painted(state, colour_of(grade_of_verdict(state)), console_.colours));
        if (const std::string& description = asset["description"].text(); !description.empty())
            fmt::print(console_.out, "{}\n", description);
        heading("because");
        std::size_t number = 0;
        for (const io::Json& reason : verdict["reasons"].items())
            fmt::print(console_.out, "  {}. {}\n", ++number, reason.text());
        if (number == 0)
            fmt::print(console_.out, "  everything promised is seen{}\n", backed_up(asset) ? ", fresh and proven" : "");
        print_recovery(asset, verdict);
        heading("evidence");
        for (const io::Json& check : asset["checks"].items())
            print_check(check.text(), name);
        print_alerts_of(name);
    }

    /// It is said only of those that are not.
    static bool backed_up(const io::Json& asset) { return asset["objectives"]["backups"].absent(); }

    void print_recovery(const io::Json& asset, const io::Json& verdict) const {
        heading("recovery");
        fmt::print(console_.out, "  back to  {}\n",
                   verdict["recoverable_until"] ? moment_words(verdict["recoverable_until"].time(), now_)
                   : backed_up(asset)           ? "no moment is known"
                                                : "there are no backups of it, on purpose");
        if (verdict["proven_at"])
            fmt::print(console_.out, "  proven   {}{}{}\n", moment_words(verdict["proven_at"].time(), now_),
                       verdict["proven_depth"] ? ", " + verdict["proven_depth"].text() : "",
                       verdict["proven_rto_seconds"]
                           ? ", took " + core::in_words(core::from_seconds(verdict["proven_rto_seconds"].number()))
                           : "");
        else
            fmt::print(console_.out, "  proven   never\n");
        for (const io::Json& due : asset["due"].items())
            fmt::print(console_.out, "  due      {} {}\n", due["exercise"].text(),
                       moment_words(due["due_at"].time(), now_));
        heading("promised");
        for (const auto& [key, value] : asset["objectives"].object())
            fmt::print(console_.out, "  {}\n", objective(key, value));
        if (asset["objectives"].object().empty())
            fmt::print(console_.out, "  nothing\n");
    }

    static std::string objective(const std::string& key, const io::Json& value) {
        constexpr std::string_view kSeconds = "_seconds";
        if (key.ends_with(kSeconds))
            return fmt::format("{} = {}", key.substr(0, key.size() - kSeconds.size()),
                               core::config::format_duration(core::from_seconds(value.number())));
        return fmt::format("{} = {}", key,
                           value.is_text()   ? value.text()
                           : value.boolean() ? std::string{"true"}
                                             : "false");
    }

    /// What a check last learned of an asset; of all its subjects when it is empty.
    void print_check(const std::string& name, const std::string& asset) const {
        const auto& checks = checks_["checks"].items();
        const auto check =
            std::ranges::find_if(checks, [&](const io::Json& one) { return one["name"].text() == name; });
        if (check == checks.end())
            return;
        fmt::print(console_.out, "  {} ({}), {}\n", name, (*check)["collector"].text(),
                   (*check)["last_success"] ? "last learned " + moment_words((*check)["last_success"].time(), now_)
                                            : "has learned nothing yet");
        print_failure((*check)["failure"], "    ");
        for (const io::Json& subject : (*check)["subjects"].items()) {
            if (!asset.empty() && subject["asset"].text() != asset)
                continue;
            if (!subject["subject"].text().empty())
                fmt::print(console_.out, "    {}\n", subject["subject"].text());
            if (subject["vanished_since"])
                fmt::print(console_.out, "      vanished {}\n", moment_words(subject["vanished_since"].time(), now_));
            print_failure(subject["failure"], "      ");
            for (const io::Json& evidence : subject["evidence"].items())
                fmt::print(console_.out, "      {}\n", evidence_words(io::read_evidence(evidence), now_));
        }
    }

    void print_failure(const io::Json& failure, std::string_view indent) const {
        if (failure)
            fmt::print(console_.out, "{}unknown: {}: {}, since {}\n", indent, failure["kind"].text(),
                       failure["detail"].text(), moment_words(failure["since"].time(), now_));
    }

    void print_alerts_of(const std::string& asset) const {
        heading("alerts");
        bool none = true;
        for (const io::Json& alert : alerts_["alerts"].items()) {
            const io::Json& label = alert["labels"]["asset"];
            if (!label || label.text() != asset)
                continue;
            none = false;
            explain_alert(alert, false);
        }
        if (none)
            fmt::print(console_.out, "  none\n");
    }

    void explain_alert(const io::Json& alert, bool with_evidence) const {
        const std::string& name = alert["alertname"].text();
        const bool fires = alert["state"].text() == "firing";
        fmt::print(console_.out, "  {} {}\n",
                   painted(alert["priority"].text() + " " + name,
                           fires ? colour_of(grade_of_alert(alert)) : colour::kBold, console_.colours),
                   about(alert));
        fmt::print(console_.out, "    why      {}\n", alert["reason"].text());
        fmt::print(console_.out, "    state    {}\n", history(alert));
        if (alert["lowered_by"])
            fmt::print(console_.out, "    lowered  from {}: {}\n", alert["lowered_from"].text(),
                       alert["lowered_by"].text());
        print_rule(name);
        if (const std::string& url = alert["annotations"]["runbook_url"].text(); !url.empty())
            fmt::print(console_.out, "    runbook  {}\n", url);
        if (const io::Json& check = alert["labels"]["check"]; with_evidence && check)
            print_check(check.text(), {});
    }

    std::string history(const io::Json& alert) const {
        std::string out = alert["state"].text() + ", found " + moment_words(alert["since"].time(), now_);
        if (alert["started_at"])
            out += ", fires since " + moment_words(alert["started_at"].time(), now_);
        if (alert["resolved_at"])
            out += ", resolved " + moment_words(alert["resolved_at"].time(), now_);
        return out;
    }

    void print_rule(const std::string& name) const {
        const auto rule = std::ranges::find(core::rules(), name, &core::Rule::name);
        if (rule != core::rules().end())
            fmt::print(console_.out, "    rule     {}: {}\n    mend     {}\n", rule->key, rule->when, rule->first_step);
    }

    bool explain_silent_rule(const std::string& name) const {
        if (std::ranges::find(core::rules(), name, &core::Rule::name) == core::rules().end())
            return false;
        fmt::print(console_.out, "  {}: no such alert is pending, firing or just resolved\n", name);
        print_rule(name);
        return true;
    }

    const io::Json& assets_;
    const io::Json& checks_;
    const io::Json& alerts_;
    core::Time now_;
    const Console& console_;
};

int report_unknown(const std::string& name, const io::Json& assets, Console& console) {
    std::vector<std::string_view> names;
    for (const io::Json& asset : assets["assets"].items())
        names.push_back(asset["name"].text());
    for (const core::Rule& rule : core::rules())
        names.push_back(rule.name);
    fmt::print(console.err, "recoverd: the daemon knows no asset and no alert '{}'\n", name);
    if (const auto near = core::config::nearest(name, names); !near.empty())
        fmt::print(console.err, "hint: did you mean '{}'?\n", near);
    return kUsageError;
}

int run(const Options& options, Console& console) {
    const ApiClient client{options.daemon};
    const auto assets = ask_daemon(client, "/api/v1/assets", console);
    const auto checks = assets ? ask_daemon(client, "/api/v1/checks", console) : std::nullopt;
    const auto alerts = checks ? ask_daemon(client, "/api/v1/alerts", console) : std::nullopt;
    if (!alerts)
        return kFailed;
    try {
        Explanation explanation{*assets, *checks, *alerts, console};
        const auto explained = explanation.explain(options.name);
        if (!explained)
            return report_unknown(options.name, *assets, console);
        print_history(client, *explained, options.name, (*assets)["made_at"].time(), console);
        return 0;
    } catch (const io::BadDocument& bad) {
        fmt::print(console.err, "recoverd: the daemon at {} does not speak our language: {}\n", options.daemon.shown(),
                   bad.what());
        return kFailed;
    }
}

} // namespace

Command explain_command() {
    return command<Options>("explain", "Why an asset or an alert stands as it does, and what would mend it", declare,
                            run);
}

} // namespace recoverd::agent
