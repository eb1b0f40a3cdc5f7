// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fleet_faults.hpp"

#include <algorithm>

namespace recoverd::scenario {

void Faults::begin(Fault fault, Time now) {
    fault.began = now;
    fault.due = std::max(fault.due, now + fault.to_find);
    const std::string alert = fault.alert;
    faults_.insert_or_assign(alert, std::move(fault));
    ++begun_;
}

void Faults::mend_due(Time now) {
    for (auto& [alert, fault] : faults_)
        if (!fault.over && now >= fault.mend_at) {
            fault.mend();
            fault.over = now + fault.to_end;
        }
}

void Faults::end(std::string_view alert, Time now) {
    if (const auto at = faults_.find(alert); at != faults_.end() && !at->second.over) {
        at->second.mend_at = now;
        at->second.over = now + at->second.to_end;
    }
}

void Faults::hold(bool holds, Fault fault, Time now) {
    if (!holds)
        end(fault.alert, now);
    else if (!find(fault.alert))
        begin(std::move(fault), now);
}

void Faults::begin_anew(Time from) {
    for (auto& [alert, fault] : faults_) {
        fault.due = std::max(fault.due, from + fault.to_find);
        if (fault.over)
            fault.over = std::max(*fault.over, from + fault.to_end);
    }
}

void Faults::forget_over(Time now) {
    std::erase_if(faults_, [&](const auto& entry) { return !entry.second.may_fire(now); });
}

const Fault* Faults::find(std::string_view alert) const {
    const auto at = faults_.find(alert);
    return at == faults_.end() ? nullptr : &at->second;
}

bool Faults::is_broken(std::string_view thing) const {
    return std::ranges::any_of(faults_, [&](const auto& entry) { return entry.first.ends_with(thing); });
}

} // namespace recoverd::scenario
