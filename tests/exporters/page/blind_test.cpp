// SPDX-License-Identifier: Apache-2.0
// What the status page says of what nobody knows: not only of checks that failed as a whole.
#include "exporters/page/status_page.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <memory>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The section of the page; empty when there is none.
std::string unknown_of(const core::Snapshot& snapshot) {
    const std::string page = exporters::status_page(snapshot, test::facts());
    const auto begin = page.find("<section aria-labelledby=\"blind\">");
    return begin == std::string::npos ? "" : page.substr(begin, page.find("</section>", begin) - begin);
}

/// One check that works, with a subject to each memory.
core::Snapshot of(std::vector<core::SubjectMemory> subjects) {
    core::CheckSnapshot check;
    auto configured = std::make_shared<core::Check>();
    configured->name = "repositories";
    configured->every = 5min;
    check.check = std::move(configured);
    core::CheckMemory& memory = test::memory_of(check);
    memory.last_run = memory.last_success = test::kNow;
    for (core::SubjectMemory& subject : subjects) {
        memory.subjects.emplace(fmt::format("repo{}", memory.subjects.size() + 1), std::move(subject));
        check.subject_assets.emplace_back("orders-db");
    }
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.checks.push_back(std::make_shared<const core::CheckSnapshot>(std::move(check)));
    return snapshot;
}

core::SubjectMemory failing() {
    core::SubjectMemory subject;
    subject.failure = core::Failure{core::FailureKind::refused, "no permission to read <it>"};
    subject.failing_since = test::kNow - 2min;
    return subject;
}

core::SubjectMemory asserting(std::vector<core::Assertion> assertions) {
    core::SubjectMemory subject;
    subject.evidence =
        std::make_shared<const core::EvidenceList>(core::EvidenceList{core::Assertions{std::move(assertions)}});
    return subject;
}

} // namespace

TEST_CASE("a subject that failed is unknown though its check succeeded and nothing fires yet") {
    const std::string unknown = unknown_of(of({failing(), asserting({})}));
    CHECK_THAT(unknown, ContainsSubstring("check/repositories") && ContainsSubstring("1 unknown"));
    CHECK_THAT(unknown, ContainsSubstring("<li>repo1: refused: no permission to read &lt;it&gt;, since <time"));
    CHECK_THAT(unknown, !ContainsSubstring("repo2"));
}

TEST_CASE("an expectation of which nobody can tell is unknown, one that holds or does not is known") {
    const std::string unknown =
        unknown_of(of({asserting({{.name = "encryption", .expected = "on", .detail = "no access to its settings"},
                                  {.name = "lock", .expected = "on"},
                                  {.name = "versioning", .expected = "on", .actual = "on"},
                                  {.name = "privacy", .expected = "on", .actual = "off"}})}));
    CHECK_THAT(unknown, ContainsSubstring("2 unknown"));
    CHECK_THAT(unknown, ContainsSubstring("<li>repo1: encryption: no access to its settings</li>"));
    CHECK_THAT(unknown, ContainsSubstring("<li>repo1: lock: could not be learned</li>"));
    CHECK_THAT(unknown, !ContainsSubstring("versioning") && !ContainsSubstring("privacy"));
}

TEST_CASE("a subject that failed is one thing unknown, whatever was expected of it before") {
    core::SubjectMemory both = asserting({{.name = "lock", .expected = "on"}});
    both.failure = failing().failure;
    both.failing_since = test::kNow - 1h;
    CHECK_THAT(unknown_of(of({both})), ContainsSubstring("1 unknown") && !ContainsSubstring("lock"));
}

TEST_CASE("what is missing from a complete answer, and a check that finds nothing, are unknown") {
    core::SubjectMemory gone;
    gone.vanished_since = test::kNow - 3min;
    CHECK_THAT(unknown_of(of({gone})), ContainsSubstring("repo1: vanished: it is missing from the answer, since"));
    CHECK_THAT(unknown_of(of({})), ContainsSubstring("nothing found") && ContainsSubstring("finds nothing"));
}

TEST_CASE("where all is known nothing is said, and what knows nothing at all comes first") {
    CHECK(unknown_of(of({asserting({{.name = "lock", .expected = "on", .actual = "on"}})})).empty());
    core::Snapshot snapshot = of({failing()});
    core::CheckSnapshot whole = snapshot.checks[0];
    auto configured = std::make_shared<core::Check>(*whole.check);
    configured->name = "whole";
    whole.check = std::move(configured);
    test::memory_of(whole).failure = core::Failure{core::FailureKind::timed_out, "no answer within 10s"};
    snapshot.checks.push_back(std::make_shared<const core::CheckSnapshot>(std::move(whole)));
    const std::string unknown = unknown_of(snapshot);
    CHECK(unknown.find("check/whole") < unknown.find("check/repositories"));
    // What its subjects were before is not told as well.
    CHECK(unknown.find("repo1") == unknown.rfind("repo1"));
}

TEST_CASE("of a check of which much is unknown the page tells some, and how much more there is") {
    CHECK_THAT(unknown_of(of(std::vector<core::SubjectMemory>(9, failing()))),
               ContainsSubstring("9 unknown") && ContainsSubstring("and 4 more") && !ContainsSubstring("repo6"));
}
