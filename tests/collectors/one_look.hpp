// SPDX-License-Identifier: Apache-2.0
// One look of a collector at a scripted world: the options it is given, the run, and what it reported.
#pragma once

#include "collectors/all.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace recoverd::test {

inline core::config::Entry entry(std::string key, core::config::Node node) {
    return {std::move(key), {}, std::move(node)};
}

/// Of whatever a value may be.
inline core::config::Entry entry(std::string key, auto value) {
    return {std::move(key), {}, core::config::Node{std::move(value), {}}};
}
inline core::config::Entry entry(std::string key, const char* value) {
    return entry(std::move(key), std::string{value});
}

inline core::config::Entry text(std::string key, std::string value) {
    return entry(std::move(key), {std::move(value), {}});
}

inline core::config::Node list(const std::vector<std::string>& words) {
    core::config::Array array;
    for (const auto& word : words)
        array.push_back({word, {}});
    return {array, {}};
}

/// `later`: how far the run's own clock is ahead of the world's; `asked`: did somebody ask for it?
inline collectors::Collected look(asio::io_context& ioc, FakeWorld& world, const std::string& collector,
                                  const core::config::Table& table, const std::string& cursor, Duration timeout,
                                  Duration later, bool asked = false) {
    core::config::Diagnostics diagnostics;
    const auto compiled = collectors::find(collector)->compile(
        table, {"check.x", fmt::format("collector '{}'", collector), {}}, {}, diagnostics);
    for (const auto& diagnostic : diagnostics.all())
        UNSCOPED_INFO(core::config::format(diagnostic));
    REQUIRE(diagnostics.all().empty());
    world.asked.clear();
    collectors::Run one{world, timeout, cursor, world.timers().now() + later, "x", asked};
    return run(ioc, world.timers(), compiled.collect(std::move(one)));
}

/// What is wrong with these options.
inline std::vector<std::string> mistakes(const std::string& collector, const core::config::Table& table) {
    core::config::Diagnostics diagnostics;
    collectors::find(collector)->compile(table, {"check.x", fmt::format("collector '{}'", collector), {}}, {},
                                         diagnostics);
    std::vector<std::string> messages;
    for (const auto& diagnostic : diagnostics.all())
        messages.push_back(diagnostic.message);
    return messages;
}

inline bool has_subject(const collectors::Collected& seen, std::string_view name) {
    return std::ranges::find(seen->subjects, name, &core::SubjectReport::subject) != seen->subjects.end();
}

inline const core::SubjectReport& subject(const collectors::Collected& seen, std::string_view name) {
    const auto found = std::ranges::find(seen->subjects, name, &core::SubjectReport::subject);
    if (found == seen->subjects.end())
        throw std::runtime_error(fmt::format("no subject '{}'", name));
    return *found;
}

template <class T>
const T& evidence(const core::SubjectReport& report) {
    for (const auto& item : report.evidence)
        if (const auto* found = std::get_if<T>(&item))
            return *found;
    throw std::runtime_error("no such evidence of " + report.subject);
}

inline const core::RecoveryPoints& points(const collectors::Collected& seen, std::string_view name) {
    return evidence<core::RecoveryPoints>(subject(seen, name));
}

} // namespace recoverd::test
