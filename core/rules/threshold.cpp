// SPDX-License-Identifier: Apache-2.0
#include "core/rules/threshold.hpp"

#include "core/config/values.hpp"

namespace recoverd::core {

namespace {

bool worse(const Threshold& a, const std::optional<Threshold>& b) {
    return !b || a.priority < b->priority || (a.priority == b->priority && a.over < b->over);
}

} // namespace

std::vector<Threshold> thresholds(const Policy& policy, RuleId id, double fallback) {
    const Priority own = rule(id).priority;
    std::vector<Threshold> found;
    for (const Step& step : policy[id].steps)
        found.push_back({step.over.value_or(fallback), step.priority.value_or(own), step.backup_type});
    if (found.empty())
        found.push_back({fallback, own, {}});
    return found;
}

Priority priority_of(const Policy& policy, RuleId id, Priority fallback) {
    for (const Step& step : policy[id].steps)
        if (step.priority)
            return *step.priority;
    return fallback;
}

Priority priority_of(const Policy& policy, RuleId id) { return priority_of(policy, id, rule(id).priority); }

bool due(Time at, Time now, Judgement& out) {
    if (now >= at)
        return true;
    out.look_again(at);
    return false;
}

std::optional<Threshold> crossed(std::span<const Threshold> thresholds, Time from, Time now, Judgement& out) {
    std::optional<Threshold> worst;
    for (const Threshold& threshold : thresholds)
        if (due(from + as_duration(threshold.over), now, out) && worse(threshold, worst))
            worst = threshold;
    return worst;
}

std::optional<Threshold> crossed(std::span<const Threshold> thresholds, double value) {
    std::optional<Threshold> worst;
    for (const Threshold& threshold : thresholds)
        if (value > threshold.over && worse(threshold, worst))
            worst = threshold;
    return worst;
}

Duration as_duration(double seconds) {
    constexpr double kMillennium = 1000.0 * 366 * 86'400;
    if (!(seconds < kMillennium))
        return from_seconds(kMillennium);
    return from_seconds(seconds > -kMillennium ? seconds : -kMillennium);
}

std::string in_words(Duration d) {
    const Duration unit = d >= 2 * kDay ? Duration{1h} : d >= 10min ? Duration{1min} : d >= 1s ? Duration{1s} : 1ms;
    return config::format_duration(d - d % unit);
}

void add(Judgement& out, const Policy& policy, Finding finding) {
    if (policy.enabled(finding.identity.rule))
        out.findings.push_back(std::move(finding));
}

std::string join_reasons(std::span<const std::string> reasons) {
    std::string joined;
    for (const std::string& reason : reasons) {
        if (!joined.empty())
            joined += "; ";
        joined += reason;
    }
    return joined;
}

} // namespace recoverd::core
