// SPDX-License-Identifier: Apache-2.0
// Asks the REST API of a Patroni cluster's members who leads and who follows. The PostgreSQL servers themselves are for
// `postgresql`. Each member is asked for its own state, and the first that can for that of the cluster.
#include "collectors/patroni.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;

struct Options {
    std::vector<std::string> urls;
    std::vector<std::string> members;
    std::int64_t min_candidates = 1;
    std::optional<std::int64_t> max_failovers;
    core::Labels standby_delays;
    std::optional<Node> tls;
    std::optional<Node> auth;
    std::string proxy;
};

constexpr Option<Options> kOptions[] = {
    {"urls", &Options::urls, "the REST API of every member, such as http://node1:8008", Need::required},
    {"members", &Options::members,
     "names of the members that must be there; when left out all that were ever seen, so name them once one was "
     "removed for good"},
    {"min_candidates", &Options::min_candidates,
     "members besides the leader that their tags must allow to take over; 0 for a cluster of one"},
    {"max_failovers", &Options::max_failovers, "failovers and switchovers within a day that may be; any when left out"},
    {"standby_delays", &Options::standby_delays,
     "recovery_min_apply_delay of members that lag on purpose, by name, which Patroni does not tell: { node3 = \"1h\" "
     "}"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"auth", &Options::auth, "credentials; Patroni asks for none to look"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

std::string target(const Options& options) {
    std::vector<std::string> urls;
    for (const std::string& url : options.urls)
        urls.push_back(io::bare_url(url));
    return fmt::format("{}", fmt::join(urls, ","));
}

void check_delays(const Options& options, const Place& place, Diagnostics& diagnostics) {
    for (const auto& [name, delay] : options.standby_delays) {
        const std::string path = fmt::format("{}.standby_delays.{}", place.path, name);
        if (const auto parsed = core::config::parse_duration(delay); !parsed)
            diagnostics.mistake(place.at, path, parsed.error());
        if (!options.members.empty() && std::ranges::find(options.members, name) == options.members.end())
            diagnostics.mistake(place.at, path, fmt::format("expected a name out of members, found '{}'", name));
    }
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    for (const std::string& url : options.urls)
        check_url(url, place.inside("urls"), diagnostics);
    for (const std::string& url : options.urls)
        if (url.empty() || std::ranges::count(options.urls, url) > 1)
            diagnostics.mistake(place.at, place.path + ".urls",
                                fmt::format("expected the URL of each member once, found '{}'", url));
    for (const std::string& name : options.members)
        if (name.empty() || std::ranges::count(options.members, name) > 1)
            diagnostics.mistake(place.at, place.path + ".members",
                                fmt::format("expected the name of each member once, found '{}'", name));
    if (options.min_candidates < 0)
        diagnostics.mistake(place.at, place.path + ".min_candidates", "expected 0 or more");
    if (options.max_failovers && *options.max_failovers < 0)
        diagnostics.mistake(place.at, place.path + ".max_failovers", "expected 0 or more");
    check_delays(options, place, diagnostics);
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
    if (options.auth)
        io::read_auth(*options.auth, place.path + ".auth", diagnostics);
}

/// Patroni answers 503 for a member that is not what the path asks for, and means its body all the same.
Result<io::Json> read_answer(const io::HttpAnswer& answer) {
    if (answer.status == 401 || answer.status == 403)
        return core::failed(FailureKind::refused,
                            fmt::format("{}: refused with status {}", io::bare_url(answer.url), answer.status));
    if (answer.status != 200 && answer.status != 503)
        return core::failed(FailureKind::bad_answer, fmt::format("{}: expected status 200 or 503, found {}",
                                                                 io::bare_url(answer.url), answer.status));
    auto json = understood([&] { return io::Json::parse(answer.body); });
    if (!json)
        return core::failed(FailureKind::bad_answer,
                            fmt::format("{}: {}", io::bare_url(answer.url), json.error().detail));
    return json;
}

/// Asks the members one after the other, each request with its share of the time that is left.
class Asking {
  public:
    Asking(Options options, Run run, io::HttpAuth auth, Duration until)
        : options_(std::move(options)),
          run_(std::move(run)),
          auth_(std::move(auth)),
          until_(until),
          // Of each its own state; then /cluster of each at worst, and /history.
          requests_(static_cast<Duration::rep>(options_.urls.size()) * 2 + 1) {}

    const std::vector<std::string>& urls() const { return options_.urls; }
    Duration left() const { return until_ - run_.world.timers().elapsed(); }

    io::HttpRequest request(const std::string& base, std::string_view path) {
        Diagnostics checked_already;
        io::HttpRequest asked;
        asked.url = base.substr(0, base.find_last_not_of('/') + 1) + std::string{path};
        if (options_.tls)
            asked.tls = io::read_tls(*options_.tls, "tls", checked_already);
        asked.auth = auth_;
        asked.proxy = options_.proxy;
        asked.timeout = std::max(Duration{1}, left() / std::max<Duration::rep>(1, requests_--));
        return asked;
    }

  private:
    Options options_;
    Run run_;
    io::HttpAuth auth_;
    Duration until_;
    Duration::rep requests_;
};

Task<Result<io::Json>> ask(Run run, io::HttpRequest request) {
    const auto answer = co_await run.world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return read_answer(*answer);
}

Failure nobody_asked() { return {FailureKind::bad_answer, "expected the URL of a member, found none"}; }

PatroniAnswers nothing_yet() {
    return {.nodes = {},
            .cluster = std::unexpected(nobody_asked()),
            .history = std::unexpected(nobody_asked()),
            .unasked = {}};
}

PatroniExpected expectations(const Options& options) {
    PatroniExpected expected{options.members, options.min_candidates, options.max_failovers, target(options), {}};
    for (const auto& [name, delay] : options.standby_delays)
        if (const auto parsed = core::config::parse_duration(delay))
            expected.standby_delays[name] = *parsed;
    return expected;
}

io::AuthRefs auth_of(const Options& options) {
    Diagnostics checked_already;
    return options.auth ? io::read_auth(*options.auth, "auth", checked_already) : io::AuthRefs{};
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    io::AuthRefs refs = auth_of(options);
    auto auth = co_await io::open_auth(run.world, std::move(refs));
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    const PatroniExpected expected = expectations(options);
    Asking asking(options, run, std::move(*auth), until);
    PatroniAnswers answers = nothing_yet();
    std::vector<std::string> answered;
    for (const std::string& url : asking.urls()) {
        io::HttpRequest request = asking.request(url, "/patroni");
        auto node = co_await ask(run, std::move(request));
        if (node) {
            answers.nodes.push_back(std::move(*node));
            answered.push_back(url);
            continue;
        }
        if (!answers.unasked)
            answers.unasked = std::move(node.error());
    }
    if (answered.empty())
        co_return std::unexpected(answers.unasked.value_or(nobody_asked()));
    for (const std::string& url : answered) {
        io::HttpRequest request = asking.request(url, "/cluster");
        auto cluster = co_await ask(run, std::move(request));
        answers.cluster = std::move(cluster);
        if (!answers.cluster)
            continue;
        io::HttpRequest last = asking.request(url, "/history");
        auto history = co_await ask(run, std::move(last));
        answers.history = std::move(history);
        break;
    }
    co_return interpret_patroni(expected, answers, run.cursor, run.now);
}

} // namespace

Kind patroni() {
    return kind<Options>({.name = "patroni",
                          .summary = "leader, members, lag, pause and failovers of a Patroni cluster",
                          .brings = {EvidenceKind::reachability, EvidenceKind::replication, EvidenceKind::assertions,
                                     EvidenceKind::fingerprint, EvidenceKind::measurement},
                          .access =
                              "to connect to the REST API of every member, where `nft add rule inet filter input ip "
                              "saddr ADDRESS tcp dport 8008 accept` lets it in and `curl http://MEMBER:8008/cluster` "
                              "shows that it does: it asks for no credentials to look, and restapi.allowlist guards "
                              "only what changes something. Where restapi.verify_client is required, tls with a "
                              "certificate that the authority in restapi.cafile made of `openssl req -new -newkey ec "
                              "-pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=recoverd -keyout recoverd.key "
                              "-out recoverd.csr`. Patroni 2.0 or newer",
                          .every = Duration{30'000},
                          .timeout = Duration{10'000}},
                         kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
