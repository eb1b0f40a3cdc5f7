// SPDX-License-Identifier: Apache-2.0
#include "io/xml.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using io::BadDocument;
using io::Xml;

#define CHECK_BAD(what, words) CHECK_THROWS_MATCHES(what, BadDocument, MessageMatches(ContainsSubstring(words)))

TEST_CASE("what is not XML, or not whole, is a bad document that says where") {
    CHECK_BAD(Xml::parse(""), "stopped at byte 0");
    CHECK_BAD(Xml::parse("  \n"), "expected XML");
    CHECK_BAD(Xml::parse("not xml"), "expected XML");
    CHECK_BAD(Xml::parse("{\"a\": 1}"), "expected XML");
    CHECK_BAD(Xml::parse("<a><b></a>"), "mismatched tag");
    CHECK_BAD(Xml::parse("<a/><b/>"), "junk after document element");
    CHECK_BAD(Xml::parse("<a>&nbsp;</a>"), "undefined entity");
    CHECK_BAD(Xml::parse("<a>&#1;</a>"), "invalid character");
    CHECK_BAD(Xml::parse("<a>\xff</a>"), "not well-formed");
    CHECK_BAD(Xml::parse(std::string_view{"<a>\0</a>", 8}), "not well-formed");
    const std::string whole = "<List><Version><Key>a</Key></Version></List>";
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_THROWS_AS(Xml::parse(std::string_view{whole}.substr(0, length)), BadDocument);
}

TEST_CASE("a document that could define entities is refused before it can expand one") {
    CHECK_BAD(Xml::parse("<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>"), "document type");
    CHECK_BAD(Xml::parse("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), "document type");
    CHECK_BAD(Xml::parse("<!DOCTYPE html><html><body/></html>"), "document type");
}

TEST_CASE("depth, size and number of elements have limits") {
    std::string deep;
    for (int i = 0; i < 33; ++i)
        deep += "<a>";
    CHECK_BAD(Xml::parse(deep), "at most 32 levels");
    CHECK_BAD(Xml::parse("<a>12345</a>", 8), "at most 8 bytes");
    std::string many = "<a>";
    for (int i = 0; i < 100'000; ++i)
        many += "<b/>";
    CHECK_BAD(Xml::parse(many + "</a>"), "at most 100000 elements");
}

TEST_CASE("names are taken without their namespace, entities of XML itself are text") {
    const Xml root = Xml::parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a word -->"
                                "<s3:R xmlns:s3=\"http://s3.amazonaws.com/doc/2006-03-01/\" a=\"b\">\n"
                                "  <s3:Key>a &amp; &lt;b&gt; &#252;</s3:Key><Size xmlns=\"x\">7</Size></s3:R>");
    CHECK(root.name() == "R");
    CHECK(root.child("Key").text() == "a & <b> \xc3\xbc");
    CHECK(root.child("Size").natural() == 7);
}

TEST_CASE("what is missing, double or of another kind names its element and place") {
    const Xml root = Xml::parse("<R><A>x</A><B>1</B><B>2</B><C><D/></C><T>2026-11-22T03:00:00.000Z</T><Y>TRUE</Y></R>");
    CHECK(root.find("Z") == nullptr);
    CHECK_BAD(root.child("Z"), "<R> at byte 0: expected <Z> in it, found none");
    CHECK_BAD(root.find("B"), "<R> at byte 0: expected one <B>, found several");
    CHECK(root.all("B").size() == 2);
    CHECK_BAD(root.child("A").natural(), "<A> at byte 3: expected a whole number from 0, found \"x\"");
    CHECK_BAD(root.child("A").time(), "expected a time");
    CHECK_BAD(root.child("A").boolean(), "expected true or false");
    CHECK_BAD(root.child("C").text(), "expected text, found elements");
    CHECK(root.child("T").time() == core::from_unix_seconds(1'795'316'400));
    CHECK(root.child("Y").boolean());
    for (const char* number : {"", "-1", "1.0", " 1", "18446744073709551616"}) {
        CAPTURE(number);
        CHECK_THROWS_AS(Xml::parse(fmt::format("<R>{}</R>", number)).natural(), BadDocument);
    }
}

TEST_CASE("foreign words in a message are short and of one line") {
    const Xml root =
        Xml::parse("<" + std::string(500, 'n') + ">" + std::string(500, '\n') + "</" + std::string(500, 'n') + ">");
    try {
        root.natural();
        FAIL("not a number");
    } catch (const BadDocument& bad) {
        const std::string words = bad.what();
        CHECK(words.size() < 300);
        CHECK(!words.contains('\n'));
    }
}
