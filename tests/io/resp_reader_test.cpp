// SPDX-License-Identifier: Apache-2.0
#include "io/resp_reader.hpp"

#include "io/json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

namespace recoverd::io {

namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Kind = RespValue::Kind;

RespValue text(std::string words) { return {.kind = Kind::text, .text = std::move(words)}; }

std::vector<RespValue> read(std::string_view bytes, std::size_t step = 1'000'000) {
    RespReader reader;
    std::vector<RespValue> values;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (auto value = reader.next())
            values.push_back(std::move(*value));
    }
    return values;
}

constexpr std::string_view kAll = "+OK\r\n-NOAUTH Authentication required.\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n"
                                  "*0\r\n*3\r\n$1\r\nx\r\n*2\r\n:1\r\n*0\r\n+z\r\n$0\r\n\r\n";

} // namespace

TEST_CASE("every kind of reply is read, however the bytes are cut") {
    const RespValue nothing;
    const RespValue empty{.kind = Kind::list};
    const RespValue inner{.kind = Kind::list, .items = {{.kind = Kind::integer, .integer = 1}, empty}};
    const std::vector<RespValue> expected{text("OK"),
                                          {.kind = Kind::error, .text = "NOAUTH Authentication required."},
                                          {.kind = Kind::integer, .integer = -7},
                                          text("a\r\nbc"),
                                          nothing,
                                          nothing,
                                          empty,
                                          {.kind = Kind::list, .items = {text("x"), inner, text("z")}},
                                          text("")};
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1'000U})
        CHECK(read(kAll, step) == expected);
}

TEST_CASE("a reply that is cut off is none") {
    for (std::size_t size = 0; size < kAll.size(); ++size)
        CHECK(read(kAll.substr(0, size)).size() < 9);
}

TEST_CASE("what is no RESP2 is refused, with the place and what was found") {
    for (const char* bytes :
         {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$99999999999\r\n", "*-2\r\n", ":1.5\r\n",
          ":\r\n", "%1\r\n+a\r\n+b\r\n", "$1\r\nabc", "*9223372036854775807\r\n", "$9223372036854775808\r\n"}) {
        INFO(bytes);
        CHECK_THROWS_AS(read(bytes), BadDocument);
    }
    CHECK_THROWS_MATCHES(read("+OK\r\nHTTP/1.1 400\r\n"), BadDocument,
                         MessageMatches(ContainsSubstring("byte 5") && ContainsSubstring("HTTP/1.1 400")));
}

TEST_CASE("a server cannot fill the memory") {
    CHECK_THROWS_AS(read("*50001\r\n"), BadDocument);
    std::string twice;
    for (int i = 0; i < 2; ++i) {
        twice += "*30000\r\n";
        for (int item = 0; item < 30'000; ++item)
            twice += ":1\r\n";
    }
    CHECK_THROWS_AS(read(twice), BadDocument);
    std::string deep;
    for (int i = 0; i < 9; ++i)
        deep += "*1\r\n";
    CHECK_THROWS_AS(read(deep), BadDocument);
    CHECK_THROWS_AS(read("+" + std::string(20'000, 'x')), BadDocument);
    RespReader small{100};
    CHECK_THROWS_AS(small.feed(std::string(101, 'x')), BadDocument);
}

TEST_CASE("a command is an array of bulk strings, whatever bytes it holds") {
    CHECK(encode({"AUTH", "a b", "\r\n"}) == "*3\r\n$4\r\nAUTH\r\n$3\r\na b\r\n$2\r\n\r\n\r\n");
}

} // namespace recoverd::io
