// SPDX-License-Identifier: Apache-2.0
// Archives of a Borg repository. Each series, as a pattern tells it from the archives' names, is a subject of its own;
// the subject without a name is the repository as a whole: its identity, its own check, and that nothing is in it.
// Listing takes no lock, so that the look can neither wait for a backup nor hold one up; `borg check` has to.
#include "collectors/borg.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string repository;
    SecretRef passphrase;
    std::string passcommand;
    std::vector<std::string> command{"borg"};
    std::string archives = "*";
    std::string verify = "none";
    Duration verify_every = 7 * core::kDay;
};

constexpr Option<Options> kOptions[] = {
    {"repository", &Options::repository,
     "the repository, as BORG_REPO takes it; what is in the agent's environment when left out"},
    {"passphrase", &Options::passphrase, "of the repository; handed over on stdin"},
    {"passcommand", &Options::passcommand,
     "a command that prints the passphrase, as BORG_PASSCOMMAND takes it, instead of `passphrase`"},
    {"command", &Options::command,
     "how Borg is started: a wrapper can set BORG_RSH or BORG_BASE_DIR; behind ssh or sudo, where the environment does "
     "not get through, it has to name the repository too, and TZ=UTC"},
    {"archives", &Options::archives,
     "names of the archives that count: * and ?, and {subject} for what names a series: {subject}-20*"},
    {"verify", &Options::verify,
     "how far to prove the repository by `borg check`, which locks it meanwhile: let backups wait with --lock-wait. "
     "listed compares its structure and reads its checksums; checksummed also decrypts all data (--verify-data)",
     Need::optional, "none|listed|checksummed"},
    {"verify_every", &Options::verify_every, "how long a proof counts; the run that proves must end within `timeout`"},
};

constexpr std::size_t kMaxOutput = std::size_t{64} << 20U;

