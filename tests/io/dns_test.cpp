// SPDX-License-Identifier: Apache-2.0
// Name servers that lie, hang, cut off and refuse, by sockets of this process.
#include "io/dns.hpp"
#include "io/dns_message.hpp"
#include "io/real_timers.hpp"
#include "tests/places.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/read.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

namespace recoverd::io {

namespace {

using Catch::Matchers::ContainsSubstring;
using namespace std::chrono_literals;
using Udp = asio::ip::udp;
using Tcp = asio::ip::tcp;

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kTxt = 16;

void put16(DnsBytes& bytes, std::size_t value) {
    bytes.push_back(static_cast<unsigned char>(value >> 8U));
    bytes.push_back(static_cast<unsigned char>(value & 0xffU));
}

struct Record {
    std::uint16_t type;
    DnsBytes data;
    std::uint32_t ttl = 300;
};

/// An answer to `query`: its id and question, these flags and records of its name.
DnsBytes reply(const DnsBytes& query, const std::vector<Record>& records, std::uint16_t flags = 0x8180) {
    DnsBytes bytes{query.begin(), query.begin() + 2};
    put16(bytes, flags);
    put16(bytes, 1);
    put16(bytes, records.size());
    put16(bytes, 0);
    put16(bytes, 0);
    bytes.insert(bytes.end(), query.begin() + 12, query.end());
    for (const Record& record : records) {
        put16(bytes, 0xc00c); // the question's name
        put16(bytes, record.type);
        put16(bytes, 1);
        put16(bytes, record.ttl >> 16U);
        put16(bytes, record.ttl & 0xffffU);
        put16(bytes, record.data.size());
        bytes.insert(bytes.end(), record.data.begin(), record.data.end());
    }
    return bytes;
}

/// "abc" as "\3abc\0".
DnsBytes name(std::string_view text) {
    DnsBytes bytes;
    while (!text.empty()) {
        const auto label = text.substr(0, text.find('.'));
        bytes.push_back(static_cast<unsigned char>(label.size()));
        bytes.insert(bytes.end(), label.begin(), label.end());
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    bytes.push_back(0);
    return bytes;
}

DnsBytes with(DnsBytes first, const DnsBytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// What it sends for each query; and over TCP, before it closes the connection.
struct Script {
    std::function<std::vector<DnsBytes>(const DnsBytes&)> udp;
    std::function<std::vector<DnsBytes>(const DnsBytes&)> tcp;
    int asked = 0;
};

Task<void> serve_udp(Udp::socket& socket, Script& script) {
    DnsBytes query(512);
    for (;;) {
        Udp::endpoint from;
        const auto buffer = asio::buffer(query);
        const auto size = co_await socket.async_receive_from(buffer, from, asio::use_awaitable);
        ++script.asked;
        if (!script.udp)
            continue;
        for (const DnsBytes& message : script.udp({query.begin(), query.begin() + static_cast<std::ptrdiff_t>(size)}))
            socket.send_to(asio::buffer(message), from);
    }
}

Task<void> serve_tcp(Tcp::acceptor& acceptor, Script& script) {
    for (;;) {
        Tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        DnsBytes length(2);
        const auto first = asio::buffer(length);
        co_await asio::async_read(socket, first, asio::use_awaitable);
        DnsBytes query(static_cast<std::size_t>(length[0] << 8U | length[1]));
        const auto rest = asio::buffer(query);
        co_await asio::async_read(socket, rest, asio::use_awaitable);
        for (const DnsBytes& message : script.tcp(query))
            asio::write(socket, asio::buffer(message));
    }
}

/// One port of both kinds: what is free for one need not be for the other.
void bind_both(Tcp::acceptor& tcp, Udp::socket& udp) {
    for (asio::error_code taken = asio::error::address_in_use; taken;) {
        tcp = Tcp::acceptor{tcp.get_executor(), Tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
        udp = Udp::socket{udp.get_executor(), Udp::v4()};
        udp.bind({asio::ip::address_v4::loopback(), tcp.local_endpoint().port()}, taken);
    }
}

Result<DnsAnswer> ask(Script& script, std::uint16_t type = kA, core::Duration timeout = 5s,
                      std::vector<std::string> system = {}) {
    asio::io_context ioc;
    RealTimers timers;
    Udp::socket udp(ioc);
    Tcp::acceptor tcp(ioc);
    bind_both(tcp, udp);
    asio::co_spawn(ioc, serve_udp(udp, script), asio::detached);
    if (script.tcp)
        asio::co_spawn(ioc, serve_tcp(tcp, script), asio::detached);
    else
        tcp.close();
    DnsRequest request;
    request.name = "Shop.example";
    request.type = type;
    request.timeout = timeout;
    const std::string server = fmt::format("127.0.0.1:{}", udp.local_endpoint().port());
    if (system.empty())
        request.server = server;
    else
        system.push_back(server);
    // The same server once more.
    std::ranges::replace(system, std::string{}, server);
    std::optional<Result<DnsAnswer>> answer;
    asio::co_spawn(ioc, ask_dns(timers, request, system), [&](std::exception_ptr error, Result<DnsAnswer> got) {
        CHECK_FALSE(error);
        answer = std::move(got);
        ioc.stop();
    });
    ioc.run_for(20s);
    REQUIRE(answer.has_value());
    return std::move(*answer);
}

Result<DnsAnswer> answered(std::vector<Record> records, std::uint16_t type = kA, std::uint16_t flags = 0x8180) {
    Script script;
    script.udp = [=](const DnsBytes& query) { return std::vector<DnsBytes>{reply(query, records, flags)}; };
    return ask(script, type);
}

std::vector<std::string> texts(const Result<DnsAnswer>& answer) {
    REQUIRE(answer);
    std::vector<std::string> found;
    for (const DnsRecord& record : answer->records)
        found.push_back(record.text);
    return found;
}

const DnsBytes kAddress{192, 0, 2, 1};

} // namespace

TEST_CASE("a name server's answer is told with its records, their TTL and who gave it") {
    const auto answer = answered({{kA, kAddress, 60}, {kA, {192, 0, 2, 2}, 30}}, kA, 0x8580);
    REQUIRE(answer);
    CHECK(answer->code == 0);
    CHECK(answer->authoritative);
    CHECK_FALSE(answer->tcp);
    CHECK(answer->records == std::vector<DnsRecord>{{60, "192.0.2.1"}, {30, "192.0.2.2"}});
    CHECK(answer->server.starts_with("127.0.0.1:"));
}

TEST_CASE("records are written as zone files have them, and those of other types are left out") {
    const auto of = [](std::string_view type, DnsBytes data) {
        return texts(answered({{5, name("other.example")}, {dns_type(type), std::move(data)}}, dns_type(type)));
    };
    using Texts = std::vector<std::string>;
    CHECK(of("AAAA", {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == Texts{"2001:db8::1"});
    CHECK(of("MX", with({0, 10}, name("Mail.Example"))) == Texts{"10 mail.example"});
    CHECK(of("MX", {0, 0, 0}) == Texts{"0 ."}); // RFC 7505: takes no mail
    CHECK(of("NS", name("ns1.example")) == Texts{"ns1.example"});
    CHECK(of("PTR", name("db1.example")) == Texts{"db1.example"});
    CHECK(of("SRV", with({0, 1, 0, 2, 0x15, 0x38}, name("db1.example"))) == Texts{"1 2 5432 db1.example"});
    CHECK(of("TXT", {3, 'a', ' ', 'b', 2, '\n', 0xff}) == Texts{"a b\\010\\255"});
    CHECK(of("TXT", {0}) == Texts{""});
    CHECK(of("SOA", with(with(name("ns1.example"), name("root.example")),
                         {0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4})) ==
          Texts{"ns1.example root.example 7 1 2 3 4"});
    CHECK(of("CAA", {0, 5, 'i', 's', 's', 'u', 'e', 'c', 'a'}) == Texts{"0 issue \"ca\""});
    CHECK(of("DS", {0x30, 0x39, 13, 2, 0xab, 0xcd}) == Texts{"12345 13 2 abcd"});
    CHECK(texts(answered({{5, name("real.example")}}, dns_type("CNAME"))) == Texts{"real.example"});
    CHECK(dns_type("ANY") == 0);
}

TEST_CASE("what a name server refuses or cannot find is an answer, and not a failure") {
    for (const int code : {1, 2, 3, 5}) {
        const auto answer = answered({}, kA, static_cast<std::uint16_t>(0x8180 | code));
        REQUIRE(answer);
        CHECK(answer->code == code);
        CHECK(answer->records.empty());
    }
}

TEST_CASE("data that is not of its type is a bad answer") {
    for (const auto& [type, data] : std::vector<std::pair<std::uint16_t, DnsBytes>>{{kA, {}},
                                                                                    {kA, {1, 2, 3}},
                                                                                    {kA, {1, 2, 3, 4, 5}},
                                                                                    {kTxt, {9, 'a'}},
                                                                                    {15, {0}},
                                                                                    {15, {0, 1, 9}},
                                                                                    {33, {0, 1}},
                                                                                    {6, {0, 0, 0}},
                                                                                    {2, {0xc0, 0xff}},
                                                                                    {257, {0, 9, 'a'}},
                                                                                    {43, {1}}}) {
        const auto answer = answered({{type, data}}, type);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FailureKind::bad_answer);
        CHECK_THAT(answer.error().detail, ContainsSubstring("no DNS message"));
    }
}

TEST_CASE("an answer to another question is passed over, and the right one after it counts") {
    Script script;
    script.udp = [](const DnsBytes& query) {
        auto other_id = reply(query, {{kA, {6, 6, 6, 6}}});
        other_id[1] ^= 1U;
        auto other_name = reply(query, {{kA, {6, 6, 6, 6}}});
        other_name[13] = 'x';
        auto no_reply = query;
        return std::vector<DnsBytes>{other_id,   other_name,     no_reply,
                                     DnsBytes{}, DnsBytes{1, 2}, reply(query, {{kA, kAddress}})};
    };
    CHECK(texts(ask(script)) == std::vector<std::string>{"192.0.2.1"});
}

TEST_CASE("an answer that is cut off is asked for over TCP") {
    Script script;
    script.udp = [](const DnsBytes& query) { return std::vector<DnsBytes>{reply(query, {}, 0x8380)}; };
    script.tcp = [](const DnsBytes& query) {
        const auto whole = reply(query, std::vector<Record>(100, {kA, kAddress}));
        DnsBytes length;
        put16(length, whole.size());
        return std::vector<DnsBytes>{length, whole};
    };
    const auto answer = ask(script);
    REQUIRE(answer);
    CHECK(answer->tcp);
    CHECK(answer->records.size() == 100);
}

TEST_CASE("TCP that hangs, is closed, lies or is not there is said beside what UDP cut off") {
    const auto cut = [](const DnsBytes& query) { return std::vector<DnsBytes>{reply(query, {}, 0x8380)}; };
    const auto over_tcp = [&](std::vector<DnsBytes> messages) {
        Script script;
        script.udp = cut;
        script.tcp = [messages](const DnsBytes&) { return messages; };
        const auto answer = ask(script, kA, 1s);
        REQUIRE_FALSE(answer);
        return answer.error().detail;
    };
    CHECK_THAT(over_tcp({{0}}), ContainsSubstring("cut off over UDP, and over TCP the answer was cut off"));
    CHECK_THAT(over_tcp({{0, 2, 1, 2}}), ContainsSubstring("cut off over UDP, and over TCP an answer to another"));
    Script nobody;
    nobody.udp = cut;
    const auto answer = ask(nobody, kA, 1s);
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().detail, ContainsSubstring("cut off over UDP, and over TCP"));
}

TEST_CASE("a name server that never answers is asked twice, and ends in time") {
    Script script;
    const auto began = std::chrono::steady_clock::now();
    const auto answer = ask(script, kA, 400ms);
    CHECK(std::chrono::steady_clock::now() - began < 5s);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::timed_out);
    CHECK_THAT(answer.error().detail,
               ContainsSubstring("Shop.example: 127.0.0.1:") && ContainsSubstring(": no answer within 0.4 s"));
    CHECK(script.asked == 2);
}

TEST_CASE("one packet that is lost is no outage") {
    Script script;
    script.udp = [&script](const DnsBytes& query) {
        return script.asked == 1 ? std::vector<DnsBytes>{} : std::vector<DnsBytes>{reply(query, {{kA, kAddress}})};
    };
    CHECK(ask(script, kA, 1s));
}

TEST_CASE("of the system's name servers the first that answers counts") {
    Script script;
    script.udp = [](const DnsBytes& query) { return std::vector<DnsBytes>{reply(query, {{kA, kAddress}})}; };
    // Nobody listens on port 1 of this host.
    CHECK(ask(script, kA, 5s, {"127.0.0.1:1"}));
}

TEST_CASE("one of the system's name servers that cannot or will not say leaves it to the next one") {
    for (const std::uint16_t flags : std::array<std::uint16_t, 3>{0x8182, 0x8184, 0x8185}) {
        CAPTURE(flags);
        Script script;
        bool recovers = true;
        script.udp = [&](const DnsBytes& query) {
            return std::vector<DnsBytes>{script.asked == 1 || !recovers ? reply(query, {}, flags)
                                                                        : reply(query, {{kA, kAddress}})};
        };
        CHECK(texts(ask(script, kA, 5s, {""})) == std::vector<std::string>{"192.0.2.1"});
        script.asked = 0;
        recovers = false;
        const auto answer = ask(script, kA, 5s, {""});
        REQUIRE(answer);
        CHECK(answer->code == static_cast<int>(flags & 0xFU));
        CHECK(script.asked == 2);
        // Whoever asks one of them wants to hear what that one says.
        script.asked = 0;
        CHECK(ask(script)->code == static_cast<int>(flags & 0xFU));
    }
}

TEST_CASE("nobody who listens is refused, and a name that is none is a mistake") {
    asio::io_context ioc;
    RealTimers timers;
    const auto fails = [&](DnsRequest request) {
        std::optional<Result<DnsAnswer>> answer;
        asio::co_spawn(ioc, ask_dns(timers, std::move(request), {}),
                       [&](std::exception_ptr, Result<DnsAnswer> got) { answer = std::move(got); });
        ioc.restart();
        ioc.run();
        REQUIRE(answer.has_value());
        REQUIRE_FALSE(*answer);
        return answer->error();
    };
    DnsRequest request;
    request.name = "shop.example";
    request.server = "127.0.0.1:1";
    CHECK(fails(request).kind == FailureKind::refused);
    request.server = "";
    CHECK(fails(request).kind == FailureKind::misconfigured);
    request.server = "127.0.0.1:1";
    for (const std::string& wrong :
         {std::string{}, std::string(300, 'a'), std::string("a..b"), std::string("a\0b", 3)}) {
        request.name = wrong;
        CHECK(fails(request).kind == FailureKind::misconfigured);
    }
}

TEST_CASE("the name servers of resolv.conf are those that the C library would ask") {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("resolv.{}.conf", ::getpid());
    const auto read = [&](const std::string& text) {
        std::ofstream{file} << text;
        return system_name_servers(file.string());
    };
    using Servers = std::vector<std::string>;
    CHECK(read("# x\nnameserver 10.0.0.1\nsearch a b\n\tnameserver\t2001:db8::1\nnameserver me\n") ==
          Servers{"10.0.0.1:53", "[2001:db8::1]:53"});
    CHECK(read("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n").size() == 3);
    CHECK(read("") == Servers{"127.0.0.1:53"});
    std::filesystem::remove(file);
    CHECK(system_name_servers(file.string()) == Servers{"127.0.0.1:53"});
}

} // namespace recoverd::io
