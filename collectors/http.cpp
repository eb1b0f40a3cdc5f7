// SPDX-License-Identifier: Apache-2.0
// Asks a URL, or one after the other along a path, and says whether it is up, partly up or down. Whether that matters,
// and after how many times in a row, is for core/rules/reachability.cpp.
#include "collectors/http/expectations.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/http/options.hpp"
#include "collectors/http/steps.hpp"

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Place;
using core::config::Table;
using http_parts::Options;

constexpr Option<Options> kOptions[] = {
    {"url", &Options::url,
     "what to ask, http or https; required without steps. With steps, the server that their paths are asked of"},
    {"verb", &Options::verb, "the request's method"},
    {"headers", &Options::headers, "further headers of the request; secrets belong in auth"},
    {"body", &Options::body, "body of the request"},
    {"expect_status", &Options::expect_status,
     "status codes that mean up: a number, a list, or text such as \"200-399\"; 200-299 when left out. Redirects are "
     "followed unless one of their codes is expected"},
    {"expect_headers", &Options::expect_headers,
     "what the answer's headers must hold, by their names in any case: { Content-Type = \"application/json\" }; text "
     "or /regular expression/ as in expect_body, and \"\" for any value. Of several headers of one name, one must hold "
     "it"},
    {"expect_body", &Options::expect_body,
     "text that the body must hold, or /regular expression/ (RE2; . matches line ends too)"},
    {"expect_json", &Options::expect_json, "what the JSON in the body must hold: { \"/pointer\" = value }"},
    {"steps", &Options::steps,
     "instead of one request, a path of up to 20, one after the other within the check's timeout: tables [[check.NAME."
     "steps]] of name, url, verb, headers, body, expect_status, expect_headers, expect_body, expect_json and take. "
     "`take = { id = "
     "\"/pointer\", token = { header = \"X-Token\" }, key = { match = \"key=([0-9]+)\" } }` takes from the answer's "
     "JSON, a header, or by the first group of a regular expression (RE2) from the body (or the header), and `{id}` "
     "stands "
     "for it in url, headers and body of later steps, encoded as each needs it. The step that broke is in the alert, "
     "what was taken is nowhere. No step is sent twice; auth goes to the first step's server only"},
    {"secrets", &Options::secrets, "for steps, variables that are known before: { password = { file = \"/path\" } }"},
    {"slow", &Options::slow, "an answer that takes longer counts as degraded; of steps, all of them together"},
    {"fresh_connection", &Options::fresh_connection,
     "connect anew for every probe. A connection that is kept, for 10 min at most, still answers while newcomers are "
     "refused, and still leads to where the name did before"},
    {"max_body", &Options::max_body, "as much of the body is read and looked at"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"auth", &Options::auth, "credentials"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

/// What most requests leave as it is.
struct Rest {
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string proxy;
    io::TlsOptions tls;
    io::AuthRefs auth;

    bool operator==(const Rest&) const = default;
};

/// The options after they were understood: made once, used by every run. There may be 10,000, and what a request and
/// credentials have room for would be a tenth of the agent's memory.
struct Probe {
    std::string url;
    /// As reachability has it; empty where that is `url`.
    std::string bare_url;
    std::string verb;
    std::size_t max_body = 0;
    unsigned max_redirects = 0;
    bool fresh_connection = false;
    HttpExpectations expected;
    /// Null where nothing of it was asked for.
    std::unique_ptr<const Rest> rest;
};

Probe read_probe(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_url(options.url, place.inside("url"), diagnostics);
    Probe probe;
    probe.expected = http_parts::read_expectations(options, place, diagnostics);
    probe.expected.slow = options.slow;
    io::HttpRequest like = http_parts::request_like(options, options, probe.expected);
    probe.url = std::move(like.url);
    if (std::string bare = io::bare_url(probe.url); bare != probe.url)
        probe.bare_url = std::move(bare);
    probe.verb = std::move(like.verb);
    probe.max_body = like.max_body;
    probe.max_redirects = like.max_redirects;
    probe.fresh_connection = like.fresh_connection;
    Rest rest{{options.headers.begin(), options.headers.end()},
              std::move(like.body),
              std::move(like.proxy),
              http_parts::read_tls(options, place, diagnostics),
              http_parts::read_auth(options, place, diagnostics)};
    if (rest != Rest{})
        probe.rest = std::make_unique<const Rest>(std::move(rest));
    if (options.secrets)
        diagnostics.mistake(options.secrets->at, place.path + ".secrets", "expected steps that use them, found none");
    return probe;
}

Collected report(const Result<io::HttpAnswer>& answer, const Probe& probe) {
    std::string target = probe.bare_url.empty() ? probe.url : probe.bare_url;
    if (!answer)
        return not_reached(answer.error(), std::move(target));
    core::Reachability reachability = interpret_http(probe.expected, *answer);
    reachability.target = std::move(target);
    return seen_of({std::move(reachability)});
}

io::HttpRequest request_of(const Probe& probe, Duration left) {
    io::HttpRequest request = http_parts::blank_request(probe.url);
    request.verb = probe.verb;
    request.max_body = probe.max_body;
    request.max_redirects = probe.max_redirects;
    request.fresh_connection = probe.fresh_connection;
    request.timeout = left;
    if (!probe.rest)
        return request;
    request.headers = probe.rest->headers;
    request.body = probe.rest->body;
    request.proxy = probe.rest->proxy;
    request.tls = probe.rest->tls;
    return request;
}

Task<Collected> ask(std::shared_ptr<const Probe> probe, Run run) {
    const Duration began = run.world.timers().elapsed();
    io::HttpRequest request = request_of(*probe, run.timeout);
    if (probe->rest) {
        io::AuthRefs refs = probe->rest->auth;
        auto auth = co_await io::open_auth(run.world, std::move(refs));
        if (!auth)
            co_return std::unexpected(std::move(auth.error()));
        request.auth = std::move(*auth);
        request.timeout -= run.world.timers().elapsed() - began;
    }
    const auto answer = co_await run.world.http(std::move(request));
    co_return report(answer, *probe);
}

Compiled compile_one(const Options& options, const Place& place, Diagnostics& diagnostics) {
    if (options.url.empty())
        core::config::report_missing_key("url", place, diagnostics);
    const auto probe = std::make_shared<const Probe>(read_probe(options, place, diagnostics));
    Compiled compiled;
    compiled.target = io::bare_url(options.url);
    compiled.collect = [probe](Run run) {
        return guarded([probe](Run r) { return ask(probe, std::move(r)); }, std::move(run));
    };
    return compiled;
}

Compiled compile_path(const Options& options, const Table& table, const Place& place, Diagnostics& diagnostics) {
    const auto path =
        std::make_shared<const http_parts::Path>(http_parts::read_path(options, table, place, diagnostics));
    Compiled compiled;
    compiled.target = path->target;
    compiled.collect = [path](Run run) {
        return guarded([path](Run r) { return http_parts::play(path, std::move(r)); }, std::move(run));
    };
    return compiled;
}

Compiled compile(const Table& table, const Place& place, std::span<const std::string_view> others,
                 Diagnostics& diagnostics) {
    const auto options = core::config::read_options<Options>(table, place, kOptions, others, diagnostics);
    Diagnostics found;
    Compiled compiled = options.steps ? compile_path(options, table, place, found) : compile_one(options, place, found);
    add_at_options(found, table, place, diagnostics);
    return compiled;
}

} // namespace

Kind http() {
    Kind made;
    made.name = "http";
    made.summary = "an HTTP endpoint, or a path of several requests: status, body, JSON, latency, certificate";
    made.brings = {EvidenceKind::reachability};
    made.access = "a connection to the URL's host, and what the endpoint itself asks for";
    made.probes = true;
    made.every = core::Duration{30'000};
    made.timeout = core::Duration{10'000};
    made.options = core::config::describe_options<Options>(kOptions);
    made.compile = compile;
    return made;
}

} // namespace recoverd::collectors
