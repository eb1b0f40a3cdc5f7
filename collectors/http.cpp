// SPDX-License-Identifier: Apache-2.0
// Asks a URL and says whether its server is up, partly up or down. Whether that matters, and after how many times in a
// row, is for core/rules/reachability.cpp.
#include "collectors/http.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors {

namespace {

using core::Reachability;
using core::ReachState;
using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;
using core::config::Size;
using core::config::Table;

struct Options {
    std::string url;
    std::string verb = "GET";
    core::Labels headers;
    std::string body;
    std::optional<Node> expect_status;
    std::string expect_body;
    std::optional<Node> expect_json;
    std::optional<Duration> slow;
    bool fresh_connection = false;
    Size max_body{std::uint64_t{1} << 20U};
    std::optional<Node> tls;
    std::optional<Node> auth;
    std::string proxy;
};

constexpr Option<Options> kOptions[] = {
    {"url", &Options::url, "what to ask, http or https", Need::required},
    {"verb", &Options::verb, "the request's method"},
    {"headers", &Options::headers, "further headers of the request; secrets belong in auth"},
    {"body", &Options::body, "body of the request"},
    {"expect_status", &Options::expect_status,
     "status codes that mean up: a number, a list, or text such as \"200-399\"; 200-299 when left out. Redirects are "
     "followed unless one of their codes is expected"},
    {"expect_body", &Options::expect_body, "text that the body must hold, or /regular expression/ (POSIX extended)"},
    {"expect_json", &Options::expect_json, "what the JSON in the body must hold: { \"/pointer\" = value }"},
    {"slow", &Options::slow, "an answer that takes longer counts as degraded"},
    {"fresh_connection", &Options::fresh_connection, "connect anew for every probe"},
    {"max_body", &Options::max_body, "as much of the body is read and looked at"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"auth", &Options::auth, "credentials"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

/// The options after they were understood: made once, used by every run.
struct Probe {
    io::HttpRequest request;
    io::AuthRefs auth;
    HttpExpectations expected;
};

bool accepts(const std::vector<StatusRange>& ranges, int status) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [status](const StatusRange& range) { return range.first <= status && status <= range.last; });
}

std::string in_words(const std::vector<StatusRange>& ranges) {
    std::vector<std::string> words;
    for (const auto& [first, last] : ranges)
        words.push_back(first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
    return fmt::format("{}", fmt::join(words, ", "));
}

/// A number, a text, or a list of them.
std::vector<StatusRange> read_status(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    std::vector<StatusRange> ranges;
    const auto add = [&](const Node& one) {
        const auto* number = std::get_if<std::int64_t>(&one.value);
        const std::string text = number ? std::to_string(*number) : one.text() ? *one.text() : std::string{};
        if (const auto parsed = parse_status_ranges(text))
            ranges.insert(ranges.end(), parsed->begin(), parsed->end());
        else
            diagnostics.mistake(one.at, path,
                                number || one.text()
                                    ? parsed.error()
                                    : fmt::format("expected a status, found {}", core::config::describe(one)));
    };
    if (const auto* list = node.array())
        std::for_each(list->begin(), list->end(), add);
    else
        add(node);
    if (node.array() && node.array()->empty())
        diagnostics.mistake(node.at, path, "expected at least one status, found none");
    return ranges;
}

std::vector<std::pair<std::string, Node>> read_json(const Node& node, const std::string& path,
                                                    Diagnostics& diagnostics) {
    std::vector<std::pair<std::string, Node>> expected;
    const Table* table = node.table();
    if (!table)
        diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", core::config::describe(node)));
    for (const auto& entry : table ? *table : Table{}) {
        if (!entry.key.empty() && entry.key.front() != '/')
            diagnostics.mistake(entry.key_at, path, fmt::format("expected a JSON pointer, found '{}'", entry.key),
                                fmt::format("write \"/{}\"", entry.key));
        else if (entry.node.table() || entry.node.array())
            diagnostics.mistake(
                entry.node.at, path,
                fmt::format("expected a string, number or boolean, found {}", core::config::describe(entry.node)),
                "point at each member by itself");
        else
            expected.emplace_back(entry.key, entry.node);
    }
    return expected;
}

Probe read_probe(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_url(options.url, {place.path + ".url", place.owner, place.at}, diagnostics);
    Probe probe;
    auto& expected = probe.expected;
    if (options.expect_status)
        expected.status = read_status(*options.expect_status, place.path + ".expect_status", diagnostics);
    if (options.expect_json)
        expected.json = read_json(*options.expect_json, place.path + ".expect_json", diagnostics);
    if (auto pattern = BodyPattern::parse(options.expect_body); !pattern)
        diagnostics.mistake(place.at, place.path + ".expect_body", pattern.error());
    else if (!options.expect_body.empty())
        expected.body = std::move(*pattern);
    expected.slow = options.slow;

    auto& request = probe.request;
    request.url = options.url;
    request.verb = options.verb;
    request.headers.assign(options.headers.begin(), options.headers.end());
    request.body = options.body;
    request.proxy = options.proxy;
    request.fresh_connection = options.fresh_connection;
    request.max_body = options.max_body.bytes;
    request.cut_body = true; // a long page is no outage
    request.want_certificate = options.url.starts_with("https:");
    if (options.tls)
        request.tls = io::read_tls(*options.tls, place.path + ".tls", diagnostics);
    if (options.auth)
        probe.auth = io::read_auth(*options.auth, place.path + ".auth", diagnostics);
    constexpr std::array kRedirects{301, 302, 303, 307, 308};
    if (std::any_of(kRedirects.begin(), kRedirects.end(), [&](int status) { return accepts(expected.status, status); }))
        request.max_redirects = 0;
    return probe;
}

bool equals(const io::Json& actual, const Node& expected) {
    if (const auto* text = expected.text())
        return actual.is_text() && actual.text() == *text;
    if (const auto* truth = std::get_if<bool>(&expected.value))
        return std::holds_alternative<bool>(actual.value()) && actual.boolean() == *truth;
    if (!actual.is_number())
        return false;
    if (const auto* whole = std::get_if<std::int64_t>(&expected.value))
        return actual.number() == static_cast<double>(*whole);
    const auto* number = std::get_if<double>(&expected.value);
    return number && actual.number() == *number;
}

std::string in_words(const io::Json& json) {
    constexpr std::size_t kMost = 60;
    if (json.absent())
        return "nothing";
    if (json.is_text())
        return io::json_quote(std::string_view{json.text()}.substr(0, kMost));
    if (json.is_object() || json.is_array())
        return json.is_object() ? "an object" : "an array";
    if (json.is_number())
        return fmt::format("{}", json.number());
    return json.null() ? "null" : json.boolean() ? "true" : "false";
}

/// What is wrong with the JSON of a body, or nothing.
std::string wrong_in_json(const HttpExpectations& expected, const io::HttpAnswer& answer) {
    if (expected.json.empty())
        return {};
    if (answer.cut)
        return fmt::format("expected JSON, found a body beyond {} bytes", answer.body.size());
    // A body that is no JSON is evidence about the server here, and not a failure to look: so it is caught here.
    try {
        const io::Json json = io::Json::parse(answer.body);
        for (const auto& [pointer, value] : expected.json)
            if (const auto& actual = json.at_pointer(pointer); !equals(actual, value))
                return fmt::format("expected {} at '{}', found {}", core::config::canonical(value), pointer,
                                   in_words(actual));
        return {};
    } catch (const io::BadDocument& bad) {
        return fmt::format("expected JSON: {}", bad.what());
    }
}

Seen report(const Result<io::HttpAnswer>& answer, const Probe& probe) {
    Reachability reachability;
    if (answer) {
        reachability = interpret_http(probe.expected, *answer);
    } else {
        reachability.state = ReachState::down;
        reachability.detail = answer.error().detail;
    }
    reachability.target = io::bare_url(probe.request.url);
    SubjectReport subject;
    subject.evidence.emplace_back(std::move(reachability));
    Seen seen;
    seen.subjects.push_back(std::move(subject));
    return seen;
}

io::HttpRequest request_of(const Probe& probe, io::HttpAuth auth, Duration left) {
    io::HttpRequest request = probe.request;
    request.auth = std::move(auth);
    request.timeout = left;
    return request;
}

Task<Collected> collect(std::shared_ptr<const Probe> probe, Run run) {
    const Duration began = run.world.timers().elapsed();
    io::AuthRefs refs = probe->auth;
    auto auth = co_await io::open_auth(run.world, std::move(refs));
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    const Duration left = run.timeout - (run.world.timers().elapsed() - began);
    io::HttpRequest request = request_of(*probe, std::move(*auth), left);
    const auto answer = co_await run.world.http(std::move(request));
    // Not to be reached is what a probe is there to find out; not to know how to ask is not.
    if (!answer && answer.error().kind == FailureKind::misconfigured)
        co_return std::unexpected(answer.error());
    co_return report(answer, *probe);
}

Compiled compile(const Table& table, const Place& place, std::span<const std::string_view> others,
                 Diagnostics& diagnostics) {
    const auto options = core::config::read_options<Options>(table, place, kOptions, others, diagnostics);
    const auto probe = std::make_shared<const Probe>(read_probe(options, place, diagnostics));
    Compiled compiled;
    compiled.target = io::bare_url(options.url);
    compiled.collect = [probe](Run run) {
        return guarded([probe](Run r) { return collect(probe, std::move(r)); }, std::move(run));
    };
    return compiled;
}

} // namespace

std::expected<std::vector<StatusRange>, std::string> parse_status_ranges(std::string_view text) {
    const auto wrong = [text] {
        return std::unexpected(fmt::format("expected statuses such as '200-399' or '200,204', found '{}'", text));
    };
    std::vector<StatusRange> ranges;
    for (std::string_view rest = text;;) {
        const std::string_view part = rest.substr(0, rest.find(','));
        const auto read = [](std::string_view number) {
            int value = 0;
            const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
            const bool whole = error == std::errc{} && end == number.data() + number.size() && number.size() == 3;
            return whole && value >= 100 && value <= 599 ? value : 0;
        };
        const auto dash = part.find('-');
        const StatusRange range{read(part.substr(0, dash)),
                                read(dash == std::string_view::npos ? part : part.substr(dash + 1))};
        if (range.first == 0 || range.last < range.first)
            return wrong();
        ranges.push_back(range);
        if (part.size() == rest.size())
            return ranges;
        rest.remove_prefix(part.size() + 1);
    }
}

std::expected<BodyPattern, std::string> BodyPattern::parse(std::string text) {
    BodyPattern pattern;
    const bool any_case = text.ends_with("/i");
    const std::size_t end = text.rfind('/');
    const bool expression = text.size() >= 3 && text.front() == '/' && end >= 2 && (any_case || end == text.size() - 1);
    if (expression) {
        auto compiled = std::unique_ptr<regex_t, void (*)(regex_t*)>(new regex_t{}, [](regex_t* made) { delete made; });
        const int flags = REG_EXTENDED | REG_NOSUB | (any_case ? REG_ICASE : 0);
        const std::string source = text.substr(1, end - 1);
        if (const int error = ::regcomp(compiled.get(), source.c_str(), flags); error != 0) {
            std::array<char, 200> words{};
            ::regerror(error, compiled.get(), words.data(), words.size());
            return std::unexpected(fmt::format("expected a regular expression, found '{}': {}", text, words.data()));
        }
        pattern.expression_ = std::shared_ptr<const regex_t>(compiled.release(), [](const regex_t* made) {
            ::regfree(const_cast<regex_t*>(made));
            delete made;
        });
    }
    pattern.text_ = std::move(text);
    return pattern;
}

bool BodyPattern::found_in(const std::string& body) const {
    if (!expression_)
        return body.find(text_) != std::string::npos;
    // Bounded by its size, since a body may hold zero bytes. Not std::regex: its recursion overflows the stack on
    // bodies of some 100 KB, which are the other side's to choose.
    regmatch_t bounds{};
    bounds.rm_so = 0;
    bounds.rm_eo = static_cast<regoff_t>(body.size());
    return ::regexec(expression_.get(), body.c_str(), 1, &bounds, REG_STARTEND) == 0;
}

core::Reachability interpret_http(const HttpExpectations& expected, const io::HttpAnswer& answer) {
    Reachability seen;
    seen.latency = answer.latency;
    seen.certificate = answer.certificate;
    if (answer.status == 0) {
        seen.state = ReachState::down;
        seen.latency.reset(); // nobody answered
        seen.detail = fmt::format("the certificate is not trusted: {}",
                                  answer.certificate ? answer.certificate->fault : "none was shown");
        return seen;
    }
    // The status is the server's own word on whether it does its work: down. A wrong body comes from a server that is
    // there and answers, so that something of it is wrong but not all: degraded.
    if (!accepts(expected.status, answer.status)) {
        seen.state = ReachState::down;
        seen.detail = fmt::format("expected status {}, found {}", in_words(expected.status), answer.status);
        return seen;
    }
    if (expected.body && !expected.body->found_in(answer.body))
        seen.detail = fmt::format("expected '{}' in the body, found {} bytes without it", expected.body->text(),
                                  answer.body.size());
    else
        seen.detail = wrong_in_json(expected, answer);
    if (seen.detail.empty() && expected.slow && answer.latency > *expected.slow)
        seen.detail =
            fmt::format("expected an answer within {}, found it after {}",
                        core::config::format_duration(*expected.slow), core::config::format_duration(answer.latency));
    if (!seen.detail.empty())
        seen.state = ReachState::degraded;
    return seen;
}

Kind http() {
    Kind made;
    made.name = "http";
    made.summary = "an HTTP endpoint: status, body, JSON, latency, certificate";
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
