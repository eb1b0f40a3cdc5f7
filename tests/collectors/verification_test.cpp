// SPDX-License-Identifier: Apache-2.0
// What a tool's own check found, from run to run.
#include "collectors/verification.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::collectors;

namespace {

constexpr Time kChecked{std::chrono::seconds{1'795'400'000}};
constexpr const char* kOrders = "db1:/srv/orders";

Series of_orders() {
    Series series;
    series[kOrders].points = {core::RecoveryPoint{.id = "first"}, core::RecoveryPoint{.id = "second"}};
    return series;
}

} // namespace

TEST_CASE("a check that passed proves what was there, and nothing that came later") {
    Series series = of_orders();
    Verification verification;
    verification.passed(series);
    series[kOrders].points.push_back({.id = "later"});
    for (auto& [name, points] : series)
        verification.mark(points, core::Depth::listed);
    CHECK(series[kOrders].points.front().depth == core::Depth::listed);
    CHECK(series[kOrders].points.back().depth == core::Depth::exists);
}

TEST_CASE("a proof does not go over to another point that took the name of one that was proven") {
    Series series = of_orders();
    Verification verification;
    verification.passed(series, {{"first", "aa"}, {"second", "bb"}});
    auto& points = series[kOrders];
    verification.mark(points, core::Depth::checksummed, {{"first", "aa"}, {"second", "cc"}});
    CHECK(points.points.front().depth == core::Depth::checksummed);
    CHECK(points.points.back().depth == core::Depth::exists);
}

TEST_CASE("a check that found errors leaves nothing to rely on, until one passes") {
    Series series = of_orders();
    Verification verification;
    verification.passed(series);
    verification.found("pack a: does not exist");
    auto& points = series[kOrders];
    verification.mark(points, core::Depth::listed);
    CHECK(points.points.front().state == core::PointState::bad);
    CHECK(points.points.front().detail == "pack a: does not exist");
    CHECK(points.points.front().depth == core::Depth::exists);
    verification.passed(series);
    CHECK(verification.errors.empty());
}

TEST_CASE("a check is due when none was made, when the last one is old, and sooner when that came to no end") {
    Verification verification;
    CHECK(verification.due(kChecked, core::kDay));
    verification.tried_at = kChecked;
    CHECK_FALSE(verification.due(kChecked + std::chrono::hours{23}, core::kDay));
    CHECK(verification.due(kChecked + core::kDay, core::kDay));
    CHECK(verification.due(kChecked - std::chrono::hours{1}, core::kDay));
    verification.failure = Failure{};
    CHECK_FALSE(verification.due(kChecked + std::chrono::hours{2}, core::kDay));
    CHECK(verification.due(kChecked + std::chrono::hours{3}, core::kDay));
}

TEST_CASE(
    "a check that a broken connection or the time ended is made again once soon after its end, and then as others") {
    using namespace std::chrono_literals;
    for (const FailureKind kind : {FailureKind::unreachable, FailureKind::timed_out}) {
        Verification verification;
        Time ended = kChecked + 4h;
        verification.tried(Failure{kind, "broken"}, kChecked, ended);
        CHECK_FALSE(verification.due(ended + 4min, core::kDay));
        CHECK(verification.due(ended + 5min, core::kDay));
        // It reads for hours again.
        ended += 5min + 4h;
        verification.tried(Failure{kind, "broken"}, ended - 4h, ended);
        CHECK_FALSE(verification.due(ended + 2h, core::kDay));
        CHECK(verification.due(ended + 3h, core::kDay));
        verification.tried(Failure{kind, "broken"}, ended + 3h, ended + 7h);
        CHECK_FALSE(verification.due(ended + 9h, core::kDay));
        // After one that came to an end the next is the first again.
        verification.tried(std::nullopt, ended + 10h, ended + 14h);
        CHECK(verification.tried_at == ended + 10h);
        verification.tried(Failure{kind, "broken"}, ended + 34h, ended + 35h);
        CHECK(verification.due(ended + 35h + 5min, core::kDay));
    }
    Verification verification;
    verification.tried(Failure{FailureKind::bad_answer, "out of memory"}, kChecked, kChecked);
    CHECK_FALSE(verification.due(kChecked + 2h, core::kDay));
    CHECK(verification.due(kChecked + 3h, core::kDay));
    // What an older agent left behind does not say that it was the first.
    const auto read = Verification::read(io::Json::parse(
        R"({"tried_at": "2026-11-01T00:00:00Z", "failure": {"kind": "unreachable", "detail": "broken"}})"));
    CHECK_FALSE(read.due(*read.tried_at + 2h, core::kDay));
}

TEST_CASE("a check that was refused is soon made again where it may have met a lock, and else as others that came to "
          "no end") {
    Verification verification;
    verification.tried_at = kChecked;
    verification.failure = Failure{FailureKind::refused, "locked"};
    const auto due_after = [&](Duration since, Verification::Locks locks) {
        return verification.due(kChecked + since, core::kDay, false, locks);
    };
    CHECK_FALSE(due_after(std::chrono::minutes{9}, Verification::Locks::yes));
    CHECK(due_after(std::chrono::minutes{10}, Verification::Locks::yes));
    // It may have read for hours until something was refused.
    CHECK_FALSE(due_after(std::chrono::hours{2}, Verification::Locks::no));
    CHECK(due_after(std::chrono::hours{3}, Verification::Locks::no));
}

TEST_CASE(
    "a check that found errors, or came to no end, is made at once when somebody asks for it, one that passed is not") {
    Verification verification;
    verification.tried_at = kChecked;
    const Time soon = kChecked + std::chrono::minutes{1};
    verification.passed(of_orders());
    CHECK_FALSE(verification.due(soon, core::kDay, true));
    verification.found("pack a: does not exist");
    CHECK_FALSE(verification.due(soon, core::kDay));
    CHECK(verification.due(soon, core::kDay, true));
    verification.passed(of_orders());
    verification.failure = Failure{FailureKind::timed_out, "too slow"};
    CHECK_FALSE(verification.due(soon, core::kDay));
    CHECK(verification.due(soon, core::kDay, true));
}

TEST_CASE("what a check found survives in the cursor") {
    Verification verification;
    verification.passed(of_orders());
    verification.tried_at = kChecked;
    verification.failure = Failure{FailureKind::timed_out, "too slow"};
    const auto again = [](const Verification& kept) {
        io::JsonWriter out;
        kept.write(out);
        return Verification::read(io::Json::parse(out.take()));
    };
    CHECK(again(verification).proven == verification.proven);
    CHECK(again(verification).tried_at == kChecked);
    CHECK(again(verification).failure == verification.failure);
    verification.tried(verification.failure, kChecked, kChecked);
    CHECK(again(verification).failures == 1);
    verification.found("errors");
    CHECK(again(verification).errors == "errors");
    CHECK(again({}).proven.empty());
}
