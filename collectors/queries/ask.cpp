// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/ask.hpp"

#include "io/client_options.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::queries {

namespace {

/// Some 200 series with all the labels that Kubernetes has, and what is refused for being more.
constexpr std::size_t kMostBytes = std::size_t{8} << 20U;

/// The first line that says something, printable and short; without markup, of which pages of proxies consist.
std::string first_words(std::string_view body) {
    constexpr std::size_t kMost = 300;
    const auto begin = body.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos || body[begin] == '<')
        return {};
    std::string line{body.substr(begin, std::min(body.find_first_of("\r\n", begin) - begin, kMost))};
    std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c >= 0x7F; }, '?');
    return line;
}

/// As Prometheus writes an error; empty text where it is none.
std::pair<std::string, std::string> told(const std::string& body) {
    const auto read = understood([&] {
        const io::Json json = io::Json::parse(body);
        const io::Json& type = json["errorType"];
        return std::pair{type ? type.text() : std::string{}, json["error"].text()};
    });
    return read ? std::pair{first_words(read->first), first_words(read->second)}
                : std::pair<std::string, std::string>{};
}

FailureKind kind_of(int status, std::string_view error_type) {
    if (error_type == "timeout" || status == 504)
        return FailureKind::timed_out;
    if (status == 401 || status == 403 || status == 407 || status == 429)
        return FailureKind::refused;
    return status == 400 ? FailureKind::misconfigured : FailureKind::bad_answer;
}

} // namespace

Task<Result<io::HttpAuth>> open(Options options, Run run) {
    core::config::Diagnostics checked_already;
    io::AuthRefs refs = options.auth ? io::read_auth(*options.auth, "auth", checked_already) : io::AuthRefs{};
    auto opened = co_await io::open_auth(run.world, std::move(refs));
    co_return opened;
}

io::HttpRequest request_of(const Options& options, io::HttpAuth auth, std::string_view path,
                           const Parameters& parameters, Duration left) {
    core::config::Diagnostics checked_already;
    io::HttpRequest request;
    request.url = options.url.substr(0, options.url.find_last_not_of('/') + 1) + std::string{path};
    char before = '?';
    for (const auto& [name, value] : parameters) {
        request.url += fmt::format("{}{}={}", before, name, io::percent_encoded(value));
        before = '&';
    }
    // Mimir, Loki and proxies may keep answers; one that is kept is not a look.
    request.headers = {{"Accept", "application/json"}, {"Cache-Control", "no-store"}};
    if (!options.tenant.empty())
        request.headers.emplace_back("X-Scope-OrgID", options.tenant);
    request.headers.insert(request.headers.end(), options.headers.begin(), options.headers.end());
    if (options.tls)
        request.tls = io::read_tls(*options.tls, "tls", checked_already);
    request.auth = std::move(auth);
    request.proxy = options.proxy;
    request.max_body = kMostBytes;
    request.timeout = std::max(Duration{1}, left);
    return request;
}

Failure refusal(const io::HttpAnswer& answer) {
    auto [type, error] = told(answer.body);
    std::string words = error.empty() ? first_words(answer.body) : type.empty() ? error : type + ": " + error;
    std::string detail = fmt::format("{}: status {}", io::bare_url(answer.url), answer.status);
    if (!words.empty())
        detail += ": " + words;
    if (answer.status == 404)
        detail += "; hint: url is what the API's paths begin at, such as http://prometheus:9090";
    else if (answer.status == 401 && words.contains("no org id"))
        detail += "; hint: name the tenant";
    return {kind_of(answer.status, type), std::move(detail)};
}

Task<Result<io::Json>> ask(Run run, io::HttpRequest request) {
    const auto answer = co_await run.world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(answer.error());
    if (answer->status != 200)
        co_return std::unexpected(refusal(*answer));
    auto json = understood([&] { return io::Json::parse(answer->body, kMostBytes); });
    if (!json)
        co_return core::failed(FailureKind::bad_answer,
                               fmt::format("{}: {}", io::bare_url(answer->url), json.error().detail));
    co_return json;
}

} // namespace recoverd::collectors::queries
