// SPDX-License-Identifier: Apache-2.0
// When the lifecycle of a bucket deletes what is looked at.
#include "collectors/s3/rules.hpp"
#include "collectors/s3/settings.hpp"

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

std::optional<Duration> in_days(const io::Xml* action, std::string_view name) {
    const io::Xml* days = action ? action->find(name) : nullptr;
    if (!days)
        return std::nullopt;
    constexpr std::uint64_t kMost = 36'500; // 100 years
    return core::kDay * static_cast<Duration::rep>(std::min(days->natural(), kMost));
}

/// How long the rule leaves what it is about; nothing when it deletes nothing.
std::optional<Duration> leaves(const io::Xml& rule, bool versions) {
    const io::Xml* expiration = rule.find("Expiration");
    std::optional<Duration> soonest = in_days(expiration, "Days");
    // From that day on whatever there is, however new.
    if (expiration && expiration->find("Date"))
        soonest = Duration{0};
    // NewerNoncurrentVersions keeps some of them longer, not all.
    const auto noncurrent = in_days(rule.find("NoncurrentVersionExpiration"), "NoncurrentDays");
    if (versions && noncurrent && (!soonest || *noncurrent < *soonest))
        soonest = noncurrent;
    return soonest;
}

bool touches(const Scope& scope, std::string_view prefix) {
    return prefix.starts_with(scope.prefix) || std::string_view{scope.prefix}.starts_with(prefix);
}

} // namespace

Scope scope_of(const io::Xml& rule) {
    Scope scope;
    const auto read = [&scope](const io::Xml& conditions) {
        for (const io::Xml& condition : conditions.children()) {
            if (condition.name() == "Prefix")
                scope.prefix = condition.text();
            else
                scope.conditional = true;
        }
    };
    if (const io::Xml* prefix = rule.find("Prefix"))
        scope.prefix = prefix->text();
    const io::Xml* filter = rule.find("Filter");
    const io::Xml* all = filter ? filter->find("And") : nullptr;
    if (all)
        read(*all);
    else if (filter)
        read(*filter);
    return scope;
}

Known<Expiries> expiries_of(const Setting& setting, std::string_view prefix, bool versions) {
    return known(setting, [&](const io::Xml* document) {
        Expiries soonest;
        for (const io::Xml* rule : document ? document->all("Rule") : std::vector<const io::Xml*>{}) {
            const Scope scope = scope_of(*rule);
            if (rule->child("Status").text() != "Enabled" || !touches(scope, prefix))
                continue;
            const auto after = leaves(*rule, versions);
            auto& kept = scope.conditional ? soonest.conditional : soonest.certain;
            if (!after || (kept && kept->after <= *after))
                continue;
            const io::Xml* id = rule->find("ID");
            kept = Expiry{id ? id->text() : std::string{}, *after, scope.conditional};
        }
        return soonest;
    });
}

} // namespace recoverd::collectors::s3_parts
