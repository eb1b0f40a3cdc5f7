// SPDX-License-Identifier: Apache-2.0
// What `/config` shows beside assets and checks: the other sections as they were written, with who wrote them.
#include "core/config/compiling.hpp"

#include <algorithm>

namespace recoverd::core::config {

namespace {

class OtherSections {
  public:
    explicit OtherSections(Compiling& run) : run_(run) {}

    void add_document(const Table& root) {
        add({}, root, "the configuration", [](const Entry& entry) { return is_value(entry); });
        for (const Entry& entry : root) {
            if (entry.key == "asset" || entry.key == "check")
                continue;
            if (const Table* table = entry.node.table())
                add_table(entry.key, *table);
            else if (const Array* array = entry.node.array(); array && !is_value(entry))
                for (const Node& item : *array)
                    add(fmt::format("[{}]", entry.key), *item.table(), entry.key, [](const Entry&) { return true; });
        }
    }

  private:
    /// Not a section, nor several.
    static bool is_value(const Entry& entry) {
        const Array* array = entry.node.array();
        return array ? array->empty() || !std::ranges::all_of(*array, [](const Node& item) { return item.table(); })
                     : entry.node.table() == nullptr;
    }

    void add_table(const std::string& name, const Table& table) {
        // Of defaults those of a collector stand in a section of their own, and so does each class.
        const auto is_section = [&](const Entry& entry) {
            return entry.node.table() &&
                   (name == "class" ||
                    (name == "defaults" && std::ranges::find(default_keys(), entry.key) == default_keys().end()));
        };
        add(name, table, name, [&](const Entry& entry) { return !is_section(entry); });
        for (const Entry& entry : table)
            if (is_section(entry)) {
                const std::string inner = fmt::format("{}.{}", name, entry.key);
                add(inner, *entry.node.table(), inner, [](const Entry&) { return true; });
            }
    }

    void add(std::string section, const Table& table, const std::string& from, auto&& belongs) {
        std::vector<Origin> origins;
        for (const Entry& entry : table)
            if (belongs(entry))
                origins.push_back({entry.key, shown(entry.node, run_), from, entry.node.at});
        if (!origins.empty())
            run_.out.others.emplace_back(std::move(section), std::move(origins));
    }

    Compiling& run_;
};

} // namespace

void add_other_sections(const Table& root, Compiling& run) { OtherSections{run}.add_document(root); }

} // namespace recoverd::core::config
