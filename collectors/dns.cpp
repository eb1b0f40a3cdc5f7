// SPDX-License-Identifier: Apache-2.0
// Asks a name server for a name and compares what it says. A server that cannot be reached, refuses, fails or knows no
// such name is `down`; one that answers and is partly wrong is `degraded`.
#include "collectors/dns.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "core/ascii.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors {

namespace {

using core::Reachability;
using core::ReachState;

struct Options {
    std::string name;
    std::string type = "A";
    std::string server;
    std::vector<std::string> expect;
    bool exact = false;
    std::int64_t min_answers = 1;
    Duration slow{0};
};

constexpr Option<Options> kOptions[] = {
    {"name", &Options::name, "the name to ask for; with type PTR, an address may stand here", Need::required},
    {"type", &Options::type, "type of the records that are asked for", Need::optional,
     "A|AAAA|CAA|CNAME|DS|MX|NS|PTR|SOA|SRV|TXT"},
    {"server", &Options::server, "host:port of the name server; those of resolv.conf when left out"},
    {"expect", &Options::expect,
     "values that must be among the answers, as zone files write them: \"192.0.2.1\", \"10 mail.example\""},
    {"exact", &Options::exact, "nothing but what is expected may be answered"},
    {"min_answers", &Options::min_answers, "fewer records count as degraded, and none as down; 0 when none is fine"},
    {"slow", &Options::slow, "an answer that takes longer counts as degraded; 0 for never"},
};

/// Of each name in it (an SOA has two), but for that of the root, which is a dot alone.
std::string without_last_dots(std::string_view value) {
    std::string made;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool ends = i + 1 == value.size() || value[i + 1] == ' ';
        const bool alone = i == 0 || value[i - 1] == ' ';
        if (value[i] != '.' || !ends || alone)
            made += value[i];
    }
    return made;
}

/// Its normal form, or nothing for what no answer can be.
std::optional<std::string> normal(const std::string& value, const std::string& type) {
    const int family = type == "A" ? AF_INET : AF_INET6;
    if (type == "A" || type == "AAAA") {
        std::array<unsigned char, 16> bytes{};
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (::inet_pton(family, value.c_str(), bytes.data()) != 1 ||
            !::inet_ntop(family, bytes.data(), text.data(), text.size()))
            return std::nullopt;
        return text.data();
    }
    if (value.empty() || type == "TXT" || type == "CAA")
        return value.empty() ? std::nullopt : std::optional{value};
    return core::ascii_lower(without_last_dots(value));
}

std::string target_of(const Options& options) {
    const std::string asked = fmt::format("{}/{}", options.name, options.type);
    return options.server.empty() ? asked : fmt::format("{}/{}", options.server, asked);
}

std::string code_name(int code) {
    switch (code) {
    case 1:
        return "FORMERR: it does not understand the question";
    case 2:
        return "SERVFAIL: it cannot find out";
    case 3:
        return "NXDOMAIN: there is no such name";
    case 4:
        return "NOTIMP: it does not do that";
    case 5:
        return "REFUSED: it does not answer us";
    default:
        return fmt::format("code {}", code);
    }
}

std::string in_words(const std::vector<std::string>& values) {
    constexpr std::size_t kMost = 5;
    const std::vector<std::string> first(values.begin(),
                                         values.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, values.size())));
    std::string words = fmt::format("'{}'", fmt::join(first, "', '"));
    return values.size() > kMost ? fmt::format("{} and {} more", words, values.size() - kMost) : words;
}

std::vector<std::string> without(const std::vector<std::string>& values, const std::vector<std::string>& others) {
    std::vector<std::string> left;
    for (const std::string& value : values)
        if (std::ranges::find(others, value) == others.end())
            left.push_back(value.substr(0, 100));
    return left;
}

/// What is wrong with the records; `state` says how bad it is.
std::string wrong_in_records(const DnsExpectations& expected, const io::DnsAnswer& answer, ReachState& state) {
    std::vector<std::string> found;
    for (const io::DnsRecord& record : answer.records)
        found.push_back(record.text);
    const bool none = found.empty() && (expected.min_answers > 0 || !expected.values.empty());
    const auto missing = without(expected.values, found);
    // Whoever asks gets nothing that is right.
    state = none || (!missing.empty() && missing.size() == expected.values.size()) ? ReachState::down
                                                                                   : ReachState::degraded;
    if (none)
        return fmt::format("expected {} records, found none", expected.type);
    if (!missing.empty())
        return fmt::format("expected {} among the {} records, found {}", in_words(missing), expected.type,
                           in_words(without(found, {})));
    if (const auto more = without(found, expected.values); expected.exact && !more.empty())
        return fmt::format("expected {} and nothing else, found {} as well", in_words(expected.values), in_words(more));
    if (found.size() < expected.min_answers)
        return fmt::format("expected at least {} {} records, found {}", expected.min_answers, expected.type,
                           found.size());
    return {};
}

