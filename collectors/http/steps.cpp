// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/steps.hpp"

#include "collectors/connect_options.hpp"
#include "core/ascii.hpp"
#include "io/json.hpp"
#include "io/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace recoverd::collectors::http_parts {

namespace {

using core::config::Array;
using core::config::Diagnostics;
using core::config::Entry;
using core::config::Node;
using core::config::Place;
using core::config::Position;
using core::config::position_of;
using core::config::Table;

struct StepOptions : Asked {
    std::string name;
    std::optional<Node> take;
};

constexpr Option<StepOptions> kStep[] = {
    {"name", &StepOptions::name, "what an alert calls it", Need::required},
    {"url", &StepOptions::url, "what to ask; \"/path\" at the server of the check's url", Need::required},
    {"verb", &StepOptions::verb, "the request's method"},
    {"headers", &StepOptions::headers, "further headers of the request"},
    {"body", &StepOptions::body, "body of the request"},
    {"expect_status", &StepOptions::expect_status, "status codes that are expected"},
    {"expect_headers", &StepOptions::expect_headers, "what the headers must hold"},
    {"expect_body", &StepOptions::expect_body, "text or /regular expression/ (RE2) that the body must hold"},
    {"expect_json", &StepOptions::expect_json, "what the JSON in the body must hold"},
    {"take", &StepOptions::take, "what is taken from the answer"},
};

/// "https://host:port", where a URL that begins with '/' is asked for.
std::string server_of(const std::string& url) {
    const auto scheme = url.find("://");
    return scheme == std::string::npos ? std::string{} : url.substr(0, url.find_first_of("/?#", scheme + 3));
}

bool same_server(const std::string& one, const std::string& other) {
    const auto first = io::Url::parse(one);
    const auto second = io::Url::parse(other);
    return first && second && first->same_server(*second);
}

bool same_header(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char a, char b) { return core::ascii_lower(a) == core::ascii_lower(b); });
}

/// Its value when it is among them.
std::string header_in(const core::Labels& headers, std::string_view name) {
    const auto found =
        std::ranges::find_if(headers, [&](const auto& header) { return same_header(header.first, name); });
    return found == headers.end() ? std::string{} : found->second;
}

class Reader {
  public:
    Reader(const Options& options, const Place& place, Diagnostics& diagnostics)
        : options_(options), place_(place), diagnostics_(diagnostics), tls_(read_tls(options, place, diagnostics)) {}

    Path take() {
        read_secrets();
        const Array* steps = options_.steps->array();
        if (!steps)
            mistake(options_.steps->at, ".steps",
                    fmt::format("expected an array of tables, found {}", core::config::describe(*options_.steps)),
                    fmt::format("write [[{}.steps]]", place_.path));
        else if (steps->empty() || steps->size() > kMostSteps)
            mistake(options_.steps->at, ".steps",
                    fmt::format("expected 1 to {} steps, found {}", kMostSteps, steps->size()));
        else
            for (const Node& step : *steps)
                read_step(step);
        path_.auth = read_auth(options_, place_, diagnostics_);
        path_.slow = options_.slow;
        if (!path_.steps.empty())
            path_.target = io::bare_url(options_.url.empty() ? path_.steps.front().url.text() : options_.url);
        return std::move(path_);
    }

  private:
    void mistake(const Position& where, const std::string& below, std::string message, std::string hint = {}) {
        diagnostics_.mistake(where, place_.path + below, std::move(message), std::move(hint));
    }

    void read_secrets() {
        if (!options_.secrets)
            return;
        const Table* table = options_.secrets->table();
        if (!table)
            return mistake(options_.secrets->at, ".secrets",
                           fmt::format("expected a table, found {}", core::config::describe(*options_.secrets)),
                           "write secrets = { password = { file = \"/path\" } }");
        for (const Entry& entry : *table) {
            if (!is_variable(entry.key))
                mistake(entry.key_at, ".secrets",
                        fmt::format("expected a variable of letters, digits and '_', found '{}'", entry.key));
            core::config::read(entry.node, fmt::format("{}.secrets.{}", place_.path, entry.key),
                               path_.secrets[entry.key], diagnostics_);
            known_.insert(entry.key);
        }
    }

    void read_step(const Node& node) {
        const std::string below = fmt::format(".steps[{}]", path_.steps.size());
        Step& step = path_.steps.emplace_back();
        const Table* table = node.table();
        if (!table)
            return mistake(node.at, below, fmt::format("expected a table, found {}", core::config::describe(node)));
        const Place place{place_.path + below, "a step of " + place_.owner, node.at};
        const auto asked = core::config::read_options<StepOptions>(*table, place, kStep, {}, diagnostics_);
        step.name = asked.name;
        step.expected = read_expectations(asked, place, diagnostics_);
        check_name(step, *table, place);
        read_request(step, static_cast<const Asked&>(asked), *table, place);
        if (asked.take)
            step.takes = read_takes(*asked.take, place.path + ".take", diagnostics_);
        for (const Take& take : step.takes)
            known_.insert(take.variable);
    }

