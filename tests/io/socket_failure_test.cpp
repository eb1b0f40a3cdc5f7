// SPDX-License-Identifier: Apache-2.0
// What runs out here is told as ours, by whoever opens sockets: nobody is down for want of our descriptors.
#include "io/socket_failure.hpp"

#include "io/connect.hpp"
#include "io/dns.hpp"
#include "io/http_client.hpp"
#include "io/ping.hpp"
#include "io/resolve.hpp"
#include "io/resp_client.hpp"
#include "tests/io/fake_names.hpp"
#include "tests/io/no_descriptors.hpp"
#include "tests/io/no_local_address.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/real_loop.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <optional>

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

ConnectRequest connect_to(const char* host, std::uint16_t port) {
    ConnectRequest request;
    request.address = fmt::format("{}:{}", host, port);
    request.timeout = 5s;
    return request;
}

HttpRequest page_of(const char* host, std::uint16_t port) {
    HttpRequest request;
    request.url = fmt::format("http://{}:{}/", host, port);
    request.timeout = 5s;
    return request;
}

void check_ours(const Looks& seen) {
    CHECK(seen.before.kind == FailureKind::refused);
    CHECK(seen.meanwhile.kind == FailureKind::misconfigured);
    CHECK_THAT(seen.meanwhile.detail, ContainsSubstring("Too many open files"));
    CHECK(seen.after.kind == FailureKind::refused);
}

} // namespace

TEST_CASE("only what this host lacks itself is its own to mend") {
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, EAFNOSUPPORT})
        CHECK(kind_of_socket(error) == FailureKind::misconfigured);
    CHECK(kind_of_socket(ECONNREFUSED) == FailureKind::refused);
    CHECK(kind_of_socket(ETIMEDOUT) == FailureKind::timed_out);
    for (const int error : {EHOSTUNREACH, ENETUNREACH, ECONNRESET, EACCES, 0})
        CHECK(kind_of_socket(error) == FailureKind::unreachable);
}

TEST_CASE("a port that cannot be tried for want of descriptors is not said to refuse") {
    test::RealLoop loop;
    const ConnectRequest request = connect_to("127.0.0.1", test::closed_port());
    check_ours(looks_of(loop, [&] { return connect(loop.timers, request); }));
}

TEST_CASE("a page that cannot be asked for, for want of descriptors, is not said to be away") {
    test::RealLoop loop;
    HttpClient client{loop.ioc};
    const HttpRequest request = page_of("127.0.0.1", test::closed_port());
    check_ours(looks_of(loop, [&] { return client.get(request); }));
}

TEST_CASE("on a host without IPv6 a name that has an address of it too is down when nobody answers at the other") {
    test::FakeNames names;
    names.add("old-first.test", "127.0.0.1 2001:db8::1");
    names.add("new-first.test", "2001:db8::1 127.0.0.1");
    std::optional<test::NoIpv6> switched_off;
    std::optional<test::NoIpv6Sockets> unknown;
    SECTION("which has it switched off") { switched_off.emplace(); }
    SECTION("whose kernel knows none") { unknown.emplace(); }
    test::RealLoop loop;
    HttpClient client{loop.ioc};
    const std::uint16_t port = test::closed_port();
    for (const char* name : {"old-first.test", "new-first.test"}) {
        CAPTURE(name);
        const auto opened = loop.run(connect(loop.timers, connect_to(name, port)));
        REQUIRE_FALSE(opened);
        CHECK(opened.error().kind == FailureKind::refused);
        CHECK_THAT(opened.error().detail, ContainsSubstring("127.0.0.1: Connection refused"));
        const auto answer = loop.run(client.get(page_of(name, port)));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FailureKind::refused);
        CHECK_THAT(answer.error().detail, ContainsSubstring("cannot connect: Connection refused"));
        DnsRequest request;
        request.name = "shop.example";
        request.server = fmt::format("{}:{}", name, port);
        request.timeout = 5s;
        const auto asked = loop.run(ask_dns(loop.timers, request, {}));
        REQUIRE_FALSE(asked);
        CHECK(asked.error().kind == FailureKind::refused);
    }
}

TEST_CASE("a name of which no address can be tried here is not said to be down") {
    test::FakeNames names;
    names.add("only-new.test", "2001:db8::1 2001:db8::2");
    std::optional<test::NoIpv6> switched_off;
    std::optional<test::NoIpv6Sockets> unknown;
    SECTION("on a host that has IPv6 switched off") { switched_off.emplace(); }
    SECTION("on a host whose kernel knows no IPv6") { unknown.emplace(); }
    test::RealLoop loop;
    HttpClient client{loop.ioc};
    const std::uint16_t port = test::closed_port();
    CHECK(loop.run(connect(loop.timers, connect_to("only-new.test", port))).error().kind == FailureKind::misconfigured);
    CHECK(loop.run(client.get(page_of("only-new.test", port))).error().kind == FailureKind::misconfigured);
    PingRequest echo;
    echo.host = "only-new.test";
    echo.timeout = 5s;
    CHECK(loop.run(ping(loop.timers, echo)).error().kind == FailureKind::misconfigured);
}

TEST_CASE("ports that are used up are no family that this host lacks") {
    const test::NoIpv6 none;
    const test::NoPorts busy{"127.0.0.2"};
    CHECK(lacks_family("2001:db8::1"));
    CHECK_FALSE(lacks_family("127.0.0.1"));
    CHECK_FALSE(lacks_family("127.0.0.2"));
}

TEST_CASE("of a name whose last address cannot be tried for want of ports nothing is known") {
    test::FakeNames names;
    names.add("busy-last.test", "127.0.0.1 127.0.0.2");
    const test::NoPorts busy{"127.0.0.2"};
    test::RealLoop loop;
    HttpClient client{loop.ioc};
    const std::uint16_t port = test::closed_port();
    const auto opened = loop.run(connect(loop.timers, connect_to("busy-last.test", port)));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == FailureKind::misconfigured);
    CHECK_THAT(opened.error().detail, ContainsSubstring("127.0.0.2: Cannot assign requested address"));
    const auto answer = loop.run(client.get(page_of("busy-last.test", port)));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::misconfigured);
    CHECK_THAT(answer.error().detail, ContainsSubstring("cannot connect: Cannot assign requested address"));
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

TEST_CASE("whoever has a name that no thread was free to look up is not said to be down") {
    test::FakeNames names;
    names.add("waits-for-a-thread.test", "127.0.0.1");
    test::RealLoop loop;
    // More than there may ever be threads.
    for (int i = 0; i < 80; ++i) {
        const std::string name = fmt::format("takes-a-thread-{}.test", i);
        names.hang(name);
        asio::co_spawn(loop.ioc, resolve(name, 20s), asio::detached);
    }
    ConnectRequest port = connect_to("waits-for-a-thread.test", 443);
    port.timeout = 300ms;
    const auto opened = loop.run(connect(loop.timers, port));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == FailureKind::misconfigured);
    CHECK_THAT(opened.error().detail, ContainsSubstring("no thread was free to ask"));
    RespRequest cache;
    cache.address = "waits-for-a-thread.test:6379";
    cache.timeout = 300ms;
    const auto answered = loop.run(ask(loop.timers, cache));
    REQUIRE_FALSE(answered);
    CHECK(answered.error().kind == FailureKind::misconfigured);
}

} // namespace recoverd::io
