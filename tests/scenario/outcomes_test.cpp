// SPDX-License-Identifier: Apache-2.0
// Outcomes that come late, from a spool or from another host than what came before, or while the configuration changes.
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace recoverd::scenario {

namespace {

constexpr const char* kRestored = R"({"id":"82","asset":"orders","exercise":"restore-test","outcome":"passed",
                                      "depth":"queried","rto_seconds":1200})";

} // namespace

TEST_CASE("a backup whose start is told after its end does not run for ever") {
    for (const char* outcome : {"passed", "failed"}) {
        CAPTURE(outcome);
        Site site;
        site.pass_days(1);
        const std::string began = core::config::format_time(site.played.now() - 20min);
        const auto body = [&](const std::string& how) {
            return R"({"id":"81","asset":"orders","kind":"backup","started_at":")" + began + R"(","outcome":")" + how +
                   "\"}";
        };
        CHECK(site.played.post(body(outcome)).status == 201);
        site.played.pass(1min);
        CHECK(site.played.post(body("started")).status == 201);
        CHECK(site.played.post(body("started")).status == 200);
        site.pass_days(1);
        const auto firing = site.played.firing();
        CHECK(std::ranges::none_of(firing, [](const std::string& alert) { return alert.starts_with("BackupStuck"); }));
        CHECK(site.played.books_agree());
    }
}

TEST_CASE("an exercise that is called anew each time is refused at last, and those that are known go on") {
    Site site;
    const auto post = [&](const std::string& exercise, const std::string& id) {
        return site.played
            .post(R"({"id":")" + exercise + id + R"(","asset":"orders","exercise":")" + exercise +
                  R"(","outcome":"passed"})")
            .status;
    };
    for (int i = 0; i < 200; ++i)
        REQUIRE(post("build-" + std::to_string(i), "1") == 201);
    CHECK(post("build-200", "1") == 400);
    CHECK(post("restore-test-200", "1") == 400);
    CHECK(post("build-7", "2") == 201);
    // The one that is waited for, and a backup, are not counted out.
    CHECK(post("restore-test", "1") == 201);
    CHECK(site.played.post(R"({"id":"3","asset":"orders","kind":"backup","outcome":"passed"})").status == 201);
}

TEST_CASE("an outcome whose check leaves by a reload while it is recorded counts for its asset all the same") {
    Site site{1, std::string{kSite} + "\n[check.tests]\nasset = \"orders\"\ncollector = \"outcome\"\n"
                                      "exercise = \"restore-test\"\ncadence = \"7d\"\n"};
    site.restoring = false;
    site.pass_days(1);
    REQUIRE(site.played.verdict("orders") == core::VerdictState::at_risk);
    CHECK(site.played.post(kRestored, [&] { site.played.reload(kSite); }).status == 201);
    site.played.pass(1min);
    CHECK(site.played.verdict("orders") == core::VerdictState::recoverable);
    CHECK(site.played.post(kRestored).status == 200);
}

TEST_CASE("an outcome whose asset leaves by a reload while it is recorded is refused, and taken once that is back") {
    Site site;
    site.restoring = false;
    site.pass_days(1);
    const auto leave = [&] {
        site.played.reload("[check.port]\ncollector = \"tcp\"\naddress = \"127.0.0.1:5432\"\n"
                           "[alertmanager]\nurls = [\"http://127.0.0.1:9093\"]\n");
    };
    CHECK(site.played.post(kRestored, leave).status == 404);
    CHECK(site.played.disk.outcomes.empty());
    site.played.reload(kSite);
    CHECK(site.played.post(kRestored).status == 201);
}

} // namespace recoverd::scenario
