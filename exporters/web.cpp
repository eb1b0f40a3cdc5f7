// SPDX-License-Identifier: Apache-2.0
#include "exporters/web.hpp"

#include "exporters/api.hpp"
#include "exporters/page/script.hpp"
#include "exporters/page/status_page.hpp"
#include "exporters/page/style.hpp"
#include "exporters/web_replies.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace recoverd::exporters {

namespace {

constexpr std::array kRoutes{
    Route{"/", "GET", "the status page"},
    Route{"/asset/NAME", "GET", "one asset: verdict, recovery points, exercises, what is wrong"},
    Route{"/check/NAME", "GET", "one check: what it learned last, and why it could not"},
    Route{"/page.css", "GET", "how pages look"},
    Route{"/page.js", "GET", "keeps a page up to date in place, and says when it is old"},
    Route{"/metrics", "GET", "Prometheus text, or OpenMetrics when asked for"},
    Route{"/api/v1/status", "GET", "the overall word, and counts"},
    Route{"/api/v1/assets", "GET", "every asset with its verdict"},
    Route{"/api/v1/checks", "GET", "every check with what it last learned"},
    Route{"/api/v1/scenarios", "GET", "every failure scenario, what decides it, and its outages"},
    Route{"/api/v1/validations", "GET", "every validation, how its last run went, and the one that runs"},
    Route{"/api/v1/alerts", "GET", "alerts that are pending, firing or just resolved"},
    Route{"/api/v1/history", "GET", "what happened to one asset, check or scenario, or by one alert"},
    Route{"/api/v1/openapi.json", "GET", "the description of this API"},
    Route{"/api/v1/outcomes", "POST", "takes the outcome of an exercise or a job"},
    Route{"/api/v1/forget", "POST", "drops a subject that is gone for good"},
    Route{"/api/v1/validate", "POST", "starts a validation"},
    Route{"/api/v1/checks/NAME/run", "POST", "has a check look out of turn"},
    Route{"/config", "GET", "the running configuration, secrets replaced"},
    Route{"/-/healthy", "GET", "200 while the agent lives, degraded or not"},
    Route{"/-/ready", "GET", "200 when it has begun to check"},
    Route{"/-/reload", "POST", "loads the configuration anew, with --web.enable-lifecycle"},
};

/// Behind these stands a percent-encoded name.
constexpr std::array kPages{std::pair{std::string_view{"/asset/"}, core::HistoryOf::asset},
                            std::pair{std::string_view{"/check/"}, core::HistoryOf::check}};
constexpr std::string_view kOneCheck = "/api/v1/checks/";
constexpr std::string_view kRun = "/run";

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

io::HttpReply not_found() {
    std::string known;
    for (const Route& route : kRoutes)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", route.path);
    return reply(404, fmt::format("nothing is here\nhint: there are {}\n", known));
}

/// Whoever asks these comes past no proxy: kubelet, which would kill the pod for a 404, and the image's health check.
/// So, unlike Prometheus' own, they are there without the prefix as well.
bool is_for_probes(std::string_view path) { return path == "/-/healthy" || path == "/-/ready"; }

/// "localhost" or an address: what no other site can have its name point to.
bool is_nobodys_name(std::string_view host) {
    if (host.starts_with('['))
        return true;
    host = host.substr(0, host.find(':'));
    return host == "localhost" || (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// Whoever comes by a unix socket was let through by its file, whatever it calls it: no name leads there.
bool is_by_socket(const io::HttpIncoming& request) { return request.peer == "unix"; }

/// By somebody on this host, and not by a proxy on it for somebody elsewhere. One that neither says so nor hands on the
/// name it was asked by cannot be told from a client, nor can one behind a unix socket that does not say so.
bool is_of_this_host(const io::HttpIncoming& request) {
    static constexpr std::array<std::string_view, 5> kHandedOn{"forwarded", "via", "x-forwarded-for",
                                                               "x-forwarded-host", "x-real-ip"};
    const std::string_view host = request.header("host");
    return request.local && (host.empty() || is_nobodys_name(host) || is_by_socket(request)) &&
           std::ranges::none_of(request.headers, [](const auto& header) {
               return std::ranges::find(kHandedOn, header.first) != kHandedOn.end();
           });
}

/// The check that a path asks to look, still percent-encoded; empty when it is another path.
std::string_view check_to_run(std::string_view path) {
    if (!path.starts_with(kOneCheck) || !path.ends_with(kRun) || path.size() <= kOneCheck.size() + kRun.size())
        return {};
    const std::string_view name = path.substr(kOneCheck.size(), path.size() - kOneCheck.size() - kRun.size());
    return name.contains('/') ? std::string_view{} : name;
}

/// In a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

/// A browser lets a page send bytes of no type without asking, and says whose they are; another client need not say
/// what can be nothing else.
bool is_json(const io::HttpIncoming& request) {
    const std::string_view type = request.header("content-type");
    const bool from_browser = !request.header("origin").empty() || !request.header("sec-fetch-site").empty();
    return type.starts_with(kJson) || (type.empty() && !from_browser);
}

} // namespace

std::span<const Route> routes() { return kRoutes; }

Web::Web(WebSources sources, WebOptions options) : sources_(std::move(sources)), options_(std::move(options)) {
    while (options_.route_prefix.ends_with('/'))
        options_.route_prefix.pop_back();
}

std::optional<io::HttpReply> Web::operator()(const io::HttpIncoming& request, const io::HttpReplier& later) {
    std::string_view path = request.path;
    if (!options_.route_prefix.empty() && !is_for_probes(path)) {
        if (path == "/" || path == options_.route_prefix) {
            io::HttpReply out = reply(302, "");
            out.headers.emplace_back("Location", options_.route_prefix + "/");
            return out;
        }
        if (!path.starts_with(options_.route_prefix + "/"))
            return not_found();
        path.remove_prefix(options_.route_prefix.size());
    }
    for (const auto& [page, of] : kPages)
        if (path.starts_with(page))
            return request.verb == "GET" || request.verb == "HEAD"
                       ? detail(of, io::percent_decoded(path.substr(page.size())), request, later)
                       : wrong_verb("GET, HEAD");
    if (const auto check = check_to_run(path); !check.empty())
        return look(check, request, later);
    const auto route = std::ranges::find(kRoutes, path, &Route::path);
    if (route == kRoutes.end())
        return not_found();
    if (route->verb == "GET")
        return request.verb == "GET" || request.verb == "HEAD" ? get(path, request, later) : wrong_verb("GET, HEAD");
    // Prometheus takes PUT for a reload too.
    const bool put_reload = path == "/-/reload" && request.verb == "PUT";
    if (request.verb != route->verb && !put_reload)
        return wrong_verb(route->verb);
    if (is_from_another_page(request))
        return reply(403, "a page from elsewhere may not do this\n");
    if (path == "/-/reload")
        return reload(later);
    if (auto refused = refusal(request))
        return refused;
    (path == "/api/v1/forget"     ? sources_.forget
     : path == "/api/v1/validate" ? sources_.validate
                                  : sources_.outcome)(request, later);
    return std::nullopt;
}

std::optional<io::HttpReply> Web::get(std::string_view path, const io::HttpIncoming& request,
                                      const io::HttpReplier& later) {
    if (path == "/-/healthy")
        return has_stopped() ? reply(503, "recoverd has stopped judging.\n") : reply(200, "recoverd is healthy.\n");
    if (path == "/-/ready")
        return sources_.ready() ? reply(200, "recoverd is ready.\n") : reply(503, "recoverd is not ready yet.\n");
    if (path == "/config")
        return reply(200, sources_.config());
    if (path == "/page.css")
        return reply(200, std::string{kStatusPageStyle}, "text/css; charset=utf-8");
    if (path == "/page.js")
        return reply(200, std::string{kPageScript}, "text/javascript; charset=utf-8");
    if (path == "/api/v1/openapi.json")
        return reply(200, std::string{api::openapi()}, kJson);
    if (path == "/api/v1/history")
        return history(request.query, later);
    const auto snapshot = sources_.snapshot();
    const AgentFacts facts = sources_.facts();
    if (path == "/metrics") {
        const Format format =
            request.header("accept").contains("application/openmetrics-text") ? Format::openmetrics : Format::text;
        return reply(200, prometheus_.render(*snapshot, facts, format), PrometheusRenderer::content_type(format));
    }
    if (path == "/api/v1/status")
        return reply(200, api::status(*snapshot, facts), kJson);
    if (path == "/api/v1/assets")
        return reply(200, api::assets(*snapshot), kJson);
    if (path == "/api/v1/checks")
        return reply(200, api::checks(*snapshot), kJson);
    if (path == "/api/v1/scenarios")
        return reply(200, api::scenarios(*snapshot), kJson);
    if (path == "/api/v1/validations")
        return reply(200, api::validations(*snapshot), kJson);
    if (path == "/api/v1/alerts")
        return reply(200, api::alerts(*snapshot, facts), kJson);
    return page_of(status_page(*snapshot, facts));
}

std::optional<io::HttpReply> Web::reload(const io::HttpReplier& later) {
    if (!options_.lifecycle)
        return reply(403, "reloading over the web is off\nhint: start with --web.enable-lifecycle, or send SIGHUP\n");
    sources_.reload([later](std::optional<std::string> mistakes) {
        later(mistakes ? reply(500, "the old configuration stays:\n" + *mistakes + "\n") : reply(200, ""));
    });
    return std::nullopt;
}

std::optional<io::HttpReply> Web::look(std::string_view check, const io::HttpIncoming& request,
                                       const io::HttpReplier& later) {
    if (request.verb != "POST")
        return wrong_verb("POST");
    if (is_from_another_page(request))
        return reply(403, "a page from elsewhere may not do this\n");
    if (auto refused = refusal(request, true))
        return refused;
    if (!request.header("content-type").starts_with(kForm)) {
        sources_.look(io::percent_decoded(check), later);
        return std::nullopt;
    }
    sources_.look(io::percent_decoded(check), [later, check = std::string{check}](io::HttpReply answer) {
        later(for_a_browser(std::move(answer), check));
    });
    return std::nullopt;
}

/// A browser names the page that makes it post, and what that page is to us.
bool Web::is_from_another_page(const io::HttpIncoming& request) const {
    const std::string_view site = request.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin")
        return true;
    const std::string_view origin = request.header("origin");
    if (origin.empty())
        return false;
    // Behind a proxy that has TLS and a name of its own.
    const std::string external = sources_.facts().external_url;
    if (external.starts_with(origin) && (external.size() == origin.size() || external[origin.size()] == '/'))
        return false;
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host"))
        return true;
    // Whoever owns a name can have it point to this host, and then is the same origin as far as the browser knows.
    return request.local && request.user.empty() && !is_nobodys_name(request.header("host"));
}

bool Web::is_trusted(const io::HttpIncoming& request) const {
    return !request.user.empty() || is_of_this_host(request);
}

std::optional<io::HttpReply> Web::refusal(const io::HttpIncoming& request, bool form) const {
    // A form of another page could send anything but JSON without asking. One of ours comes with its origin, which has
    // been looked at.
    const bool ours = form && request.header("content-type").starts_with(kForm) && !request.header("origin").empty();
    if (!is_json(request) && !ours)
        return reply(415, "expected Content-Type: application/json\n");
    if (!is_trusted(request)) {
        constexpr std::string_view kBearer = "Bearer ";
        const std::string token = sources_.outcome_token();
        const std::string_view shown = request.header("authorization");
        if (token.empty())
            return reply(403, "this is only taken from this host, as localhost or 127.0.0.1, and through no proxy\n"
                              "hint: `outcomes.token` in the configuration lets others in\n");
        if (!shown.starts_with(kBearer) || !same_secret(shown.substr(kBearer.size()), token)) {
            io::HttpReply out = reply(401, "expected the token of `outcomes.token`\n");
            out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"recoverd\"");
            return out;
        }
    }
    return std::nullopt;
}

} // namespace recoverd::exporters
