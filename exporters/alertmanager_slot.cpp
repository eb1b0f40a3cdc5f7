// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager_slot.hpp"

#include "exporters/own_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters {

using namespace std::chrono_literals;

namespace {

constexpr core::Duration kFirstBackOff = 5s;
constexpr core::Duration kSettling = 50ms;

/// Half of `wait` to one and a half: agents that lost the same Alertmanager shall not come back in step.
core::Duration jittered(core::Duration wait, std::minstd_rand& random) {
    return wait / 2 +
           core::Duration{static_cast<core::Duration::rep>(random()) % std::max<core::Duration::rep>(wait.count(), 1)};
}

} // namespace

AlertmanagerSlot::AlertmanagerSlot(std::shared_ptr<const AlertmanagerSending> sending, AlertmanagerPlace place)
    : sending_(std::move(sending)),
      place_(std::move(place)),
      clock_(sending_->world.timers()),
      random_(static_cast<unsigned>(std::hash<std::string>{}(place_.url + sending_->sources.facts().external_url))) {}

void AlertmanagerSlot::poke() {
    if (!backing_off_)
        wake_.wake();
}

// The first failure of a row is said, and its end; a minute's silence each would be a log nobody reads.
void AlertmanagerSlot::failed(const std::string& words) {
    if (failures_++ == 0)
        sending_->warn(fmt::format("alertmanager {} does not take alerts: {}", place_.url, words));
}

void AlertmanagerSlot::succeeded() {
    if (failures_ > 0)
        sending_->warn(fmt::format("alertmanager {} takes alerts again", place_.url));
    failures_ = 0;
    if (sending_->sources.metrics != nullptr)
        sending_->sources.metrics->push_succeeded(place_.url, sending_->now());
}

io::Task<core::Result<io::HttpAnswer>> AlertmanagerSlot::post(Ptr slot, std::string body) {
    const auto sending = slot->sending_;
    const core::Duration asked_at = sending->world.timers().elapsed();
    auto answer = co_await post_alerts(sending->world, sending->options, slot->place_, std::move(body));
    if (answer)
        slot->clock_.answered(answer->header("date"), asked_at);
    if (sending->sources.metrics != nullptr)
        sending->sources.metrics->count_send(slot->place_.url, outcome_of(answer));
    co_return answer;
}

/// After a 400 the valid alerts of the batch are stored already, but nobody says which one was not: each is sent alone,
/// once, and what is refused then is left out until it is over. `took_others`: has it taken a batch in this round?
io::Task<bool> AlertmanagerSlot::send_singly(Ptr slot, std::vector<OutgoingAlert> alerts, bool took_others) {
    std::vector<OutgoingAlert> taken;
    std::vector<OutgoingAlert> refused;
    std::string words;
    for (OutgoingAlert& alert : alerts) {
        std::string body = batches({alert}).front();
        const auto answer = co_await post(slot, std::move(body));
        const auto outcome = outcome_of(answer);
        if (outcome == "accepted") {
            taken.push_back(std::move(alert));
        } else if (outcome == "rejected") {
            words = words_of(answer);
            refused.push_back(std::move(alert));
        } else {
            slot->failed(words_of(answer));
            co_return false;
        }
    }
    slot->sent_.accepted(taken, slot->sending_->now());
    // When it refuses every single one the fault is not an alert's. Of one alone nobody could tell, and mostly that is
    // the watchdog, which is never over.
    if (taken.empty() && (refused.size() > 1 || !took_others)) {
        slot->failed(words);
        co_return false;
    }
    for (const OutgoingAlert& alert : refused) {
        slot->refused_.insert(alert.labels);
        slot->sending_->warn(fmt::format("alertmanager {} refuses one alert, which is left out from now on: {} ({})",
                                         slot->place_.url, alert.json, words));
    }
    co_return true;
}

