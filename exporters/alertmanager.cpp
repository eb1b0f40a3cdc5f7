// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager.hpp"

#include "core/config/values.hpp"
#include "exporters/alerts.hpp"
#include "exporters/escape.hpp"
#include "io/json.hpp"

#include <algorithm>

namespace recoverd::exporters {

using namespace std::chrono_literals;

namespace {

void write_texts(io::JsonWriter& out, const core::Labels& texts) {
    out.begin_object();
    for (const auto& [name, value] : texts)
        if (!value.empty())
            out.field(name, value);
    out.end_object();
}

std::string to_json(const OutgoingAlert& alert, const core::Labels& notes, const std::string& url,
                    core::Duration ahead = {}) {
    io::JsonWriter out;
    out.begin_object();
    write_texts(out.key("labels"), alert.labels);
    write_texts(out.key("annotations"), notes);
    out.field("startsAt", core::config::format_time(alert.starts_at + ahead));
    out.field("endsAt", core::config::format_time(alert.ends_at + ahead));
    if (!url.empty())
        out.field("generatorURL", url);
    out.end_object();
    return out.take();
}

core::Labels notes_of(const core::Alert& alert, const core::Config& config) {
    const Annotations notes = annotations(alert, config);
    return {{"summary", notes.summary},
            {"description", notes.description},
            {"runbook_url", notes.runbook_url},
            {"dashboard_url", notes.dashboard_url}};
}

/// Where on the status page it is shown.
std::string generator_url(const core::Alert& alert, const AgentFacts& facts) {
    if (facts.external_url.empty())
        return {};
    const std::string& asset = alert.finding.identity.asset;
    return facts.external_url + (asset.empty() ? "/#alerts" : "/#asset-" + anchor(asset));
}

} // namespace

bool SentAlerts::knows(const OutgoingAlert& alert) const {
    const auto told = told_.find(alert.labels);
    return told != told_.end() && told->second.firing == alert.firing && told->second.starts_at == alert.starts_at &&
           (alert.firing || told->second.ends_at == alert.ends_at);
}

std::vector<OutgoingAlert> SentAlerts::due(const core::Snapshot& snapshot, const AgentFacts& facts, core::Time now,
                                           core::Duration interval, core::Duration ahead, Due which) const {
    // Four intervals ahead, so that three lost sends resolve nothing.
    const core::Time still_firing_until = now + 4 * interval;
    std::map<core::Labels, OutgoingAlert> outgoing;
    for_each_alert(snapshot, facts, [&](const core::Alert& alert) {
        const bool firing = alert.state == core::AlertState::firing;
        if (!firing && (alert.state == core::AlertState::pending || now - alert.resolved_at > core::kResolvedRetention))
            return;
        OutgoingAlert out{alert.labels, firing, alert.started_at, firing ? still_firing_until : alert.resolved_at, {}};
        // A clock that went back may not make an alert end before it began: Alertmanager would refuse it.
        out.ends_at = std::max(out.ends_at, out.starts_at);
        if (which == Due::all || !knows(out))
            out.json = to_json(out, notes_of(alert, *snapshot.config), generator_url(alert, facts), ahead);
        const auto [known, is_new] = outgoing.try_emplace(alert.labels, out);
        if (!is_new && firing && !known->second.firing)
            known->second = std::move(out);
    });
    for (const auto& [labels, told] : told_) {
        if (outgoing.contains(labels))
            continue;
        OutgoingAlert gone{
            labels, false, told.starts_at, told.firing ? std::max(now, told.starts_at) : told.ends_at, {}};
        if (now - gone.ends_at > core::kResolvedRetention)
            continue;
        gone.json = to_json(gone, {}, {}, ahead);
        outgoing.emplace(labels, std::move(gone));
    }
    std::vector<OutgoingAlert> list;
    for (auto& [labels, alert] : outgoing)
        if (which == Due::all || !knows(alert))
            list.push_back(std::move(alert));
    return list;
}

void SentAlerts::accepted(const std::vector<OutgoingAlert>& alerts, core::Time now) {
    for (const OutgoingAlert& alert : alerts)
        told_.insert_or_assign(alert.labels, Told{alert.firing, alert.starts_at, alert.ends_at});
    std::erase_if(told_, [&](const auto& entry) {
        return !entry.second.firing && now - entry.second.ends_at > core::kResolvedRetention;
    });
}

void SentAlerts::clock_jumped(core::Duration by) {
    for (auto& [labels, told] : told_) {
        told.starts_at += by;
        told.ends_at += by;
    }
}

std::vector<std::string> batches(const std::vector<OutgoingAlert>& alerts, std::size_t size) {
    std::vector<std::string> bodies;
    for (std::size_t begin = 0; begin < alerts.size(); begin += size) {
        std::string body = "[";
        for (std::size_t i = begin; i < std::min(begin + size, alerts.size()); ++i)
            body.append(i == begin ? "" : ",\n").append(alerts[i].json);
        bodies.push_back(std::move(body) + "]");
    }
    return bodies;
}

OutgoingAlert test_alert(core::Priority priority, const core::Config& config, const AgentFacts& facts, core::Time now) {
    OutgoingAlert alert{config.alert_labels, true, now, now + 5min, {}};
    alert.labels["alertname"] = "RecoverdTest";
    alert.labels["priority"] = name_of(priority);
    alert.labels["severity"] = config.severity[static_cast<std::size_t>(priority)];
    alert.labels["source"] = "recoverd";
    alert.labels["test"] = "true";
    if (!config.instance.empty())
        alert.labels["instance"] = config.instance;
    std::erase_if(alert.labels, [](const auto& label) { return label.second.empty(); });
    const core::Labels notes{{"summary", "Test alert from recoverd; nothing is wrong"},
                             {"description", "Someone ran `recoverd test-alert` to see where it ends up."}};
    alert.json = to_json(alert, notes, facts.external_url);
    return alert;
}

} // namespace recoverd::exporters
