// SPDX-License-Identifier: Apache-2.0
#include "core/ongoing.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

const Identity& identity_of(const Alert* alert) { return alert->finding.identity; }

} // namespace

Ongoing::Ongoing(const Alerts& alerts) {
    for (const auto& [labels, alert] : alerts)
        if (alert.state != AlertState::resolved)
            alerts_.push_back(&alert);
    std::ranges::stable_sort(alerts_, {}, identity_of);
}

const Alert* Ongoing::find(const Identity& identity) const {
    const auto at = std::ranges::lower_bound(alerts_, identity, {}, identity_of);
    return at == alerts_.end() || identity_of(*at) != identity ? nullptr : *at;
}

} // namespace recoverd::core
