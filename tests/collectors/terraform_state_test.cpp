// SPDX-License-Identifier: Apache-2.0
// What looks at a Terraform state mean, one after the other, as the worker tells of them.
#include "collectors/terraform_state.hpp"

#include "core/assertion.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::Told;

namespace {

constexpr Time kNow = test::kStart;

TerraformState state(std::uint64_t serial, std::uint64_t resources, std::string sha256) {
    TerraformState made;
    made.serial = serial;
    made.lineage = "66c56ea7";
    made.resources = resources;
    made.sha256 = std::move(sha256);
    made.md5 = "d41d8cd98f00b204e9800998ecf8427e";
    made.modified_at = kNow - 1h;
    made.locked = Told::no;
    return made;
}

TerraformState locked(TerraformState made, Duration held) {
    made.locked = Told::yes;
    made.lock.since = kNow - held;
    return made;
}

/// Looks that remember each other.
struct Story {
    TerraformExpected expected;
    TerraformCursor cursor;
    core::SubjectReport last;

    Story& then(const TerraformState& state) {
        // What is kept survives a restart.
        cursor = read_terraform_cursor(write_terraform_cursor(cursor));
        auto report = interpret_terraform(expected, state, cursor, "", kNow);
        last = report ? std::move(*report) : core::SubjectReport{"gone", {}, {}, {}};
        return *this;
    }
    /// Of the last look; nothing when it said nothing of it.
    std::optional<AssertionState> holds(std::string_view name) const {
        if (last.evidence.empty())
            return std::nullopt;
        for (const core::Assertion& assertion : test::evidence<core::Assertions>(last).assertions)
            if (assertion.name == name)
                return core::state_of(assertion);
        return std::nullopt;
    }
    std::optional<std::string> fingerprint(std::string_view name) const {
        for (const Evidence& item : last.evidence)
            if (const auto* print = std::get_if<core::Fingerprint>(&item); print && print->name == name)
                return print->value;
        return std::nullopt;
    }
    std::optional<double> measured(std::string_view name) const {
        for (const Evidence& item : last.evidence)
            if (const auto* measurement = std::get_if<core::Measurement>(&item);
                measurement && measurement->name == name)
                return measurement->value;
        return std::nullopt;
    }
};

constexpr auto kHolds = AssertionState::holds;
constexpr auto kFails = AssertionState::fails;

} // namespace

TEST_CASE("what never was a state is nothing learned, and what no longer is one is found") {
    TerraformState broken;
    broken.fault = "broken JSON (expected JSON, stopped at byte 200: syntax error)";
    Story story;
    story.then(broken);
    REQUIRE(story.last.failure);
    CHECK(story.last.failure->kind == FailureKind::bad_answer);
    CHECK(story.last.evidence.empty());
    story.then(state(6, 5, "aa"));
    CHECK(story.holds("format") == kHolds);
    story.then(broken);
    CHECK_FALSE(story.last.failure);
    CHECK(story.holds("format") == kFails);
    CHECK(story.then(state(6, 5, "aa")).holds("format") == kHolds);
}

TEST_CASE("a state that is gone has vanished, one that never was there is nothing learned") {
    TerraformState none;
    none.missing = true;
    Story story;
    CHECK(story.then(none).last.failure);
    story.then(state(6, 5, "aa"));
    CHECK(story.then(none).last.subject == "gone");
    CHECK(story.then(none).last.subject == "gone");
    // It is compared with what was before.
    CHECK(story.then(state(6, 5, "bb")).holds("content") == kFails);
}

TEST_CASE("lineage and serial are told as values that may not change and may not go back") {
    Story story;
    story.then(state(6, 5, "aa"));
    CHECK(story.fingerprint("lineage") == "66c56ea7");
    CHECK(story.fingerprint("serial") == "6");
    for (const Evidence& item : story.last.evidence)
        if (const auto* print = std::get_if<core::Fingerprint>(&item))
            CHECK((print->constancy == core::Constancy::rising) == (print->name == "serial"));
}

TEST_CASE("a state of another lineage is compared with nothing else") {
    Story story;
    story.then(state(6, 5, "aa"));
    TerraformState other = state(1, 0, "bb");
    other.lineage = "446e8023";
    story.then(other);
    CHECK(story.fingerprint("lineage") == "446e8023");
    CHECK_FALSE(story.fingerprint("serial"));
    CHECK_FALSE(story.holds("content"));
    CHECK_FALSE(story.holds("resources"));
    story.then(other);
    CHECK_FALSE(story.fingerprint("serial"));
    CHECK(story.then(state(7, 5, "cc")).fingerprint("serial") == "7");
}

TEST_CASE("a lineage that is no longer told is another one") {
    Story story;
    story.then(state(6, 5, "aa"));
    TerraformState other = state(6, 5, "aa");
    other.lineage.clear();
    CHECK(story.then(other).fingerprint("lineage") == "none");
}

