// SPDX-License-Identifier: Apache-2.0
// The collector as a whole against a scripted world: what it asks for, in which order, and what it makes of it.
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using test::entry;
using test::list;

namespace {

/// A pgBackRest that answers from documents: `info` with one, `repo-ls` and `repo-get` by their path.
struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::string info = "info-lock-held.json";
    std::map<std::string, std::string> listings{{"archive/demo/15-1", "ls-archive.json"},
                                                {"archive/demo/15-1/0000000100000000", "ls-segments.json"}};
    std::optional<core::Result<io::Finished>> instead_of_listing;

    Scripted() {
        world.on_run = [this](const io::Command& command) -> core::Result<io::Finished> {
            const std::string& word = command.argv.back();
            if (word == "info")
                return test::exited(test::data("pgbackrest/" + info));
            if (instead_of_listing)
                return *instead_of_listing;
            const auto found = listings.find(word);
            if (found == listings.end())
                return test::exited("", 55, "ERROR: [055]: unable to open missing file " + word);
            return test::exited(test::data("pgbackrest/" + found->second));
        };
    }

    Collected look(const core::config::Table& table = {}, const std::string& cursor = {}) {
        return test::look(ioc, world, "pgbackrest", table, cursor, std::chrono::minutes{1}, core::kDay);
    }
};

std::string segment(int number) { return fmt::format("00000001{:08X}{:08X}", number / 256, number % 256); }

/// A full backup within one segment.
std::string full(int number) {
    return fmt::format(
        R"({{"archive":{{"start":"{0}","stop":"{0}"}},"database":{{"id":1,"repo-key":1}},"error":false,)"
        R"("info":{{"delta":1,"repository":{{"delta":1,"size":1}},"size":1}},"label":"{1}F",)"
        R"("lsn":{{"start":"{3:X}/{4:X}000028","stop":"{3:X}/{4:X}000100"}},"prior":null,"reference":null,)"
        R"("timestamp":{{"start":{2},"stop":{2}}},"type":"full"}})",
        segment(number), number, 1'795'347'060 + number, number / 256, number % 256);
}

std::string info_of(const std::string& backups, const std::string& newest = segment(11)) {
    return fmt::format(
        R"([{{"archive":[{{"database":{{"id":1,"repo-key":1}},"id":"15-1","max":"{}","min":"{}"}}],"backup":[{}],)"
        R"("cipher":"none","db":[{{"id":1,"repo-key":1,"system-id":7710956910048751555,"version":"15"}}],)"
        R"("name":"demo","repo":[{{"cipher":"none","key":1,"status":{{"code":0,"message":"ok"}}}}],)"
        R"("status":{{"code":0,"lock":{{"backup":{{"held":false}}}},"message":"ok"}}}}])",
        newest, segment(2), backups);
}

/// A directory that holds the segments `first` to `last`.
std::string segments_from(int first, int last = 11) {
    std::string text = R"({".":{"type":"path"})";
    for (int number = first; number <= last; ++number)
        text += fmt::format(R"(,"{}-{:040x}.lz4":{{"type":"file","size":69328,"time":1795347071}})", segment(number),
                            number);
    return text + "}";
}

const core::LogArchive& archive(const Collected& seen) {
    return std::get<core::LogArchive>(seen->subjects.at(0).evidence.at(1));
}

} // namespace

