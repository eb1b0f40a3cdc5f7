// SPDX-License-Identifier: Apache-2.0
// Reports the runs of a backup service under systemd: a run that ended well is a recovery point, one that did not is
// a failed job. Whether the timer beside it is still set is an assertion. What the backup is worth is not known here.
#include "collectors/systemd_unit.hpp"

#include "collectors/all.hpp"
#include "core/config/values.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using core::config::format_time;

struct Options {
    std::string unit;
    std::string timer;
};

constexpr Option<Options> kOptions[] = {
    {"unit", &Options::unit, "the service that makes the backup, such as backup.service", Need::required},
    {"timer", &Options::timer, "the timer that starts it; when named, it must be waiting for its next moment"},
};

constexpr std::size_t kMaxKept = 50;

/// SIGCHLD codes: 1 exited, 2 killed, 3 dumped.
std::string how_it_ended(const io::UnitState& service) {
    constexpr int kExited = 1;
    if (service.exec_main_code == kExited)
        return fmt::format("{}: exit status {}", service.result, service.exec_main_status);
    return fmt::format("{}: signal {}", service.result, service.exec_main_status);
}

/// Points seen before, as the cursor keeps them.
core::RecoveryPoints known(const std::string& cursor) {
    core::RecoveryPoints points;
    if (!cursor.empty()) {
        const Evidence kept = io::read_evidence(io::Json::parse(cursor));
        if (const auto* read = std::get_if<core::RecoveryPoints>(&kept))
            points = *read;
    }
    points.method = "systemd";
    points.tells_jobs = core::Told::yes;
    return points;
}

bool is_running(const io::UnitState& service) {
    return service.active_state == "activating" || service.active_state == "active" ||
           service.active_state == "deactivating" || service.active_state == "reloading";
}

/// `Result` stays "success" before the first run and after a reset: only a run with an exit counts. A skipped condition
/// is no run at all.
void add_last_run(core::RecoveryPoints& points, const io::UnitState& service) {
    if (!service.exec_main_exit || !service.condition_result || is_running(service))
        return;
    const Time ended = *service.exec_main_exit;
    if (service.result != "success") {
        points.jobs.push_back({core::JobState::failed, {}, service.exec_main_start, ended, how_it_ended(service)});
        return;
    }
    const std::string id = service.invocation_id.empty() ? format_time(ended) : service.invocation_id;
    for (const auto& point : points.points)
        if (point.id == id)
            return;
    core::RecoveryPoint point;
    point.id = id;
    point.ended_at = ended;
    point.data_at = service.exec_main_start.value_or(ended);
    if (service.exec_main_start)
        point.duration = ended - *service.exec_main_start;
    points.points.push_back(std::move(point));
    ++points.count;
    if (points.points.size() > kMaxKept)
        points.points.erase(points.points.begin());
    points.oldest_at = points.points.front().data_at;
}

core::Assertion timer_is_set(const io::UnitState& timer) {
    core::Assertion assertion;
    assertion.name = "timer";
    assertion.expected = "waiting";
    assertion.actual = timer.load_state == "loaded" ? timer.sub_state : timer.load_state;
    // A timer that is just starting its service is "running": that is as good.
    if (assertion.actual == "running")
        assertion.actual = "waiting";
    assertion.detail = timer.next_elapse ? "next at " + format_time(*timer.next_elapse) : "no next moment";
    return assertion;
}

} // namespace

Seen interpret_systemd_unit(const io::UnitState& service, const std::optional<io::UnitState>& timer,
                            const std::string& cursor) {
    core::RecoveryPoints points = known(cursor);
    points.jobs.clear();
    add_last_run(points, service);
    if (is_running(service))
        points.jobs.push_back({core::JobState::running, {}, service.exec_main_start, {}, service.sub_state});

    Seen seen;
    io::JsonWriter kept;
    io::write(kept, points);
    seen.cursor = kept.take();
    SubjectReport subject;
    subject.evidence.emplace_back(std::move(points));
    core::Assertions assertions;
    assertions.assertions.push_back({"unit", "loaded", service.load_state, core::Compare::equal, {}, {}, {}});
    if (timer)
        assertions.assertions.push_back(timer_is_set(*timer));
    subject.evidence.emplace_back(std::move(assertions));
    seen.subjects.push_back(std::move(subject));
    return seen;
}

namespace {

Task<Collected> collect(Options options, Run run) {
    const auto service = co_await run.world.systemd_unit(options.unit, run.timeout);
    if (!service)
        co_return std::unexpected(service.error());
    std::optional<io::UnitState> timer;
    if (!options.timer.empty()) {
        auto asked = co_await run.world.systemd_unit(options.timer, run.timeout);
        if (!asked)
            co_return std::unexpected(asked.error());
        timer = std::move(*asked);
    }
    co_return interpret_systemd_unit(*service, timer, run.cursor);
}

} // namespace

Kind systemd_unit() {
    return kind<Options>({.name = "systemd_unit",
                          .summary = "runs of a backup service, and the timer that starts it",
                          .brings = {EvidenceKind::recovery_points, EvidenceKind::assertions},
                          .access = "the system bus (/run/dbus/system_bus_socket), read only; any user may ask",
                          .resource = Resource::process,
                          .every = std::chrono::minutes{1},
                          .timeout = std::chrono::seconds{10}},
                         kOptions, collect);
}

} // namespace recoverd::collectors