TEST_CASE("two states of one serial are found, until an apply goes beyond them") {
    Story story;
    story.then(state(6, 5, "aa"));
    CHECK(story.then(state(6, 5, "aa")).holds("content") == kHolds);
    CHECK(story.then(state(6, 5, "bb")).holds("content") == kFails);
    CHECK(story.then(state(6, 5, "bb")).holds("content") == kFails);
    CHECK(story.then(state(6, 5, "aa")).holds("content") == kHolds);
    CHECK(story.then(state(7, 5, "bb")).holds("content") == kHolds);
}

TEST_CASE("a state that went back and caught up is still another one") {
    Story story;
    story.then(state(6, 5, "aa")).then(state(8, 5, "cc"));
    // The serial says so itself.
    CHECK_FALSE(story.then(state(7, 5, "bb")).holds("content"));
    CHECK(story.then(state(8, 5, "dd")).holds("content") == kFails);
}

TEST_CASE("a state that lost all its resources is found, however often it is written") {
    Story story;
    story.then(state(6, 5, "aa"));
    for (std::uint64_t serial = 7; serial < 12; ++serial)
        CHECK(story.then(state(serial, 0, fmt::format("{}", serial))).holds("resources") == kFails);
    CHECK(story.then(state(12, 5, "bb")).holds("resources") == kHolds);
}

TEST_CASE("a state that never had a resource is found, unless that is meant") {
    Story story;
    CHECK(story.then(state(1, 0, "aa")).holds("resources") == kFails);
    story = {};
    story.expected.min_resources = 0;
    CHECK(story.then(state(1, 0, "aa")).holds("resources") == kHolds);
    story.then(state(2, 1, "bb"));
    CHECK(story.then(state(3, 0, "cc")).holds("resources") == kFails);
}

TEST_CASE("a state that lost most of its resources is found for that serial and two more, then taken for what it is") {
    Story story;
    story.then(state(6, 100, "aa"));
    CHECK(story.then(state(7, 50, "bb")).holds("resources") == kHolds);
    CHECK(story.then(state(8, 24, "cc")).holds("resources") == kFails);
    CHECK(story.then(state(8, 24, "cc")).holds("resources") == kFails);
    CHECK(story.then(state(9, 24, "dd")).holds("resources") == kFails);
    CHECK(story.then(state(10, 25, "ee")).holds("resources") == kHolds);
    CHECK(story.then(state(11, 24, "ff")).holds("resources") == kHolds);
}

TEST_CASE("a new level below what is asked for is never taken") {
    Story story;
    story.expected.min_resources = 30;
    story.then(state(6, 100, "aa"));
    for (std::uint64_t serial = 7; serial < 12; ++serial)
        CHECK(story.then(state(serial, 20, fmt::format("{}", serial))).holds("resources") == kFails);
}

TEST_CASE("what an apply writes on its way is not taken for a loss") {
    Story story;
    story.then(state(6, 5, "aa"));
    story.then(locked(state(7, 0, "bb"), 1min));
    CHECK_FALSE(story.holds("resources"));
    CHECK_FALSE(story.holds("content"));
    CHECK(story.fingerprint("serial") == "7");
    CHECK(story.then(locked(state(7, 1, "b2"), 1min)).last.failure == std::nullopt);
    CHECK(story.then(state(8, 5, "cc")).holds("resources") == kHolds);
    CHECK(story.holds("content") == kHolds);
    CHECK(story.then(state(8, 5, "dd")).holds("content") == kFails);
}

TEST_CASE("where no lock can be seen, a loss counts once it stays") {
    const auto unseen = [](TerraformState made) {
        made.locked = Told::not_told;
        return made;
    };
    Story story;
    CHECK(story.then(unseen(state(6, 5, "aa"))).holds("resources") == kHolds);
    CHECK_FALSE(story.then(unseen(state(7, 0, "bb"))).holds("resources"));
    CHECK_FALSE(story.then(unseen(state(8, 1, "cc"))).holds("resources"));
    CHECK(story.then(unseen(state(8, 1, "cc"))).holds("resources") == kFails);
    CHECK_FALSE(story.measured("lock_age"));
}

TEST_CASE("of an encrypted state its resources are not asked") {
    TerraformState sealed = state(6, 0, "aa");
    sealed.encrypted = true;
    sealed.resources.reset();
    Story story;
    CHECK(story.then(sealed).holds("format") == kHolds);
    CHECK_FALSE(story.holds("resources"));
    CHECK(story.fingerprint("serial") == "6");
    sealed.sha256 = "bb";
    CHECK(story.then(sealed).holds("content") == kFails);
    sealed.serial.reset();
    sealed.lineage.clear();
    story = {};
    story.then(sealed);
    CHECK(story.holds("format") == kHolds);
    CHECK_FALSE(story.fingerprint("lineage"));
    CHECK_FALSE(story.fingerprint("serial"));
    CHECK_FALSE(story.last.failure);
}

