// SPDX-License-Identifier: Apache-2.0
// `[[maintenance]]`: when findings of what are lowered to P4.
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"

#include <algorithm>

namespace recoverd::core::config {

namespace {

struct MaintenanceOptions {
    std::vector<std::string> assets;
    std::vector<std::string> checks;
    Time from;
    Time to;
    std::string reason;
};

constexpr Option<MaintenanceOptions> kOptions[] = {
    {"assets", &MaintenanceOptions::assets, "patterns of asset names; with neither assets nor checks it is everything"},
    {"checks", &MaintenanceOptions::checks, "patterns of check names"},
    {"from", &MaintenanceOptions::from, "when it begins", Need::required},
    {"to", &MaintenanceOptions::to, "when it ends", Need::required},
    {"reason", &MaintenanceOptions::reason, "why, for whoever reads the alert"},
};

void check_patterns(const Table& table, std::string_view key, const std::vector<std::string>& patterns,
                    const std::vector<std::string_view>& names, Diagnostics& diagnostics) {
    const Entry* entry = find(table, key);
    const Array* array = entry ? entry->node.array() : nullptr;
    for (std::size_t i = 0; array && i < patterns.size(); ++i)
        if (std::ranges::none_of(names, [&](std::string_view name) { return glob_matches(patterns[i], name); }))
            diagnostics.warning((*array)[i].at, fmt::format("maintenance.{}", key),
                                fmt::format("'{}' matches nothing", patterns[i]));
}

} // namespace

void compile_maintenance(const Table& root, Compiling& run) {
    std::vector<std::string_view> assets;
    for (const auto& [name, asset] : run.config.assets)
        assets.push_back(name);
    std::vector<std::string_view> checks;
    for (const auto& check : run.config.checks)
        checks.push_back(check->name);
    const bool discovers = std::ranges::any_of(run.config.checks, [](const auto& check) { return check->discover; });
    for (const Node* node : section_array(root, "maintenance", "maintenance", run.diagnostics)) {
        const Table& table = *node->table();
        const auto mistakes = run.diagnostics.all().size();
        const auto options = read_options<MaintenanceOptions>(table, {"maintenance", "a maintenance", node->at},
                                                              kOptions, {}, run.diagnostics);
        if (run.diagnostics.all().size() == mistakes && options.to <= options.from)
            run.diagnostics.mistake(
                position_of(table, "to", node->at), "maintenance.to",
                fmt::format("expected a time after {}, found {}", format_time(options.from), format_time(options.to)));
        // Discovered assets are not known yet.
        if (!discovers)
            check_patterns(table, "assets", options.assets, assets, run.diagnostics);
        check_patterns(table, "checks", options.checks, checks, run.diagnostics);
        run.config.maintenance.push_back({options.assets, options.checks, options.from, options.to, options.reason});
    }
}

std::vector<OptionInfo> maintenance_option_infos() { return describe_options<MaintenanceOptions>(kOptions); }

} // namespace recoverd::core::config
