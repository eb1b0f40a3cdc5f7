// SPDX-License-Identifier: Apache-2.0
// Reports the runs of a backup service under systemd: a run that ended well is a recovery point, one that did not is
// a failed job. Whether the timer beside it is still set is an assertion. What the backup is worth, and whether it is
// still kept, is not known here.
#include "collectors/systemd_unit.hpp"

#include "collectors/all.hpp"
#include "core/config/values.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::format_time;
using core::config::Node;
using core::config::Place;

struct Options {
    std::string unit;
    std::string timer;
    std::optional<Node> success_status;
};

constexpr Option<Options> kOptions[] = {
    {"unit", &Options::unit, "the service that makes the backup, such as backup.service", Need::required},
    {"timer", &Options::timer, "the timer that starts it; when named, it must be waiting for its next moment"},
    {"success_status", &Options::success_status,
     "exit statuses besides 0 that the service calls a success (SuccessExitStatus=) and that leave a good backup: a "
     "number or a list. systemd forgets a failure that was reset, so its word alone does not do"},
};

constexpr std::size_t kMaxKept = 50;

// SIGCHLD codes.
constexpr int kExited = 1;
constexpr int kKilled = 2;
constexpr int kDumped = 3;

/// Those of 1-255; mistakes are named, and left out.
std::vector<int> read_statuses(const std::optional<Node>& node, const Place& place, Diagnostics& diagnostics) {
    constexpr std::int64_t kMost = 255;
    std::vector<int> statuses;
    const auto add = [&](const Node& one) {
        const auto* number = std::get_if<std::int64_t>(&one.value);
        if (number && *number > 0 && *number <= kMost)
            statuses.push_back(static_cast<int>(*number));
        else
            diagnostics.mistake(
                one.at, place.path + ".success_status",
                fmt::format("expected an exit status of 1 to 255, found {}",
                            number ? std::to_string(*number) : std::string{core::config::describe(one)}));
    };
    if (node && node->array())
        std::ranges::for_each(*node->array(), add);
    else if (node)
        add(*node);
    return statuses;
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    read_statuses(options.success_status, place, diagnostics);
}

/// A run that was seen while it ran, by its id, and when the earliest of its commands that was seen then had begun.
struct Begun {
    std::string id;
    Time at;
};

/// What the cursor keeps.
struct Kept {
    core::RecoveryPoints points;
    /// The runs that were seen to fail, by their ids; the newest last.
    std::vector<std::string> failed;
    std::optional<Begun> begun;
};

Kept kept_in(const std::string& cursor) {
    Kept kept;
    if (!cursor.empty()) {
        const io::Json json = io::Json::parse(cursor);
        // Before failed runs were kept, the points were all of it.
        const Evidence seen = io::read_evidence(json["seen"] ? json["seen"] : json);
        if (const auto* read = std::get_if<core::RecoveryPoints>(&seen))
            kept.points = *read;
        if (json["failed"])
            for (const io::Json& id : json["failed"].items())
                kept.failed.push_back(id.text());
        if (const io::Json& begun = json["begun"])
            kept.begun = Begun{begun["id"].text(), Time{Duration{begun["at_ms"].integer()}}};
    }
    kept.points.method = "systemd";
    kept.points.tells_jobs = core::Told::yes;
    kept.points.jobs.clear();
    // Told by former releases: the oldest run of those remembered here, which says nothing of how far back one can go.
    kept.points.oldest_at.reset();
    return kept;
}

std::string cursor_of(const Kept& kept) {
    io::JsonWriter out;
    out.begin_object().key("seen");
    io::write(out, kept.points);
    out.key("failed").begin_array();
    for (const std::string& id : kept.failed)
        out.value(id);
    out.end_array();
    if (kept.begun) {
        out.key("begun").begin_object().field("id", kept.begun->id);
        out.field("at_ms", std::int64_t{kept.begun->at.time_since_epoch().count()}).end_object();
    }
    out.end_object();
    return out.take();
}

/// What Restart= will begin again has ended, and how it did stands here until then.
bool waits_for_restart(const io::UnitState& service) { return service.sub_state.starts_with("auto-restart"); }

bool is_running(const io::UnitState& service) {
    if (waits_for_restart(service))
        return false;
    // With RemainAfterExit= it stays active when all of it has ended.
    const bool active = service.active_state == "active" && service.sub_state != "exited";
    return active || service.active_state == "activating" || service.active_state == "deactivating" ||
           service.active_state == "reloading";
}

std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) {
    if (a && b)
        return std::min(*a, *b);
    return a ? a : b;
}

/// The main process is that of the last of several ExecStart=, and none yet during ExecStartPre=: what was seen of this
/// run before may be earlier. From systemd 254 on a unit leaves "inactive" when it begins to wait for RestartSec=, so
/// that a run which Restart= began would have begun when the one before it ended.
std::optional<Time> begin_of(const io::UnitState& service, const std::optional<Begun>& begun) {
    std::optional<Time> began = service.exec_main_start;
    if (service.restarts == 0)
        began = earlier(began, service.inactive_exit);
    if (begun && !service.invocation_id.empty() && begun->id == service.invocation_id)
        began = earlier(began, begun->at);
    return began;
}

enum class Ending : std::uint8_t { good, failed, untold };