TEST_CASE("a lock is as old as it says, and none is none") {
    Story story;
    story.then(state(6, 5, "aa"));
    CHECK(story.measured("lock_age") == 0);
    CHECK(story.then(locked(state(6, 5, "aa"), 3h)).measured("lock_age") == 10800);
    // Also of a state that is broken.
    TerraformState broken = locked({}, 3h);
    broken.fault = "nothing at all";
    CHECK(story.then(broken).measured("lock_age") == 10800);
    story.expected.stale_lock = 4h;
    story.then(locked(state(6, 5, "aa"), 3h));
    for (const Evidence& item : story.last.evidence)
        if (const auto* held = std::get_if<core::Measurement>(&item); held && held->name == "lock_age")
            CHECK(held->above == 14'400.0);
    // One that is not stale is not taken to be held while nobody tells.
    TerraformState unseen = state(6, 5, "aa");
    unseen.locked = Told::not_told;
    CHECK_FALSE(story.then(unseen).measured("lock_age"));
}

TEST_CASE("a lock that was left behind stays one while nobody tells, a young one does not grow old unseen") {
    const TerraformState unseen = [] {
        TerraformState made = state(6, 5, "aa");
        made.locked = Told::not_told;
        return made;
    }();
    Story story;
    story.then(locked(state(6, 5, "aa"), 1min));
    CHECK_FALSE(story.then(unseen).measured("lock_age"));
    story.then(locked(state(6, 5, "aa"), 3h));
    CHECK(story.then(unseen).measured("lock_age") == 10800);
    CHECK(story.then(unseen).measured("lock_age") == 10800);
    CHECK(story.then(state(6, 5, "aa")).measured("lock_age") == 0);
    CHECK_FALSE(story.then(unseen).measured("lock_age"));
}

TEST_CASE("a lock of which nobody tells since when it is held is as old as our knowledge of it") {
    TerraformState undated = locked(state(6, 5, "aa"), 0h);
    undated.lock.since.reset();
    Story story;
    CHECK(story.then(undated).measured("lock_age") == 0);
    CHECK(read_terraform_cursor(write_terraform_cursor(story.cursor)).at("").held_since == kNow);
    story.cursor.at("").held_since = kNow - 3h;
    CHECK(story.then(undated).measured("lock_age") == 10800);
    CHECK(story.then(state(6, 5, "aa")).measured("lock_age") == 0);
    CHECK(story.then(undated).measured("lock_age") == 0);
}

TEST_CASE("a lock or a state dated ahead is not believed") {
    Story story;
    story.then(locked(state(6, 5, "aa"), -1h));
    REQUIRE(story.last.failure);
    CHECK_THAT(story.last.failure->detail, ContainsSubstring("its lock is dated 3600 s ahead"));
    CHECK_FALSE(story.measured("lock_age"));
    TerraformState ahead = state(6, 5, "aa");
    ahead.modified_at = kNow + 1h;
    story.then(ahead);
    REQUIRE(story.last.failure);
    CHECK_THAT(story.last.failure->detail, ContainsSubstring("the state is dated 3600 s ahead"));
    ahead.modified_at = kNow + 1min;
    CHECK_FALSE(story.then(ahead).last.failure);
}

TEST_CASE("a lock that says nothing of itself is as old as its last write") {
    for (const char* text : {"", "hunter2", "{}", R"({"Created": 7})", R"({"Created": "yesterday"})", "[]", "null"})
        CHECK(read_terraform_lock(text, kNow).since == kNow);
    CHECK(read_terraform_lock("", std::nullopt).since == std::nullopt);
    CHECK(read_terraform_lock(test::data("terraform/lock.info"), kNow).since ==
          Time{std::chrono::milliseconds{1'795'941'244'279}});
}

TEST_CASE("an age is asked where it was promised, and not to know it is found") {
    Story story;
    CHECK_FALSE(story.then(state(6, 5, "aa")).measured("age"));
    story.expected.max_age = 24h;
    CHECK(story.then(state(6, 5, "aa")).measured("age") == 3600);
    TerraformState undated = state(6, 5, "aa");
    undated.modified_at.reset();
    CHECK(story.then(undated).last.failure);
}

TEST_CASE("a state that its server says is another one is found") {
    TerraformState told = state(6, 5, "aa");
    told.told_md5 = told.md5;
    Story story;
    CHECK(story.then(told).holds("checksum") == kHolds);
    told.told_md5 = "00000000000000000000000000000000";
    CHECK(story.then(told).holds("checksum") == kFails);
}

TEST_CASE("a cursor that is none begins anew") {
    for (const char* text : {"", "cursor 4", "[]", R"({"": 7})", R"({"": {"serial": "x"}})"})
        CHECK(read_terraform_cursor(text).empty());
}

TEST_CASE("a state whose lock may lie elsewhere is compared like one of which no lock is told, until one was seen") {
    const auto elsewhere = [](TerraformState made) {
        made.may_lock_elsewhere = true;
        return made;
    };
    Story story;
    story.then(elsewhere(state(1, 10, "aa")));
    // It may be what an apply writes on the way.
    story.then(elsewhere(state(2, 1, "bb")));
    CHECK(story.holds("resources") == std::nullopt);
    story.then(elsewhere(state(2, 1, "bb")));
    CHECK(story.holds("resources") == AssertionState::fails);
    story.then(elsewhere(state(3, 10, "cc")));
    story.then(elsewhere(locked(state(3, 10, "cc"), 1min)));
    story.then(elsewhere(state(4, 1, "dd")));
    CHECK(story.holds("resources") == AssertionState::fails);
}