/// As Borg writes its 32 bytes.
bool is_archive_id(std::string_view id) {
    return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A cursor that another version wrote costs a check.
Verification read_cursor(const std::string& cursor) {
    auto read =
        understood([&] { return cursor.empty() ? Verification{} : Verification::read(io::Json::parse(cursor)); });
    Verification known = read ? std::move(*read) : Verification{};
    // A name does not tell which archive it was of when that was checked.
    if (!std::ranges::all_of(known.proven, is_archive_id)) {
        known.proven.clear();
        known.tried_at.reset();
    }
    return known;
}

std::string write_cursor(const Verification& verification) {
    io::JsonWriter out;
    verification.write(out);
    return out.take();
}

io::Command command(const Options& options, const ToolAccess& access, const std::vector<std::string>& words,
                    Duration timeout) {
    io::Command made;
    made.argv = options.command;
    made.argv.emplace_back("--log-json");
    made.argv.insert(made.argv.end(), words.begin(), words.end());
    made.env = access.env;
    made.input = access.input;
    made.max_output = kMaxOutput;
    made.timeout = timeout;
    return made;
}

/// Secrets never stand among the arguments, which everybody on the host can read.
Task<Result<ToolAccess>> access_of(Options options, Run run) {
    // Borg tells local times without their zone. It would ask whether a repository that moved, or one without
    // encryption that is new to this user, may be read: that nothing is hidden is seen by its id and by what is told of
    // encryption.
    ToolAccess made;
    made.env = {{"TZ", "UTC"},
                {"BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes"},
                {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes"}};
    if (!options.repository.empty())
        made.env.emplace_back("BORG_REPO", options.repository);
    if (!options.passcommand.empty())
        made.env.emplace_back("BORG_PASSCOMMAND", options.passcommand);
    if (options.passphrase) {
        const auto passphrase = co_await run.world.secret(options.passphrase);
        if (!passphrase)
            co_return std::unexpected(passphrase.error());
        made.env.emplace_back("BORG_PASSPHRASE_FD", "0");
        made.input = passphrase->reveal();
    }
    co_return made;
}

Task<std::optional<Failure>> verify(Options options, Run run, ToolAccess access, const BorgRepository* repository,
                                    Verification* verification, Duration until) {
    std::vector<std::string> words{"check"};
    if (options.verify == "checksummed")
        words.emplace_back("--verify-data");
    auto asked = command(options, access, words, until - run.world.timers().elapsed());
    const auto checked = co_await run.world.run(std::move(asked));
    if (!checked)
        co_return checked.error();
    if (const auto errors = borg_errors(*checked)) {
        verification->found(*errors);
        co_return std::nullopt;
    }
    if (auto failure = borg_failure(*checked, !runs_here(options.command)))
        co_return failure;
    // A warning that names no error proves nothing either way.
    if (checked->status != 0)
        co_return tool_failure(*checked, "borg", FailureKind::bad_answer, checked->err, false);
    verification->passed(repository->series, repository->archive_ids);
    co_return std::nullopt;
}

/// One subject for each series, and the one without a name for the repository.
Seen seen_of(BorgRepository repository, const std::optional<Failure>& failure) {
    // So that an empty repository is seen to be empty. It is not the first series: that one is to come.
    if (repository.series.empty()) {
        repository.series[""].method = "borg";
        repository.series[""].tells_jobs = core::Told::no;
    }
    Seen seen;
    SubjectReport whole;
    whole.evidence.emplace_back(core::Fingerprint{"repository", repository.id, core::Constancy::constant});
    if (failure)
        whole.failure = Failure{failure->kind, fmt::format("its check came to no end: {}", failure->detail)};
    for (auto& [subject, points] : repository.series) {
        put_in_order(points);
        keep_newest(points);
        if (subject.empty())
            whole.evidence.emplace_back(std::move(points));
        else
            seen.subjects.push_back({.subject = subject, .evidence = {std::move(points)}});
    }
    seen.subjects.push_back(std::move(whole));
    return seen;
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    const auto access = co_await access_of(options, run);
    if (!access)
        co_return std::unexpected(access.error());
    // Not with more than stands in the manifest: for when an archive ended Borg reads the archive, and one that is
    // damaged would hide all others.
    const std::vector<std::string> words{"--bypass-lock", "list", "--json", "--consider-checkpoints"};
    auto asked = command(options, *access, words, run.timeout - (run.world.timers().elapsed() - began));
    const bool prefixed = !runs_here(options.command);
    const auto listed = co_await answer_of(run.world, std::move(asked), borg_failure, prefixed);
    if (!listed)
        co_return std::unexpected(listed.error());
    BorgRepository repository = interpret_borg(io::Json::parse_lenient(*listed), options.archives);
    Verification verification = read_cursor(run.cursor);
    if (options.verify == "none") {
        verification = {};
    } else if (verification.due(run.now, options.verify_every, run.asked)) {
        // A fifth of the time is kept in hand, so that a check which takes too long takes nothing from what was listed.
        const Duration until = began + run.timeout * 4 / 5;
        auto failure = co_await verify(options, run, *access, &repository, &verification, until);
        verification.tried(std::move(failure), run.now, run.now + (run.world.timers().elapsed() - began));
    }
    const core::Depth depth = options.verify == "checksummed" ? core::Depth::checksummed : core::Depth::listed;
    for (auto& [subject, points] : repository.series)
        verification.mark(points, depth, repository.archive_ids);
    Seen seen = seen_of(std::move(repository), verification.failure);
    seen.cursor = write_cursor(verification);
    co_return seen;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_command(options.command, "borg", place, diagnostics);
    if (options.passphrase && !options.passcommand.empty())
        diagnostics.mistake(place.at, place.path, "expected 'passphrase' or 'passcommand', found both");
    constexpr std::string_view kSubject = "{subject}";
    const auto first = options.archives.find(kSubject);
    if (first != std::string::npos && options.archives.find(kSubject, first + 1) != std::string::npos)
        diagnostics.mistake(place.at, place.path + ".archives",
                            fmt::format("expected one {{subject}}, found '{}'", options.archives),
                            "what differs within a series is written as * or ?");
}

} // namespace

Kind borg() {
    return kind<Options>(
        {.name = "borg",
         .summary = "archives of a Borg repository, series by series, its identity and its own check",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::fingerprint},
         .access = "to read the repository (`borg --bypass-lock list`), to write to it where it is to verify "
                   "(`borg check`), its passphrase, and a BORG_BASE_DIR to write to. Over ssh, a key in "
                   "~/.ssh/authorized_keys of who owns it: `restrict,command=\"borg serve --append-only "
                   "--restrict-to-repository /srv/borg/orders\" ssh-ed25519 KEY recoverd`. What is deleted by it is "
                   "kept only until somebody compacts with another key: where nothing is verified, a user there who "
                   "may only read is better. A folder: `chgrp -R recoverd REPO && chmod -R g+rX REPO && find REPO "
                   "-type d -exec chmod g+s {} +`, and backups are made with --umask 0027",
         .resource = Resource::process,
         .every = std::chrono::minutes{15},
         .timeout = std::chrono::minutes{5}},
        kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
