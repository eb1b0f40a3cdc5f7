// SPDX-License-Identifier: Apache-2.0
#include "agent/look/one_look.hpp"

namespace recoverd::agent {

namespace {

/// Far enough away that no check runs twice.
constexpr core::Duration kOnce = core::kDay * 3650;

/// As the checker runs them.
Setup once(const Setup& setup) {
    Setup made = setup;
    auto config = std::make_shared<core::Config>(*setup.config);
    config->checks.clear();
    for (const auto& check : setup.config->checks) {
        if (check->every == core::Duration{0})
            continue;
        auto copy = std::make_shared<core::Check>(*check);
        copy->every = kOnce;
        config->checks.push_back(std::move(copy));
    }
    made.config = std::move(config);
    return made;
}

/// As they are judged.
std::shared_ptr<const core::Config> decided_by_one_probe(const core::Config& config) {
    auto made = std::make_shared<core::Config>(config);
    for (auto& check : made->checks) {
        auto copy = std::make_shared<core::Check>(*check);
        copy->failures = 1;
        copy->successes = 1;
        check = std::move(copy);
    }
    return made;
}

} // namespace

OneLook::OneLook(io::World& world, const Setup& setup, Progress progress)
    : world_(world),
      progress_(std::move(progress)),
      engine_(world.timers().now()),
      checker_(world, Admission::kUsual,
               {[this](const std::string& check, const core::Report& report) { learned(check, report); },
                [](const std::string&) -> const core::CheckMemory* { return nullptr; },
                [](const std::string&) { return false; }, [](core::Duration) {}}) {
    engine_.configure(decided_by_one_probe(*setup.config), world.timers().now());
    const Setup looked_at = once(setup);
    all_ = looked_at.config->checks.size();
    checker_.configure(looked_at, {});
    for (const auto& check : looked_at.config->checks)
        checker_.run_now(check->name);
}

void OneLook::learned(const std::string& check, const core::Report& report) {
    engine_.learn(check, report, world_.timers().now());
    ++done_;
    progress_(done_, all_);
    wake_.wake();
}

io::Task<core::Snapshot> OneLook::run() {
    constexpr core::Duration kLong = std::chrono::hours{1};
    const io::Companion running = co_await io::Companion::start(checker_.run());
    while (done_ < all_)
        co_await wake_.wait(world_.timers(), kLong);
    engine_.advance(world_.timers().now());
    co_return engine_.snapshot(world_.timers().now());
}

} // namespace recoverd::agent
