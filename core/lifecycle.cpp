// SPDX-License-Identifier: Apache-2.0
#include "core/lifecycle.hpp"

#include "core/ongoing.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

bool active(const Alert& alert) { return alert.state != AlertState::resolved; }

void resolve(Alert& alert, Time now, std::vector<Transition>& transitions) {
    alert.state = AlertState::resolved;
    alert.resolved_at = now;
    transitions.push_back({AlertState::firing, alert});
}

/// A new episode of a finding: begun now, or taken over with its times from the alert of the same finding under other
/// labels (its priority or a configured label changed).
Alert begin(Alerts& alerts, const Ongoing& before, const LabelledFinding& found, Time now,
            std::vector<Transition>& transitions) {
    Alert alert;
    alert.finding = found.finding;
    alert.labels = found.labels;
    alert.since = now;
    const Alert* predecessor = before.find(found.finding.identity);
    if (!predecessor || !active(*predecessor))
        return alert;
    alert.since = predecessor->since;
    // One that is pending under labels that nobody finds any more ends with this step.
    if (predecessor->state == AlertState::pending)
        return alert;
    alert.state = AlertState::firing;
    alert.started_at = predecessor->started_at;
    resolve(alerts.at(predecessor->labels), now, transitions);
    transitions.push_back({AlertState::pending, alert});
    return alert;
}

/// Makes or renews the alert of one finding, and lets it fire when it has held long enough.
void keep_up(Alerts& alerts, const Ongoing& before, const LabelledFinding& found, Time now,
             std::vector<Transition>& transitions) {
    const auto known = alerts.find(found.labels);
    if (known == alerts.end() || !active(known->second)) {
        Alert alert = begin(alerts, before, found, now, transitions);
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

/// The labels of what was found, in their order.
std::vector<const Labels*> labels_of(std::span<const LabelledFinding> found) {
    std::vector<const Labels*> labels;
    labels.reserve(found.size());
    for (const LabelledFinding& one : found)
        labels.push_back(&one.labels);
    std::ranges::sort(labels, {}, [](const Labels* one) -> const Labels& { return *one; });
    return labels;
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
    const Ongoing before{alerts};
    for (const LabelledFinding& one : found)
        keep_up(alerts, before, one, now, transitions);
    const auto labels = labels_of(found);
    for (auto at = alerts.begin(); at != alerts.end();) {
        Alert& alert = at->second;
        const bool is_found =
            std::ranges::binary_search(labels, at->first, {}, [](const Labels* one) -> const Labels& { return *one; });
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
