// SPDX-License-Identifier: Apache-2.0
// Samples of all systems but Kubernetes: each is fed to those who read documents of its system. What is known to be
// faulty must not come out good.
#include "collectors/aiven.hpp"
#include "collectors/barman.hpp"
#include "collectors/git/refs.hpp"
#include "collectors/git/words.hpp"
#include "collectors/patroni.hpp"
#include "collectors/pgbackrest.hpp"
#include "collectors/postgresql.hpp"
#include "collectors/restic.hpp"
#include "collectors/valkey.hpp"
#include "collectors/walg.hpp"
#include "tests/collectors/samples.hpp"

namespace recoverd::collectors {

namespace {

using test::exited;
using test::samples::add;
using test::samples::bytes;
using test::samples::Folder;
using test::samples::kNow;
using test::samples::Known;
using test::samples::Must;
using test::samples::root;
using test::samples::Sample;
using test::samples::Told;

// One per system.

void read_aiven(const Sample& sample, Told& told) {
    AivenExpected expected;
    expected.api_url = "https://api.aiven.example/v1";
    expected.project = "shop";
    AivenAnswers answers;
    answers.services = io::Json::parse(sample.text);
    add(told, interpret_aiven(expected, answers, "", kNow));
}

void read_barman(const Sample& sample, Told& told) {
    if (sample.is(".txt"))
        return add(told, barman_failure(exited(sample.text, 2), false));
    const io::Json json = io::Json::parse(sample.text);
    if (sample.is("check")) {
        for (auto& [server, assertion] : interpret_barman_check(json))
            add(told, Evidence{core::Assertions{{assertion}}});
        return;
    }
    const auto servers = interpret_barman(json);
    if (!servers)
        return add(told, std::optional{servers.error()});
    for (const auto& [server, points] : *servers)
        add(told, Evidence{points});
}

void read_git(const Sample& sample, Told& told) {
    add(told, git_parts::git_failure(exited("", 128, sample.text), "origin"));
    if (sample.is("fsck"))
        if (auto errors = git_parts::fsck_errors(exited("", 2, sample.text)))
            told.bad.push_back(std::move(*errors));
    const git_parts::Refs refs = git_parts::read_refs(sample.text, {});
    for (const auto& ref : refs.all)
        told.good.push_back(ref.name);
}

/// As the state of a member of whose cluster nothing is known, or as that of the cluster; just when that was asked.
void read_patroni(const Sample& sample, Told& told) {
    const PatroniExpected expected;
    const io::Json json = io::Json::parse(sample.text);
    const auto asked_at = [](const io::Json& member) {
        return member["dcs_last_seen"] ? member["dcs_last_seen"].unix_time() : kNow;
    };
    const Result<io::Json> nothing = core::failed(FailureKind::unreachable, "not asked");
    if (sample.is("-05")) {
        const io::Json leader = io::Json::parse(bytes(root() / "patroni/rest-api-01.json"));
        add(told, interpret_patroni(expected, {{leader}, json, nothing, {}}, "", asked_at(leader)));
    } else {
        add(told, interpret_patroni(expected, {{json}, nothing, nothing, {}}, "", asked_at(json)));
    }
}

void read_pgbackrest(const Sample& sample, Told& told) {
    if (sample.is(".txt"))
        return add(told, pgbackrest_failure(exited("", 31, sample.text), false));
    const auto info = interpret_pgbackrest(io::Json::parse_lenient(sample.text), true, kNow);
    if (!info)
        return add(told, std::optional{info.error()});
    for (const PgBackRestRepo& repo : info->repos) {
        add(told, repo.report.failure);
        for (const Evidence& evidence : repo.report.evidence)
            add(told, evidence);
    }
}

/// As the answer to every statement: none of them is one.
void read_postgres(const Sample& sample, Told& told) {
    io::PgTable table;
    table.columns = {"line"};
    table.rows = {{sample.text}};
    io::PgAnswer answer;
    answer.server_version = 150'020;
    answer.tables.assign(postgresql_statements({}).size(), table);
    add(told, interpret_postgresql({}, answer, "", kNow));
}

/// What restic wrote to stdout and to stderr.
void read_restic(const Sample& sample, Told& told) {
    if (sample.is(".txt"))
        add(told, restic_failure(exited("", 1, sample.text), false));
    const Series all = interpret_restic(io::Json::parse(sample.text), {});
    for (const auto& [series, points] : all)
        add(told, Evidence{points});
}

/// A section of INFO is that of a fresh server: of two fields, the first counts.
void read_redis(const Sample& sample, Told& told) {
    using Kind = io::RespValue::Kind;
    const auto reply = [](Kind kind, std::string text) {
        io::RespValue value;
        value.kind = kind;
        value.text = std::move(text);
        return value;
    };
    const std::string server = sample.name.substr(0, sample.name.find('-'));
    const std::filesystem::path fresh =
        server == "valkey" ? "redis/valkey-8.0.1-fresh-everything.txt" : "redis/redis-7.0.15-fresh-everything.txt";
    const bool error = sample.text.starts_with("NOAUTH") || sample.text.starts_with("MISCONF");
    const bool cluster = sample.is("cluster");
    const std::string before = cluster ? "cluster_enabled:1" : sample.text;
    io::RespAnswer first;
    first.replies = {error ? reply(Kind::error, sample.text)
                           : reply(Kind::text, before + "\r\n" + bytes(root() / fresh))};
    io::RespAnswer more;
    if (cluster)
        more.replies = {reply(Kind::text, sample.text)};
    add(told, interpret_valkey({}, first, more, "", kNow));
}

void read_walg(const Sample& sample, Told& told) {
    add(told, Evidence{interpret_walg_backups(io::Json::parse(sample.text)).points});
}

constexpr Folder kFolders[] = {
    {"aiven", read_aiven},       {"barman", read_barman},         {"git", read_git},
    {"patroni", read_patroni},   {"pgbackrest", read_pgbackrest}, {"pgbackrest-live", read_pgbackrest},
    {"postgres", read_postgres}, {"redis", read_redis},           {"restic", read_restic},
    {"walg", read_walg},
};

constexpr Known kKnown[] = {
    {"aiven", "", Must::tell_nothing_good},
    {"barman", "check", Must::tell_nothing_good},
    {"barman", "check", Must::tell_bad},
    {"barman", "empty", Must::tell_nothing_good},
    {"barman", "waiting", Must::tell_nothing_good},
    {"barman", "during", Must::tell_nothing_good},
    {"barman", "killed", Must::tell_nothing_good},
    {"barman", "killed", Must::tell_bad},
    {"barman", "keep", Must::tell_good},
    {"barman", "keep", Must::tell_bad},
    {"git", "bundle", Must::tell_nothing_good},
    {"git", "fsck", Must::tell_nothing_good},
    {"git", "fsck-missing", Must::tell_bad},
    {"git", "missing", Must::tell_nothing_good},
    {"git", "ls-remote.txt", Must::tell_good},
    {"patroni", "-05", Must::tell_good},
    {"patroni", "-06", Must::tell_nothing_good},
    {"patroni", "-07", Must::tell_nothing_good},
    {"patroni", "-08", Must::tell_nothing_good},
    {"patroni", "-10", Must::tell_nothing_good},
    {"pgbackrest", "missing-stanza", Must::tell_nothing_good},
    {"pgbackrest", "invalid", Must::tell_nothing_good},
    {"pgbackrest", "no-valid", Must::tell_nothing_good},
    {"pgbackrest", "not-found", Must::tell_nothing_good},
    {"pgbackrest", "other-error", Must::tell_nothing_good},
    {"pgbackrest-live", "no-stanza", Must::tell_nothing_good},
    {"pgbackrest-live", "unknown-stanza", Must::tell_nothing_good},
    {"pgbackrest-live", "page-checksum", Must::tell_bad},
    {"pgbackrest-live", "config-error", Must::tell_bad},
    {"pgbackrest-live", "multirepo", Must::tell_good},
    {"postgres", "", Must::tell_nothing_good},
    {"redis", "noauth", Must::tell_nothing_good},
    {"redis", "write-after-failed", Must::tell_nothing_good},
    {"redis", "persistence-bgsave-err", Must::tell_bad},
    {"redis", "link-down", Must::tell_bad},
    {"redis", "cluster-info-fail", Must::tell_bad},
    {"restic", "partial", Must::tell_nothing_good},
    {"restic", "wrong-password", Must::tell_nothing_good},
    {"restic", "wrong-password", Must::tell_bad},
    {"restic", "no-repo", Must::tell_nothing_good},
    {"restic", "no-repo", Must::tell_bad},
    {"restic", "check", Must::tell_nothing_good},
    {"restic", "empty", Must::tell_nothing_good},
    {"restic", "doc-manual", Must::tell_nothing_good},
    {"restic", "snapshots.json", Must::tell_good},
    {"walg", "backup-list", Must::tell_good},
};

} // namespace

TEST_CASE("samples of real systems, where they are at hand: none that is faulty is read as good") {
    test::samples::feed(kFolders, kKnown);
}

TEST_CASE("no folder of samples is left unread") {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{root(), none}) {
        const std::string name = entry.path().filename().string();
        CAPTURE(name);
        // Those of states are read in tests/worker/terraform_state_test.cpp.
        const bool read = name == "terraform" ||
                          std::ranges::find(kFolders, name, &Folder::name) != std::end(kFolders) ||
                          std::ranges::find(test::samples::kOfKubernetes, name) != test::samples::kOfKubernetes.end();
        CHECK((read || !entry.is_directory()));
    }
}

} // namespace recoverd::collectors
