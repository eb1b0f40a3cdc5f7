// SPDX-License-Identifier: Apache-2.0
#include "agent/tell/history.hpp"

#include "agent/tell/colours.hpp"
#include "agent/tell/evidence_words.hpp"
#include "agent/tell/told.hpp"
#include "io/json.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <expected>

namespace recoverd::agent {

namespace {

constexpr std::size_t kMostEvents = 20;

void print_event(const io::Json& event, core::Time now, Console& console) {
    const io::Json& reason = event["reason"];
    const std::string where = in_words(event["labels"], {"check", "subject", "scenario"});
    const std::string line =
        fmt::format("{}  {} {}{}{}{}", moment_words(event["at"].time(), now), event["name"].text(),
                    event["state"].text(), where.empty() ? "" : " ", where, reason ? ": " + reason.text() : "");
    fmt::print(console.out, "  {}\n", printable(line));
}

/// The events as JSON, or why there are none.
std::expected<io::Json, std::string> ask(const ApiClient& client, const std::string& path) {
    const auto answer = client.get(path);
    if (!answer)
        return std::unexpected(answer.error().detail);
    if (answer->status != 200) {
        const auto errors = errors_in(*answer);
        return std::unexpected(errors.empty() ? fmt::format("status {}", answer->status) : errors.front());
    }
    try {
        return io::Json::parse(answer->body);
    } catch (const io::BadDocument& bad) {
        return std::unexpected(bad.what());
    }
}

} // namespace

void print_history(const ApiClient& client, core::HistoryOf of, const std::string& name, core::Time now,
                   Console& console) {
    fmt::print(console.out, "\n{}\n", painted("history", colour::kBold, console.colours));
    const auto told = ask(client, fmt::format("/api/v1/history?{}={}&limit={}", core::name_of(of),
                                              io::percent_encoded(name), kMostEvents));
    if (!told) {
        fmt::print(console.out, "  unknown: {}\n", printable(told.error()));
        return;
    }
    for (const io::Json& event : (*told)["events"].items())
        print_event(event, now, console);
    if ((*told)["events"].items().empty())
        fmt::print(console.out, "  nothing was written down\n");
}

} // namespace recoverd::agent