std::vector<OutgoingAlert> AlertmanagerSlot::due(Due which) {
    const AlertmanagerSources& sources = sending_->sources;
    const auto snapshot = sources.snapshot();
    const core::Duration jump = clock_.take_jump();
    sent_.clock_jumped(jump);
    ahead_ = clock_.ahead();
    // By a clock that jumped with ours, all that it was told to fire is over.
    if (jump != core::Duration{0})
        which = Due::all;
    std::vector<OutgoingAlert> alerts =
        sent_.due(*snapshot, sources.facts(), sending_->now(), sending_->options.interval, ahead_, which);
    // What it took before and refused later is not untold, nor over.
    if (which == Due::all)
        std::erase_if(refused_, [&](const core::Labels& labels) {
            return std::ranges::none_of(alerts, [&](const OutgoingAlert& alert) { return alert.labels == labels; });
        });
    std::erase_if(alerts, [&](const OutgoingAlert& alert) { return refused_.contains(alert.labels); });
    return alerts;
}

io::Task<bool> AlertmanagerSlot::send(Ptr slot, Due which) {
    const std::vector<OutgoingAlert> alerts = slot->due(which);
    // It was told meanwhile, and not asked now whether it takes anything.
    if (which == Due::untold && alerts.empty())
        co_return true;
    for (std::size_t begin = 0; begin < alerts.size(); begin += kBatch) {
        const auto first = alerts.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto count = static_cast<std::ptrdiff_t>(std::min(kBatch, alerts.size() - begin));
        std::vector<OutgoingAlert> batch(first, first + count);
        std::string body = batches(batch).front();
        const auto answer = co_await post(slot, std::move(body));
        const auto outcome = outcome_of(answer);
        if (outcome == "accepted") {
            slot->sent_.accepted(batch, slot->sending_->now());
        } else if (outcome == "rejected") {
            const bool went_on = co_await send_singly(slot, std::move(batch), begin > 0);
            if (!went_on)
                co_return false;
        } else {
            slot->failed(words_of(answer));
            co_return false;
        }
    }
    slot->succeeded();
    co_return true;
}

/// Between a jump of the clock and the first snapshot after it, moments and clock do not belong together.
io::Task<void> AlertmanagerSlot::until_in_time(Ptr slot) {
    const auto sending = slot->sending_;
    while (sending->sources.in_time && !sending->sources.in_time())
        co_await sending->world.timers().sleep(kSettling);
}

io::Task<void> AlertmanagerSlot::back_off(Ptr slot) {
    // What is poked meanwhile is in the snapshot that the next try will send.
    slot->backing_off_ = true;
    slot->wake_.forget();
    const unsigned doublings = std::min(slot->failures_ - 1, 8U);
    const core::Duration wait =
        std::min<core::Duration>(kFirstBackOff * (1U << doublings), slot->sending_->options.interval);
    co_await slot->sending_->world.timers().sleep(jittered(wait, slot->random_));
    // It takes that snapshot at once, and may wait long for an answer: what is poked from here on is not in it.
    slot->backing_off_ = false;
}

io::Task<void> AlertmanagerSlot::serve(Ptr slot) {
    io::Timers& timers = slot->sending_->world.timers();
    core::Duration all_due = timers.elapsed();
    bool is_second_try = false;
    for (;;) {
        co_await until_in_time(slot);
        const core::Duration began = timers.elapsed();
        const Due which = began >= all_due ? Due::all : Due::untold;
        const bool taken = co_await send(slot, which);
        // It was told in another time than it lives in, and may have taken what fires for over.
        is_second_try = taken && !is_second_try && !slot->clock_.agrees(slot->ahead_);
        if (!taken || is_second_try)
            all_due = began;
        else if (which == Due::all)
            all_due = began + slot->sending_->options.interval;
        if (is_second_try)
            continue;
        if (!taken) {
            co_await back_off(slot);
            continue;
        }
        co_await slot->wake_.wait(timers, std::max<core::Duration>(all_due - timers.elapsed(), 1s));
    }
}

} // namespace recoverd::exporters
