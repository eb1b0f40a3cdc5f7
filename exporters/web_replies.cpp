// SPDX-License-Identifier: Apache-2.0
#include "exporters/web_replies.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

namespace recoverd::exporters {

io::HttpReply reply(int status, std::string body, std::string_view type) {
    io::HttpReply out;
    out.status = status;
    out.body = std::move(body);
    out.content_type = type;
    return out;
}

io::HttpReply page_of(std::string body) {
    io::HttpReply out = reply(200, std::move(body), "text/html; charset=utf-8");
    // What stands on the page was written by others; should escaping ever fail, nothing of it runs. A browser that
    // brings back an old tab may not show what it kept: old facts look like new ones.
    out.headers = {{"Content-Security-Policy",
                    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
                    "form-action 'self'; frame-ancestors 'none'"},
                   // With `no-referrer` a browser would not say that a form of ours is ours.
                   {"Referrer-Policy", "same-origin"},
                   {"Cache-Control", "no-store"}};
    return out;
}

io::HttpReply refusal_of(int status, std::string_view error) {
    io::JsonWriter json;
    json.begin_object().key("errors").begin_array().value(error).end_array().end_object();
    return reply(status, json.take() + "\n", kJson);
}

io::HttpReply wrong_verb(std::string_view allowed) {
    io::HttpReply out = reply(405, fmt::format("expected {}\n", allowed));
    out.headers.emplace_back("Allow", allowed);
    return out;
}

io::HttpReply for_a_browser(io::HttpReply answer, std::string_view check) {
    if (answer.status < 300) {
        answer = reply(303, "");
        answer.headers.emplace_back("Location", fmt::format("../../../../check/{}", check));
        return answer;
    }
    std::string text;
    const io::Json told = io::Json::parse(answer.body);
    for (const io::Json& error : told["errors"].items())
        text += error.text() + "\n";
    answer.body = std::move(text);
    answer.content_type = "text/plain; charset=utf-8";
    return answer;
}

} // namespace recoverd::exporters
