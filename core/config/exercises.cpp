// SPDX-License-Identifier: Apache-2.0
// `[[exercise]]`: proofs that are due again and again.
#include "core/config/compiling.hpp"

#include <map>
#include <set>

namespace recoverd::core::config {

namespace {

struct ExerciseOptions {
    std::string name;
    std::string asset;
    Duration cadence{0};
    std::optional<Duration> duration;
    std::vector<std::string> keeps;
    std::optional<Duration> downtime;
    std::string validation;
};

constexpr Option<ExerciseOptions> kOptions[] = {
    {"name", &ExerciseOptions::name, "what outcomes call it", Need::required},
    {"asset", &ExerciseOptions::asset, "the asset it proves", Need::required},
    {"cadence", &ExerciseOptions::cadence, "how often it is due", Need::required},
    {"duration", &ExerciseOptions::duration,
     "how long it may take; as long as it likes when left out, unless policy.exercise_too_long says"},
    {"keeps", &ExerciseOptions::keeps,
     "scenarios that must not hold while it runs, as a chaos experiment promises; one that did makes it failed"},
    {"downtime", &ExerciseOptions::downtime, "for how long at a time one of them may hold; not at all when left out"},
    {"validation", &ExerciseOptions::validation, "the validation that is begun when a run of it has passed or failed"},
};

/// Names of scenarios or validations, which are compiled later, and say themselves what is wrong with them.
std::map<std::string, Position> names_in(const Table& root, const std::string& section) {
    Diagnostics said_elsewhere;
    std::map<std::string, Position> names;
    for (const Node* node : section_array(root, section, section, said_elsewhere))
        if (const Entry* name = find(*node->table(), "name"); name != nullptr && name->node.text() != nullptr)
            names.emplace(*name->node.text(), name->node.at);
    return names;
}

void check_promise(const ExerciseOptions& options, const Table& table, const Position& at, const Table& root,
                   Diagnostics& diagnostics) {
    const auto scenarios = names_in(root, "scenario");
    for (const std::string& name : options.keeps)
        check_reference(scenarios, name, "scenario", position_of(table, "keeps", at), "exercise.keeps", diagnostics);
    if (options.downtime && options.keeps.empty())
        diagnostics.mistake(position_of(table, "downtime", at), "exercise.downtime",
                            "'downtime' says how long a scenario may hold, and `keeps` names none");
}

void check_validation(const ExerciseOptions& options, const Table& table, const Position& at, const Table& root,
                      Diagnostics& diagnostics) {
    if (options.validation.empty())
        return;
    const Position named = position_of(table, "validation", at);
    check_reference(names_in(root, "validation"), options.validation, "validation", named, "exercise.validation",
                    diagnostics);
    // What is told of a validation is an exercise of its name.
    if (options.validation == options.name)
        diagnostics.mistake(named, "exercise.validation", fmt::format("exercise '{}' validates itself", options.name));
}

} // namespace

void compile_exercises(const Table& root, Compiling& run) {
    std::set<std::pair<std::string, std::string>> known;
    for (const Node* node : section_array(root, "exercise", "exercise", run.diagnostics)) {
        const Table& table = *node->table();
        const auto mistakes = run.diagnostics.all().size();
        const Place place{"exercise", "an exercise", node->at};
        const auto options = read_options<ExerciseOptions>(table, place, kOptions, {}, run.diagnostics);
        const bool readable = run.diagnostics.all().size() == mistakes;
        check_name(table, options.name, "exercise.name", run.diagnostics);
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
        check_promise(options, table, node->at, root, run.diagnostics);
        check_validation(options, table, node->at, root, run.diagnostics);
        run.config.exercises.push_back({options.name, options.asset, options.cadence, options.duration, options.keeps,
                                        options.downtime.value_or(Duration{0}), std::nullopt, options.validation});
    }
}

std::vector<OptionInfo> exercise_option_infos() { return describe_options<ExerciseOptions>(kOptions); }

} // namespace recoverd::core::config
