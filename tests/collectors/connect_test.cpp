// SPDX-License-Identifier: Apache-2.0
#include "collectors/connect_options.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace recoverd::collectors;

namespace {

const core::Reachability& reach(const Collected& collected) {
    REQUIRE(collected);
    return std::get<core::Reachability>(collected->subjects.at(0).evidence.at(0));
}

io::Connected connected(Duration latency) {
    io::Connected made;
    made.latency = latency;
    return made;
}

} // namespace

TEST_CASE("a target that cannot be reached is down, which is evidence") {
    const auto refused = core::failed(FailureKind::refused, "connection refused");
    const Collected seen = interpret_connection(Result<io::Connected>{refused}, "db1:5432", Duration{0});
    CHECK(reach(seen).state == core::ReachState::down);
    CHECK(reach(seen).detail == "connection refused");
    CHECK(reach(seen).target == "db1:5432");
}

TEST_CASE("a probe that could not be made because of its configuration is a failure") {
    const auto wrong = core::failed(FailureKind::misconfigured, "/etc/ca.pem: no such file");
    CHECK_FALSE(interpret_connection(Result<io::Connected>{wrong}, "db1:5432", Duration{0}));
}

TEST_CASE("an answer above the slow mark is degraded, one at it is not") {
    using std::chrono::milliseconds;
    CHECK(reach(interpret_connection(connected(milliseconds{501}), "a:1", milliseconds{500})).state ==
          core::ReachState::degraded);
    CHECK(reach(interpret_connection(connected(milliseconds{500}), "a:1", milliseconds{500})).state ==
          core::ReachState::up);
    CHECK(reach(interpret_connection(connected(milliseconds{99'999}), "a:1", Duration{0})).state ==
          core::ReachState::up);
}

TEST_CASE("a target whose certificate clients refuse is down, and what it showed is told") {
    io::Connected seen = connected(Duration{1});
    seen.certificate = core::Certificate{};
    CHECK(reach(interpret_connection(seen, "a:1", Duration{0})).state == core::ReachState::up);
    seen.certificate->fault = "hostname mismatch";
    const Collected collected = interpret_connection(seen, "a:1", Duration{0});
    CHECK(reach(collected).state == core::ReachState::down);
    CHECK(reach(collected).detail == "the certificate is not trusted: hostname mismatch");
    CHECK_FALSE(reach(collected).latency);
    CHECK(reach(collected).certificate == seen.certificate);
}

TEST_CASE("an address without a port is a mistake with a hint") {
    core::config::Diagnostics diagnostics;
    check_address("2001:db8::1:5432", {"check.x", "collector 'tcp'", {}}, diagnostics);
    REQUIRE(diagnostics.has_mistakes());
    CHECK(diagnostics.all()[0].hint.contains("brackets"));
}

TEST_CASE("a URL with a port that there is not is a mistake, and so is an address with one") {
    core::config::Diagnostics diagnostics;
    check_url("http://shop:80/", {"check.a.url", {}, {}}, diagnostics);
    CHECK(diagnostics.all().empty());
    check_url("http://shop:99999/", {"check.a.url", {}, {}}, diagnostics);
    REQUIRE(diagnostics.all().size() == 1);
    CHECK(diagnostics.all()[0].message == "expected a URL with a port from 1 to 65535, found another one");
    check_address("db1:99999", {"check.a.address", {}, {}}, diagnostics);
    CHECK(diagnostics.all().size() == 2);
}
