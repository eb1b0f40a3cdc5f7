// SPDX-License-Identifier: Apache-2.0
#include "io/client_options.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::io {

namespace {

using core::config::Diagnostics;
using core::config::Entry;
using core::config::Node;
using core::config::SecretRef;
using core::config::Table;

Entry entry(std::string key, auto value) { return {std::move(key), {}, Node{std::move(value), {}}}; }
Entry secret(std::string key, std::string name) { return entry(std::move(key), Table{entry("file", std::move(name))}); }
Node table(Table entries) { return {std::move(entries), {}}; }

} // namespace

TEST_CASE("a bare URL has no credentials, no query and no fragment") {
    CHECK(bare_url("https://db1:8443/health?token=x#y") == "https://db1:8443/health");
    CHECK(bare_url("https://user:pass@db1/health") == "https://db1/health");
    CHECK(bare_url("https://user:p@ss@db1/a@b") == "https://db1/a@b");
    CHECK(bare_url("https://user:pass@db1?x=/@") == "https://db1");
    CHECK(bare_url("http://[::1]:9100") == "http://[::1]:9100");
    CHECK(bare_url("user:pass@db1/x") == "db1/x");
    CHECK(bare_url("?x=a://b@c").empty());
    CHECK(bare_url("").empty());
}

TEST_CASE("tls is read whole, and every mistake in it is named") {
    Diagnostics diagnostics;
    const auto tls = read_tls(table({entry("ca_file", std::string{"/ca"}), entry("server_name", std::string{"db"})}),
                              "check.a.tls", diagnostics);
    CHECK(tls == TlsOptions{.ca_file = "/ca", .server_name = "db"});
    CHECK(diagnostics.all().empty());

    read_tls(table({entry("ca_fil", std::string{"/ca"}), entry("key_file", std::string{"/key"})}), "check.a.tls",
             diagnostics);
    REQUIRE(diagnostics.all().size() == 2);
    CHECK(diagnostics.all()[0].hint.contains("ca_file"));
    CHECK(diagnostics.all()[1].message == "expected cert_file beside key_file, found none");

    read_tls(Node{true, {}}, "check.a.tls", diagnostics);
    CHECK(diagnostics.all().size() == 3);
}

TEST_CASE("auth is exactly one of basic, bearer and header") {
    Diagnostics diagnostics;
    const auto basic =
        read_auth(table({entry("basic", Table{entry("username", std::string{"me"}), secret("password", "/p")})}), "a",
                  diagnostics);
    CHECK(basic.username == "me");
    CHECK(basic.password == SecretRef{SecretRef::Source::file, "/p"});
    const auto header = read_auth(
        table({entry("header", Table{entry("name", std::string{"X-Key"}), secret("value", "/k")})}), "a", diagnostics);
    CHECK(header.header_name == "X-Key");
    CHECK(header.header_value == SecretRef{SecretRef::Source::file, "/k"});
    CHECK(read_auth(table({secret("bearer", "/b")}), "a", diagnostics).bearer);
    CHECK(diagnostics.all().empty());

    read_auth(table({}), "a", diagnostics);
    read_auth(
        table({secret("bearer", "/b"), entry("header", Table{entry("name", std::string{"X"}), secret("value", "/k")})}),
        "a", diagnostics);
    // A password in plain text is a mistake whose message does not repeat it.
    read_auth(table({entry("bearer", std::string{"hunter2"})}), "a", diagnostics);
    REQUIRE(diagnostics.all().size() == 3);
    CHECK(diagnostics.all()[0].message == "expected one of basic, bearer and header, found none");
    CHECK(diagnostics.all()[1].message == "expected one of basic, bearer and header, found several");
    CHECK(!format(diagnostics.all()[2]).contains("hunter2"));
}

TEST_CASE("opening credentials reads each secret, and a missing one is misconfigured") {
    asio::io_context ioc;
    test::FakeWorld world(ioc);
    world.secrets["/p"] = "hunter2";
    const AuthRefs known{.username = "me", .password = {SecretRef::Source::file, "/p"}};
    const auto opened = test::run(ioc, world.timers(), open_auth(world, known));
    REQUIRE(opened);
    CHECK(opened->username == "me");
    CHECK(opened->password.reveal() == "hunter2");
    CHECK(opened->bearer.empty());

    const AuthRefs missing{.bearer = {SecretRef::Source::env, "NOT_THERE"}};
    const auto failed = test::run(ioc, world.timers(), open_auth(world, missing));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == FailureKind::misconfigured);
}

} // namespace recoverd::io
