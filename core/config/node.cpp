// SPDX-License-Identifier: Apache-2.0
#include "core/config/node.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::core::config {

namespace {

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20)
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    }
    out += '"';
}

struct Canonical {
    std::string& out;

    void operator()(bool b) const { out += b ? "true" : "false"; }
    void operator()(std::int64_t n) const { out += fmt::to_string(n); }
    // With a point, so that 1.0 and 1 stay two different values.
    void operator()(double x) const {
        const std::string text = fmt::to_string(x);
        out += text;
        if (text.find_first_not_of("-0123456789") == std::string::npos)
            out += ".0";
    }
    void operator()(const std::string& text) const { append_quoted(out, text); }
    void operator()(Time t) const { out += format_time(t); }
    void operator()(const Array& array) const {
        out += '[';
        for (const Node& item : array) {
            if (&item != array.data())
                out += ", ";
            std::visit(*this, item.value);
        }
        out += ']';
    }
    void operator()(const Table& table) const {
        std::vector<const Entry*> sorted;
        for (const Entry& entry : table)
            sorted.push_back(&entry);
        std::ranges::sort(sorted, {}, [](const Entry* entry) -> const std::string& { return entry->key; });
        out += '{';
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            out += i == 0 ? " " : ", ";
            append_key(sorted[i]->key);
            out += " = ";
            std::visit(*this, sorted[i]->node.value);
        }
        out += sorted.empty() ? "}" : " }";
    }

    void append_key(const std::string& key) const {
        const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        });
        if (bare)
            out += key;
        else
            append_quoted(out, key);
    }
};

} // namespace

const Entry* find(const Table& table, std::string_view key) {
    const auto found = std::ranges::find(table, key, &Entry::key);
    return found == table.end() ? nullptr : &*found;
}

Position position_of(const Table& table, std::string_view key, const Position& otherwise) {
    const Entry* entry = find(table, key);
    return entry ? entry->node.at : otherwise;
}

std::string_view describe(const Node& node) {
    static constexpr std::array<std::string_view, 7> kWords{"a boolean", "an integer", "a number", "a string",
                                                            "a time",    "an array",   "a table"};
    return kWords[node.value.index()];
}

std::string canonical(const Node& node) {
    std::string out;
    std::visit(Canonical{out}, node.value);
    return out;
}

} // namespace recoverd::core::config
