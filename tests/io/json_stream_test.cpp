// SPDX-License-Identifier: Apache-2.0
#include "io/json_stream.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Writes down what it is told.
class Scribe : public io::JsonVisitor {
  public:
    void begin_object() override { said += "{"; }
    void end_object() override { said += "}"; }
    void begin_array() override { said += "["; }
    void end_array() override { said += "]"; }
    void key(const std::string& name) override {
        said += fmt::format("{}:", name);
        longest = std::max(longest, name.size());
    }
    void scalar(io::Json::Value value) override {
        if (const auto* text = std::get_if<std::string>(&value)) {
            longest = std::max(longest, text->size());
            texts.push_back(*text);
            said += "\"";
        } else {
            said += fmt::format("{} ", value.index());
        }
    }

    std::string said;
    std::vector<std::string> texts;
    std::size_t longest = 0;
};

/// Reads `document` in pieces of `piece` bytes.
Scribe told(std::string_view document, std::size_t piece) {
    Scribe scribe;
    io::read_json(
        [&] {
            const std::string_view bytes = document.substr(0, piece);
            document.remove_prefix(bytes.size());
            return bytes;
        },
        scribe);
    return scribe;
}

std::string fault(std::string_view document) {
    try {
        told(document, 7);
    } catch (const io::BadDocument& bad) {
        return bad.what();
    }
    return {};
}

} // namespace

TEST_CASE("a stream that is no JSON says where, and repeats nothing of it") {
    CHECK(fault("").starts_with("expected JSON, stopped at byte 0: "));
    CHECK(fault("{\"a\": hunter2}").starts_with("expected JSON, stopped at byte 7: "));
    for (const char* text :
         {"invalid", "{\"password\": \"hunter2", "{\"password\": \"hunter2\" hunter2}", "[1,2", "{\"a\":1}hunter2",
          "{\"hunter2\n\":1}", "[\"hunter2\\x\"]", "[01]", "[\"\xff hunter2\"]"}) {
        CAPTURE(text);
        CHECK_THAT(fault(text), ContainsSubstring("expected JSON, stopped at byte"));
        CHECK_THAT(fault(text), !ContainsSubstring("hunter2"));
    }
}

TEST_CASE("a stream that is nested without end is refused, and one that is nested deeply is read") {
    CHECK_THAT(fault(std::string(600, '[')), ContainsSubstring("at most 512 levels"));
    CHECK(fault(std::string(500, '[') + std::string(500, ']')).empty());
}

TEST_CASE("a stream is told the same however it comes in pieces") {
    const std::string document = R"({"a":[1,-2,0.5,true,null,"x\"\\é\ud83d\ude00"],"b":{"c":{}}})";
    for (std::size_t piece = 1; piece <= document.size(); ++piece) {
        const Scribe scribe = told(document, piece);
        CHECK(scribe.said == "{a:[4 3 5 2 1 \"]b:{c:{}}}");
        CHECK(scribe.texts.at(0) == "x\"\\é\xF0\x9F\x98\x80");
    }
}

TEST_CASE("a long text is cut, whatever it is made of, and what follows it is read") {
    for (const std::string& unit :
         {std::string{"A"}, std::string{"\\n"}, std::string{"\\\""}, std::string{"ü"}, std::string{"\\ud83d\\ude00"},
          std::string{"\\\\"}, std::string{"\xF0\x9F\x98\x80"}}) {
        std::string text = "\"";
        for (std::size_t i = 0; i < 20'000; ++i)
            text += unit;
        text += '"';
        for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{4096}, text.size() * 2}) {
            CAPTURE(unit, piece);
            const Scribe scribe = told("{" + text + ":[" + text + ",1," + text + "]}", piece);
            CHECK_THAT(scribe.said, ContainsSubstring(":[\"4 \"]}"));
            CHECK(scribe.longest <= 2 * io::kMaxStreamedText);
            CHECK(scribe.texts.size() == 2);
        }
    }
}

TEST_CASE("a long text that does not end, or holds control characters, is found") {
    const std::string begin = "[\"" + std::string(10'000, 'x');
    CHECK_THAT(fault(begin), ContainsSubstring("missing closing quote"));
    CHECK_THAT(fault(begin + "\\"), ContainsSubstring("stopped at byte 10003"));
    CHECK_THAT(fault(begin + "\n\"]"), ContainsSubstring("control character"));
}
