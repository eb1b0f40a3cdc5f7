// SPDX-License-Identifier: Apache-2.0
// Which asset the subjects of a check belong to: `asset`, `asset_map`, `[[check.X.subject]]`, `discover`.
#include "core/config/check_options.hpp"
#include "core/config/compiling.hpp"

namespace recoverd::core::config {

namespace {

constexpr std::string_view kSubject = "{subject}";

struct SubjectOptions {
    std::string match;
    std::string asset;
    std::optional<Node> policy;
};

constexpr Option<SubjectOptions> kOptions[] = {
    {"match", &SubjectOptions::match, "a pattern of subjects' names", Need::required},
    {"asset", &SubjectOptions::asset, "the asset they belong to"},
    {"policy", &SubjectOptions::policy, "what is bad for them"},
};

bool names_subject(const std::string& asset) { return asset.contains(kSubject); }

void check_asset(const std::string& asset, const Position& at, const std::string& path, Compiling& run) {
    if (!asset.empty() && !names_subject(asset))
        check_reference(run.config.assets, asset, "asset", at, path, run.diagnostics);
}

void compile_overrides(const Table& table, const std::string& path, Check& check, Compiling& run) {
    for (const Node* node : section_array(table, "subject", path + ".subject", run.diagnostics)) {
        const Place place{path + ".subject", "a subject", node->at};
        const auto options = read_options<SubjectOptions>(*node->table(), place, kOptions, {}, run.diagnostics);
        check_asset(options.asset, position_of(*node->table(), "asset", node->at), place.path + ".asset", run);
        SubjectOverride over{options.match, options.asset, {}};
        if (options.policy)
            over.policy = read_policy(*options.policy, place.path + ".policy",
                                      fmt::format("{} \"{}\"", place.path, options.match), run.diagnostics);
        check.subjects.push_back(std::move(over));
    }
}

void compile_discovery(const CheckOptions& options, const Table& table, const Place& place, Check& check,
                       Compiling& run) {
    check.discover = options.discover;
    if (!options.asset_class.empty() &&
        check_reference(run.config.classes, options.asset_class, "class", position_of(table, "class", place.at),
                        place.path + ".class", run.diagnostics))
        check.discover_class = options.asset_class;
    if (!options.discover) {
        if (!options.asset_class.empty())
            run.diagnostics.mistake(position_of(table, "class", place.at), place.path + ".class",
                                    "a class is only for discovered assets", "add discover = true");
        return;
    }
    const Position at = position_of(table, "discover", place.at);
    if (options.asset_class.empty())
        run.diagnostics.mistake(at, place.path + ".discover", "discovered assets need a class",
                                "add class = \"NAME\" with the objectives in [class.NAME]");
    if (check.asset.empty())
        check.asset = kSubject;
    else if (!names_subject(check.asset))
        run.diagnostics.mistake(
            position_of(table, "asset", place.at), place.path + ".asset",
            fmt::format("expected {{subject}} in the name of a discovered asset, found '{}'", check.asset));
}

} // namespace

void compile_subjects(const CheckOptions& options, const Table& table, const Place& place, Check& check,
                      Compiling& run) {
    check.asset = options.asset;
    if (!options.discover)
        check_asset(options.asset, position_of(table, "asset", place.at), place.path + ".asset", run);
    check.asset_map = {options.asset_map.begin(), options.asset_map.end()};
    const Entry* map = find(table, "asset_map");
    for (const auto& [subject, asset] : check.asset_map)
        check_asset(asset, position_of(*map->node.table(), subject, place.at), place.path + ".asset_map", run);
    compile_overrides(table, place.path, check, run);
    compile_discovery(options, table, place, check, run);
}

std::vector<OptionInfo> subject_option_infos() { return describe_options<SubjectOptions>(kOptions); }

} // namespace recoverd::core::config
