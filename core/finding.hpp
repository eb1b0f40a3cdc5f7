// SPDX-License-Identifier: Apache-2.0
// A rule's verdict on one subject, and what makes two of them the same.
#pragma once

#include "core/rules/table.hpp"

#include <compare>
#include <string>
#include <vector>

namespace recoverd::core {

/// What makes a finding itself. Maps one-to-one to the identifying labels of its alert.
struct Identity {
    RuleId rule = RuleId::backup_too_old;
    std::string asset;
    std::string check;
    std::string subject;
    std::string assertion;
    std::string exercise;
    std::string scenario;
    std::string target;
    std::string measurement;

    auto operator<=>(const Identity&) const = default;
};

struct Finding {
    Identity identity;
    Priority priority = Priority::p3;
    /// One line with figure and threshold.
    std::string reason;
    /// How long it must hold before it fires.
    Duration hold{0};
    /// The priority before something lowered it, and what did ("maintenance: …"); empty when nothing did. Of an outage
    /// that is of P4 by itself: what it belongs to.
    Priority raw_priority = Priority::p3;
    std::string lowered_by;

    bool is_lowered() const { return !lowered_by.empty() && priority != raw_priority; }

    bool operator==(const Finding&) const = default;
};

/// What judging brings: findings, and the moment at which they could be different though nothing arrives.
struct Judgement {
    std::vector<Finding> findings;
    Time revisit = kNever;

    void look_again(Time at) {
        if (at < revisit)
            revisit = at;
    }
};

} // namespace recoverd::core
