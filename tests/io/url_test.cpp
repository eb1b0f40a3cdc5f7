// SPDX-License-Identifier: Apache-2.0
#include "io/url.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <curl/curl.h>

namespace recoverd::io {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("a URL is taken apart, and its credentials and fragment are not in its text") {
    const auto url = Url::parse("https://user:p%40ss@DB1.example:8443/a?b=c#d");
    REQUIRE(url);
    CHECK(url->host == "db1.example");
    CHECK(url->port == "8443");
    CHECK(url->username == "user");
    CHECK(url->password == "p@ss");
    CHECK(url->text == "https://db1.example:8443/a?b=c");
}

TEST_CASE("a URL's text is what curl prints of it, whatever its parts") {
    const auto* const written =
        GENERATE("http://a.example", "http://A.example:80", "https://a.example:0443/", "http://127.1/a/../b?c=d&e",
                 "http://a.example/?", "http://a.example?b", "http://a.example/%7Eb%2f#c", "http://[::1]:8080/a?b",
                 "http://[fe80::1%25lo]/", "http://user@a.example", "http://:@a.example/", "http://a.example:/b",
                 "http://a_b.example/%c");
    const auto url = Url::parse(written);
    REQUIRE(url);
    char* printed = nullptr;
    REQUIRE(::curl_url_get(url->as_read.get(), CURLUPART_URL, &printed, 0) == CURLUE_OK);
    CHECK(url->text == printed);
    ::curl_free(printed);
}

TEST_CASE("a URL that is read with another host keeps all the rest, and so does the one it was made of") {
    const auto url = Url::parse("https://user:secret@a.example:8443/b?c");
    REQUIRE(url);
    const auto renamed = url->read_with_host("b.example");
    char* printed = nullptr;
    REQUIRE(::curl_url_get(renamed.get(), CURLUPART_URL, &printed, 0) == CURLUE_OK);
    CHECK(std::string{printed} == "https://b.example:8443/b?c");
    ::curl_free(printed);
    REQUIRE(::curl_url_get(url->as_read.get(), CURLUPART_HOST, &printed, 0) == CURLUE_OK);
    CHECK(std::string{printed} == "a.example");
    ::curl_free(printed);
}

TEST_CASE("a host name that is not ASCII is refused in words, for no locale tells what its bytes are") {
    for (const std::string text : {"http://b\xC3\xBC"
                                   "cher.example/",
                                   "http://b\xFC"
                                   "cher.example/"}) {
        const auto url = Url::parse(text);
        REQUIRE_FALSE(url);
        CHECK(url.error().kind == FailureKind::misconfigured);
        CHECK_THAT(url.error().detail, ContainsSubstring("expected a host name in ASCII") && ContainsSubstring("xn--"));
    }
    CHECK(Url::parse("http://xn--bcher-kva.example/"));
}

TEST_CASE("a redirect to a host name that is not ASCII is a bad answer") {
    const auto next = Url::parse("http://a.example/")
                          ->follow("http://b\xC3\xBC"
                                   "cher.example/");
    REQUIRE_FALSE(next);
    CHECK(next.error().kind == FailureKind::bad_answer);
}

TEST_CASE("a host that would be another one when read again is refused") {
    const auto url = Url::parse("http://33%330/");
    REQUIRE_FALSE(url);
    CHECK(url.error().kind == FailureKind::misconfigured);
    CHECK_THAT(url.error().detail, ContainsSubstring("expected a host in plain letters"));
    for (const std::string other : {"http:/33%3/", "http://oth%r/", "http://a|b/", "http://a%25b/"})
        CHECK_FALSE(Url::parse(other));
    for (const std::string same : {"http://%41.example/", "http://127.1/", "http://[::1]/", "http://[fe80::1%25lo]/"})
        CHECK(Url::parse(same));
}

TEST_CASE("a redirect may be relative, and brings no credentials along") {
    const auto base = Url::parse("https://user:secret@a.example/b/c");
    REQUIRE(base);
    const auto next = base->follow("../d?e");
    REQUIRE(next);
    CHECK(next->text == "https://a.example/d?e");
    CHECK(next->same_server(*base));
    const auto other = base->follow("https://x:y@b.example/");
    REQUIRE(other);
    CHECK(other->username.empty());
    CHECK(other->password.empty());
}

} // namespace recoverd::io
