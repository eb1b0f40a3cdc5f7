// SPDX-License-Identifier: Apache-2.0
#include "collectors/github_actions.hpp"

#include "collectors/tool.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors {

namespace {

using core::Exercise;
using core::ExerciseOutcome;

/// GitHub's limits begin anew every hour.
constexpr Duration kLongestWait = std::chrono::hours{1};
/// What its documentation asks for where no header tells.
constexpr Duration kShortestWait = std::chrono::minutes{1};

/// Nothing for a run that proves nothing either way: one that was skipped did not run, one that is neutral has no
/// opinion, one that waits for somebody's approval has not begun. Words that are new are no success.
std::optional<ExerciseOutcome> outcome_of(const std::string& status, const io::Json& conclusion) {
    if (status == "in_progress")
        return ExerciseOutcome::started;
    if (status != "completed")
        return std::nullopt;
    const std::string& words = conclusion.text();
    if (words == "success")
        return ExerciseOutcome::passed;
    if (words == "failure" || words == "timed_out" || words == "startup_failure")
        return ExerciseOutcome::failed;
    if (words == "cancelled" || words == "stale")
        return ExerciseOutcome::aborted;
    return std::nullopt;
}

bool counts(const std::string& event, const GithubExercise& exercise) {
    // What a fork's pull request ran is no proof of what is here.
    return exercise.event.empty() ? !event.starts_with("pull_request") : event == exercise.event;
}

// GitHub ends what takes longer.
constexpr Duration kLongestRun = 35 * core::kDay;

Exercise run_of(const io::Json& run, ExerciseOutcome outcome, const GithubExercise& exercise) {
    Exercise made;
    const std::uint64_t attempt = run["run_attempt"] ? run["run_attempt"].natural() : 1;
    // A run that is repeated keeps its number, and ends again.
    made.id = fmt::format("{}/{}", run["id"].natural(), attempt);
    made.exercise = exercise.exercise;
    made.outcome = outcome;
    made.started_at = run["run_started_at"] ? run["run_started_at"].time() : run["created_at"].time();
    if (outcome != ExerciseOutcome::started) {
        // It tells no other end, and moves this one long after it (cli/cli#7903). What the run measured of a recovery
        // it does not tell at all.
        made.ended_at = std::clamp(run["updated_at"].time(), *made.started_at, *made.started_at + kLongestRun);
        made.message = fmt::format("{} of {}", shown(run["conclusion"].text()), shown(run["event"].text()));
    }
    if (outcome == ExerciseOutcome::passed)
        made.depth = exercise.depth;
    if (run["html_url"] && run["html_url"].text().starts_with("http"))
        made.link = shown(run["html_url"].text());
    return made;
}

void write_run(io::JsonWriter& out, const Exercise& run) {
    out.begin_object().field("id", run.id).field("exercise", run.exercise);
    out.field("outcome", core::name_of(run.outcome)).field("depth", core::name_of(run.depth));
    if (run.started_at)
        out.field("started_at", core::config::format_time(*run.started_at));
    if (run.ended_at)
        out.field("ended_at", core::config::format_time(*run.ended_at));
    out.field("link", run.link).field("message", run.message).end_object();
}

Exercise read_run(const io::Json& json) {
    Exercise run;
    run.id = json["id"].text();
    run.exercise = json["exercise"].text();
    const auto outcome = core::from_name<ExerciseOutcome>(json["outcome"].text());
    const auto depth = core::from_name<core::Depth>(json["depth"].text());
    if (!outcome || !depth)
        json.bad("a run");
    run.outcome = *outcome;
    run.depth = *depth;
    if (json["started_at"])
        run.started_at = json["started_at"].time();
    if (json["ended_at"])
        run.ended_at = json["ended_at"].time();
    run.link = json["link"].text();
    run.message = json["message"].text();
    return run;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? std::optional{value} : std::nullopt;
}

} // namespace

