// SPDX-License-Identifier: Apache-2.0
#include "core/rules/losses.hpp"

#include "core/time.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace recoverd::core {

namespace {

std::optional<double> measured(const EvidenceList& evidence, std::string_view name) {
    for (const Evidence& one : evidence)
        if (const auto* found = std::get_if<Measurement>(&one); found && found->name == name)
            return std::isfinite(found->value) ? std::optional{std::max(0.0, found->value)} : std::nullopt;
    return std::nullopt;
}

/// All in all less is gone than before: somebody forgot, and what is told now came after it.
bool began_anew(const Loss& before, const Loss& now) { return now.rows < before.rows || now.time < before.time; }

Loss on_top(const Loss& before, const Loss& now) {
    return began_anew(before, now) ? now : Loss{now.time - before.time, now.rows - before.rows};
}

void add(std::optional<Loss>& sum, const Loss& more) {
    if (!sum)
        sum.emplace();
    sum->time += more.time;
    sum->rows += more.rows;
}

} // namespace

std::optional<CanaryTold> told_by_canary(const CheckMemory& memory) {
    for (const auto& [subject, seen] : memory.subjects) {
        const auto seconds = measured(*seen.evidence, kCanaryLostSeconds);
        const auto rows = measured(*seen.evidence, kCanaryLostRows);
        if (seconds && rows)
            return CanaryTold{seen.learned_at, {from_seconds(*seconds), static_cast<std::uint64_t>(*rows)}};
    }
    return std::nullopt;
}

std::optional<Loss> last_loss(const OutageHistory& history) {
    if (history.running && history.running->lost)
        return history.running->lost;
    return history.past.empty() ? std::nullopt : history.past.back().lost;
}

bool remember_loss(OutageHistory& history, const CanaryTold& told) {
    if (history.early && history.running) {
        if (history.early->at >= history.running->began_at)
            add(history.running->lost, history.early->loss);
        history.early.reset();
    }
    std::optional<CanaryTold> before = std::exchange(history.told, told);
    // Another check has rows of its own.
    if (before && !before->by.empty() && before->by != told.by)
        before.reset();
    history.told->since = before && !began_anew(before->loss, told.loss) ? before->since : told.at;
    if (!before)
        return true;
    if (told.at == before->at)
        return false;
    const Loss more = on_top(before->loss, told.loss);
    if (history.running) {
        if (more == Loss{})
            return false;
        add(history.running->lost, more);
        return true;
    }
    Outage* last = history.past.empty() ? nullptr : &history.past.back();
    if (last && before->at < *last->ended_at && told.at >= *last->ended_at) {
        // One that began anew in its midst cannot tell that nothing was lost.
        if (more == Loss{} && history.told->since > last->began_at)
            return false;
        add(last->lost, more);
        return true;
    }
    if (more == Loss{})
        return false;
    history.early = CanaryTold{told.at, more};
    return true;
}

} // namespace recoverd::core
