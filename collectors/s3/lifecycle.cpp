// SPDX-License-Identifier: Apache-2.0
// When the lifecycle of a bucket deletes what is looked at.
#include "collectors/s3/rules.hpp"
#include "collectors/s3/settings.hpp"

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

std::optional<Duration> in_days(const io::Xml& action, std::string_view name) {
    const io::Xml* days = action.find(name);
    if (!days)
        return std::nullopt;
    constexpr std::uint64_t kMost = 36'500; // 100 years
    return core::kDay * static_cast<Duration::rep>(std::min(days->natural(), kMost));
}

struct Leaves {
    /// How long the rule leaves what it is about; nothing when it deletes nothing.
    std::optional<Duration> after;
    /// Does it delete by something that is not known here? Then it may be sooner.
    bool unclear = false;

    void at(Duration time) { after = after ? std::min(*after, time) : time; }
};

void read_expiration(const io::Xml& expiration, Leaves& leaves) {
    const auto days = in_days(expiration, "Days");
    const bool at_a_date = expiration.find("Date") != nullptr;
    if (days)
        leaves.at(*days);
    // From that day on whatever there is, however new.
    if (at_a_date)
        leaves.at(Duration{0});
    if (!days && !at_a_date && !expiration.find("ExpiredObjectDeleteMarker"))
        leaves.unclear = true;
}

void read_noncurrent(const io::Xml& expiration, Leaves& leaves) {
    // NewerNoncurrentVersions beside it keeps some of them longer, not all. Alone, as MinIO takes it, it deletes what
    // is one too many at once.
    if (const auto days = in_days(expiration, "NoncurrentDays"))
        leaves.at(*days);
    else if (expiration.find("NewerNoncurrentVersions"))
        leaves.at(Duration{0});
    else
        leaves.unclear = true;
}

Leaves leaves_of(const io::Xml& rule, bool versions) {
    Leaves leaves;
    for (const io::Xml& action : rule.children()) {
        if (action.name() == "Expiration")
            read_expiration(action, leaves);
        else if (action.name() == "NoncurrentVersionExpiration" && versions)
            read_noncurrent(action, leaves);
        // MinIO has AllVersionsExpiration and DelMarkerExpiration.
        else if (action.name().ends_with("Expiration") && action.name() != "NoncurrentVersionExpiration")
            leaves.unclear = true;
    }
    return leaves;
}

bool touches(const Scope& scope, const SeriesKeys& keys) {
    const std::string_view rule = scope.prefix;
    if (keys.prefix.starts_with(rule) || (keys.all_below && rule.starts_with(keys.prefix)))
        return true;
    const auto first = std::ranges::lower_bound(keys.there, rule);
    return first != keys.there.end() && first->starts_with(rule);
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

Known<Expiries> expiries_of(const Setting& setting, const SeriesKeys& keys, bool versions) {
    return known(setting, [&](const io::Xml* document) {
        Expiries soonest;
        for (const io::Xml* rule : document ? document->all("Rule") : std::vector<const io::Xml*>{}) {
            const Scope scope = scope_of(*rule);
            if (rule->child("Status").text() != "Enabled" || !touches(scope, keys))
                continue;
            const Leaves leaves = leaves_of(*rule, versions);
            const io::Xml* id = rule->find("ID");
            const std::string name = id ? id->text() : std::string{};
            if (leaves.unclear && !soonest.unclear)
                soonest.unclear = name;
            auto& kept = scope.conditional ? soonest.conditional : soonest.certain;
            if (leaves.after && (!kept || *leaves.after < kept->after))
                kept = Expiry{name, *leaves.after, scope.conditional};
        }
        return soonest;
    });
}

} // namespace recoverd::collectors::s3_parts
