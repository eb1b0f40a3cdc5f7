// SPDX-License-Identifier: Apache-2.0
// Snapshots of a restic repository. Each series (by host and paths, as `restic forget` groups them) is a subject of its
// own; the subject without a name is the repository as a whole: its locks, its own check, and that nothing is in it.
// restic is never let take a lock, so that the look can neither wait for a backup nor hold one up.
#include "collectors/restic.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string repository;
    SecretRef password;
    std::string password_command;
    std::vector<std::string> command{"restic"};
    std::vector<std::string> group_by{"host", "paths"};
    std::vector<std::string> hosts;
    std::vector<std::string> paths;
    std::vector<std::string> tags;
    std::string verify = "none";
    std::string read_data_subset;
    Duration verify_every = core::kDay;
};

constexpr Option<Options> kOptions[] = {
    {"repository", &Options::repository,
     "the repository, as RESTIC_REPOSITORY takes it; what is in the agent's environment when left out"},
    {"password", &Options::password, "of the repository; handed over on stdin"},
    {"password_command", &Options::password_command,
     "a command that prints the password, as RESTIC_PASSWORD_COMMAND takes it, instead of `password`"},
    {"command", &Options::command,
     "how restic is started: a wrapper can set a backend's credentials; behind ssh or sudo, where the environment does "
     "not get through, it has to name the repository too"},
    {"group_by", &Options::group_by, "what tells one series from another: host, paths, tags; [] for one series of all"},
    {"hosts", &Options::hosts, "only snapshots of these hosts"},
    {"paths", &Options::paths, "only snapshots that hold all of these paths"},
    {"tags", &Options::tags, "only snapshots with one of these tags"},
    {"verify", &Options::verify,
     "how far to prove the repository by `restic check`: listed compares its structure; checksummed also reads all of "
     "its data (--read-data)",
     Need::optional, "none|listed|checksummed"},
    {"read_data_subset", &Options::read_data_subset,
     "with verify = \"listed\", read so much of the data besides, as restic writes it: 5%, 1/7, 10G"},
    {"verify_every", &Options::verify_every, "how long a proof counts; the run that proves must end within `timeout`"},
};

constexpr std::size_t kMaxOutput = std::size_t{64} << 20U;

/// What is kept from run to run.
struct State {
    ResticLocks locks;
    Verification verification;
};

/// A cursor that another version wrote costs a check and half an hour of watching locks.
State read_state(const std::string& cursor) {
    auto state = understood([&] {
        State read;
        if (cursor.empty())
            return read;
        const io::Json json = io::Json::parse(cursor);
        for (const auto& [lock, since] : json["locks"].object())
            read.locks[lock] = since.time();
        read.verification = Verification::read(json["verification"]);
        return read;
    });
    return state ? std::move(*state) : State{};
}

std::string write_state(const State& state) {
    io::JsonWriter out;
    out.begin_object();
    out.key("locks").begin_object();
    for (const auto& [lock, since] : state.locks)
        out.field(lock, core::config::format_time(since));
    out.end_object();
    out.key("verification");
    state.verification.write(out);
    out.end_object();
    return out.take();
}

io::Command command(const Options& options, const ToolAccess& access, const std::vector<std::string>& words,
                    Duration timeout) {
    io::Command made;
    made.argv = options.command;
    made.argv.emplace_back("--no-lock");
    made.argv.insert(made.argv.end(), words.begin(), words.end());
    made.env = access.env;
    made.input = access.input;
    made.max_output = kMaxOutput;
    made.timeout = timeout;
    return made;
}

std::vector<std::string> snapshots(const Options& options) {
    std::vector<std::string> words{"snapshots", "--json"};
    for (const std::string& host : options.hosts)
        words.push_back("--host=" + host);
    for (const std::string& path : options.paths)
        words.push_back("--path=" + path);
    for (const std::string& tag : options.tags)
        words.push_back("--tag=" + tag);
    return words;
}

