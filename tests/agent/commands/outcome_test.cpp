// SPDX-License-Identifier: Apache-2.0
// `recoverd outcome` against a daemon that is away, refuses, or takes what it is told.
#include "tests/agent/commands/typed.hpp"

#include "io/json.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <unistd.h>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::Ended;
using test::Folder;
using test::ScriptedServer;
using test::typed;

namespace {

const std::string kPath = "/api/v1/outcomes";
constexpr int kSpooled = 75;
constexpr const char* kTaken = R"({"id": "20261202T020000Z"})";

/// A port nobody listens on: its server has gone.
std::string nobody() {
    const ScriptedServer gone;
    return gone.url("");
}

struct Reports {
    Folder folder;
    ScriptedServer server;

    std::string spool() const { return folder.path("spool"); }
    Ended report(std::vector<std::string> words, const std::string& url) const {
        words.insert(words.begin(), {"outcome", "--url", url, "--spool", spool()});
        return typed(std::move(words));
    }
    Ended report(std::vector<std::string> words) const { return report(std::move(words), server.url("")); }
    /// It is away.
    void keep(std::vector<std::string> words) {
        server.on(kPath, test::says(503, ""));
        REQUIRE(report(std::move(words)).code == kSpooled);
    }
    std::vector<io::Json> posted() const {
        std::vector<io::Json> bodies;
        for (const auto& request : server.got())
            bodies.push_back(io::Json::parse(request.body));
        return bodies;
    }
    std::vector<std::string> spooled() const {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator{spool(), none})
            names.push_back(entry.path().filename());
        return names;
    }
};

const std::vector<std::string> kTest{"--asset", "orders-db", "--exercise", "restore-test", "--outcome", "passed"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

} // namespace

TEST_CASE("a page that answers 200 is no daemon that recorded: the report waits") {
    Reports reports;
    for (const char* page : {"<html>We are back soon</html>", "", "{}", R"({"status": "ok"})", "[]"}) {
        reports.server.on(kPath, test::says(200, page));
        const auto ended = reports.report(kTest);
        CHECK(ended.code == kSpooled);
        CHECK_THAT(ended.err, ContainsSubstring("not by a daemon of recoverd"));
    }
    CHECK(reports.spooled().size() == 5);
    reports.server.on(kPath, test::says(201, kTaken));
    CHECK(reports.report(kTest).code == 0);
    CHECK(reports.spooled().empty());
}

TEST_CASE("an outcome that makes no sense is not sent, every mistake is named, and the code is that of wrong usage") {
    Reports reports;
    const auto ended =
        reports.report({"--outcome", "pased", "--rto", "20x", "--size", "big", "--started-at", "yesterday"});
    CHECK(ended.code == 64);
    for (const char* mistake :
         {"asset: missing", "exercise: missing", "--rto: ", "--size: ", "--started-at: ", "'pased'", "hint: "})
        CHECK_THAT(ended.err, ContainsSubstring(mistake));
    CHECK(reports.server.got().empty());
    CHECK(reports.spooled().empty());
}

TEST_CASE("what the daemon refuses is said mistake by mistake, fails, and is not kept") {
    Reports reports;
    reports.server.on(kPath, test::says(404, R"({"errors":["asset: no asset 'x' is configured","and more"]})"));
    const auto ended = reports.report(kTest);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, ContainsSubstring("refused the report with status 404\n  asset: no asset 'x' is configured\n"
                                            "  and more\n"));
    CHECK(reports.spooled().empty());
}

TEST_CASE("a report that nobody judged is kept: no connection, a server error, a wrong token, another server") {
    Reports reports;
    const auto expect_kept = [&](const Ended& ended) {
        CHECK(ended.code == kSpooled);
        CHECK_THAT(ended.err, ContainsSubstring("waits in " + reports.spool()));
        CHECK(reports.spooled().size() == 1);
        std::filesystem::remove_all(reports.spool());
    };
    expect_kept(reports.report(kTest, nobody()));
    reports.server.on(kPath, test::says(503, R"({"errors":["not recorded: disk full"]})"));
    expect_kept(reports.report(kTest));
    reports.server.on(kPath, test::says(401, "expected the token for outcomes\n"));
    expect_kept(reports.report(kTest));
    reports.server.on(kPath, test::says(404, "<html>not found</html>"));
    expect_kept(reports.report(kTest));
    reports.server.on(kPath, test::hangs_up());
    expect_kept(reports.report(kTest));
}

