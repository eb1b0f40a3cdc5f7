// SPDX-License-Identifier: Apache-2.0
// `[[exercise]]`: proofs that are due again and again.
#include "core/config/compiling.hpp"

#include <set>

namespace recoverd::core::config {

namespace {

struct ExerciseOptions {
    std::string name;
    std::string asset;
    Duration cadence{0};
    std::optional<Duration> duration;
};

constexpr Option<ExerciseOptions> kOptions[] = {
    {"name", &ExerciseOptions::name, "what outcomes call it", Need::required},
    {"asset", &ExerciseOptions::asset, "the asset it proves", Need::required},
    {"cadence", &ExerciseOptions::cadence, "how often it is due", Need::required},
    {"duration", &ExerciseOptions::duration, "how long it may take; as long as it likes when left out"},
};

} // namespace

void compile_exercises(const Table& root, Compiling& run) {
    std::set<std::pair<std::string, std::string>> known;
    for (const Node* node : section_array(root, "exercise", "exercise", run.diagnostics)) {
        const Table& table = *node->table();
        const auto mistakes = run.diagnostics.all().size();
        const Place place{"exercise", "an exercise", node->at};
        const auto options = read_options<ExerciseOptions>(table, place, kOptions, {}, run.diagnostics);
        const bool readable = run.diagnostics.all().size() == mistakes;
        if (find(table, "name") && !valid_name(options.name))
            run.diagnostics.mistake(
                position_of(table, "name", node->at), "exercise.name",
                fmt::format("expected a name of letters, digits, '_', '.' and '-', found '{}'", options.name));
        if (!options.asset.empty())
            check_reference(run.config.assets, options.asset, "asset", position_of(table, "asset", node->at),
                            "exercise.asset", run.diagnostics);
        if (readable && options.cadence == Duration{0})
            run.diagnostics.mistake(position_of(table, "cadence", node->at), "exercise.cadence",
                                    "expected more than 0, found 0");
        if (options.duration == Duration{0})
            run.diagnostics.mistake(position_of(table, "duration", node->at), "exercise.duration",
                                    "expected more than 0, found 0");
        if (!known.emplace(options.asset, options.name).second)
            run.diagnostics.mistake(node->at, "exercise",
                                    fmt::format("asset '{}' has two exercises '{}'", options.asset, options.name));
        run.config.exercises.push_back({options.name, options.asset, options.cadence, options.duration});
    }
}

std::vector<OptionInfo> exercise_option_infos() { return describe_options<ExerciseOptions>(kOptions); }

} // namespace recoverd::core::config
