// SPDX-License-Identifier: Apache-2.0
#include "agent/tell/unknown.hpp"

#include "core/assertion.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

std::string words_of_failure(const io::Json& failure) {
    return fmt::format("{}: {}", failure["kind"].text(), failure["detail"].text());
}

void add_expectations(const std::string& about, const io::Json& subject, std::vector<std::string>& lines) {
    for (const io::Json& json : subject["evidence"].items()) {
        const core::Evidence evidence = io::read_evidence(json);
        const auto* found = std::get_if<core::Assertions>(&evidence);
        if (!found)
            continue;
        for (const core::Assertion& one : found->assertions)
            if (core::state_of(one) == core::AssertionState::unknown)
                lines.push_back(fmt::format("{}: {}: {}", about, one.name,
                                            one.detail.empty() ? std::string{"could not be learned"} : one.detail));
    }
}

} // namespace

std::vector<std::string> unknown_of(const io::Json& check) {
    const std::string& name = check["name"].text();
    if (const io::Json& failure = check["failure"])
        return {fmt::format("{}: {}", name, words_of_failure(failure))};
    if (!check["last_run"] && check["every_seconds"].number() > 0)
        return {name + ": not run yet"};
    std::vector<std::string> lines;
    for (const io::Json& subject : check["subjects"].items()) {
        const std::string& part = subject["subject"].text();
        const std::string about = part.empty() ? name : name + " " + part;
        if (const io::Json& failure = subject["failure"])
            lines.push_back(fmt::format("{}: {}", about, words_of_failure(failure)));
        else if (!subject["vanished_since"])
            add_expectations(about, subject, lines);
    }
    return lines;
}

} // namespace recoverd::agent
