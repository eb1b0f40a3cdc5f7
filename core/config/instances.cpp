// SPDX-License-Identifier: Apache-2.0
// One `[check.X]` into several: by `for_each`, or by the targets of a file_sd document.
#include "core/config/compiling.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace recoverd::core::config {

namespace {

using Values = std::map<std::string, std::string>;

/// A value as it is put into a string; nothing for what has no plain text.
std::optional<std::string> plain(const Node& node) {
    if (const std::string* text = node.text())
        return *text;
    if (node.array() || node.table() || std::holds_alternative<Time>(node.value))
        return std::nullopt;
    return canonical(node);
}

/// `[check."backup-{name}"]` becomes backup-db1; `[check.backup]` becomes backup-db1 as well.
std::string instance_name(const std::string& check, const Values& values, const std::string& otherwise) {
    Node name{check, {}};
    fill_placeholders(name, values);
    const std::string& filled = *name.text();
    return filled == check ? fmt::format("{}-{}", check, otherwise) : filled;
}

/// "https://db1:8443/health" is fit for a name as "db1_8443_health".
std::string name_of_target(std::string_view target) {
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos)
        target.remove_prefix(scheme + 3);
    std::string name{target};
    while (name.ends_with('/'))
        name.pop_back();
    for (char& c : name)
        if (!valid_name({&c, 1}))
            c = '_';
    return name;
}

class Instances {
  public:
    Instances(const Entry& check, Compiling& run) : check_(check), path_("check." + check.key), run_(run) {}

    std::vector<Instance> take() {
        const Table& table = *check_.node.table();
        const Entry* for_each = find(table, "for_each");
        const Entry* targets = find(table, "targets_file");
        if (for_each && targets)
            mistake(targets->key_at, "expected one of 'for_each' and 'targets_file', found both");
        else if (for_each)
            add_entries(for_each->node);
        else if (targets)
            add_targets(*targets);
        else
            made_.push_back({check_.key, table, check_.key_at});
        return std::move(made_);
    }

  private:
    void mistake(const Position& at, std::string message, std::string hint = {}) {
        run_.diagnostics.mistake(at, path_, std::move(message), std::move(hint));
    }

    /// Without the list of all, which would be copied for each of its entries: 1,000,000 values where there are 1,000.
    Table body() const {
        Table table;
        std::ranges::copy_if(*check_.node.table(), std::back_inserter(table),
                             [](const Entry& entry) { return entry.key != "for_each" && entry.key != "targets_file"; });
        return table;
    }

    void add(std::string name, Table table, const Position& at) {
        if (!valid_name(name))
            return mistake(at, fmt::format("expected a name of letters, digits, '_', '.' and '-', found '{}'", name));
        if (!names_.insert(name).second)
            return mistake(at, fmt::format("two entries make the same check '{}'", name));
        made_.push_back({std::move(name), std::move(table), check_.key_at});
    }

    void add_entries(const Node& for_each) {
        const Array* entries = for_each.array();
        if (!entries)
            return mistake(for_each.at, fmt::format("expected an array of tables, found {}", describe(for_each)),
                           "write for_each = [{ name = \"db1\" }, …]");
        if (entries->empty())
            return mistake(for_each.at, "expected at least one entry in 'for_each', found none");
        for (const Node& entry : *entries)
            add_entry(entry);
    }

    void add_entry(const Node& entry) {
        if (!entry.table())
            return mistake(entry.at, fmt::format("expected a table, found {}", describe(entry)));
        Values values;
        for (const Entry& field : *entry.table()) {
            if (const auto text = plain(field.node))
                values[field.key] = *text;
            else
                mistake(field.node.at,
                        fmt::format("expected a plain value for '{}', found {}", field.key, describe(field.node)));
        }
        Node table{body(), check_.node.at};
        fill_placeholders(table, values);
        const std::string name = instance_name(check_.key, values, values["name"]);
        if (values["name"].empty() && name == check_.key + "-")
            return mistake(entry.at, "missing key 'name' in an entry of 'for_each'",
                           "name the check with a placeholder to do without");
        add(name, std::move(std::get<Table>(table.value)), entry.at);
    }

    void add_targets(const Entry& file) {
        if (!file.node.text())
            return mistake(file.node.at, fmt::format("expected a string, found {}", describe(file.node)));
        const std::string_view key = target_key();
        if (key.empty())
            return mistake(file.key_at, "only checks that probe a target can have 'targets_file'");
        const auto groups = run_.around.read_targets(*file.node.text(), file.node.at);
        if (!groups)
            return mistake(file.node.at, groups.error());
        for (const TargetGroup& group : *groups)
            for (const std::string& target : group.targets)
                add_target(target, group.labels, key, file.node.at);
        if (std::ranges::all_of(*groups, [](const TargetGroup& group) { return group.targets.empty(); }))
            mistake(file.node.at, fmt::format("expected at least one target in {}, found none", *file.node.text()));
    }

    /// The option that a target goes to.
    std::string_view target_key() const {
        const Entry* named = find(*check_.node.table(), "collector");
        for (const CollectorInfo& collector : run_.around.collectors()) {
            if (!named || !named->node.text() || *named->node.text() != collector.name || !collector.probes)
                continue;
            for (const OptionInfo& option : collector.options)
                if (option.key == "url" || option.key == "address")
                    return option.key;
        }
        return {};
    }

    void add_target(const std::string& target, const Labels& labels, std::string_view key, const Position& at) {
        Values values(labels.begin(), labels.end());
        values["target"] = target;
        Node table{body(), check_.node.at};
        fill_placeholders(table, values);
        Table& entries = std::get<Table>(table.value);
        if (!find(entries, key)) {
            const bool bare = key == "url" && !target.contains("://");
            entries.push_back({std::string{key}, at, {bare ? "http://" + target : target, at}});
        }
        add_labels(entries, labels, at);
        values["target"] = name_of_target(target);
        add(instance_name(check_.key, values, values["target"]), std::move(entries), at);
    }

    /// A target's own labels are closer to it than the check's. Those in '__' are Prometheus' own business.
    static void add_labels(Table& entries, const Labels& labels, const Position& at) {
        auto found = std::ranges::find(entries, "labels", &Entry::key);
        if (found == entries.end())
            found = entries.insert(entries.end(), {"labels", at, {Table{}, at}});
        Table* table = std::get_if<Table>(&found->node.value);
        if (!table)
            return;
        for (const auto& [name, value] : labels) {
            if (name.starts_with("__"))
                continue;
            std::erase_if(*table, [&](const Entry& entry) { return entry.key == name; });
            table->push_back({name, at, {value, at}});
        }
    }

    const Entry& check_;
    std::string path_;
    Compiling& run_;
    std::set<std::string> names_;
    std::vector<Instance> made_;
};

} // namespace

std::vector<Instance> instances_of(const Entry& check, Compiling& run) { return Instances{check, run}.take(); }

} // namespace recoverd::core::config