TEST_CASE("a report that cannot be kept either is lost loudly") {
    const Reports reports;
    const auto ended =
        typed(with({"outcome", "--url", nobody(), "--spool", reports.folder.path("no/such/folder")}, kTest));
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, ContainsSubstring("is lost: cannot make folder") && ContainsSubstring("hint: --spool"));
}

TEST_CASE("what was kept goes out before the next report, oldest first, and says when it was") {
    Reports reports;
    reports.keep(with(kTest, {"--id", "one"}));
    REQUIRE(reports.report(with(kTest, {"--id", "two"})).code == kSpooled);
    // A daemon that is away is asked once, not once for each.
    CHECK(reports.server.got().size() == 2);
    reports.server.on(kPath, test::says(201, kTaken));
    CHECK(reports.report(with(kTest, {"--id", "three"})).code == 0);
    const auto posted = reports.posted();
    REQUIRE(posted.size() == 5);
    CHECK(posted[2]["id"].text() == "one");
    CHECK(posted[2]["ended_at"].is_text());
    CHECK(posted[3]["id"].text() == "two");
    CHECK(posted[4]["id"].text() == "three");
    CHECK(reports.spooled().empty());
}

TEST_CASE("flush sends what was kept for this daemon only") {
    Reports reports;
    REQUIRE(reports.report(with(kTest, {"--id", "elsewhere"}), nobody()).code == kSpooled);
    reports.keep(with(kTest, {"--id", "here"}));
    CHECK(reports.report({"--flush"}).code == kSpooled);
    reports.server.on(kPath, test::says(200, kTaken));
    CHECK(reports.report({"--flush"}).code == 0);
    CHECK(reports.posted().back()["id"].text() == "here");
    CHECK(reports.spooled().size() == 1);
    CHECK(reports.report(with(kTest, {"--flush"})).code == 64);
}

TEST_CASE("what was kept and is refused is set aside, not sent for ever, and holds up nothing") {
    Reports reports;
    reports.keep(kTest);
    reports.server.on(kPath, test::says(404, R"({"errors":["asset: gone"]})"));
    const auto ended = reports.report({"--flush"});
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, ContainsSubstring("asset: gone") && ContainsSubstring(".refused"));
    const auto asked = reports.server.got().size();
    CHECK(reports.report({"--flush"}).code == 0);
    CHECK(reports.server.got().size() == asked);
    REQUIRE(reports.spooled().size() == 1);
    CHECK(reports.spooled().front().ends_with(".refused"));
}

TEST_CASE("what was kept and is too large to be taken holds up nothing") {
    Reports reports;
    reports.keep(kTest);
    reports.server.on(kPath, test::says(413, "the request is too large\n"));
    CHECK(reports.report({"--flush"}).code == 1);
    REQUIRE(reports.spooled().size() == 1);
    CHECK(reports.spooled().front().ends_with(".refused"));
}

TEST_CASE("a file of any size in the spool is read no further than a report may be long") {
    Reports reports;
    std::filesystem::create_directory(reports.spool());
    reports.folder.write("spool/1.json", "{");
    std::filesystem::resize_file(reports.folder.path("spool/1.json"), std::uintmax_t{1} << 33U);
    reports.server.on(kPath, test::says(201, kTaken));
    const auto ended = reports.report(kTest);
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, ContainsSubstring("no report of ours"));
    CHECK(reports.spooled() == std::vector<std::string>{"1.json.refused"});
}

TEST_CASE("what another user left in the spool is not sent, by root neither") {
    if (::geteuid() != 0)
        return; // nobody else can leave files of others
    Reports reports;
    reports.keep(with(kTest, {"--id", "theirs"}));
    const std::string left = reports.spool() + "/" + reports.spooled().front();
    REQUIRE(::chown(left.c_str(), 65'534, 65'534) == 0);
    reports.server.on(kPath, test::says(201, kTaken));
    CHECK(reports.report(with(kTest, {"--id", "ours"})).code == 0);
    CHECK(reports.posted().back()["id"].text() == "ours");
    CHECK(reports.posted().size() == 2);
    CHECK(reports.spooled().size() == 1);
}

