// SPDX-License-Identifier: Apache-2.0
// URLs from configurations, and where servers redirect us to.
#include "io/client_options.hpp"
#include "io/url.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <curl/curl.h>

#include <memory>

namespace recoverd::fuzz {

namespace {

void sound(const io::Url& url) {
    must(url.scheme == "http" || url.scheme == "https", "http or https", url.scheme);
    must(!url.host.empty() && !url.port.empty(), "a host and a port", url.text);
    must(url.text.find_first_of(std::string_view{"\0\r\n", 3}) == std::string::npos, "fit for a request", url.text);
    // What is asked must be what was checked, or a redirect could lead where it may not.
    const auto again = io::Url::parse(url.text);
    must(again.has_value(), "what was parsed parses", url.text);
    must(again->same_server(url), "and is the same server", url.text);
    char* text = nullptr;
    must(::curl_url_get(url.as_read.get(), CURLUPART_URL, &text, 0) == CURLUE_OK, "curl prints it", url.text);
    const std::unique_ptr<char, decltype(&::curl_free)> printed{text, &::curl_free};
    must(url.text == printed.get(), "the text is what curl asks for", url.text);
}

} // namespace

void fuzz(std::string_view bytes) {
    // Neither a configuration's line nor a header has them.
    std::string text{bytes};
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
    if (const auto url = io::Url::parse(text))
        sound(*url);
    else
        must_be_sound(url.error());
    const auto base = io::Url::parse("https://user:secret@host.example:8443/a/b?c=d#e");
    must(base.has_value(), "the base is a URL");
    if (const auto next = base->follow(text)) {
        sound(*next);
        must(next->username.empty() && next->password.empty(), "a server gives no credentials");
    } else {
        must_be_sound(next.error());
    }
    const std::string bare = io::bare_url(text);
    must(!bare.contains('?') && !bare.contains('#'), "neither query nor fragment", bare);
}

} // namespace recoverd::fuzz
