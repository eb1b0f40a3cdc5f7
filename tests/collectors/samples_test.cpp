// SPDX-License-Identifier: Apache-2.0
// Documents of real systems that are kept beside this clone on some machines, and nowhere in it: each is fed to those
// who read documents of its system. What is known to be faulty must not come out good.
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
#include "tests/collectors/good_news.hpp"
#include "tests/places.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace recoverd::collectors {

namespace {

namespace fs = std::filesystem;
using test::exited;

/// Later than all of them.
constexpr Time kNow = test::kStart + 30 * core::kDay;

/// What was read of one document, in words.
struct Told {
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

void add_bad(const Evidence& evidence, std::vector<std::string>& bad) {
    std::visit(
        [&bad]<class T>(const T& seen) {
            if constexpr (std::is_same_v<T, core::RecoveryPoints>) {
                for (const auto& point : seen.points)
                    if (point.state != core::PointState::good)
                        bad.push_back(fmt::format("{} '{}'", core::name_of(point.state), point.id));
                for (const auto& job : seen.jobs)
                    if (job.state == core::JobState::failed)
                        bad.push_back("failed job: " + job.detail);
            } else if constexpr (std::is_same_v<T, core::Replication>) {
                for (const auto& follower : seen.followers)
                    if (follower.state == core::FollowerState::missing)
                        bad.push_back(fmt::format("'{}' does not follow", follower.name));
            } else if constexpr (std::is_same_v<T, core::Reachability>) {
                if (seen.state != core::ReachState::up)
                    bad.push_back(seen.detail);
            } else if constexpr (std::is_same_v<T, core::Assertions>) {
                for (const auto& assertion : seen.assertions)
                    if (core::state_of(assertion) == core::AssertionState::fails)
                        bad.push_back(fmt::format("'{}' fails", assertion.name));
            }
        },
        evidence);
}

void add(Told& told, const Evidence& evidence) {
    if (core::kind_of(evidence) != EvidenceKind::measurement)
        std::ranges::copy(test::good_in(evidence), std::back_inserter(told.good));
    add_bad(evidence, told.bad);
}

void add(Told& told, const std::optional<Failure>& failure) {
    if (failure)
        told.bad.push_back(failure->detail);
}

void add(Told& told, const Collected& seen) {
    if (!seen)
        return add(told, std::optional{seen.error()});
    for (const SubjectReport& subject : seen->subjects) {
        add(told, subject.failure);
        for (const Evidence& evidence : subject.evidence)
            add(told, evidence);
    }
}

struct Sample {
    std::string folder;
    std::string name;
    std::string text;

    bool is(std::string_view piece) const { return name.contains(piece); }
};

std::string bytes(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

fs::path samples() { return test::source_folder() / "../shared/samples"; }

// One per system. What is none of its documents throws BadDocument, and has told nothing good.

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
        const io::Json leader = io::Json::parse(bytes(samples() / "patroni/rest-api-01.json"));
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
    const fs::path fresh =
        server == "valkey" ? "redis/valkey-8.0.1-fresh-everything.txt" : "redis/redis-7.0.15-fresh-everything.txt";
    const bool error = sample.text.starts_with("NOAUTH") || sample.text.starts_with("MISCONF");
    const bool cluster = sample.is("cluster");
    const std::string before = cluster ? "cluster_enabled:1" : sample.text;
    io::RespAnswer first;
    first.replies = {error ? reply(Kind::error, sample.text)
                           : reply(Kind::text, before + "\r\n" + bytes(samples() / fresh))};
    io::RespAnswer more;
    if (cluster)
        more.replies = {reply(Kind::text, sample.text)};
    add(told, interpret_valkey({}, first, more, "", kNow));
}

void read_walg(const Sample& sample, Told& told) {
    add(told, Evidence{interpret_walg_backups(io::Json::parse(sample.text)).points});
}

struct Folder {
    std::string_view name;
    void (*read)(const Sample& sample, Told& told);
};

constexpr Folder kFolders[] = {
    {"aiven", read_aiven},       {"barman", read_barman},         {"git", read_git},
    {"patroni", read_patroni},   {"pgbackrest", read_pgbackrest}, {"pgbackrest-live", read_pgbackrest},
    {"postgres", read_postgres}, {"redis", read_redis},           {"restic", read_restic},
    {"walg", read_walg},
};

enum class Must : std::uint8_t { tell_nothing_good, tell_bad, tell_good };

/// What is known of the documents whose names hold `piece`.
struct Known {
    std::string_view folder;
    std::string_view piece;
    Must must;
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

Told told_by(const Folder& folder, const Sample& sample) {
    Told told;
    try {
        folder.read(sample, told);
    } catch (const io::BadDocument& bad) {
        told.bad.emplace_back(bad.what());
    }
    return told;
}

} // namespace

TEST_CASE("samples of real systems, where they are at hand: none that is faulty is read as good") {
    std::error_code none;
    if (!fs::is_directory(samples(), none)) {
        WARN("no samples beside this clone: nothing was fed to anybody");
        return;
    }
    std::vector<std::size_t> matched(std::size(kKnown));
    for (const Folder& folder : kFolders)
        for (const auto& entry : fs::directory_iterator{samples() / folder.name}) {
            const Sample sample{std::string{folder.name}, entry.path().filename().string(), bytes(entry.path())};
            const Told told = told_by(folder, sample);
            CAPTURE(folder.name, sample.name, told.good, told.bad);
            for (std::size_t i = 0; i < std::size(kKnown); ++i) {
                const auto& [of, piece, must] = kKnown[i];
                if (of != folder.name || !sample.is(piece))
                    continue;
                ++matched[i];
                if (must == Must::tell_nothing_good)
                    CHECK(told.good.empty());
                else
                    CHECK_FALSE((must == Must::tell_bad ? told.bad : told.good).empty());
            }
        }
    for (std::size_t i = 0; i < std::size(kKnown); ++i) {
        CAPTURE(kKnown[i].folder, kKnown[i].piece);
        CHECK(matched[i] > 0);
    }
}

} // namespace recoverd::collectors
