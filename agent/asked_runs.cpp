// SPDX-License-Identifier: Apache-2.0
#include "agent/asked_runs.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

std::optional<AskedRuns::Answer> AskedRuns::refusal(const std::string& name) {
    const auto* unit = engine_.check(name);
    if (!unit)
        return Answer{.status = 404, .why = fmt::format("there is no check '{}'", name)};
    if (!unit->check->looks())
        return Answer{.status = 400, .why = fmt::format("check '{}' never looks: it is told", name)};
    if (waiting_->contains(name) || checker_.runs(name))
        return Answer{.status = 409, .why = fmt::format("check '{}' is running already", name)};
    const core::Duration now = timers_.elapsed();
    std::erase_if(asked_at_, [&](const auto& asked) { return now - asked.second >= kAgainAfter; });
    if (const auto at = asked_at_.find(name); at != asked_at_.end())
        return Answer{.status = 429,
                      .why = fmt::format("check '{}' was asked a moment ago", name),
                      .again_in = at->second + kAgainAfter - now};
    if (waiting_->size() >= kMostAtOnce)
        return Answer{.status = 429,
                      .why = fmt::format("{} checks that were asked to look still do", waiting_->size()),
                      .again_in = kAgainAfter};
    return std::nullopt;
}

io::Task<AskedRuns::Answer> AskedRuns::ask(std::string name) {
    auto refused = refusal(name);
    if (refused)
        co_return std::move(*refused);
    const auto asked = std::make_shared<Asked>();
    asked->reports_before = engine_.check(name)->reports;
    const auto place = waiting_->emplace(name, asked).first;
    struct Leave {
        std::shared_ptr<Waiting> waiting;
        Waiting::iterator place;
        ~Leave() { waiting->erase(place); }
    } const leave{waiting_, place};
    asked_at_[name] = timers_.elapsed();
    checker_.run_now(name, true);
    co_await asked->wake.wait(timers_, kPatience);
    Answer answer;
    answer.status = asked->memory ? 200 : 202;
    answer.memory = asked->memory;
    co_return answer;
}

void AskedRuns::published(const core::Snapshot& snapshot) {
    if (waiting_->empty())
        return;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        const auto at = waiting_->find(check.check->name);
        if (at == waiting_->end() || check.reports == at->second->reports_before)
            return;
        at->second->memory = check.memory;
        at->second->wake.wake();
    });
}

} // namespace recoverd::agent
