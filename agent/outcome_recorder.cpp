// SPDX-License-Identifier: Apache-2.0
#include "agent/outcome_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace recoverd::agent {

namespace {

/// Each is a series and is kept for ever: of runs that bring their number along there would be one more each time.
constexpr std::size_t kMostExercises = 200;

/// Those that the configuration waits for are not counted out by others.
bool is_one_too_many(const core::Engine& engine, std::string_view check, const Outcome& outcome) {
    const auto* unit = engine.check(check);
    const std::string_view subject = outcome.subject();
    return unit != nullptr && unit->memory->subjects.size() >= kMostExercises && !subject.empty() &&
           !unit->memory->subjects.contains(subject) && subject != "restore-test" &&
           std::ranges::none_of(engine.config().exercises, [&](const core::PlannedExercise& planned) {
               return planned.asset == outcome.asset && planned.name == subject;
           });
}

OutcomeRecorder::Answer not_recorded(std::string_view why) { return {503, {}, {fmt::format("not recorded: {}", why)}}; }

} // namespace

struct OutcomeRecorder::Known {
    /// The outcome that was reported for this phase.
    std::optional<OutcomeRow> before;
    /// A start that comes after its end, out of another spool, tells of nothing that still runs.
    bool is_over = false;
};

std::optional<OutcomeRecorder::Answer> OutcomeRecorder::refusal(const Outcome& outcome, core::Time now) {
    const std::string check = engine_.outcome_check(outcome.asset, outcome.subject(), now);
    if (check.empty())
        return Answer{404, {}, {fmt::format("asset: no asset '{}' is configured", outcome.asset)}};
    if (is_one_too_many(engine_, check, outcome))
        return Answer{400,
                      {},
                      {fmt::format("exercise: of asset '{}' {} are known, and '{}' is none of them; the number of a "
                                   "run belongs into `id`, and `recoverd forget` drops what is gone",
                                   outcome.asset, kMostExercises, outcome.exercise)}};
    return std::nullopt;
}

io::Task<OutcomeRecorder::Answer> OutcomeRecorder::record(std::string body) {
    const core::Time now = now_();
    auto read = read_outcome(body, now);
    if (!read)
        co_return Answer{400, {}, std::move(read.error())};
    Outcome outcome = std::move(*read);
    auto refused = refusal(outcome, now);
    if (refused)
        co_return std::move(*refused);

    OutcomeRow row{outcome.asset, outcome.id, outcome.is_start() ? "start" : "end", to_json(outcome), now};
    // Between the look into the store and the commit nobody else may report the same phase of this run.
    const auto [place, alone] = recording_->insert({row.asset, row.id, row.phase});
    if (!alone)
        co_return not_recorded(fmt::format("run '{}' is being recorded for somebody else", row.id));
    struct Leave {
        std::shared_ptr<Recording> recording;
        Recording::iterator place;
        ~Leave() { recording->erase(place); }
    } const leave{recording_, place};

    const auto known = co_await look_up(row.asset, row.id, row.phase);
    if (!known)
        co_return not_recorded(known.error().detail);
    if (known->before && known->before->body == row.body)
        co_return Answer{200, row.id, {}};
    if (known->before)
        co_return Answer{409, row.id, {fmt::format("run '{}' was reported differently before", row.id)}};
    Answer answer = co_await keep(std::move(outcome), std::move(row), known->is_over);
    co_return answer;
}

io::Task<core::Result<OutcomeRecorder::Known>> OutcomeRecorder::look_up(std::string asset, std::string id,
                                                                        std::string phase) {
    Known known;
    auto before = co_await keeper_.find_outcome(asset, id, phase);
    if (!before)
        co_return std::unexpected(std::move(before.error()));
    known.before = std::move(*before);
    const std::string end = "end";
    if (known.before || phase == end)
        co_return known;
    const auto ended = co_await keeper_.find_outcome(asset, id, end);
    if (!ended)
        co_return std::unexpected(ended.error());
    known.is_over = ended->has_value();
    co_return known;
}

io::Task<OutcomeRecorder::Answer> OutcomeRecorder::keep(Outcome outcome, OutcomeRow row, bool is_over) {
    const core::Time now = row.received_at;
    // Another configuration may have come meanwhile, and the check have left with the one before.
    const std::string check = engine_.outcome_check(outcome.asset, outcome.subject(), now);
    if (check.empty())
        co_return Answer{404, {}, {fmt::format("asset: no asset '{}' is configured any more", outcome.asset)}};
    const auto* unit = engine_.check(check);
    if (!is_over)
        engine_.learn(check, to_report(outcome, unit ? *unit->memory : core::CheckMemory{}, now), now);
    Batch batch;
    batch.log.push_back(to_log(row, check));
    batch.outcomes.push_back(std::move(row));
    const auto written = co_await keeper_.commit_with(check, std::move(batch));
    if (!written)
        co_return not_recorded(written.error().detail);
    co_return Answer{201, outcome.id, {}};
}

} // namespace recoverd::agent
