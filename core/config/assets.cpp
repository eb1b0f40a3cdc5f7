// SPDX-License-Identifier: Apache-2.0
// `[asset.X]` and `[class.X]`: what must be recoverable, and what was promised for it.
#include "core/config/compiling.hpp"

#include <set>

namespace recoverd::core::config {

namespace {

struct AssetOptions {
    std::string description;
    std::optional<Duration> backup_every;
    std::optional<Duration> rpo;
    std::optional<Duration> rto;
    std::optional<Duration> retention;
    std::optional<Duration> restore_test_every;
    std::optional<Duration> pitr_window;
    std::optional<Duration> first_backup_within;
    std::optional<bool> encryption;
    bool backups = true;
    std::optional<Time> since;
    Labels labels;
    std::optional<Node> policy;
    std::string asset_class;
};

constexpr Option<AssetOptions> kOptions[] = {
    {"description", &AssetOptions::description, "what it is, for people"},
    {"backup_every", &AssetOptions::backup_every, "how often a backup is promised"},
    {"rpo", &AssetOptions::rpo, "how much may be lost, as time"},
    {"rto", &AssetOptions::rto, "how long getting it back may take"},
    {"retention", &AssetOptions::retention, "how far back one must be able to go"},
    {"restore_test_every", &AssetOptions::restore_test_every, "how often a restore is proven"},
    {"pitr_window", &AssetOptions::pitr_window, "how far back every single moment can be restored"},
    {"first_backup_within", &AssetOptions::first_backup_within, "how long a new asset may be without a backup"},
    {"encryption", &AssetOptions::encryption, "must its backups be encrypted"},
    {"backups", &AssetOptions::backups, "false: there are none of it on purpose, the rest decides its verdict"},
    {"since", &AssetOptions::since, "when it began to exist; else when it was first seen"},
    {"labels", &AssetOptions::labels, "labels on its alerts and on recoverd_asset_info"},
    {"policy", &AssetOptions::policy, "what is bad for it"},
    // Last: a class has everything but this.
    {"class", &AssetOptions::asset_class, "the class whose objectives, labels and policy it starts from"},
};
constexpr std::span<const Option<AssetOptions>> kAssetOptions{kOptions};
constexpr std::span<const Option<AssetOptions>> kClassOptions = kAssetOptions.first(std::size(kOptions) - 1);

void check_durations(const Table& table, const AssetOptions& options, const std::string& path,
                     Diagnostics& diagnostics) {
    for (const auto& option : kOptions)
        if (const auto* member = std::get_if<std::optional<Duration> AssetOptions::*>(&option.member))
            if (const Entry* entry = find(table, option.key); entry && options.*(*member) == Duration{0})
                diagnostics.mistake(entry->node.at, path + "." + entry->key, "expected more than 0, found 0");
}

/// How long an outage of one without backups may last is a scenario's to promise.
void check_backups(const Table& table, const AssetOptions& options, const Place& place, Diagnostics& diagnostics) {
    if (options.backups)
        return;
    std::string promised;
    for (const auto& [key, asked] :
         {std::pair{"backup_every", options.backup_every.has_value()}, std::pair{"rpo", options.rpo.has_value()},
          std::pair{"rto", options.rto.has_value()}, std::pair{"retention", options.retention.has_value()},
          std::pair{"restore_test_every", options.restore_test_every.has_value()},
          std::pair{"pitr_window", options.pitr_window.has_value()},
          std::pair{"first_backup_within", options.first_backup_within.has_value()},
          std::pair{"encryption", options.encryption.has_value()}})
        if (asked)
            promised += fmt::format("{}{}", promised.empty() ? "" : ", ", key);
    if (promised.empty())
        return;
    const Entry* said = find(table, "backups");
    diagnostics.mistake(said ? said->node.at : place.at, place.path + ".backups",
                        fmt::format("expected no promise about recovery beside false, found {}", promised),
                        "leave out what is promised, its class's promises included, or backups = false; how long an "
                        "outage may last is a scenario's rto");
}

Asset made_of(std::string name, const AssetOptions& options, const Policy& policy) {
    Asset asset;
    asset.name = std::move(name);
    asset.description = options.description;
    asset.asset_class = options.asset_class;
    asset.objectives = {options.backup_every,
                        options.rpo,
                        options.rto,
                        options.retention,
                        options.restore_test_every,
                        options.pitr_window,
                        options.first_backup_within,
                        options.encryption,
                        options.since,
                        options.backups};
    asset.labels = options.labels;
    asset.policy = policy;
    return asset;
}

struct Class {
    AssetOptions options;
    const Table* table = nullptr;
};
using Classes = std::map<std::string, Class, std::less<>>;

/// Reads one table over `base`; the policy in it is laid over `policy`.
AssetOptions read_promise(const Entry& entry, std::string_view what, const AssetOptions& base, Policy& policy,
                          Compiling& run) {
    const std::string path = fmt::format("{}.{}", what, entry.key);
    check_name(entry, what, run.diagnostics);
    const Table* table = entry.node.table();
    if (!table) {
        run.diagnostics.mistake(entry.node.at, path, fmt::format("expected a table, found {}", describe(entry.node)));
        return base;
    }
    const bool is_class = what == "class";
    const Place place{path, is_class ? "a class" : "an asset", entry.key_at};
    AssetOptions options =
        read_options<AssetOptions>(*table, place, is_class ? kClassOptions : kAssetOptions, {}, run.diagnostics, base);
    check_durations(*table, options, path, run.diagnostics);
    check_backups(*table, options, place, run.diagnostics);
    check_labels(find(*table, "labels"), path + ".labels", options.labels, run.diagnostics);
    if (const Entry* said = find(*table, "policy"))
        policy = laid_over(policy, read_policy(said->node, path + ".policy", path, run.diagnostics), said->node,
                           path + ".policy", run.diagnostics);
    return options;
}

Classes compile_classes(const Table& root, Compiling& run) {
    Classes classes;
    const Table* section = section_table(root, "class", run.diagnostics);
    if (!section)
        return classes;
    for (const Entry& entry : *section) {
        Policy policy = run.policy;
        Class& made = classes[entry.key];
        made.options = read_promise(entry, "class", {}, policy, run);
        made.options.asset_class = entry.key;
        made.table = entry.node.table();
        run.config.classes.emplace(entry.key, made_of(entry.key, made.options, policy));
    }
    return classes;
}

void add_entries(const Table& table, const std::string& from, std::set<std::string>& seen, std::vector<Origin>& origins,
                 const Compiling& run) {
    for (const Entry& entry : table) {
        if (entry.key == "policy")
            continue;
        if (const Table* labels = entry.key == "labels" ? entry.node.table() : nullptr) {
            for (const Entry& label : *labels)
                if (seen.insert("labels." + label.key).second)
                    origins.push_back({"labels." + label.key, shown(label.node, run), from, label.node.at});
        } else if (seen.insert(entry.key).second) {
            origins.push_back({entry.key, shown(entry.node, run), from, entry.node.at});
        }
    }
}

void compile_asset(const Entry& entry, const Classes& classes, Compiling& run) {
    const std::string path = "asset." + entry.key;
    const Table* table = entry.node.table();
    const Entry* named = table ? find(*table, "class") : nullptr;
    const Class* base = nullptr;
    if (named && named->node.text() &&
        check_reference(classes, *named->node.text(), "class", named->node.at, path + ".class", run.diagnostics))
        base = &classes.find(*named->node.text())->second;
    AssetOptions start = base ? base->options : AssetOptions{};
    // A class's description is of the class.
    start.description.clear();
    Policy policy = base ? run.config.classes.find(base->options.asset_class)->second.policy : run.policy;
    const AssetOptions options = read_promise(entry, "asset", start, policy, run);
    run.config.assets.emplace(entry.key, made_of(entry.key, options, policy));
    if (!table)
        return;
    std::set<std::string> seen;
    std::vector<Origin>& origins = run.out.origins[path];
    add_entries(*table, path, seen, origins, run);
    if (base && base->table) {
        seen.insert("description");
        add_entries(*base->table, "class." + base->options.asset_class, seen, origins, run);
    }
    add_policy_origins(policy, origins);
}

} // namespace

void compile_assets(const Table& root, Compiling& run) {
    const Classes classes = compile_classes(root, run);
    if (const Table* section = section_table(root, "asset", run.diagnostics))
        for (const Entry& entry : *section)
            compile_asset(entry, classes, run);
}

std::vector<OptionInfo> asset_option_infos() { return describe_options(kAssetOptions); }
std::vector<OptionInfo> class_option_infos() { return describe_options(kClassOptions); }

} // namespace recoverd::core::config
