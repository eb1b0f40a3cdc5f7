// SPDX-License-Identifier: Apache-2.0
// Of each exercise: the newest end, the newest proof, and what still runs.
#include "core/remember_parts.hpp"
#include "core/rules/points.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace recoverd::core {

namespace {

/// Runs that are remembered as running, per subject. A job that starts every minute and never ends is found by its
/// oldest.
constexpr std::size_t kMaxRunning = 16;

bool ended(const Exercise& run) { return run.outcome != ExerciseOutcome::started; }

Time moment(const Exercise& run) { return run.ended_at.value_or(run.started_at.value_or(Time{})); }

bool proves(const Exercise& run) { return run.outcome == ExerciseOutcome::passed && run.depth >= Depth::restored; }

bool same_run(const Exercise& a, const Exercise& b) {
    return a.exercise == b.exercise && (a.id.empty() ? a.started_at == b.started_at : a.id == b.id);
}

/// Keeps, of the ended runs of one exercise, the newest and the newest proof; drops what a later run has left behind.
void prune(std::vector<Exercise>& runs, const std::string& exercise) {
    const Exercise* newest = nullptr;
    const Exercise* proof = nullptr;
    for (const Exercise& run : runs) {
        if (run.exercise != exercise || !ended(run))
            continue;
        if (newest == nullptr || moment(run) >= moment(*newest))
            newest = &run;
        if (proves(run) && (proof == nullptr || moment(run) >= moment(*proof)))
            proof = &run;
    }
    if (newest == nullptr)
        return;
    const Time began = newest->started_at.value_or(moment(*newest));
    std::vector<Exercise> kept;
    for (const Exercise& run : runs)
        if (run.exercise != exercise || &run == newest || &run == proof || (!ended(run) && moment(run) >= began))
            kept.push_back(run);
    runs = std::move(kept);
}

} // namespace

void remember_exercise(SubjectMemory& seen, const Exercise& exercise, const Learned& learned) {
    // A run from the future proves nothing; EvidenceImplausible says so.
    if (moment(exercise) > learned.looked_at + kClockTolerance)
        return;
    Exercise run = exercise;
    if (!ended(run) && !run.started_at)
        run.started_at = learned.looked_at;
    // When it ended nobody told; not before it began.
    if (ended(run) && !run.ended_at)
        run.ended_at = run.started_at.value_or(learned.looked_at);
    const auto known = std::ranges::find_if(seen.exercises, [&](const Exercise& past) { return same_run(past, run); });
    if (known == seen.exercises.end())
        seen.exercises.push_back(std::move(run));
    else if (ended(run) || !ended(*known)) {
        // Told without times, a run keeps those it was first seen with.
        if (!exercise.started_at)
            run.started_at = known->started_at;
        if (!exercise.ended_at && ended(run))
            // It was still running when it was last seen.
            run.ended_at = ended(*known) ? known->ended_at.value_or(*run.ended_at) : learned.looked_at;
        *known = std::move(run);
    }
    prune(seen.exercises, exercise.exercise);
    const auto running = std::ranges::count_if(seen.exercises, [](const Exercise& past) { return !ended(past); });
    if (static_cast<std::size_t>(running) > kMaxRunning)
        seen.exercises.pop_back();
}

std::set<const SubjectMemory*> tell_of_exercises(const CheckMemory::Subjects& subjects, const Check& check) {
    struct Newest {
        Time end = Time::min();
        Time proof = Time::min();
    };
    std::map<std::pair<std::string, std::string_view>, Newest> newest;
    const auto each_end = [&](auto use) {
        for (const auto& [name, seen] : subjects) {
            if (seen.exercises.empty())
                continue;
            const std::string asset = asset_of(check, name);
            for (const Exercise& run : seen.exercises)
                if (ended(run))
                    use(seen, run, newest[{asset.empty() ? name : asset, run.exercise}]);
        }
    };
    each_end([](const SubjectMemory&, const Exercise& run, Newest& known) {
        known.end = std::max(known.end, moment(run));
        if (proves(run))
            known.proof = std::max(known.proof, moment(run));
    });
    std::set<const SubjectMemory*> telling;
    each_end([&](const SubjectMemory& seen, const Exercise& run, const Newest& known) {
        if (moment(run) == known.end || (proves(run) && moment(run) == known.proof))
            telling.insert(&seen);
    });
    return telling;
}

} // namespace recoverd::core
