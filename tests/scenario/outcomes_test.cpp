// SPDX-License-Identifier: Apache-2.0
// Outcomes that come late: from a spool, or from another host than what came before.
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace recoverd::scenario {

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

} // namespace recoverd::scenario