std::vector<Exercise> interpret_github_runs(const io::Json& document, const GithubExercise& exercise) {
    std::optional<Exercise> ended;
    std::optional<Exercise> running;
    for (const io::Json& run : document["workflow_runs"].items()) {
        const auto outcome = outcome_of(run["status"].text(), run["conclusion"]);
        if (!outcome || !counts(run["event"].text(), exercise))
            continue;
        Exercise made = run_of(run, *outcome, exercise);
        // By its start, which a repeated run has anew; the list's order is that of their first.
        std::optional<Exercise>& newest = *outcome == ExerciseOutcome::started ? running : ended;
        if (!newest || *made.started_at > *newest->started_at)
            newest = std::move(made);
    }
    std::vector<Exercise> runs;
    if (ended)
        runs.push_back(*ended);
    if (running && (!ended || *running->started_at > *ended->started_at))
        runs.push_back(std::move(*running));
    return runs;
}

void keep_first_ends(std::vector<Exercise>& runs, const std::vector<Exercise>& known) {
    for (Exercise& run : runs)
        for (const Exercise& before : known)
            if (before.id == run.id && before.ended_at && run.ended_at)
                run.ended_at = std::min(*before.ended_at, *run.ended_at);
}

std::string interpret_github_workflow(const io::Json& document) {
    const std::string& state = document["state"].text();
    if (state.empty())
        document["state"].bad("the state of a workflow");
    return shown(state);
}

std::optional<Time> github_not_before(const io::HttpAnswer& answer, Time now) {
    if (answer.status != 403 && answer.status != 429)
        return std::nullopt;
    const auto after = number(answer.header("retry-after"));
    const auto reset = number(answer.header("x-ratelimit-reset"));
    const bool spent = answer.header("x-ratelimit-remaining") == "0";
    const bool said = answer.body.contains("rate limit");
    if (!after && !spent && !said && answer.status == 403)
        return std::nullopt;
    // Their clock and their numbers: a wait beyond their own hour is none of theirs.
    constexpr std::int64_t kMost = 10'000'000'000;
    Time until = now + kShortestWait;
    if (after)
        until = now + std::chrono::seconds{std::min(*after, kMost)};
    else if (spent && reset)
        until = core::from_unix_seconds(std::min(*reset, kMost));
    return std::clamp(until, now + kShortestWait, now + kLongestWait);
}

GithubMemory GithubMemory::read(std::string_view cursor) {
    if (cursor.empty())
        return {};
    auto read = understood([&] {
        const io::Json json = io::Json::parse(cursor);
        GithubMemory memory;
        memory.asked = json["asked"].text();
        memory.workflow_tag = json["workflow_tag"].text();
        memory.runs_tag = json["runs_tag"].text();
        memory.state = json["state"].text();
        for (const io::Json& run : json["runs"].items())
            memory.runs.push_back(read_run(run));
        if (json["not_before"])
            memory.not_before = json["not_before"].time();
        return memory;
    });
    // One that another version wrote costs two requests.
    return read ? std::move(*read) : GithubMemory{};
}

std::string GithubMemory::write() const {
    io::JsonWriter out;
    out.begin_object().field("asked", asked).field("workflow_tag", workflow_tag).field("runs_tag", runs_tag);
    out.field("state", state).key("runs").begin_array();
    for (const Exercise& run : runs)
        write_run(out, run);
    out.end_array();
    if (not_before)
        out.field("not_before", core::config::format_time(*not_before));
    out.end_object();
    return out.take();
}

Seen github_seen(const GithubMemory& memory) {
    SubjectReport workflow;
    for (const Exercise& run : memory.runs)
        workflow.evidence.emplace_back(run);
    core::Assertion enabled;
    enabled.name = "state";
    enabled.expected = "active";
    enabled.actual = memory.state;
    if (memory.state == "disabled_inactivity")
        enabled.detail = "GitHub switched its schedule off after 60 days without a change in the repository";
    workflow.evidence.emplace_back(core::Assertions{{std::move(enabled)}});
    Seen seen;
    seen.subjects.push_back(std::move(workflow));
    seen.cursor = memory.write();
    return seen;
}

} // namespace recoverd::collectors