TEST_CASE("pgbackrest: backups and the whole archive come from one run") {
    Scripted scripted;
    const auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(seen->complete);
    CHECK(seen->subjects[0].subject == "demo/repo1");
    CHECK_FALSE(seen->subjects[0].failure);
    CHECK(archive(seen).gaps.empty());
    CHECK(archive(seen).newest_at == core::from_unix_seconds(1'795'347'070));
    CHECK(scripted.world.asked ==
          std::vector<std::string>{
              "run pgbackrest --log-level-console=off --log-level-stderr=error --output=json info",
              "run pgbackrest --log-level-console=off --log-level-stderr=error --stanza=demo --repo=1 --output=json "
              "repo-ls archive/demo/15-1",
              "run pgbackrest --log-level-console=off --log-level-stderr=error --stanza=demo --repo=1 --output=json "
              "repo-ls archive/demo/15-1/0000000100000000"});
}

TEST_CASE("pgbackrest: a deleted segment is a gap, and one can go back no further than to what stands before it") {
    Scripted scripted;
    scripted.listings["archive/demo/15-1/0000000100000000"] = "ls-segments-gap.json";
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(archive(seen).gaps == std::vector<core::LogGap>{{"00000001000000000000000A", "00000001000000000000000A", 1}});
    CHECK(archive(seen).last_segment == "00000001000000000000000B");
    CHECK_FALSE(archive(seen).whole_since);
    CHECK(archive(seen).newest_at == core::from_unix_seconds(1'795'347'070));
    // Known from then on, and found again from the cursor.
    const auto again = scripted.look({}, seen->cursor);
    CHECK(archive(again).gaps == archive(seen).gaps);
}

TEST_CASE("pgbackrest: what expire removes while the archive is looked through is no gap") {
    Scripted scripted;
    bool expired = true;
    int infos = 0;
    scripted.world.on_run = [&](const io::Command& command) -> core::Result<io::Finished> {
        const std::string& word = command.argv.back();
        if (word == "info")
            return test::exited(info_of(++infos > 1 && expired ? full(8) : full(2) + "," + full(8)));
        return test::exited(word.ends_with("15-1") ? test::data("pgbackrest/ls-archive.json") : segments_from(8));
    };
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(infos == 2);
    CHECK_FALSE(seen->subjects.at(0).failure);
    CHECK(archive(seen).gaps.empty());
    CHECK(archive(seen).oldest_at == core::from_unix_seconds(1'795'347'068));
    CHECK(archive(seen).newest_at == core::from_unix_seconds(1'795'347'071));

    // What is gone while its backup is still there was not expired.
    expired = false;
    const auto lost = scripted.look({}, seen->cursor);
    REQUIRE(lost);
    CHECK(archive(lost).gaps == std::vector<core::LogGap>{{segment(2), segment(7), 6}});
    // The backup of segment 8 needs none of them.
    CHECK(archive(lost).whole_since == core::from_unix_seconds(1'795'347'068));
}

TEST_CASE("pgbackrest: what expire took between two old backups is never told as a gap") {
    Scripted scripted;
    bool expired = false;
    int lost = -1;
    scripted.world.on_run = [&](const io::Command& command) -> core::Result<io::Finished> {
        const std::string& word = command.argv.back();
        if (word == "info")
            return test::exited(info_of(full(0x10) + "," + full(0x320), segment(0x4FF)));
        if (word.ends_with("15-1")) {
            std::string text = R"({".":{"type":"path"})";
            for (int log = 0; log <= 4; ++log)
                if (!expired || log == 0 || log >= 3)
                    text += fmt::format(R"(,"{}":{{"type":"path"}})", segment(log * 256).substr(0, 16));
            return test::exited(text + "}");
        }
        const int first = std::stoi(word.substr(word.size() - 8), nullptr, 16) * 256;
        const int begin = expired && first == 0x300 ? 0x320 : first == lost ? first + 1 : first;
        return test::exited(segments_from(begin, expired && first == 0 ? 0x10 : first + 255));
    };
    auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(archive(seen).gaps.empty());
    expired = true;
    // Time runs out before the older end of the hole is found.
    scripted.world.hangs = [](const std::string& asked) { return asked.ends_with("0000000100000000"); };
    seen = scripted.look({}, seen->cursor);
    REQUIRE(seen);
    REQUIRE(scripted.world.asked.back().ends_with("0000000100000000"));
    CHECK_FALSE(seen->subjects.at(0).failure);
    CHECK(archive(seen).gaps.empty());
    CHECK(archive(seen).oldest_at == core::from_unix_seconds(1'795'347'060 + 0x10));
    scripted.world.hangs = {};
    seen = scripted.look({}, seen->cursor);
    REQUIRE(seen);
    CHECK(archive(seen).gaps.empty());
    CHECK(archive(seen).oldest_at == core::from_unix_seconds(1'795'347'060 + 0x320));
    // Behind it nothing may be gone, at the edge of a directory either.
    lost = 0x400;
    seen = scripted.look({}, seen->cursor);
    seen = scripted.look({}, seen->cursor);
    REQUIRE(seen);
    CHECK(archive(seen).gaps == std::vector<core::LogGap>{{segment(0x400), segment(0x400), 1}});
}

TEST_CASE("pgbackrest: a gap that nobody could confirm is not told, and what was known before stays") {
    Scripted scripted;
    int infos = 0;
    scripted.world.on_run = [&](const io::Command& command) -> core::Result<io::Finished> {
        const std::string& word = command.argv.back();
        if (word == "info")
            return ++infos > 1 ? test::exited("", 41, "ERROR: [041]: unable to open backup.info")
                               : test::exited(info_of(full(2) + "," + full(8)));
        return test::exited(word.ends_with("15-1") ? test::data("pgbackrest/ls-archive.json") : segments_from(8));
    };
    const auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(seen->subjects.at(0).failure);
    CHECK_THAT(seen->subjects.at(0).failure->detail, ContainsSubstring("unable to open backup.info"));
    CHECK(seen->subjects.at(0).evidence.size() == 1);
}

TEST_CASE("pgbackrest: after a promotion the archive is followed across timelines") {
    Scripted scripted;
    scripted.info = "info-promoted.json";
    scripted.listings = {{"archive/demo/15-1", "ls-archive-promoted.json"},
                         {"archive/demo/15-1/00000002.history", "history-promoted.txt"},
                         {"archive/demo/15-1/0000000100000000", "ls-segments-promoted-1.json"},
                         {"archive/demo/15-1/0000000200000000", "ls-segments-promoted-2.json"}};
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK_FALSE(seen->subjects[0].failure);
    CHECK(archive(seen).gaps.empty());
    CHECK(archive(seen).last_segment == "000000020000000000000018");
    CHECK(archive(seen).newest_at == core::from_unix_seconds(1'795'347'087));

    scripted.listings["archive/demo/15-1"] = "ls-archive.json";
    const auto lost = scripted.look();
    REQUIRE(archive(lost).gaps.size() >= 1);
    CHECK(archive(lost).gaps.front() == core::LogGap{"00000002.history", "00000002.history", 1});
}

TEST_CASE("pgbackrest: a timeline that a restore test archived is not taken for the one that is in use") {
    Scripted scripted;
    std::string newest_backup = full(8);
    scripted.world.on_run = [&](const io::Command& command) -> core::Result<io::Finished> {
        const std::string& word = command.argv.back();
        if (word == "info")
            return test::exited(info_of(full(2) + "," + newest_backup, "000000020000000000000005"));
        if (word.ends_with("15-1"))
            return test::exited(test::data("pgbackrest/ls-archive-promoted.json"));
        if (word.ends_with(".history"))
            return test::exited("1\t0/5000000\tno recovery target specified\n");
        return test::exited(word.ends_with("0000000100000000")
                                ? segments_from(2)
                                : R"({"000000020000000000000005-aa":{"type":"file","size":5,"time":1795347071}})");
    };
    const auto seen = scripted.look();
    REQUIRE(seen);
    const auto& report = seen->subjects.at(0);
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail, ContainsSubstring("nobody looked for gaps in 1"));
    CHECK_THAT(report.failure->detail, ContainsSubstring("--archive-mode=off"));
    CHECK(report.evidence.size() == 1);

    // A server that was promoted has left only older backups behind.
    newest_backup = full(4);
    const auto promoted = scripted.look({}, seen->cursor);
    REQUIRE(promoted);
    CHECK_FALSE(promoted->subjects.at(0).failure);
    CHECK(archive(promoted).gaps.empty());
}

TEST_CASE("pgbackrest: an archive that cannot be listed takes nothing from what is known of the backups") {
    Scripted scripted;
    scripted.instead_of_listing = test::exited("", 41, "ERROR: [041]: unable to open archive");
    const auto seen = scripted.look();
    REQUIRE(seen);
    const auto& report = seen->subjects.at(0);
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail, ContainsSubstring("its WAL archive could not be looked through"));
    CHECK(std::get<core::RecoveryPoints>(report.evidence.at(0)).count == 3);
    CHECK(report.evidence.size() == 1);
    for (const auto* nonsense : {"", "[]", "{\"0000000100000000\":3}", "{"}) {
        CAPTURE(nonsense);
        scripted.instead_of_listing = test::exited(nonsense);
        const auto odd = scripted.look();
        REQUIRE(odd);
        REQUIRE(odd->subjects.at(0).failure);
        CHECK(odd->subjects.at(0).failure->kind == FailureKind::bad_answer);
    }
}

TEST_CASE("pgbackrest: a cursor that makes no sense begins the scan anew") {
    Scripted scripted;
    for (const auto* cursor :
         {"nonsense", "[]", "{\"demo/repo1\":{}}", "{\"demo/repo1\":{\"archive\":\"15-1\",\"per_log\":0}}"}) {
        CAPTURE(cursor);
        const auto seen = scripted.look({}, cursor);
        REQUIRE(seen);
        CHECK_FALSE(seen->subjects.at(0).failure);
        CHECK(archive(seen).newest_at);
    }
}

TEST_CASE("pgbackrest: options become arguments, behind whatever stands before them") {
    Scripted scripted;
    const auto seen =
        scripted.look({entry("command", list({"ssh", "db1", "pgbackrest"})), entry("stanza", {std::string{"demo"}, {}}),
                       entry("config", {std::string{"/etc/pgb.conf"}, {}}), entry("scan_archive", {false, {}})});
    REQUIRE(seen);
    CHECK(scripted.world.asked ==
          std::vector<std::string>{"run ssh db1 pgbackrest --log-level-console=off --log-level-stderr=error "
                                   "--config=/etc/pgb.conf --stanza=demo --output=json info"});
    CHECK(std::get<core::RecoveryPoints>(seen->subjects[0].evidence[0]).tells_jobs == core::Told::no);
    CHECK_FALSE(archive(seen).newest_at);
    const auto sudo = scripted.look({entry("command", list({"/usr/bin/sudo", "-nu", "postgres", "pgbackrest"}))});
    CHECK(std::get<core::RecoveryPoints>(sudo->subjects[0].evidence[0]).tells_jobs == core::Told::yes);
}

TEST_CASE("pgbackrest: a name from a repository is never handed to a command that a shell may read") {
    Scripted scripted;
    scripted.world.on_run = [](const io::Command& command) -> core::Result<io::Finished> {
        if (command.argv.back() != "info")
            throw std::runtime_error("ran something with a foreign name");
        auto text = test::data("pgbackrest/info-full-diff-incr.json");
        for (auto at = text.find("\"demo\""); at != std::string::npos; at = text.find("\"demo\""))
            text.replace(at, 6, "\"$(reboot)\"");
        return test::exited(text);
    };
    const auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(seen->subjects.at(0).failure);
    CHECK(seen->subjects.at(0).failure->kind == FailureKind::bad_answer);
}

TEST_CASE("pgbackrest: slow listings end within the time of the run, and the next run goes on") {
    Scripted scripted;
    scripted.world.latency = std::chrono::seconds{20};
    const auto began = scripted.world.timers().elapsed();
    const auto seen = scripted.look();
    CHECK(scripted.world.timers().elapsed() - began <= std::chrono::minutes{1});
    REQUIRE(seen);
    CHECK(std::get<core::RecoveryPoints>(seen->subjects.at(0).evidence.at(0)).count == 3);
    REQUIRE(seen->subjects.at(0).failure);
    CHECK(seen->subjects.at(0).failure->kind == FailureKind::timed_out);
}

TEST_CASE("pgbackrest: an empty command is a mistake") {
    core::config::Diagnostics diagnostics;
    find("pgbackrest")
        ->compile({entry("command", list({}))}, {"check.x", "collector 'pgbackrest'", {}}, {}, diagnostics);
    REQUIRE(diagnostics.has_mistakes());
    CHECK_THAT(diagnostics.all().front().message, ContainsSubstring("'command'"));
}
