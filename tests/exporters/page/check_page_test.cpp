// SPDX-License-Identifier: Apache-2.0
// A check's page tells what was, as far as it is known: the failure that is over, alerts that ended, since when it is
// up.
#include "exporters/api.hpp"
#include "exporters/page/details.hpp"
#include "io/json.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Of the small shop, with its check `i` changed.
template <class Change>
core::Snapshot changed(std::size_t i, Change&& change) {
    core::Snapshot snapshot = test::sample_snapshot();
    core::CheckSnapshot check = snapshot.checks[i];
    change(check);
    snapshot.checks.set(i, std::make_shared<const core::CheckSnapshot>(std::move(check)));
    return snapshot;
}

std::string page_of(const core::Snapshot& snapshot, std::string_view name) {
    const auto page = exporters::page::check_page(snapshot, test::facts(), name);
    REQUIRE(page);
    return page->above + page->below;
}

void failed_before(core::CheckSnapshot& check) {
    test::memory_of(check).last_failure =
        core::PastFailure{{core::FailureKind::timed_out, "no answer within <30s>"}, test::kNow - 3h, test::kNow - 2h};
}

} // namespace

TEST_CASE("a failure that is over is told with its times and words, on the page and in the API") {
    const core::Snapshot snapshot = changed(0, failed_before);
    CHECK_THAT(
        page_of(snapshot, "orders-backup"),
        ContainsSubstring("<dt>It failed last</dt><dd>timed_out from <time datetime=\"2026-11-22T00:00:00Z\">") &&
            ContainsSubstring("2026-11-22T01:00:00Z,</time> 2h ago: no answer within &lt;30s&gt;"));
    const auto document = io::Json::parse(exporters::api::checks(snapshot));
    const io::Json& told = document["checks"][0]["last_failure"];
    CHECK(told["kind"].text() == "timed_out");
    CHECK(told["since"].text() == "2026-11-22T00:00:00Z");
    CHECK(told["until"].text() == "2026-11-22T01:00:00Z");
    CHECK_THAT(page_of(test::sample_snapshot(), "orders-backup"), !ContainsSubstring("It failed"));
}

TEST_CASE("while a check fails, the failure before that one is told apart from it") {
    const std::string page = page_of(changed(3, failed_before), "ledger-backup");
    CHECK_THAT(page, ContainsSubstring("<dt>It fails</dt><dd>unreachable since"));
    CHECK_THAT(page, ContainsSubstring("<dt>It failed before</dt><dd>timed_out from"));
}

TEST_CASE("alerts that ended lately stand below those that go on, with both their times") {
    const std::string page = page_of(test::sample_snapshot(), "orders-backup");
    const auto over = page.find("What ended lately");
    REQUIRE(over != std::string::npos);
    CHECK(page.find("BackupCorrupt") < over);
    CHECK(page.find("BackupFailed") > over);
    CHECK_THAT(page.substr(over), ContainsSubstring("from <time datetime=\"2026-11-22T02:50:00Z\">") &&
                                      ContainsSubstring("until <time datetime=\"2026-11-22T02:58:00Z\">"));
    CHECK_THAT(page_of(test::sample_snapshot(), "ledger-backup"), !ContainsSubstring("What ended lately"));
}

TEST_CASE("an alert that only would fire says so, with the moment since when it waits") {
    CHECK_THAT(page_of(test::sample_snapshot(), "shop"),
               ContainsSubstring("would fire if it lasts; since <time datetime=\"2026-11-22T02:48:00Z\">"));
}

TEST_CASE("of a subject it is told since when it is up or down, and which job failed last") {
    const std::string page = page_of(changed(2,
                                             [](core::CheckSnapshot& check) {
                                                 core::SubjectMemory& seen =
                                                     test::memory_of(check).subjects.begin()->second;
                                                 seen.settled = core::ReachState::down;
                                                 seen.settled_since = test::kNow - 5min;
                                             }),
                                     "shop");
    CHECK_THAT(page, ContainsSubstring("down since <time datetime=\"2026-11-22T02:55:00Z\">"));
    CHECK_THAT(page_of(test::sample_snapshot(), "orders-backup"),
               ContainsSubstring("last failed job <time datetime=\"2026-11-21T01:00:00Z\">") &&
                   ContainsSubstring("archive timeout") && !ContainsSubstring("up since"));
}