    void check_name(const Step& step, const Table& table, const Place& place) {
        constexpr std::size_t kLongest = 60;
        const bool plain = std::ranges::none_of(step.name, [](unsigned char c) { return c < ' ' || c == '\''; });
        const bool given = core::config::find(table, "name");
        if (given && (step.name.empty() || step.name.size() > kLongest || !plain))
            diagnostics_.mistake(position_of(table, "name", place.at), place.path + ".name",
                                 fmt::format("expected a name of 1 to {} plain characters", kLongest));
        else if (given && !names_.insert(step.name).second)
            diagnostics_.mistake(position_of(table, "name", place.at), place.path + ".name",
                                 fmt::format("two steps have the name '{}'", step.name));
    }

    void read_request(Step& step, Asked asked, const Table& table, const Place& place) {
        const Position where = position_of(table, "url", place.at);
        if (asked.url.starts_with('/') && options_.url.empty())
            return diagnostics_.mistake(where, place.path + ".url", "expected a whole URL, found a path",
                                        "the server that paths are asked of is the url of the check");
        if (asked.url.starts_with('/'))
            asked.url.insert(0, server_of(options_.url));
        step.url = Template{asked.url};
        check_url(asked.url, {place.path + ".url", place.owner, where}, diagnostics_);
        if (server_of(asked.url).contains('{'))
            diagnostics_.mistake(where, place.path + ".url", "expected a server that is written out, found a variable",
                                 "an answer may not choose who is asked next");
        step.request = request_like(options_, asked, step.expected);
        // On a connection that was kept and turns out to be closed, curl sends the request once more.
        if (asked.verb != "GET" && asked.verb != "HEAD")
            step.request.fresh_connection = true;
        step.trusted = path_.steps.size() == 1 || same_server(path_.steps.front().url.text(), server_of(asked.url));
        step.request.tls = tls_;
        if (!step.trusted)
            step.request.tls.cert_file = step.request.tls.key_file = step.request.tls.server_name = {};
        core::Labels headers = options_.headers;
        for (const auto& [name, value] : asked.headers) {
            std::erase_if(headers, [&](const auto& header) { return same_header(header.first, name); });
            headers.emplace(name, value);
        }
        read_body(step, asked, headers, position_of(table, "body", place.at), place.path + ".body");
        for (const auto& [name, value] : headers)
            step.headers.emplace_back(name, Template{value});
        expect_known(step.url, where, place.path + ".url");
        for (const auto& [name, value] : step.headers)
            expect_known(value, position_of(table, "headers", place.at), place.path + ".headers");
        expect_known(step.body, position_of(table, "body", place.at), place.path + ".body");
    }

    void read_body(Step& step, const Asked& asked, core::Labels& headers, const Position& where,
                   const std::string& path) {
        step.body = Template{asked.body};
        const std::string type = header_in(headers, "content-type");
        const auto first = asked.body.find_first_not_of(" \t\r\n");
        const bool looks_so = first != std::string::npos && (asked.body[first] == '{' || asked.body[first] == '[');
        if (type.empty() && looks_so)
            headers.emplace("Content-Type", "application/json");
        const bool form = type.contains("x-www-form-urlencoded");
        step.body_as = form ? Filling::form : Filling::json;
        if (step.body.variables().empty() || form)
            return;
        if (!looks_so && !type.contains("json"))
            return diagnostics_.mistake(
                where, path, "expected JSON or a form around a variable, found another kind of body",
                "a form says so: headers = { Content-Type = \"application/x-www-form-urlencoded\" }");
        // So that it is known for each variable whether it stands inside a string.
        Values sample;
        for (const std::string& name : step.body.variables())
            sample[name] = {io::Secret{"0"}, true};
        try {
            io::Json::parse(step.body.filled(Filling::json, sample).value());
        } catch (const io::BadDocument& bad) {
            diagnostics_.mistake(where, path, bad.what());
        }
    }

    void expect_known(const Template& text, const Position& where, const std::string& path) {
        const std::vector<std::string_view> known{known_.begin(), known_.end()};
        for (const std::string& name : text.variables()) {
            if (known_.contains(name))
                continue;
            const std::string_view near = core::config::nearest(name, known);
            diagnostics_.mistake(where, path, fmt::format("no step before this one takes '{}'", name),
                                 near.empty() ? fmt::format("write take = {{ {} = \"/json/pointer\" }} in one", name)
                                              : fmt::format("did you mean '{}'?", near));
        }
    }

    const Options& options_;
    const Place& place_;
    Diagnostics& diagnostics_;
    io::TlsOptions tls_;
    Path path_;
    std::set<std::string> names_;
    std::set<std::string> known_;
};

} // namespace

Path read_path(const Options& options, const Table& table, const Place& place, Diagnostics& diagnostics) {
    constexpr std::array<std::string_view, 6> kOfSteps{"verb",           "body",        "expect_status",
                                                       "expect_headers", "expect_body", "expect_json"};
    for (const std::string_view key : kOfSteps)
        if (const Entry* entry = core::config::find(table, key))
            diagnostics.mistake(entry->key_at, place.path,
                                fmt::format("expected '{}' in a step, found it beside the steps", key));
    check_url(options.url, place.inside("url"), diagnostics);
    return Reader{options, place, diagnostics}.take();
}

} // namespace recoverd::collectors::http_parts
