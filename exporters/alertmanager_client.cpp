// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager_client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters {

namespace {

io::HttpRequest request_to(const AlertmanagerPlace& place, const AlertmanagerOptions& options, std::string body) {
    io::HttpRequest request;
    request.verb = "POST";
    request.url = place.url + "/api/v2/alerts";
    request.headers.emplace_back("Content-Type", "application/json");
    if (!place.host_header.empty())
        request.headers.emplace_back("Host", place.host_header);
    request.body = std::move(body);
    request.tls = options.tls;
    if (request.tls.server_name.empty())
        request.tls.server_name = place.server_name;
    request.proxy = options.proxy;
    request.max_redirects = 0;
    request.timeout = options.timeout;
    return request;
}

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlives the sender
io::Task<core::Result<io::HttpAnswer>> post_alerts(io::World& world, AlertmanagerOptions options,
                                                   AlertmanagerPlace place, std::string body) {
    io::HttpRequest request = request_to(place, options, std::move(body));
    auto auth = co_await io::open_auth(world, options.auth);
    if (!auth)
        co_return std::unexpected(auth.error());
    request.auth = std::move(*auth);
    auto answer = co_await world.http(std::move(request));
    co_return answer;
}

std::string_view outcome_of(const core::Result<io::HttpAnswer>& answer) {
    if (!answer)
        return name_of(answer.error().kind);
    if (answer->status / 100 == 2)
        return "accepted";
    return answer->status == 400 ? "rejected" : answer->status / 100 == 5 ? "failed" : "refused";
}

std::string words_of(const core::Result<io::HttpAnswer>& answer) {
    if (!answer)
        return answer.error().detail;
    // Its first line: what repeats a request, as proxies may, has the credentials of it further down.
    constexpr std::size_t kMost = 200;
    std::string words = answer->body.substr(0, std::min(answer->body.find_first_of("\r\n"), kMost));
    std::ranges::replace_if(words, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return fmt::format("status {}: {}", answer->status, words);
}

} // namespace recoverd::exporters
