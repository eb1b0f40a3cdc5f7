// SPDX-License-Identifier: Apache-2.0
#include "agent/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <ctime>

namespace recoverd::agent {

namespace {

/// Whoever goes on is fed before the watchdog's time is over.
constexpr core::Duration kLookAgain{1'000};

std::string counted(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

} // namespace

std::string status_line(const core::Snapshot& snapshot) {
    if (snapshot.sequence == 0)
        return "nothing is judged yet";
    std::string status{core::name_of(snapshot.status)};
    std::ranges::replace(status, '_', ' ');
    std::string alerts;
    const auto& firing = snapshot.alert_counts[static_cast<std::size_t>(core::AlertState::firing)];
    for (std::size_t priority = 0; priority < firing.size(); ++priority)
        if (firing[priority] > 0)
            alerts += fmt::format("{}{} {}", alerts.empty() ? "" : ", ", firing[priority],
                                  core::name_of(static_cast<core::Priority>(priority)));
    return fmt::format("{}: {}; watching {} with {}", status, alerts.empty() ? "no alerts" : alerts,
                       counted(snapshot.assets.size(), "asset"), counted(snapshot.checks.size(), "check"));
}

void StatusLine::ready(const core::Snapshot& snapshot) {
    shown_ = status_line(snapshot);
    ::sd_notify(0, fmt::format("READY=1\nSTATUS={}", shown_).c_str());
}

void StatusLine::show(const core::Snapshot& snapshot) {
    std::string line = status_line(snapshot);
    if (shown_.empty() || line == shown_)
        return;
    shown_ = std::move(line);
    ::sd_notify(0, fmt::format("STATUS={}", shown_).c_str());
}

void tell_reloading() {
    // systemd 253 and later (Type=notify-reload) want the time in the same message; earlier ones pass it over.
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ::sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1'000).c_str());
}

void tell_stopping() { ::sd_notify(0, "STOPPING=1"); }

void ping_watchdog() { ::sd_notify(0, "WATCHDOG=1"); }

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
io::Task<void> feed_watchdog(io::Timers& timers, core::Duration interval, std::function<bool()> is_stuck,
                             std::function<void()> feed) {
    for (;;) {
        const bool goes_on = !is_stuck();
        if (goes_on)
            feed();
        co_await timers.sleep(goes_on ? interval : std::min(interval, kLookAgain));
    }
}

std::optional<core::Duration> watchdog_interval() {
    std::uint64_t usec = 0;
    if (::sd_watchdog_enabled(0, &usec) <= 0)
        return std::nullopt;
    return std::chrono::duration_cast<core::Duration>(std::chrono::microseconds{usec / 2});
}

std::vector<int> inherited_sockets() {
    std::vector<int> sockets;
    const int count = ::sd_listen_fds(1);
    for (int i = 0; i < count; ++i)
        sockets.push_back(SD_LISTEN_FDS_START + i);
    return sockets;
}

} // namespace recoverd::agent
