// SPDX-License-Identifier: Apache-2.0
// What is wrong with a request before anybody is asked.
#include "io/client_options.hpp"
#include "io/http_exchange.hpp"

#include <fmt/format.h>

namespace recoverd::io {

std::string name_of(const HttpRequest& request, const Url& url) {
    return fmt::format("{} {}", request.verb, bare_url(url.text));
}

std::optional<Failure> mistake_in(const HttpRequest& request) {
    const auto mistake = [](std::string detail) { return Failure{FailureKind::misconfigured, std::move(detail)}; };
    if (!is_token(request.verb))
        return mistake(fmt::format("expected a verb such as 'GET', found '{}'", request.verb));
    for (const auto& [name, value] : request.headers)
        if (!is_token(name) || !is_field_value(value))
            return mistake(fmt::format("expected a header, found a name or value that cannot be one: '{}'", name));
    if (!request.auth.header_name.empty() && !is_token(request.auth.header_name))
        return mistake(fmt::format("expected the name of a header, found '{}'", request.auth.header_name));
    for (const Secret* secret : {&request.auth.bearer, &request.auth.header_value})
        if (!is_field_value(secret->reveal()))
            return mistake("expected credentials of one line, found a line break or control character in them");
    // It stands in a header among other words. The key never leaves.
    if (!request.auth.sigv4.empty() && (request.auth.username.empty() || request.auth.username.contains(' ') ||
                                        !is_field_value(request.auth.username)))
        return mistake("expected the id of an access key of one word, found another");
    return std::nullopt;
}

} // namespace recoverd::io