TEST_CASE("a damaged file in the spool is set aside and said") {
    Reports reports;
    std::filesystem::create_directory(reports.spool());
    reports.folder.write("spool/1.json", "{\"url\":");
    reports.server.on(kPath, test::says(201, kTaken));
    const auto ended = reports.report(kTest);
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, ContainsSubstring("set aside"));
    CHECK(reports.spooled() == std::vector<std::string>{"1.json.refused"});
}

TEST_CASE("every field is sent as the API has it, with the token") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    reports.folder.write("token", "hunter2\n");
    const auto ended = reports.report({"--asset",       "orders-db",
                                       "--kind",        "backup",
                                       "--outcome",     "failed",
                                       "--id",          "r1",
                                       "--started-at",  "1763780400",
                                       "--ended-at",    "2025-11-22T03:21:40Z",
                                       "--rpo",         "4m",
                                       "--rto",         "1300",
                                       "--depth",       "queried",
                                       "--link",        "https://ci/81",
                                       "--message",     "12 \"tables\"",
                                       "--size",        "1KiB",
                                       "--backup-type", "full",
                                       "--token-file",  reports.folder.path("token")});
    CHECK(ended.code == 0);
    CHECK(ended.out == "recorded run 'r1'\n");
    const auto got = reports.server.got();
    REQUIRE(got.size() == 1);
    CHECK(got[0].header("authorization") == "Bearer hunter2");
    CHECK(got[0].header("content-type") == "application/json");
    CHECK(got[0].body == R"({"id":"r1","asset":"orders-db","kind":"backup","outcome":"failed",)"
                         R"("started_at":"2025-11-22T03:00:00Z","ended_at":"2025-11-22T03:21:40Z","depth":"queried",)"
                         R"("rpo_seconds":240,"rto_seconds":1300,"link":"https://ci/81","message":"12 \"tables\"",)"
                         R"("size_bytes":1024,"backup_type":"full"})");
}

TEST_CASE("a run with a name can be reported again to the letter") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    REQUIRE(reports.report(with(kTest, {"--id", "r1"})).code == 0);
    REQUIRE(reports.report(with(kTest, {"--id", "r1"})).code == 0);
    CHECK(reports.server.got()[0].body == reports.server.got()[1].body);
}

TEST_CASE("a command's status is returned whatever becomes of its report") {
    Reports reports;
    const std::vector<std::string> about{"--asset", "orders-db", "--exercise", "restore-test", "--"};
    CHECK(reports.report(with(about, {"sh", "-c", "exit 3"}), nobody()).code == 3);
    CHECK(reports.report(with(about, {"sh", "-c", "kill -9 $$"}), nobody()).code == 137);
    CHECK(reports.report(with(about, {"true"}), nobody()).code == 0);
    CHECK(reports.report(with(about, {"/no/such/program"}), nobody()).code == 127);
    CHECK(reports.report(with(about, {reports.folder.path("")}), nobody()).code == 126);
    reports.server.on(kPath, test::says(400, R"({"errors":["no"]})"));
    CHECK(reports.report(with(about, {"sh", "-c", "exit 4"})).code == 4);
    // Even when the report itself makes no sense, and when it cannot be kept.
    const auto senseless = reports.report({"--outcome", "passed", "--", "sh", "-c", "exit 5"});
    CHECK(senseless.code == 5);
    CHECK_THAT(senseless.err, ContainsSubstring("asset: missing") && ContainsSubstring("--outcome: COMMAND tells"));
    CHECK(typed(with({"outcome", "--spool", "/no/such/folder", "--url", nobody()}, with(about, {"sh", "-c", "exit 6"})))
              .code == 6);
}

TEST_CASE("how long a restore took is measured, not said before it ran") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    const auto ended = reports.report(
        {"--asset", "orders-db", "--exercise", "restore-test", "--depth", "queried", "--rto", "21m", "--", "true"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, ContainsSubstring("--rto: COMMAND tells it by itself"));
    CHECK(reports.server.got().empty());
}

