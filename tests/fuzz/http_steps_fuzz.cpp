// SPDX-License-Identifier: Apache-2.0
// What a step takes from an answer, and what becomes of it in the next request: no value may be more than a value.
#include "collectors/http/take.hpp"
#include "io/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace recoverd::fuzz {

namespace {

namespace parts = collectors::http_parts;
using parts::Filling;
using parts::Template;

parts::Take take(std::string variable, std::string pointer, std::string header, const std::string& match) {
    parts::Take made;
    made.variable = std::move(variable);
    made.pointer = std::move(pointer);
    made.header = std::move(header);
    if (!match.empty())
        made.match = parts::Expression::parse(match, parts::Expression::By::lines).value();
    return made;
}

void must_be_a_value(const parts::Values& values) {
    const auto url = Template{"http://shop/a/{v}/b?c={v}"}.filled(Filling::url, values);
    if (url) {
        must(url->starts_with("http://shop/a/"), "the same server and path", *url);
        must(std::ranges::count(*url, '/') == 5, "no other path", *url);
        must(std::ranges::count(*url, '?') == 1 && !url->contains('#'), "no other query", *url);
        must(std::ranges::all_of(*url, [](unsigned char c) { return c > ' ' && c < 0x7f; }), "plain letters", *url);
    }
    const auto header = Template{"Bearer {v}"}.filled(Filling::header, values);
    must(!header || header->find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos, "one header", *header);
    const auto form = Template{"a={v}&b=1"}.filled(Filling::form, values);
    must(form && std::ranges::count(*form, '&') == 1 && std::ranges::count(*form, '=') == 2, "two fields");
    const auto body = Template{R"({"a": {v}, "b": "x{v}"})"}.filled(Filling::json, values);
    const io::Json json = io::Json::parse(*body);
    must(json.object().size() == 2 && json["b"].is_text(), "two members", *body);
}

} // namespace

void fuzz(std::string_view bytes) {
    static const std::vector<std::vector<parts::Take>> kTakes{
        {take("v", "/v", {}, {})},
        {take("v", {}, "x-value", {})},
        {take("v", {}, {}, "v=\"?([^\"]+)")},
        {take("v", {}, "x-value", "([a-z]*)-?([0-9]+)")},
    };
    io::HttpAnswer answer;
    answer.status = 200;
    answer.body = bytes;
    answer.headers.emplace_back("x-value", bytes.substr(0, bytes.find('\n')));
    for (const auto& takes : kTakes) {
        parts::Values values;
        const auto taken = parts::take_values(takes, answer, values);
        must(taken.has_value() == (values.size() == 1), "a value or words", taken ? "" : taken.error());
        if (!taken)
            must(!taken.error().empty() && taken.error().size() < 500, "words", taken.error());
        else
            must_be_a_value(values);
    }
    parts::Values values;
    const Template foreign{std::string{bytes}};
    for (const std::string& name : foreign.variables())
        values[name] = {io::Secret{"value"}, false};
    for (const auto filling : {Filling::url, Filling::header, Filling::json, Filling::form})
        static_cast<void>(foreign.filled(filling, values));
    must(!parts::without_values(std::string{bytes} + "value", {{"v", {io::Secret{"value"}, false}}}).contains("value"),
         "no value is told", bytes);
}

} // namespace recoverd::fuzz