std::vector<std::string> check_of(const Options& options) {
    std::vector<std::string> words{"check"};
    if (options.verify == "checksummed")
        words.emplace_back("--read-data");
    else if (!options.read_data_subset.empty())
        words.push_back("--read-data-subset=" + options.read_data_subset);
    return words;
}

ResticGroups groups(const Options& options) {
    const auto by = [&](std::string_view what) {
        return std::ranges::find(options.group_by, what) != options.group_by.end();
    };
    return {by("host"), by("paths"), by("tags")};
}

/// Never among the arguments, which everybody on the host can read.
Task<Result<ToolAccess>> access_of(Options options, Run run) {
    ToolAccess made;
    if (!options.repository.empty())
        made.env.emplace_back("RESTIC_REPOSITORY", options.repository);
    if (!options.password_command.empty())
        made.env.emplace_back("RESTIC_PASSWORD_COMMAND", options.password_command);
    if (options.password) {
        const auto password = co_await run.world.secret(options.password);
        if (!password)
            co_return std::unexpected(password.error());
        // Without the variable restic reads there too, but says so amid its JSON.
        made.env.emplace_back("RESTIC_PASSWORD_FILE", "/dev/stdin");
        made.input = password->reveal();
    }
    co_return made;
}

/// The whole repository through restic's own check. Without a lock it may meet somebody who writes: errors only count
/// when the index files were the same before and after.
Task<std::optional<Failure>> verify(Options options, Run run, ToolAccess access, const Series* series,
                                    Verification* verification, Duration until) {
    const bool prefixed = !runs_here(options.command);
    const auto left = [&] { return until - run.world.timers().elapsed(); };
    const std::vector<std::string> indexes{"list", "index"};
    auto asked = command(options, access, indexes, left());
    const auto before = co_await answer_of(run.world, std::move(asked), restic_failure, prefixed);
    if (!before)
        co_return before.error();
    asked = command(options, access, check_of(options), left());
    const auto checked = co_await run.world.run(std::move(asked));
    if (!checked)
        co_return checked.error();
    const auto errors = restic_errors(*checked);
    if (!errors) {
        if (auto failure = restic_failure(*checked, prefixed))
            co_return failure;
        verification->passed(*series);
        co_return std::nullopt;
    }
    asked = command(options, access, indexes, left());
    const auto after = co_await answer_of(run.world, std::move(asked), restic_failure, prefixed);
    if (!after)
        co_return after.error();
    if (*before != *after)
        co_return Failure{FailureKind::bad_answer,
                          fmt::format("somebody wrote to the repository while it was checked: {}", *errors)};
    verification->found(*errors);
    co_return std::nullopt;
}

/// Expects that no lock was left behind; unknown when they could not be listed.
Task<core::Assertion> look_at_locks(Options options, Run run, ToolAccess access, State* state, Duration until) {
    const std::vector<std::string> words{"list", "locks"};
    auto asked = command(options, access, words, until - run.world.timers().elapsed());
    const bool prefixed = !runs_here(options.command);
    const auto listed = co_await answer_of(run.world, std::move(asked), restic_failure, prefixed);
    const auto locks = listed ? understood([&] { return read_restic_locks(*listed, state->locks, run.now); })
                              : Result<ResticLocks>{std::unexpected(listed.error())};
    if (locks) {
        state->locks = *locks;
        co_return stale_locks(state->locks, run.now);
    }
    core::Assertion unknown = stale_locks({}, run.now);
    unknown.actual.reset();
    unknown.detail = locks.error().detail;
    co_return unknown;
}

