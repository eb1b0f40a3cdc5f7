// SPDX-License-Identifier: Apache-2.0
#include "core/lifecycle.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

bool active(const Alert& alert) { return alert.state != AlertState::resolved; }

/// The active alert of the same finding under other labels (its priority or a configured label changed), which
/// the new one takes over from.
Alerts::iterator find_predecessor(Alerts& alerts, const LabelledFinding& found) {
    return std::find_if(alerts.begin(), alerts.end(), [&](const auto& entry) {
        return active(entry.second) && entry.second.finding.identity == found.finding.identity &&
               entry.first != found.labels;
    });
}

void resolve(Alert& alert, Time now, std::vector<Transition>& transitions) {
    alert.state = AlertState::resolved;
    alert.resolved_at = now;
    transitions.push_back({AlertState::firing, alert});
}

/// A new episode of a finding: begun now, or taken over from its predecessor with its times.
Alert begin(Alerts& alerts, const LabelledFinding& found, Time now, std::vector<Transition>& transitions) {
    Alert alert;
    alert.finding = found.finding;
    alert.labels = found.labels;
    alert.since = now;
    const auto before = find_predecessor(alerts, found);
    if (before == alerts.end())
        return alert;
    alert.since = before->second.since;
    if (before->second.state == AlertState::pending) {
        alerts.erase(before);
        return alert;
    }
    alert.state = AlertState::firing;
    alert.started_at = before->second.started_at;
    resolve(before->second, now, transitions);
    transitions.push_back({AlertState::pending, alert});
    return alert;
}

/// Makes or renews the alert of one finding, and lets it fire when it has held long enough.
void keep_up(Alerts& alerts, const LabelledFinding& found, Time now, std::vector<Transition>& transitions) {
    const auto known = alerts.find(found.labels);
    if (known == alerts.end() || !active(known->second)) {
        Alert alert = begin(alerts, found, now, transitions);
        alerts.insert_or_assign(found.labels, std::move(alert));
    }
    Alert& alert = alerts.at(found.labels);
    alert.finding = found.finding;
    if (alert.state == AlertState::pending && now - alert.since >= found.finding.hold) {
        alert.state = AlertState::firing;
        alert.started_at = now;
        transitions.push_back({AlertState::pending, alert});
    }
}

} // namespace

std::vector<Alert> listed(const Alerts& alerts) {
    std::vector<Alert> list;
    list.reserve(alerts.size());
    for (const auto& [labels, alert] : alerts)
        list.push_back(alert);
    return list;
}

std::vector<Transition> step(Alerts& alerts, std::span<const LabelledFinding> found, Time now, Time& revisit) {
    std::vector<Transition> transitions;
    for (const LabelledFinding& one : found)
        keep_up(alerts, one, now, transitions);
    for (auto at = alerts.begin(); at != alerts.end();) {
        Alert& alert = at->second;
        const bool is_found =
            std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.labels == at->first; });
        if (!is_found && alert.state == AlertState::firing)
            resolve(alert, now, transitions);
        const bool over = (!is_found && alert.state == AlertState::pending) ||
                          (alert.state == AlertState::resolved && now - alert.resolved_at >= kResolvedRetention);
        if (over) {
            at = alerts.erase(at);
            continue;
        }
        if (alert.state == AlertState::pending)
            revisit = std::min(revisit, alert.since + alert.finding.hold);
        if (alert.state == AlertState::resolved)
            revisit = std::min(revisit, alert.resolved_at + kResolvedRetention);
        ++at;
    }
    return transitions;
}

Labels alert_labels(const Finding& finding, const Config& config, const Check* check, const Asset* asset, Scope scope) {
    Labels labels = config.alert_labels;
    const auto add_all = [&](const Labels& more) {
        for (const auto& [name, value] : more)
            labels[name] = value;
    };
    if (asset)
        add_all(asset->labels);
    if (check)
        add_all(check->labels);
    const Identity& identity = finding.identity;
    const Rule& about = rule(identity.rule);
    labels["alertname"] = about.name;
    labels["asset"] = identity.asset;
    labels["check"] = identity.check;
    labels["subject"] = identity.subject;
    labels["assertion"] = identity.assertion;
    labels["exercise"] = identity.exercise;
    labels["scenario"] = identity.scenario;
    labels["target"] = identity.target;
    labels["measurement"] = identity.measurement;
    labels["priority"] = name_of(finding.priority);
    labels["severity"] = config.severity[static_cast<std::size_t>(finding.priority)];
    labels["source"] = "recoverd";
    if (!config.instance.empty() && scope == Scope::node)
        labels["instance"] = config.instance;
    if (identity.rule == RuleId::recoverd_watchdog) {
        labels.erase("priority");
        labels["severity"] = "none";
    }
    std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
    return labels;
}

} // namespace recoverd::core
