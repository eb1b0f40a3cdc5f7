// SPDX-License-Identifier: Apache-2.0
#include "core/schedule.hpp"

#include <algorithm>

namespace recoverd::core {

double stable_fraction(std::string_view name) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (const char c : name) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1'099'511'628'211ULL;
    }
    // The low bits of FNV-1a are the well-mixed ones after a last round of shifting.
    hash ^= hash >> 33U;
    hash *= 0xff51afd7ed558ccdULL;
    hash ^= hash >> 33U;
    return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

void Schedule::set_due(Named& named, Duration due) {
    queue_.erase(place_of(named));
    named.second.due = due;
    queue_.insert(place_of(named));
}

void Schedule::add(const Check& check, Duration elapsed, Time now, Past past) {
    const auto [at, is_new] = entries_.try_emplace(check.name);
    Entry& entry = at->second;
    if (!is_new && entry.every == check.every)
        return;
    if (is_new)
        entry.order = next_order_++;
    entry.every = check.every;
    if (!check.looks()) {
        queue_.erase(place_of(*at));
        return;
    }
    // A running check gets its next moment when it has finished.
    if (entry.running)
        return;
    const double fraction = stable_fraction(check.name);
    const auto spread = [&](Duration over) { return from_seconds(to_seconds(over) * fraction); };
    Duration wait = spread(std::min(check.every, kRamp));
    if (past.due_at && *past.due_at > now && *past.due_at - now <= check.every)
        wait = *past.due_at - now;
    // Down to the grid: rounded up, the last of the ramp would begin after it.
    const Duration due = elapsed + wait;
    set_due(*at, std::max(elapsed, due - due % kGrid));
}

void Schedule::remove(std::string_view name) {
    if (const auto at = entries_.find(name); at != entries_.end()) {
        queue_.erase(place_of(*at));
        entries_.erase(at);
    }
}

std::optional<Duration> Schedule::next() const {
    if (queue_.empty())
        return std::nullopt;
    return std::get<Duration>(*queue_.begin());
}

std::optional<Schedule::Due> Schedule::take(Duration elapsed) {
    if (queue_.empty() || std::get<Duration>(*queue_.begin()) > elapsed)
        return std::nullopt;
    auto& [name, entry] = *std::get<Named*>(*queue_.begin());
    queue_.erase(queue_.begin());
    entry.running = true;
    return Due{name, elapsed - entry.due};
}

void Schedule::finished(std::string_view name, bool learned, Duration elapsed) {
    const auto at = entries_.find(name);
    if (at == entries_.end() || !at->second.running)
        return;
    Entry& entry = at->second;
    entry.running = false;
    if (entry.every <= Duration{0})
        return;
    entry.fruitless = learned ? 0 : entry.fruitless + 1;
    Duration interval = entry.every;
    for (unsigned i = kPatience; i < entry.fruitless && interval < kMaxBackOff; ++i)
        interval = std::max(entry.every, std::min(interval * 2, kMaxBackOff));
    // The rhythm is kept: a run that took longer than its interval skips beats, it does not bunch them up.
    Duration due = entry.due + interval;
    if (due <= elapsed)
        due += ((elapsed - due) / interval + 1) * interval;
    set_due(*at, due);
}

void Schedule::run_now(std::string_view name, Duration elapsed) {
    if (const auto at = entries_.find(name); at != entries_.end() && !at->second.running)
        set_due(*at, std::min(elapsed, at->second.due));
}

std::optional<Duration> Schedule::due(std::string_view name) const {
    const auto at = entries_.find(name);
    if (at == entries_.end() || at->second.every <= Duration{0})
        return std::nullopt;
    return at->second.running ? at->second.due + at->second.every : at->second.due;
}

bool Schedule::running(std::string_view name) const {
    const auto at = entries_.find(name);
    return at != entries_.end() && at->second.running;
}

} // namespace recoverd::core
