// SPDX-License-Identifier: Apache-2.0
#include "io/json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <limits>
#include <string_view>
#include <vector>

namespace recoverd::io {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;

namespace {

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

} // namespace

TEST_CASE("a missing value names its whole path") {
    const Json info = Json::parse(R"([{"name":"orders","backup":[{"timestamp":{"start":1}}]}])");
    CHECK_THROWS_MATCHES(info[0]["backup"][0]["timestamp"]["stop"].number(), BadDocument,
                         Message("$[0].backup[0].timestamp.stop: expected a number, found nothing"));
    CHECK_THROWS_MATCHES(info[3]["archive"][1]["min"].text(), BadDocument,
                         Message("$[3].archive[1].min: expected a string, found nothing"));
}

TEST_CASE("a value of another type is named as what it is") {
    const Json json = Json::parse(R"({"a":null,"b":true,"c":1,"d":"x","e":[],"f":{},"g":-1.5})");
    CHECK_THROWS_MATCHES(json["a"].text(), BadDocument, Message("$.a: expected a string, found null"));
    CHECK_THROWS_MATCHES(json["b"].integer(), BadDocument, Message("$.b: expected an integer, found a boolean"));
    CHECK_THROWS_MATCHES(json["c"].boolean(), BadDocument, Message("$.c: expected a boolean, found a number"));
    CHECK_THROWS_MATCHES(json["d"].items(), BadDocument, Message("$.d: expected an array, found a string"));
    CHECK_THROWS_MATCHES(json["e"].object(), BadDocument, Message("$.e: expected an object, found an array"));
    CHECK_THROWS_MATCHES(json["f"].number(), BadDocument, Message("$.f: expected a number, found an object"));
    CHECK_THROWS_MATCHES(json["g"].natural(), BadDocument,
                         Message("$.g: expected a whole number from 0, found another number"));
    CHECK_THROWS_MATCHES(json["d"]["deeper"], BadDocument, Message("$.d: expected an object, found a string"));
    CHECK_THROWS_MATCHES(json["f"][0], BadDocument, Message("$.f: expected an array, found an object"));
}

TEST_CASE("what is absent or null can be asked further and stays absent") {
    const Json json = Json::parse(R"({"a":null})");
    CHECK(json["a"]["b"]["c"].absent());
    CHECK(json["x"][5]["y"].absent());
    CHECK_FALSE(json["a"]);
    CHECK(json["a"].null());
    const Json& one = json["one"];
    const Json& two = json["two"];
    CHECK(one.path() == "$.one");
    CHECK(two.path() == "$.two");
}

TEST_CASE("a path outlives the document it came from, and moves with it") {
    const Json last = [] {
        Json json = Json::parse(R"({"stanza":[{"name":7}]})");
        const Json moved = std::move(json);
        return Json{moved["stanza"][0]["name"]};
    }();
    CHECK(last.path() == "$.stanza[0].name");
}

TEST_CASE("odd and endless names are quoted and cut in a path") {
    const Json json = Json::parse("{\"a b\":{\"\":1},\"" + std::string(5000, 'k') + "\":2}");
    CHECK(json["a b"][""].path() == R"($["a b"][""])");
    CHECK(json[std::string(5000, 'k')].path().size() < 100);
}

TEST_CASE("integers of 64 bits are exact") {
    const Json json = Json::parse("[9007199254740993,18446744073709551615,-9223372036854775808,3.0,1.7e9,1.5]");
    CHECK(json[0].integer() == 9'007'199'254'740'993);
    CHECK(json[1].natural() == std::numeric_limits<std::uint64_t>::max());
    CHECK_THROWS_AS(json[1].integer(), BadDocument);
    CHECK(json[2].integer() == std::numeric_limits<std::int64_t>::min());
    CHECK_THROWS_AS(json[2].natural(), BadDocument);
    CHECK(json[3].natural() == 3);
    CHECK(json[4].integer() == 1'700'000'000);
    CHECK_THROWS_AS(json[5].integer(), BadDocument);
}

TEST_CASE("moments are read as seconds since 1970 or as RFC 3339") {
    const Json json = Json::parse(R"([1795316400,1795316400.25,1e300,"2026-11-22T03:00:00Z","yesterday",5])");
    CHECK(json[0].unix_time() == core::from_unix_seconds(1'795'316'400));
    CHECK(json[1].unix_time() == core::from_unix_seconds(1'795'316'400) + core::Duration{250});
    CHECK_THROWS_MATCHES(json[2].unix_time(), BadDocument,
                         MessageMatches(ContainsSubstring("$[2]: expected seconds since 1970")));
    CHECK(json[3].time() == core::from_unix_seconds(1'795'316'400));
    CHECK_THROWS_MATCHES(json[4].time(), BadDocument, MessageMatches(ContainsSubstring("$[4]: ")));
    CHECK_THROWS_MATCHES(json[5].time(), BadDocument, Message("$[5]: expected a time as RFC 3339, found a number"));
}

TEST_CASE("what is not JSON says where it stops to be, without repeating what stands there") {
    // nlohmann-json 3.11.3 has words of its own for nothing at all.
    CHECK_THROWS_MATCHES(Json::parse(""), BadDocument,
                         MessageMatches(ContainsSubstring("at byte 1: unexpected end") ||
                                        ContainsSubstring("column 1: attempting to parse an empty input")));
    CHECK_THROWS_MATCHES(Json::parse(R"({"a":1)"), BadDocument, MessageMatches(ContainsSubstring("at byte 7")));
    CHECK_THROWS_MATCHES(Json::parse("{} trailing"), BadDocument, MessageMatches(ContainsSubstring("at byte 6")));
    CHECK_THROWS_MATCHES(Json::parse("[1e999]"), BadDocument, MessageMatches(ContainsSubstring("expected JSON")));
    CHECK_THROWS_MATCHES(Json::parse("{\"password\":hunter2}"), BadDocument,
                         MessageMatches(!ContainsSubstring("hunter2")));
    CHECK_THROWS_AS(Json::parse("<html>502 Bad Gateway</html>"), BadDocument);
}

TEST_CASE("a document may be 64 levels deep and no deeper") {
    CHECK(Json::parse(nested(64)).is_array());
    CHECK_THROWS_MATCHES(Json::parse(nested(65)), BadDocument,
                         Message("expected JSON of at most 64 levels, found more"));
    const std::vector<char> deep(10'000'000, '[');
    CHECK_THROWS_AS(Json::parse(std::string_view{deep.data(), deep.size()}), BadDocument);
}

TEST_CASE("a document that is too large is refused before it is read") {
    CHECK_THROWS_MATCHES(Json::parse("[1,2,3]", 6), BadDocument, Message("expected JSON of at most 6 bytes, found 7"));
    CHECK_THROWS_AS(Json::parse_lenient("[1,2,3]", 6), BadDocument);
    CHECK(Json::parse("[1,2,3]", 7).items().size() == 3);
}

TEST_CASE("many small values are refused by their number") {
    std::string many = "[0";
    for (int i = 0; i < 1'000'000; ++i)
        many += ",0";
    CHECK_THROWS_MATCHES(Json::parse(many + "]"), BadDocument,
                         Message("expected JSON of at most 1000000 values, found more"));
}

TEST_CASE("bytes that are no text are replaced where leniency is asked for") {
    const std::string bytes = "{\"message\":\"key \xff\xfe\x01 \xc3\xa9 \xed\xa0\x80 a\nb\",\"code\":51}";
    CHECK_THROWS_AS(Json::parse(bytes), BadDocument);
    const Json json = Json::parse_lenient(bytes);
    CHECK(json["message"].text() == "key \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9 "
                                    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd a\nb");
    CHECK(json["code"].integer() == 51);
}

TEST_CASE("leniency neither mends syntax nor touches escapes") {
    CHECK(Json::parse_lenient(R"(["a\"b\\","c"])")[0].text() == "a\"b\\");
    CHECK(Json::parse_lenient("[\"cut \xe2\x82\"]")[0].text() == "cut \xef\xbf\xbd\xef\xbf\xbd");
    CHECK_THROWS_AS(Json::parse_lenient("[\"a\"\x01]"), BadDocument);
    CHECK_THROWS_AS(Json::parse_lenient("[\"never closed"), BadDocument);
    CHECK_THROWS_AS(Json::parse_lenient("[\"\\"), BadDocument);
}

TEST_CASE("of members with the same name the last one counts") {
    CHECK(Json::parse(R"({"a":{"x":1},"a":2})")["a"].integer() == 2);
}

TEST_CASE("a pointer finds what RFC 6901 says and nothing else") {
    const Json json = Json::parse(R"({"a":[10,{"b/c":1,"d~e":2}],"":3})");
    CHECK(json.at_pointer("").is_object());
    CHECK(json.at_pointer("/").integer() == 3);
    CHECK(json.at_pointer("/a/0").integer() == 10);
    CHECK(json.at_pointer("/a/1/b~1c").integer() == 1);
    CHECK(json.at_pointer("/a/1/d~0e").integer() == 2);
    for (const char* nowhere : {"/a/2", "/a/-", "/a/00", "/a/0x", "/x/y", "/a/0/z", "a", "/a/18446744073709551616"})
        CHECK(json.at_pointer(nowhere).absent());
    CHECK(json.at_pointer("/a/1/x").path() == "$.a[1].x");
}

TEST_CASE("what is written is JSON, whatever the text") {
    JsonWriter out;
    out.begin_object().field("name", "a\"b\\\n\x01").field("n", std::uint64_t{18'446'744'073'709'551'615U});
    out.key("list").begin_array().value(1).value(true).null().value(std::string{"\xff"}).end_array();
    out.key("empty").begin_object().end_object().field("x", 0.1).field("bad", std::numeric_limits<double>::quiet_NaN());
    out.key("raw").raw("[1]").end_object();
    CHECK(out.text() == R"({"name":"a\"b\\\n\u0001","n":18446744073709551615,"list":[1,true,null,")"
                        "\xef\xbf\xbd"
                        R"("],"empty":{},"x":0.1,"bad":null,"raw":[1]})");
    CHECK(Json::parse(out.text())["x"].number() == 0.1);
}

} // namespace recoverd::io
