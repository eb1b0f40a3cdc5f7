// SPDX-License-Identifier: Apache-2.0
// `[defaults]` < `[defaults.COLLECTOR]` < `[check.X]`.
#include "core/config/compiling.hpp"

#include <algorithm>

namespace recoverd::core::config {

namespace {

const CollectorInfo* find_collector(std::string_view name, const Surroundings& around) {
    const auto collectors = around.collectors();
    const auto found = std::ranges::find(collectors, name, &CollectorInfo::name);
    return found == collectors.end() ? nullptr : &*found;
}

/// Of these, single members are overridden rather than the whole.
bool merges(std::string_view key) { return key == "labels" || key == "location"; }

void lay_over(Layered& into, const Entry& entry, const std::string& from) {
    auto found = std::ranges::find(into.table, entry.key, &Entry::key);
    if (found == into.table.end())
        found = into.table.insert(into.table.end(), {entry.key, entry.key_at, {Table{}, entry.node.at}});
    Table* const below = std::get_if<Table>(&found->node.value);
    const Table* const above = entry.node.table();
    if (!merges(entry.key) || !below || !above) {
        *found = entry;
        into.from[entry.key] = from;
        return;
    }
    found->node.at = entry.node.at;
    for (const Entry& member : *above) {
        std::erase_if(*below, [&](const Entry& old) { return old.key == member.key; });
        below->push_back(member);
        into.from[entry.key + "." + member.key] = from;
    }
}

} // namespace

Layered over_defaults(const Table& check, std::string_view collector, const std::string& origin, const Compiling& run) {
    Layered layered;
    if (run.defaults) {
        for (const Entry& entry : *run.defaults)
            if (std::ranges::find(default_keys(), entry.key) != default_keys().end())
                lay_over(layered, entry, "defaults");
        if (const Entry* own = find(*run.defaults, collector); own && own->node.table())
            for (const Entry& entry : *own->node.table())
                lay_over(layered, entry, fmt::format("defaults.{}", collector));
    }
    for (const Entry& entry : check)
        lay_over(layered, entry, origin);
    return layered;
}

void check_defaults(const Table& root, Compiling& run) {
    run.defaults = section_table(root, "defaults", run.diagnostics);
    if (!run.defaults)
        return;
    std::vector<std::string_view> known(default_keys().begin(), default_keys().end());
    for (const CollectorInfo& collector : run.around.collectors())
        known.push_back(collector.name);
    for (const Entry& entry : *run.defaults) {
        if (std::ranges::find(default_keys(), entry.key) != default_keys().end())
            continue;
        const CollectorInfo* collector = find_collector(entry.key, run.around);
        const std::string path = "defaults." + entry.key;
        if (!collector) {
            report_unknown_key(entry, {"defaults", "[defaults]", entry.key_at}, known, run.diagnostics);
            continue;
        }
        if (!entry.node.table()) {
            run.diagnostics.mistake(entry.node.at, path,
                                    fmt::format("expected a table, found {}", describe(entry.node)));
            continue;
        }
        std::vector<std::string_view> keys(default_keys().begin(), default_keys().end());
        for (const OptionInfo& option : collector->options)
            keys.push_back(option.key);
        const Place place{path, fmt::format("collector '{}'", collector->name), entry.key_at};
        for (const Entry& option : *entry.node.table())
            if (std::ranges::find(keys, option.key) == keys.end())
                report_unknown_key(option, place, keys, run.diagnostics);
    }
}

} // namespace recoverd::core::config
