// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/guide_watch.hpp"

#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace recoverd::test {

namespace {

std::string_view label_of(const core::Alert& alert, std::string_view name) {
    const auto at = alert.labels.find(name);
    return at == alert.labels.end() ? std::string_view{} : std::string_view{at->second};
}

} // namespace

std::filesystem::path guide_file() { return source_folder() / "packaging/config/resilience-guide.toml"; }

agent::Loaded load_guide() {
    agent::Loaded loaded = agent::load(guide_file().string());
    for (const auto& diagnostic : loaded.diagnostics.all())
        UNSCOPED_INFO(core::config::format(diagnostic));
    REQUIRE(loaded.diagnostics.all().empty());
    return loaded;
}

GuideWatch::GuideWatch(const agent::Loaded& loaded) : loaded_(loaded) {
    engine.configure(loaded.config, now);
    for (const char* name : {"valkey", "pgbouncer", "s3"})
        world.secrets[fmt::format("/run/secrets/recoverd/{}", name)] = "secret";
    world.secrets["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    world.secrets["KUBERNETES_SERVICE_PORT"] = "443";
    world.secrets["/var/run/secrets/kubernetes.io/serviceaccount/token"] = "token";
}

std::size_t GuideWatch::place_of(const std::string& check) const {
    const auto& checks = loaded_.config->checks;
    const auto found = std::ranges::find_if(checks, [&](const auto& one) { return one->name == check; });
    INFO(check);
    REQUIRE(found != checks.end());
    return static_cast<std::size_t>(found - checks.begin());
}

void GuideWatch::learn(const std::string& check, std::vector<core::SubjectReport> subjects) {
    engine.learn(check, core::fleet::report(now, std::move(subjects)), now);
    engine.advance(now);
}

void GuideWatch::learn(const std::string& check, const std::string& subject, std::vector<core::Evidence> evidence) {
    std::vector<core::SubjectReport> subjects;
    subjects.push_back(
        {.subject = subject, .location = {.node = "n1"}, .evidence = std::move(evidence), .failure = {}});
    learn(check, std::move(subjects));
}

void GuideWatch::look(const std::string& check) {
    const std::size_t place = place_of(check);
    collectors::Run one{world, loaded_.config->checks[place]->timeout, cursors_[check], now, check};
    collectors::Collected seen = run(ioc, world.timers(), loaded_.collectors.at(place).collect(std::move(one)));
    INFO(check << ": " << (seen ? std::string{} : seen.error().detail));
    REQUIRE(seen);
    cursors_[check] = seen->cursor;
    engine.learn(check, {now, Duration{10}, std::move(seen)}, now);
    engine.advance(now);
}

bool GuideWatch::fires(std::string_view alert, std::string_view label, std::string_view value) {
    bool found = false;
    core::for_each_alert(engine.snapshot(now), [&](const core::Alert& one) {
        found = found ||
                (one.state == core::AlertState::firing && label_of(one, label) == value &&
                 fmt::format("{} {}", core::name_of(one.finding.raw_priority), label_of(one, "alertname")) == alert);
    });
    return found;
}

std::vector<std::string> GuideWatch::pages() {
    std::vector<std::string> pages;
    core::for_each_alert(engine.snapshot(now), [&](const core::Alert& one) {
        const core::Identity& identity = one.finding.identity;
        if (one.state != core::AlertState::firing || one.finding.priority > core::Priority::p2)
            return;
        const std::string& of = identity.scenario.empty() ? identity.check : identity.scenario;
        pages.push_back(fmt::format("{} {} {}", core::name_of(one.finding.priority), core::rule(identity.rule).name,
                                    identity.subject.empty() ? of : core::join_subject(of, identity.subject)));
    });
    std::ranges::sort(pages);
    return pages;
}

} // namespace recoverd::test
