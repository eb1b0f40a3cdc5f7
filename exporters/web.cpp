// SPDX-License-Identifier: Apache-2.0
#include "exporters/web.hpp"

#include "exporters/api.hpp"
#include "exporters/status_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::exporters {

namespace {

constexpr std::array kRoutes{
    Route{"/", "GET", "the status page"},
    Route{"/metrics", "GET", "Prometheus text, or OpenMetrics when asked for"},
    Route{"/api/v1/status", "GET", "the overall word, and counts"},
    Route{"/api/v1/assets", "GET", "every asset with its verdict"},
    Route{"/api/v1/checks", "GET", "every check with what it last learned"},
    Route{"/api/v1/alerts", "GET", "alerts that are pending, firing or just resolved"},
    Route{"/api/v1/openapi.json", "GET", "the description of this API"},
    Route{"/api/v1/outcomes", "POST", "takes the outcome of an exercise or a job"},
    Route{"/api/v1/forget", "POST", "drops a subject that is gone for good"},
    Route{"/config", "GET", "the running configuration, secrets replaced"},
    Route{"/-/healthy", "GET", "200 while the agent lives, degraded or not"},
    Route{"/-/ready", "GET", "200 when it has begun to check"},
    Route{"/-/reload", "POST", "loads the configuration anew, with --web.enable-lifecycle"},
};

constexpr std::string_view kJson = "application/json";

io::HttpReply reply(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
    io::HttpReply out;
    out.status = status;
    out.body = std::move(body);
    out.content_type = type;
    return out;
}

io::HttpReply page(std::string body) {
    io::HttpReply out = reply(200, std::move(body), "text/html; charset=utf-8");
    // What stands on the page was written by others; should escaping ever fail, nothing of it runs.
    out.headers = {{"Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                    "frame-ancestors 'none'"},
                   {"Referrer-Policy", "no-referrer"}};
    return out;
}

io::HttpReply not_found() {
    std::string known;
    for (const Route& route : kRoutes)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", route.path);
    return reply(404, fmt::format("nothing is here\nhint: there are {}\n", known));
}

io::HttpReply wrong_verb(std::string_view allowed) {
    io::HttpReply out = reply(405, fmt::format("expected {}\n", allowed));
    out.headers.emplace_back("Allow", allowed);
    return out;
}

/// A browser names the page that makes it post. No page of ours does, so any other page is up to something.
bool from_another_page(const io::HttpIncoming& request) {
    const std::string_view origin = request.header("origin");
    if (origin.empty())
        return false;
    const auto scheme = origin.find("://");
    return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

/// In a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

} // namespace

std::span<const Route> routes() { return kRoutes; }

Web::Web(WebSources sources, WebOptions options) : sources_(std::move(sources)), options_(std::move(options)) {
    while (options_.route_prefix.ends_with('/'))
        options_.route_prefix.pop_back();
}

std::optional<io::HttpReply> Web::operator()(const io::HttpIncoming& request, const io::HttpReplier& later) {
    std::string_view path = request.path;
    if (!options_.route_prefix.empty()) {
        if (path == "/" || path == options_.route_prefix) {
            io::HttpReply out = reply(302, "");
            out.headers.emplace_back("Location", options_.route_prefix + "/");
            return out;
        }
        if (!path.starts_with(options_.route_prefix + "/"))
            return not_found();
        path.remove_prefix(options_.route_prefix.size());
    }
    const auto route = std::ranges::find(kRoutes, path, &Route::path);
    if (route == kRoutes.end())
        return not_found();
    if (route->verb == "GET")
        return request.verb == "GET" || request.verb == "HEAD" ? get(path, request) : wrong_verb("GET, HEAD");
    // Prometheus takes PUT for a reload too.
    const bool put_reload = path == "/-/reload" && request.verb == "PUT";
    if (request.verb != route->verb && !put_reload)
        return wrong_verb(route->verb);
    if (from_another_page(request))
        return reply(403, "a page from elsewhere may not do this\n");
    if (path == "/-/reload")
        return reload(later);
    if (auto refused = refusal(request))
        return refused;
    (path == "/api/v1/forget" ? sources_.forget : sources_.outcome)(request, later);
    return std::nullopt;
}

std::optional<io::HttpReply> Web::get(std::string_view path, const io::HttpIncoming& request) {
    if (path == "/-/healthy")
        return reply(200, "recoverd is healthy.\n");
    if (path == "/-/ready")
        return sources_.ready() ? reply(200, "recoverd is ready.\n") : reply(503, "recoverd is not ready yet.\n");
    if (path == "/config")
        return reply(200, sources_.config());
    if (path == "/api/v1/openapi.json")
        return reply(200, std::string{api::openapi()}, kJson);
    const auto snapshot = sources_.snapshot();
    const AgentFacts facts = sources_.facts();
    if (path == "/metrics") {
        const Format format = request.header("accept").find("application/openmetrics-text") == std::string_view::npos
                                  ? Format::text
                                  : Format::openmetrics;
        return reply(200, prometheus_.render(*snapshot, facts, format), PrometheusRenderer::content_type(format));
    }
    if (path == "/api/v1/status")
        return reply(200, api::status(*snapshot, facts), kJson);
    if (path == "/api/v1/assets")
        return reply(200, api::assets(*snapshot), kJson);
    if (path == "/api/v1/checks")
        return reply(200, api::checks(*snapshot), kJson);
    if (path == "/api/v1/alerts")
        return reply(200, api::alerts(*snapshot, facts), kJson);
    return page(status_page(*snapshot, facts));
}

std::optional<io::HttpReply> Web::reload(const io::HttpReplier& later) {
    if (!options_.lifecycle)
        return reply(403, "reloading over the web is off\nhint: start with --web.enable-lifecycle, or send SIGHUP\n");
    sources_.reload([later](std::optional<std::string> mistakes) {
        later(mistakes ? reply(500, "the old configuration stays:\n" + *mistakes + "\n") : reply(200, ""));
    });
    return std::nullopt;
}

std::optional<io::HttpReply> Web::refusal(const io::HttpIncoming& request) const {
    // A form of another page could send text/plain without asking; JSON it could not.
    if (!request.header("content-type").starts_with(kJson))
        return reply(415, "expected Content-Type: application/json\n");
    if (!request.local && request.user.empty()) {
        constexpr std::string_view kBearer = "Bearer ";
        const std::string token = sources_.outcome_token();
        const std::string_view shown = request.header("authorization");
        if (token.empty())
            return reply(
                403, "this is only taken from this host\nhint: `outcomes.token` in the configuration lets others in\n");
        if (!shown.starts_with(kBearer) || !same_secret(shown.substr(kBearer.size()), token)) {
            io::HttpReply out = reply(401, "expected the token of `outcomes.token`\n");
            out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"recoverd\"");
            return out;
        }
    }
    return std::nullopt;
}

} // namespace recoverd::exporters
