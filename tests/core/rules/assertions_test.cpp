// SPDX-License-Identifier: Apache-2.0
#include "core/clock.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

namespace recoverd::core {

using enum RuleId;

namespace {

Assertion expects(std::string name, std::string expected, std::optional<std::string> actual,
                  Compare compare = Compare::equal) {
    return {.name = std::move(name), .expected = std::move(expected), .actual = std::move(actual), .compare = compare};
}

Lines said_of(Measurement measurement) { return Bench{}.sees({std::move(measurement)}).says(); }

} // namespace

TEST_CASE("an expectation that does not hold says what was expected and what was found") {
    Bench bench;
    bench.sees(
        {Assertions{{expects("versioning", "Enabled", "Suspended"), expects("copies", "3", "2", Compare::at_least),
                     expects("age", "5", "9", Compare::at_most), expects("lock", "on", "on")}}});
    CHECK(bench.says() ==
          Lines{"P2 AssertionFailed assertion=age: age: at most 5 expected, 9 found",
                "P2 AssertionFailed assertion=copies: copies: at least 3 expected, 2 found",
                "P2 AssertionFailed assertion=versioning: versioning: Enabled expected, Suspended found"});
}

TEST_CASE("an expectation keeps the priority its source asks for") {
    Assertion assertion = expects("a", "1", "2");
    assertion.priority = Priority::p3;
    assertion.detail = "see there";
    Bench bench;
    bench.policy(assertion_failed, {{.priority = Priority::p1}});
    bench.sees({Assertions{{assertion, expects("b", "1", "2")}}});
    CHECK(bench.says() == Lines{"P3 AssertionFailed assertion=a: a: 1 expected, 2 found: see there",
                                "P1 AssertionFailed assertion=b: b: 1 expected, 2 found"});
}

TEST_CASE("a plug-in's own verdict speaks in its own words") {
    Assertion assertion{
        .name = "plugin", .compare = Compare::verdict, .verdict = Told::no, .detail = "2 users logged in"};
    CHECK(Bench{}.sees({Assertions{{assertion}}}).says() ==
          Lines{"P2 AssertionFailed assertion=plugin: plugin: 2 users logged in"});
    assertion.detail.clear();
    CHECK(Bench{}.sees({Assertions{{assertion}}}).says() ==
          Lines{"P2 AssertionFailed assertion=plugin: plugin: its check says that it does not hold"});
}

TEST_CASE("an expectation that was never known to fail is missing evidence while it is unknown") {
    Bench bench;
    Assertion unknown = expects("versioning", "Enabled", std::nullopt);
    bench.sees({Assertions{{unknown}}});
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, evidence_missing) == kNow + 5min);
    bench.after(5min).sees({Assertions{{unknown}}});
    CHECK(bench.says() ==
          Lines{"P3 EvidenceMissing assertion=versioning: versioning could not be learned for 5m, 5m allowed"});
    CHECK(bench.judged().findings.at(0).hold == 0ms);
    CHECK(first_speaks(bench, evidence_missing, Priority::p2) == kNow + 20min);
    unknown.detail = "501 Not Implemented";
    bench.after(15min).sees({Assertions{{unknown}}});
    CHECK(bench.says() == Lines{"P2 EvidenceMissing assertion=versioning: versioning could not be learned for 20m, 20m "
                                "allowed: 501 Not Implemented"});
}

