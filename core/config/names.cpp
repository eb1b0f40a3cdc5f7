// SPDX-License-Identifier: Apache-2.0
// What may be called what, and how the document's sections are found.
#include "core/config/compiling.hpp"

#include <algorithm>

namespace recoverd::core::config {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Labels that alerts and metrics carry by themselves; two meanings under one name would merge alerts.
constexpr std::string_view kReservedLabels[] = {
    "alertname", "asset",    "assertion", "backup_type", "check",       "class",   "collector", "depth", "exercise",
    "failure",   "instance", "le",        "method",      "measurement", "outcome", "priority",  "rule",  "scenario",
    "severity",  "source",   "state",     "subject",     "target",      "unit",    "verdict"};

bool valid_label_name(std::string_view name) {
    return !name.empty() && !is_digit(name.front()) &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

} // namespace

ChecksByName checks_by_name(const Config& config) {
    ChecksByName checks;
    for (const auto& check : config.checks)
        checks.emplace(check->name, check.get());
    return checks;
}

bool valid_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
    });
}

namespace {

void check_name(std::string_view name, const Position& at, const std::string& path, Diagnostics& diagnostics) {
    if (!valid_name(name))
        diagnostics.mistake(at, path,
                            fmt::format("expected a name of letters, digits, '_', '.' and '-', found '{}'", name));
}

} // namespace

void check_name(const Entry& entry, std::string_view what, Diagnostics& diagnostics) {
    check_name(entry.key, entry.key_at, std::string{what}, diagnostics);
}

void check_name(const Table& table, const std::string& name, const std::string& path, Diagnostics& diagnostics) {
    if (const Entry* entry = find(table, "name"))
        check_name(name, entry->node.at, path, diagnostics);
}

void check_labels(const Entry* entry, const std::string& path, Labels& labels, Diagnostics& diagnostics) {
    std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
    const Table* table = entry ? entry->node.table() : nullptr;
    if (!table)
        return;
    for (const Entry& label : *table) {
        if (!valid_label_name(label.key))
            diagnostics.mistake(label.key_at, path,
                                fmt::format("expected a label name of letters, digits and '_', found '{}'", label.key));
        else if (label.key.starts_with("__"))
            diagnostics.mistake(
                label.key_at, path,
                fmt::format("label '{}' begins with '__', which Prometheus keeps for itself", label.key));
        else if (std::ranges::find(kReservedLabels, label.key) != std::end(kReservedLabels))
            diagnostics.mistake(label.key_at, path,
                                fmt::format("label '{}' is one that recoverd sets itself", label.key));
    }
}

const Table* section_table(const Table& table, std::string_view key, Diagnostics& diagnostics) {
    const Entry* entry = find(table, key);
    if (entry && !entry->node.table())
        diagnostics.mistake(entry->node.at, std::string{key},
                            fmt::format("expected a table, found {}", describe(entry->node)));
    return entry ? entry->node.table() : nullptr;
}

std::vector<const Node*> section_array(const Table& table, std::string_view key, const std::string& path,
                                       Diagnostics& diagnostics) {
    const Entry* entry = find(table, key);
    if (!entry)
        return {};
    std::vector<const Node*> nodes;
    const Array* array = entry->node.array();
    if (!array)
        diagnostics.mistake(entry->node.at, path,
                            fmt::format("expected an array of tables, found {}", describe(entry->node)),
                            fmt::format("write [[{}]]", path));
    else
        for (const Node& item : *array) {
            if (item.table())
                nodes.push_back(&item);
            else
                diagnostics.mistake(item.at, path, fmt::format("expected a table, found {}", describe(item)));
        }
    return nodes;
}

} // namespace recoverd::core::config