/// `Result` alone proves nothing: `systemctl reset-failed` makes it "success" again, while exit code, time and
/// invocation of the run that failed stay as they were. So the exit code has to say the same, and what was seen to fail
/// once has failed for ever: the main process of a failed run may have ended well (ExecStartPost=).
Ending ending_of(const io::UnitState& service, const std::vector<int>& successes, bool failed_before) {
    // Ended by a signal, it did not get through. When SIGTERM ends a daemon, systemd calls that a success; a backup
    // that was stopped half-way is none.
    if (failed_before || service.result != "success" || service.exec_main_code == kKilled ||
        service.exec_main_code == kDumped)
        return Ending::failed;
    if (service.exec_main_code != kExited)
        return Ending::untold;
    if (service.exec_main_status == 0 || std::ranges::find(successes, service.exec_main_status) != successes.end())
        return Ending::good;
    // Either SuccessExitStatus= names this status, or the run failed and was reset before anybody looked. Nothing here
    // tells one from the other, and what is not known is not good; who knows says so in `success_status`.
    return Ending::untold;
}

std::string how_it_ended(const io::UnitState& service) {
    const bool exited = service.exec_main_code == kExited;
    const std::string how = fmt::format("{} {}", exited ? "exit status" : "signal", service.exec_main_status);
    if (service.result != "success")
        return fmt::format("{}: {}", service.result, how);
    return how + (exited ? ", seen to fail before systemd was told to forget it (reset-failed)"
                         : " ended it half-way, which systemd calls a success");
}

core::RecoveryPoint point_of(const io::UnitState& service, std::string id, Ending ending, std::optional<Time> began) {
    const Time ended = *service.exec_main_exit;
    core::RecoveryPoint point;
    point.id = std::move(id);
    point.ended_at = ended;
    point.data_at = ended;
    if (began) {
        point.data_at = *began;
        point.duration = ended - *began;
    }
    if (ending == Ending::good)
        return point;
    point.state = core::PointState::incomplete;
    point.detail =
        service.exec_main_code == kExited
            ? fmt::format(
                  "exit status {}, which systemd calls a success now; it may be a failure that was reset, unless "
                  "success_status names it",
                  service.exec_main_status)
            : std::string{"systemd does not tell how its main process ended"};
    return point;
}

void remember_failed(Kept& kept, std::string id) {
    if (std::ranges::find(kept.failed, id) != kept.failed.end())
        return;
    kept.failed.push_back(std::move(id));
    if (kept.failed.size() > kMaxKept)
        kept.failed.erase(kept.failed.begin());
}

/// The limit is looked at before a run begins, so that exit, times and invocation are those of the run before. Of one
/// that nobody saw end well it may be the result (systemd 259).
bool is_refused(const io::UnitState& service, const Kept& kept, const std::string& id) {
    return service.result == "start-limit-hit" &&
           std::ranges::any_of(kept.points.points, [&](const core::RecoveryPoint& point) {
               return point.id == id && point.state == core::PointState::good;
           });
}

/// Only a run with an exit counts: `Result` is "success" before the first one. A skipped condition is no run at all.
void add_last_run(Kept& kept, const io::UnitState& service, const std::vector<int>& successes) {
    if (!service.condition_result || is_running(service))
        return;
    core::RecoveryPoints& points = kept.points;
    if (!service.exec_main_exit) {
        // A start takes the exit of the run before away. One that fails in ExecStartPre= comes to none, nor to a time.
        if (service.active_state == "failed" || (waits_for_restart(service) && service.result != "success"))
            points.jobs.push_back({core::JobState::failed,
                                   {},
                                   {},
                                   {},
                                   fmt::format("{}: it failed before its main process began", service.result)});
        return;
    }
    const std::string id = service.invocation_id.empty() ? format_time(*service.exec_main_exit) : service.invocation_id;
    if (is_refused(service, kept, id)) {
        points.jobs.push_back({core::JobState::failed, {}, {}, {}, "start-limit-hit: systemd refuses to start it"});
        return;
    }
    const bool failed_before = std::ranges::find(kept.failed, id) != kept.failed.end();
    const Ending ending = ending_of(service, successes, failed_before);
    const auto began = begin_of(service, kept.begun);
    // Judged anew at each look, because the options may say more than they did.
    if (std::erase_if(points.points, [&](const core::RecoveryPoint& point) { return point.id == id; }) > 0 &&
        points.count > 0)
        --points.count;
    if (ending == Ending::failed) {
        points.jobs.push_back({core::JobState::failed, {}, began, service.exec_main_exit, how_it_ended(service)});
        remember_failed(kept, id);
    } else {
        points.points.push_back(point_of(service, id, ending, began));
        ++points.count;
        if (points.points.size() > kMaxKept)
            points.points.erase(points.points.begin());
    }
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
                            const std::string& cursor, const std::vector<int>& successes) {
    Kept kept = kept_in(cursor);
    add_last_run(kept, service, successes);
    if (is_running(service)) {
        const auto began = begin_of(service, kept.begun);
        kept.begun.reset();
        if (began && !service.invocation_id.empty())
            kept.begun = Begun{service.invocation_id, *began};
        kept.points.jobs.push_back({core::JobState::running, {}, began, {}, service.sub_state});
    }

    Seen seen;
    seen.cursor = cursor_of(kept);
    SubjectReport subject;
    subject.evidence.emplace_back(std::move(kept.points));
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
    Diagnostics none; // `check` has told of every mistake
    const std::vector<int> successes = read_statuses(options.success_status, {}, none);
    co_return interpret_systemd_unit(*service, timer, run.cursor, successes);
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
                         kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
