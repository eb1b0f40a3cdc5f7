// SPDX-License-Identifier: Apache-2.0
// What is written to disk, and when.
#include "io/json.hpp"
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

namespace recoverd::scenario {

namespace {

/// 100 probes every five seconds, of one port each.
std::string many_probes() {
    std::string text = kSite;
    for (int i = 0; i < 100; ++i)
        text += fmt::format("\n[check.\"{}\"]\ncollector = \"tcp\"\naddress = \"127.0.0.1:{}\"\nevery = \"5s\"\n", i,
                            1'000 + i);
    return text;
}

const agent::StateRow& row_of(const Site& site, const std::string& check) {
    return site.played.disk.rows.at({"check", check});
}

/// How often a check was written anew while so much time passed.
int writes_of(Site& site, const std::string& check, Duration duration) {
    int writes = 0;
    std::string last = row_of(site, check).memory;
    for (Duration passed{0}; passed < duration; passed += 1s) {
        site.played.pass(1s);
        if (const auto& now = row_of(site, check).memory; now != last) {
            ++writes;
            last = now;
        }
    }
    return writes;
}

} // namespace

TEST_CASE("a probe that finds all well is written about once a minute, however often it runs") {
    Site site{1, many_probes()};
    site.played.pass(5min);
    const int writes = writes_of(site, "7", 10min);
    CHECK(writes >= 9);
    CHECK(writes <= 11);
}

TEST_CASE("a probe that fails is written at each run, so that its count of failures survives") {
    Site site{1, many_probes()};
    site.played.pass(5min);
    site.listening = false;
    site.played.pass(1min);
    CHECK(writes_of(site, "7", 2min) >= 8); // backing off
}

TEST_CASE("a probe that finds all well again is written at once, so that its count of failures ends") {
    Site site{1, many_probes()};
    site.played.pass(5min);
    const auto bad_in_row = [&] {
        return io::Json::parse(row_of(site, "7").memory)["subjects"][""]["bad_in_row"].natural();
    };
    site.listening = false;
    site.played.pass(8s);
    REQUIRE(bad_in_row() > 0);
    REQUIRE(site.played.firing().empty());
    site.listening = true;
    site.played.pass(12s);
    CHECK(bad_in_row() == 0);
}

TEST_CASE("an agent that ends in order leaves on disk what its probes saw last") {
    Site site{1, many_probes()};
    site.played.pass(5min);
    const auto before = site.played.now();
    site.played.terminate();
    const auto last_run = io::Json::parse(row_of(site, "7").memory)["last_run"].time();
    CHECK(before - last_run <= 10s);
}

} // namespace recoverd::scenario
