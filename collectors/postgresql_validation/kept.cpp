// SPDX-License-Identifier: Apache-2.0
// What a run did not reach is told as it was last learned, with its age, and not for ever: then it is unknown.
#include "collectors/postgresql_validation/parts.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::validation {

bool is_fresh(const Looking& looking, std::string_view name, core::Time at) {
    // One that lies ahead was taken by another clock.
    if (at > looking.now || looking.now - at > looking.expected.fresh_within)
        return false;
    core::Duration& age = looking.ages[std::string{name}];
    age = std::max(age, looking.now - at);
    return true;
}

std::string too_old(core::Time at, std::string_view option) {
    return fmt::format("last looked at {}, and no run's budget has reached all of it within `fresh_within`; raise `{}`",
                       core::config::format_time(at), option);
}

std::string as_of(core::Time at) {
    return fmt::format("as of {}: it waits for its turn, as the budget of a run does not suffice for all",
                       core::config::format_time(at));
}

namespace {

void tell(core::SubjectReport& report, const std::vector<core::Evidence>& learned) {
    for (const core::Evidence& evidence : learned) {
        const auto* all = std::get_if<core::Assertions>(&evidence);
        if (!all) {
            report.evidence.push_back(evidence);
            continue;
        }
        for (const core::Assertion& assertion : all->assertions)
            expect(report, assertion);
    }
}

/// The same, with its age; beyond what that may be nothing of it is known.
std::vector<core::Evidence> aged(const Cursor::Kept& kept, bool fresh) {
    std::vector<core::Evidence> told = kept.evidence;
    for (core::Evidence& evidence : told)
        if (auto* all = std::get_if<core::Assertions>(&evidence))
            for (core::Assertion& assertion : all->assertions) {
                if (!fresh) {
                    assertion.actual.reset();
                    assertion.detail = too_old(kept.at, "run_budget");
                } else {
                    assertion.detail += (assertion.detail.empty() ? "" : "; ") + as_of(kept.at);
                }
            }
    if (!fresh)
        std::erase_if(told, [](const auto& evidence) { return !std::holds_alternative<core::Assertions>(evidence); });
    return told;
}

} // namespace

void add_item(const Looking& looking, const Item& item, std::string_view name, core::Assertion wanted, Learn learn,
              core::Seen& seen) {
    core::SubjectReport& report = subject(seen, name);
    const auto kept = looking.cursor.kept.find(item.key);
    if (item.hindrance.empty() && item.reach != Reach::none) {
        core::SubjectReport learned{.subject = report.subject};
        learn(looking, item, learned);
        looking.ages.try_emplace(std::string{name}, core::Duration{0});
        tell(report, learned.evidence);
        looking.cursor.kept.insert_or_assign(item.key, Cursor::Kept{looking.now, std::move(learned.evidence)});
    } else if (item.hindrance.empty() && kept != looking.cursor.kept.end()) {
        tell(report, aged(kept->second, is_fresh(looking, name, kept->second.at)));
    } else {
        wanted.detail = item.hindrance.empty() ? std::string{kNotReached} : item.hindrance;
        expect(report, std::move(wanted));
    }
}

} // namespace recoverd::collectors::validation