TEST_CASE("a slip in the arguments is told, and what is watched runs all the same") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    const std::vector<std::string> command{"--", "sh", "-c", "touch \"$1\"; exit 5", "sh", reports.folder.path("ran")};
    const std::pair<std::vector<std::string>, std::string> slips[] = {
        {with(kTest, {"--slip"}), "--slip"},
        {{"--exercise", "restore-test", "--asset"}, "--asset"},
        {{"orders-db", "--asset", "orders-db"}, "orders-db"},
        {{"--flush"}, "--flush"},
    };
    for (const auto& [words, named] : slips) {
        CAPTURE(named);
        const auto ended = reports.report(with(words, command));
        CHECK(ended.code == 5);
        CHECK_THAT(ended.err, ContainsSubstring(named));
        CHECK(std::filesystem::remove(reports.folder.path("ran")));
        CHECK(reports.server.got().empty());
    }
    CHECK_THAT(reports.report(with(kTest, {"--slip", "--", "true"})).err,
               ContainsSubstring("recoverd: the following argument was not expected: --slip\n") &&
                   ContainsSubstring("COMMAND runs all the same, and is not reported\n"));
    // Without anything to run it is wrong usage.
    CHECK(reports.report(with(kTest, {"--slip"})).code == 64);
    CHECK(reports.report(with(kTest, {"--slip", "--"})).code == 64);
}

TEST_CASE("a command's start and end are reported under one name, with times and how it ended") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    const auto ended =
        reports.report({"--asset", "orders-db", "--exercise", "restore-test", "--depth", "queried", "--", "sh", "-c",
                        "printf '%s' \"$1\" > \"$2\"; exit 3", "sh", "*; $HOME", reports.folder.path("said")});
    CHECK(ended.code == 3);
    // No shell looked at the words.
    CHECK(reports.folder.read("said") == "*; $HOME");
    const auto posted = reports.posted();
    REQUIRE(posted.size() == 2);
    CHECK(posted[0]["outcome"].text() == "started");
    CHECK(posted[0]["depth"].absent());
    CHECK(posted[1]["outcome"].text() == "failed");
    CHECK(posted[1]["message"].text() == "exit status 3");
    CHECK(posted[1]["depth"].text() == "queried");
    CHECK(posted[0]["id"].text() == posted[1]["id"].text());
    CHECK(posted[0]["started_at"].text() == posted[1]["started_at"].text());
    CHECK(posted[1]["ended_at"].time() >= posted[1]["started_at"].time());
}

TEST_CASE("start and end of a command are kept in their order while the daemon is away") {
    Reports reports;
    reports.server.on(kPath, test::says(500, ""));
    REQUIRE(reports.report({"--asset", "a", "--kind", "backup", "--", "true"}).code == 0);
    CHECK(reports.spooled().size() == 2);
    reports.server.on(kPath, test::says(201, kTaken));
    const auto before = reports.server.got().size();
    REQUIRE(reports.report({"--flush"}).code == 0);
    const auto posted = reports.posted();
    REQUIRE(posted.size() == before + 2);
    CHECK(posted[before]["outcome"].text() == "started");
    CHECK(posted[before + 1]["outcome"].text() == "passed");
}

// The thread sanitizer hands signals on later than they come, hence the tag.
TEST_CASE("whoever ends us ends the command, which is then reported as aborted", "[signals]") {
    Reports reports;
    reports.server.on(kPath, test::says(201, kTaken));
    // The signal goes out only once the command runs.
    std::jthread ender{[&] {
        while (!std::filesystem::exists(reports.folder.path("runs")))
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        ::kill(::getpid(), SIGTERM);
    }};
    const auto ended = reports.report({"--asset", "a", "--kind", "backup", "--", "sh", "-c",
                                       "touch \"$1\"; exec sleep 60", "sh", reports.folder.path("runs")});
    CHECK(ended.code == 128 + SIGTERM);
    CHECK(reports.posted().back()["outcome"].text() == "aborted");
}

TEST_CASE("a unix socket that nobody listens behind is said as such") {
    const Reports reports;
    const auto ended = reports.report(kTest, "unix:" + reports.folder.path("web.sock"));
    CHECK(ended.code == kSpooled);
    CHECK_THAT(ended.err, ContainsSubstring("unix:" + reports.folder.path("web.sock")));
}
