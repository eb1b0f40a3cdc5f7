// SPDX-License-Identifier: Apache-2.0
// What runs out here is told as ours, by whoever opens sockets: nobody is down for want of our descriptors.
#include "io/socket_failure.hpp"

#include "io/connect.hpp"
#include "io/dns.hpp"
#include "io/http_client.hpp"
#include "io/resolve.hpp"
#include "tests/io/no_descriptors.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

namespace recoverd::io {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// How `look` fails before, while and after nothing can be opened here.
struct Looks {
    Failure before;
    Failure meanwhile;
    Failure after;
};

template <class Look>
Looks looks_of(test::RealLoop& loop, const Look& look) {
    const auto failure = [&] {
        const auto answer = loop.run(look());
        REQUIRE_FALSE(answer);
        return answer.error();
    };
    Looks seen;
    // The first look also opens what the loop keeps for ever.
    seen.before = failure();
    {
        const test::NoDescriptors none;
        seen.meanwhile = failure();
    }
    seen.after = failure();
    return seen;
}

void check_ours(const Looks& seen) {
    CHECK(seen.before.kind == FailureKind::refused);
    CHECK(seen.meanwhile.kind == FailureKind::misconfigured);
    CHECK_THAT(seen.meanwhile.detail, ContainsSubstring("Too many open files"));
    CHECK(seen.after.kind == FailureKind::refused);
}

} // namespace

TEST_CASE("only what this host lacks itself is its own to mend") {
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL})
        CHECK(kind_of_socket(error) == FailureKind::misconfigured);
    CHECK(kind_of_socket(ECONNREFUSED) == FailureKind::refused);
    CHECK(kind_of_socket(ETIMEDOUT) == FailureKind::timed_out);
    for (const int error : {EHOSTUNREACH, ENETUNREACH, ECONNRESET, EACCES, 0})
        CHECK(kind_of_socket(error) == FailureKind::unreachable);
}

TEST_CASE("a port that cannot be tried for want of descriptors is not said to refuse") {
    test::RealLoop loop;
    ConnectRequest request;
    request.address = fmt::format("127.0.0.1:{}", test::closed_port());
    request.timeout = 5s;
    check_ours(looks_of(loop, [&] { return connect(loop.timers, request); }));
}

TEST_CASE("a page that cannot be asked for, for want of descriptors, is not said to be away") {
    test::RealLoop loop;
    HttpClient client{loop.ioc};
    HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}/", test::closed_port());
    request.timeout = 5s;
    check_ours(looks_of(loop, [&] { return client.get(request); }));
}

TEST_CASE("a name server that cannot be asked for want of descriptors is not said to refuse") {
    test::RealLoop loop;
    DnsRequest request;
    request.name = "shop.example";
    request.server = fmt::format("127.0.0.1:{}", test::closed_port());
    request.timeout = 5s;
    check_ours(looks_of(loop, [&] { return ask_dns(loop.timers, request, {}); }));
}

TEST_CASE("a name that cannot be looked up for want of descriptors is not said to be none") {
    test::RealLoop loop;
    // What the loop keeps for ever.
    REQUIRE(loop.run(resolve("127.0.0.1", 20s)));
    const test::NoDescriptors none;
    const auto answer = loop.run(resolve("localhost.invalid", 20s));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::misconfigured);
    CHECK_THAT(answer.error().detail, ContainsSubstring("Too many open files"));
}

} // namespace recoverd::io
