// SPDX-License-Identifier: Apache-2.0
// Backups that WAL-G keeps of one PostgreSQL cluster, and whether the WAL between them is whole, in WAL-G's own words.
#include "collectors/walg.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

struct Options {
    std::vector<std::string> command{"wal-g"};
    std::string config;
    bool verify = true;
};

constexpr Option<Options> kOptions[] = {
    {"command", &Options::command, "how WAL-G is started, for example behind ssh, sudo or kubectl exec"},
    {"config", &Options::config, "WAL-G's configuration file, where it is not in its usual place"},
    {"verify", &Options::verify, "run `wal-g wal-verify integrity timeline` too, which asks PostgreSQL where it is"},
};

io::Command command(const Options& options, std::initializer_list<std::string> words, Duration timeout) {
    io::Command made;
    made.argv = options.command;
    made.argv.insert(made.argv.end(), words);
    made.argv.emplace_back("--json");
    if (!options.config.empty())
        made.argv.insert(made.argv.end(), {"--config", options.config});
    made.timeout = timeout;
    return made;
}

Task<Result<WalgVerified>> verify(Options options, Run run, WalgBackups backups, Duration left) {
    auto asked = command(options, {"wal-verify", "integrity", "timeline"}, left);
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), walg_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return understood([&] { return interpret_walg_verify(io::Json::parse(*answer), backups); });
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    auto asked = command(options, {"backup-list", "--detail"}, run.timeout);
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), walg_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    const WalgBackups backups = interpret_walg_backups(io::Json::parse(*answer));
    Seen seen;
    SubjectReport report{.evidence = {backups.points}};
    // Without a backup WAL-G would verify from the first segment that ever was, and nothing could begin there.
    if (options.verify && !backups.points.points.empty()) {
        // A fifth of the time is kept in hand, so that what hangs takes nothing from what was listed.
        const Duration left = run.timeout * 4 / 5 - (run.world.timers().elapsed() - began);
        const Duration allowed = std::max(left, Duration{1});
        auto verified = co_await verify(options, run, backups, allowed);
        if (verified) {
            seen.cursor = follow_walg_waiting(*verified, run.cursor, run.now);
            report.evidence.emplace_back(std::move(verified->archive));
            report.evidence.emplace_back(core::Assertions{{std::move(verified->timeline)}});
        } else {
            // What waited goes on to, as far as anybody knows.
            seen.cursor = run.cursor;
            report.failure = Failure{verified.error().kind,
                                     fmt::format("its WAL could not be verified: {}", verified.error().detail)};
        }
    }
    seen.subjects.push_back(std::move(report));
    co_return seen;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_command(options.command, "wal-g", place, diagnostics);
}

} // namespace

Kind walg() {
    return kind<Options>(
        {.name = "walg",
         .summary = "backups that WAL-G keeps of a PostgreSQL cluster, and lost WAL between them",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::log_archive, EvidenceKind::assertions},
         .access =
             "to run `wal-g backup-list --detail --json` and `wal-g wal-verify integrity timeline --json` where WAL-G "
             "is configured and PostgreSQL lets it in, usually as postgres. By a key that can do no more, command = "
             "[\"ssh\", \"-i\", \"/etc/recoverd/walg.key\", \"postgres@localhost\", \"wal-g\"], and in "
             "~postgres/.ssh/authorized_keys `restrict,command=\"case $SSH_ORIGINAL_COMMAND in 'wal-g backup-list "
             "--detail --json'|'wal-g wal-verify integrity timeline --json') exec $SSH_ORIGINAL_COMMAND;; esac; exit "
             "126\" ssh-ed25519 KEY recoverd`. By sudo, command = [\"sudo\", \"-nu\", \"postgres\", \"wal-g\"], and "
             "in /etc/sudoers.d/recoverd `recoverd ALL=(postgres) NOPASSWD: /usr/local/bin/wal-g backup-list --detail "
             "--json, /usr/local/bin/wal-g wal-verify integrity timeline --json`; not from the unit that is shipped, "
             "whose NoNewPrivileges=yes stops sudo. With keys of its own, its storage needs the policy "
             R"(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", )"
             R"("s3:GetBucketLocation"], "Resource": "arn:aws:s3:::BUCKET"}, {"Effect": "Allow", "Action": )"
             R"("s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/PREFIX*"}, {"Effect": "Allow", "Action": )"
             R"("kms:Decrypt", "Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID"}]}`, the last part where objects are )"
             "encrypted by it, whose own policy has to allow that as well",
         .resource = Resource::process,
         .every = std::chrono::minutes{5},
         .timeout = std::chrono::minutes{2}},
        kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