Task<Collected> collect(Options options, Run run) {
    io::DnsRequest request;
    request.name = options.type == "PTR" ? reverse_name(options.name) : options.name;
    request.type = io::dns_type(options.type);
    request.server = options.server;
    request.timeout = run.timeout;
    const auto answer = co_await run.world.dns(std::move(request));
    if (!answer)
        co_return not_reached(answer.error(), target_of(options));
    DnsExpectations expected{
        options.type, {}, options.exact, static_cast<std::uint64_t>(options.min_answers), options.slow};
    for (const std::string& value : options.expect)
        expected.values.push_back(normal(value, options.type).value_or(value));
    co_return seen_of(interpret_dns(expected, *answer, target_of(options)));
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_address(options.server, place.inside("server"), diagnostics);
    if (options.exact && options.expect.empty())
        diagnostics.mistake(place.at, place.path + ".exact", "expected 'expect' beside 'exact', found none");
    if (options.min_answers < 0 || options.min_answers > 1'000)
        diagnostics.mistake(place.at, place.path + ".min_answers",
                            fmt::format("expected 0 to 1000, found {}", options.min_answers));
    for (const std::string& value : options.expect)
        if (!normal(value, options.type))
            diagnostics.mistake(
                place.at, place.path + ".expect",
                fmt::format("expected the value of a record of type {}, found '{}'", options.type, value));
}

} // namespace

std::string reverse_name(const std::string& name) {
    std::array<unsigned char, 16> bytes{};
    std::string reversed;
    if (::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1) {
        for (std::size_t i = 4; i > 0; --i)
            reversed += fmt::format("{}.", bytes.at(i - 1));
        return reversed + "in-addr.arpa";
    }
    if (::inet_pton(AF_INET6, name.c_str(), bytes.data()) != 1)
        return name;
    for (std::size_t i = 16; i > 0; --i)
        reversed += fmt::format("{:x}.{:x}.", bytes.at(i - 1) & 0x0fU, bytes.at(i - 1) >> 4U);
    return reversed + "ip6.arpa";
}

std::vector<Evidence> interpret_dns(const DnsExpectations& expected, const io::DnsAnswer& answer,
                                    const std::string& target) {
    Reachability seen;
    seen.target = target;
    seen.latency = answer.latency;
    if (answer.code != 0) {
        seen.state = ReachState::down;
        seen.detail = fmt::format("{} answers {}", answer.server, code_name(answer.code));
        return {std::move(seen)};
    }
    ReachState state = ReachState::up;
    seen.detail = wrong_in_records(expected, answer, state);
    if (!seen.detail.empty()) {
        seen.state = state;
        seen.detail += fmt::format(", from {}", answer.server);
    } else if (expected.slow > Duration{0} && answer.latency > expected.slow) {
        seen.state = ReachState::degraded;
        seen.detail = fmt::format("answered after {}, {} allowed", core::config::format_duration(answer.latency),
                                  core::config::format_duration(expected.slow));
    }
    std::vector<Evidence> evidence;
    evidence.emplace_back(std::move(seen));
    if (const auto lowest = std::ranges::min_element(answer.records, {}, &io::DnsRecord::ttl);
        lowest != answer.records.end())
        evidence.emplace_back(
            core::Measurement{.name = "ttl", .value = static_cast<double>(lowest->ttl), .unit = "seconds"});
    return evidence;
}

Kind dns() {
    return kind<Options>({.name = "dns",
                          .summary = "what a name server says of a name: its records, their TTL, errors, latency",
                          .brings = {EvidenceKind::reachability, EvidenceKind::measurement},
                          .access = "to ask the name server, by UDP and, for long answers, by TCP",
                          .probes = true,
                          .every = std::chrono::seconds{30},
                          .timeout = std::chrono::seconds{10}},
                         kOptions, collect, {.check = check, .target = target_of});
}

} // namespace recoverd::collectors