TEST_CASE("for how long an expectation may be unknown is the policy's to say") {
    Bench bench;
    bench.policy(evidence_missing, {{.over = 7200, .priority = Priority::p4}, {.over = 86'400}});
    bench.sees({Assertions{{expects("versioning", "Enabled", std::nullopt)}}});
    CHECK(first_speaks(bench, evidence_missing) == kNow + 2h);
    CHECK(first_speaks(bench, evidence_missing, Priority::p3) == kNow + kDay);
}

TEST_CASE("an expectation is unknown since it was asked for in vain, and anew once it was known or not asked for") {
    Bench bench;
    const Assertions unknown{{expects("versioning", "Enabled", std::nullopt)}};
    const auto silent_again = [&] { return first_speaks(bench, evidence_missing) == bench.now + 5min; };
    bench.sees({unknown}).after(4min);
    SECTION("it was known to hold") {
        bench.sees({Assertions{{expects("versioning", "Enabled", "Enabled")}}});
        CHECK(bench.seen().unknown_assertions.empty());
        CHECK(bench.sees({unknown}).says().empty());
        CHECK(silent_again());
    }
    SECTION("it was not named") {
        bench.sees({Assertions{{expects("lock", "on", "on")}}, unknown});
        CHECK(bench.seen().unknown_assertions.size() == 1);
        bench.sees({Assertions{{expects("lock", "on", "on")}}});
        CHECK(bench.seen().unknown_assertions.empty());
        CHECK(bench.sees({unknown}).says().empty());
        CHECK(silent_again());
    }
    SECTION("nothing was learned at all") {
        bench.fails().after(2min).sees({unknown});
        CHECK(bench.says(evidence_missing).size() == 1);
    }
    SECTION("the clock jumped, and not because time went by") {
        move_by(bench.memory, 1h);
        bench.after(1h);
        CHECK(bench.says().empty());
        CHECK(first_speaks(bench, evidence_missing) == bench.now + 1min);
    }
    SECTION("an older release kept no such thing") {
        bench.seen().unknown_assertions.clear();
        CHECK(bench.says().empty());
        CHECK(bench.sees({unknown}).says().empty());
        CHECK(silent_again());
    }
}

TEST_CASE("an expectation that failed goes on until it is known to hold") {
    Bench bench;
    bench.sees({Assertions{{expects("versioning", "Enabled", "Suspended")}}}).after(10min);
    const Lines still{"P2 AssertionFailed assertion=versioning: versioning: Enabled expected, Suspended found when it "
                      "was last known, failing for 10m"};
    SECTION("it is unknown") {
        bench.sees({Assertions{{expects("versioning", "Enabled", std::nullopt)}}});
        CHECK(bench.says() == still);
    }
    SECTION("it is not listed") {
        bench.sees({Assertions{}});
        CHECK(bench.says() == still);
    }
    SECTION("no expectation is listed") {
        bench.sees({Fingerprint{"id", "1"}});
        CHECK(bench.says() == still);
    }
    bench.sees({Assertions{{expects("versioning", "Enabled", "Enabled")}}});
    CHECK(bench.says().empty());
}

TEST_CASE("an expectation that fails again in another way says the new value once") {
    Bench bench;
    bench.sees({Assertions{{expects("n", "1", "2")}}}).after(1min).sees({Assertions{{expects("n", "1", "3")}}});
    CHECK(bench.says() == Lines{"P2 AssertionFailed assertion=n: n: 1 expected, 3 found"});
    CHECK(bench.seen().failing_assertions.at(0).since == kNow);
}

TEST_CASE("a value that may not change is found when it does, and until it returns") {
    Bench bench;
    const auto id = [](std::string value) { return Fingerprint{"system identifier", std::move(value)}; };
    bench.sees({id("7")}).after(1h).sees({id("8")}).after(1h);
    CHECK(bench.says() == Lines{"P2 AssertionFailed assertion=system identifier: system identifier was 7, and has been "
                                "8 for 1h"});
    CHECK(bench.fails().says(assertion_failed).size() == 1);
    CHECK(bench.sees({id("")}).says(assertion_failed).size() == 1);
    CHECK(bench.sees({id("9")}).says(assertion_failed).at(0).ends_with("has been 9 for 1h"));
    CHECK(bench.sees({id("7")}).says().empty());
}

TEST_CASE("a value that may rise is found only when it goes back, and until it is past the highest again") {
    Bench bench;
    const auto serial = [](std::string value) { return Fingerprint{"serial", std::move(value), Constancy::rising}; };
    CHECK(bench.sees({serial("9")}).sees({serial("10")}).sees({serial("10")}).says().empty());
    CHECK(bench.sees({serial("9")}).says().size() == 1);
    CHECK(bench.sees({serial("010")}).says().empty());
    CHECK(bench.sees({serial("18446744073709551616")}).sees({serial("18446744073709551615")}).says().size() == 1);
}

TEST_CASE("a measurement outside its range is found with its unit") {
    CHECK(said_of({.name = "load", .value = 5, .above = 4.0}) ==
          Lines{"P3 MeasurementOutOfRange measurement=load: load is 5, at most 4 allowed"});
    CHECK(said_of({.name = "free", .value = 0.5, .unit = "GiB", .below = 1.0}) ==
          Lines{"P3 MeasurementOutOfRange measurement=free: free is 0.5 GiB, at least 1 allowed"});
    CHECK(said_of({.name = "t", .value = 9, .above = 8.0, .below = 2.0, .priority = Priority::p1}) ==
          Lines{"P1 MeasurementOutOfRange measurement=t: t is 9, within 2 to 8 allowed"});
    CHECK(said_of({.name = "t", .value = 8, .above = 8.0, .below = 2.0}).empty());
    CHECK(said_of({.name = "t", .value = 2, .above = 8.0, .below = 2.0}).empty());
    CHECK(said_of({.name = "t", .value = 1e9}).empty());
}

TEST_CASE("an inverted range alarms inside") {
    const auto inverted = [](double value, std::optional<double> above, std::optional<double> below) {
        return said_of({.name = "t", .value = value, .above = above, .below = below, .inverted = true});
    };
    CHECK(inverted(5, 8.0, 2.0) == Lines{"P3 MeasurementOutOfRange measurement=t: t is 5, outside 2 to 8 allowed"});
    CHECK(inverted(8, 8.0, 2.0).size() == 1);
    CHECK(inverted(9, 8.0, 2.0).empty());
    CHECK(inverted(1, 8.0, std::nullopt) == Lines{"P3 MeasurementOutOfRange measurement=t: t is 1, above 8 allowed"});
    CHECK(inverted(9, std::nullopt, 8.0) == Lines{"P3 MeasurementOutOfRange measurement=t: t is 9, below 8 allowed"});
    CHECK(inverted(5, std::nullopt, std::nullopt).empty());
}

TEST_CASE("what is no number is implausible, not in range") {
    CHECK(said_of({.name = "t", .value = std::nan(""), .above = 1.0}) ==
          Lines{"P3 EvidenceImplausible: t is not a number"});
}

} // namespace recoverd::core
