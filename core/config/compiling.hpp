// SPDX-License-Identifier: Apache-2.0
// What the parts of compile.cpp share. Nobody else includes it.
#pragma once

#include "core/config/compile.hpp"

#include <fmt/format.h>

namespace recoverd::core::config {

/// Strings before `${NAME}` was filled in, by where they stand: what is shown must not hold what came from the
/// environment.
using Originals =
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::pair<const std::string*, std::string>>>;

/// One run of compile().
struct Compiling {
    Surroundings& around;
    Diagnostics& diagnostics;
    Config& config;
    Compilation& out;
    /// `[policy]`.
    Policy policy;
    Originals originals;
    /// `[defaults]`, or nullptr.
    const Table* defaults = nullptr;
    /// The document as a whole.
    Position at;
};

// expand.cpp
void expand_environment(Node& node, const std::string& path, Compiling& run);
/// `node` as it was written, on one line, without passwords that stand in it.
std::string shown(const Node& node, const Compiling& run);
/// Every `{key}` of `values` filled into every string below `node`; other braces stay.
void fill_placeholders(Node& node, const std::map<std::string, std::string>& values);

// names.cpp
/// Names of assets, classes, checks: [A-Za-z0-9_.-]+
using ChecksByName = std::map<std::string, const Check*, std::less<>>;
ChecksByName checks_by_name(const Config& config);

bool valid_name(std::string_view name);
void check_name(const Entry& entry, std::string_view what, Diagnostics& diagnostics);
/// The same for `name = "…"` in `table`, when it is there.
void check_name(const Table& table, const std::string& name, const std::string& path, Diagnostics& diagnostics);
/// Names fit for Prometheus and not ours; drops empty values.
void check_labels(const Entry* entry, const std::string& path, Labels& labels, Diagnostics& diagnostics);
/// "there is no asset 'x'" with the nearest one; true when it exists. No file holds a collector.
template <class Map>
bool check_reference(const Map& map, const std::string& name, std::string_view what, const Position& at,
                     const std::string& path, Diagnostics& diagnostics) {
    if (map.contains(name))
        return true;
    std::vector<std::string_view> names;
    for (const auto& [known, value] : map)
        names.push_back(known);
    // Thousands of them have one cause, and measuring each against all would take minutes.
    constexpr std::size_t kMostHinted = 50;
    const std::string_view near = diagnostics.all().size() < kMostHinted ? nearest(name, names) : std::string_view{};
    std::string message = fmt::format("there is no {} '{}'", what, name);
    std::string hint = near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near);
    if (what == "collector")
        diagnostics.mistake(at, path, std::move(message), std::move(hint));
    else
        diagnostics.missing(at, path, std::move(message), std::move(hint));
    return false;
}
/// The table of this name in `table`, or nullptr; a mistake when something else stands there.
const Table* section_table(const Table& table, std::string_view key, Diagnostics& diagnostics);
/// The tables of `[[key]]`, with a mistake for everything else.
std::vector<const Node*> section_array(const Table& table, std::string_view key, const std::string& path,
                                       Diagnostics& diagnostics);

// policy.cpp
Policy read_policy(const Node& node, const std::string& path, const std::string& origin, Diagnostics& diagnostics);
/// One policy over another, and a warning where it takes away what it does not say anew. `node`: what `above` was read
/// from, at `path`.
Policy laid_over(const Policy& below, const Policy& above, const Node& node, const std::string& path,
                 Diagnostics& diagnostics);
void add_policy_origins(const Policy& policy, std::vector<Origin>& origins);

// assets.cpp
void compile_assets(const Table& root, Compiling& run);
// exercises.cpp, maintenance.cpp, scenarios.cpp, validations.cpp, alertmanager.cpp, outcomes.cpp
void compile_exercises(const Table& root, Compiling& run);
void compile_maintenance(const Table& root, Compiling& run);
void compile_scenarios(const Table& root, Compiling& run);
void compile_validations(const Table& root, Compiling& run);
void compile_alertmanager(const Table& root, Compiling& run);
void compile_outcomes(const Table& root, Compiling& run);

// scenario_warnings.cpp
/// What is no mistake in a scenario and still not what was meant.
void warn_of_scenario(const Scenario& made, const Node& node, Compiling& run);

// instances.cpp
/// A check after `for_each` and `targets_file`.
struct Instance {
    std::string name;
    Table table;
    Position at;
};
std::vector<Instance> instances_of(const Entry& check, Compiling& run);

// layers.cpp
/// A check's table over the defaults, and who said each key ("labels.team" for a label).
struct Layered {
    Table table;
    std::map<std::string, std::string, std::less<>> from;
};
Layered over_defaults(const Table& check, std::string_view collector, const std::string& origin, const Compiling& run);
void check_defaults(const Table& root, Compiling& run);

// checks.cpp
void compile_checks(const Table& root, Compiling& run);
/// Where something stands: `{ node, zone, region, role }`.
Location read_location(const Node& node, const std::string& path, Diagnostics& diagnostics);
/// The keys common to all checks.
std::span<const std::string_view> check_keys();
/// Those of them that `[defaults]` may hold.
std::span<const std::string_view> default_keys();
// subjects.cpp: which asset a check's subjects belong to.
struct CheckOptions;
void compile_subjects(const CheckOptions& options, const Table& table, const Place& place, Check& check,
                      Compiling& run);
// other_sections.cpp
void add_other_sections(const Table& root, Compiling& run);
// coverage.cpp
void warn_of_uncovered_assets(const Table& root, Compiling& run);

std::vector<OptionInfo> asset_option_infos();
std::vector<OptionInfo> class_option_infos();
std::vector<OptionInfo> check_option_infos();
std::vector<OptionInfo> subject_option_infos();
std::vector<OptionInfo> location_option_infos();
std::vector<OptionInfo> exercise_option_infos();
std::vector<OptionInfo> maintenance_option_infos();
std::vector<OptionInfo> scenario_option_infos();
std::vector<OptionInfo> validation_option_infos();
std::vector<OptionInfo> validation_step_option_infos();

} // namespace recoverd::core::config
