// SPDX-License-Identifier: Apache-2.0
#include "core/rules/view.hpp"

namespace recoverd::core {

namespace {

Finding finding(RuleId id, const Policy& policy, Priority priority, std::string reason) {
    return {.identity = {.rule = id},
            .priority = priority,
            .reason = std::move(reason),
            .hold = policy.hold(id),
            .raw_priority = priority,
            .lowered_by = {}};
}

} // namespace

Finding make_finding(const SubjectView& view, RuleId id, Priority priority, std::string reason) {
    Finding made = finding(id, view.policy, priority, std::move(reason));
    made.identity.asset = view.asset_name;
    made.identity.check = view.check.name;
    made.identity.subject = view.subject;
    return made;
}

Finding make_finding(const AssetView& view, RuleId id, Priority priority, std::string reason) {
    Finding made = finding(id, view.asset.policy, priority, std::move(reason));
    made.identity.asset = view.asset.name;
    return made;
}

std::string join_subject(std::string_view subject, std::string_view item) {
    if (subject.empty())
        return std::string(item);
    std::string joined(subject);
    joined += '/';
    joined += item;
    return joined;
}

} // namespace recoverd::core