/// One subject for each series, and the one without a name for the repository.
Seen seen_of(Series series, core::Assertion locks, const std::optional<Failure>& failure,
             const std::optional<Failure>& damaged) {
    // So that an empty repository is seen to be empty. It is not the first series: that one is to come.
    if (series.empty()) {
        series[""].method = "restic";
        series[""].tells_jobs = core::Told::no;
    }
    Seen seen;
    SubjectReport repository;
    repository.evidence.emplace_back(core::Assertions{{std::move(locks)}});
    if (failure)
        repository.failure = Failure{failure->kind, fmt::format("its check came to no end: {}", failure->detail)};
    if (damaged) {
        repository.failure = damaged;
        seen.complete = false;
    }
    for (auto& [subject, points] : series) {
        put_in_order(points);
        keep_newest(points);
        if (subject.empty())
            repository.evidence.emplace_back(std::move(points));
        else
            seen.subjects.push_back({.subject = subject, .evidence = {std::move(points)}});
    }
    seen.subjects.push_back(std::move(repository));
    return seen;
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    // A fifth of the time is kept in hand, so that a check which takes too long takes nothing from what was listed.
    const Duration until = began + run.timeout * 4 / 5;
    const auto access = co_await access_of(options, run);
    if (!access)
        co_return std::unexpected(access.error());
    auto asked = command(options, *access, snapshots(options), run.timeout - (run.world.timers().elapsed() - began));
    const bool prefixed = !runs_here(options.command);
    const auto listed = co_await run.world.run(std::move(asked));
    if (!listed)
        co_return std::unexpected(listed.error());
    if (const auto failure = restic_failure(*listed, prefixed))
        co_return std::unexpected(*failure);
    const auto damaged = restic_passed_over(listed->err);
    // What may not be read is no answer; one snapshot that is damaged leaves the others.
    if (damaged && (damaged->kind != FailureKind::bad_answer || damaged->detail.contains("load snapshots")))
        co_return std::unexpected(*damaged);
    Series series = interpret_restic(io::Json::parse_lenient(listed->out), groups(options));
    State state = read_state(run.cursor);
    core::Assertion locks = co_await look_at_locks(options, run, *access, &state, until);
    Verification& verification = state.verification;
    if (options.verify == "none") {
        verification = {};
    } else if (verification.due(run.now, options.verify_every, run.asked, Verification::Locks::no)) {
        auto failure = co_await verify(options, run, *access, &series, &verification, until);
        verification.tried(std::move(failure), run.now, run.now + (run.world.timers().elapsed() - began));
    }
    const core::Depth depth = options.verify == "checksummed" ? core::Depth::checksummed : core::Depth::listed;
    for (auto& [subject, points] : series)
        verification.mark(points, depth);
    Seen seen = seen_of(std::move(series), std::move(locks), verification.failure, damaged);
    seen.cursor = write_state(state);
    co_return seen;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_command(options.command, "restic", place, diagnostics);
    for (const std::string& word : options.group_by)
        if (word != "host" && word != "paths" && word != "tags")
            diagnostics.mistake(place.at, place.path + ".group_by",
                                fmt::format("expected host, paths or tags, found '{}'", word));
    if (options.password && !options.password_command.empty())
        diagnostics.mistake(place.at, place.path, "expected 'password' or 'password_command', found both");
    if (!options.read_data_subset.empty() && options.verify != "listed")
        diagnostics.mistake(place.at, place.path + ".read_data_subset",
                            fmt::format("expected verify = \"listed\" beside it, found \"{}\"", options.verify));
}

} // namespace

Kind restic() {
    return kind<Options>(
        {.name = "restic",
         .summary = "snapshots of a restic repository, series by series, its locks and its own check",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::assertions},
         .access = "to read the repository, never to write to it (`restic --no-lock` with snapshots, list "
                   "and check), and a password of its own: `restic key add --user recoverd`. A folder: "
                   "`chgrp -R recoverd REPO && chmod -R g+rX REPO && find REPO -type d -exec chmod g+s {} +`, "
                   "after which restic 0.14 and newer lets the group read what it adds. S3: the policy "
                   R"(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": )"
                   R"(["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::BUCKET"}, )"
                   R"({"Effect": "Allow", "Action": "s3:GetObject", "Resource": )"
                   R"("arn:aws:s3:::BUCKET/PREFIX*"}, {"Effect": "Allow", "Action": "kms:Decrypt", )"
                   R"("Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID"}]}`, the last part where objects are encrypted )"
                   "by it, whose own policy has to allow that as well",
         .resource = Resource::process,
         .every = std::chrono::minutes{15},
         .timeout = std::chrono::minutes{5}},
        kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
