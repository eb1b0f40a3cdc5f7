// SPDX-License-Identifier: Apache-2.0
#include "core/config/options.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>

namespace recoverd::core::config {

namespace {

constexpr std::string_view kHowToWriteSecrets =
    R"(write { file = "/path" }, { env = "NAME" } or { credential = "name" })";

// Says the type of what was found and never its value: somebody may have put a password there.
void report_type(const Node& node, const std::string& path, std::string_view expected, Diagnostics& diagnostics,
                 std::string hint = {}) {
    diagnostics.mistake(node.at, path, fmt::format("expected {}, found {}", expected, describe(node)), std::move(hint));
}

template <class T>
void read_plain(const Node& node, const std::string& path, T& out, std::string_view expected,
                Diagnostics& diagnostics) {
    if (const T* value = std::get_if<T>(&node.value))
        out = *value;
    else
        report_type(node, path, expected, diagnostics);
}

std::string quoted(const std::string& text) { return canonical(Node{text, {}}); }

std::string list_of(std::span<const std::string_view> words) { return fmt::format("{}", fmt::join(words, ", ")); }

} // namespace

void read(const Node& node, const std::string& path, std::string& out, Diagnostics& diagnostics) {
    read_plain(node, path, out, "a string", diagnostics);
}

void read(const Node& node, const std::string& path, bool& out, Diagnostics& diagnostics) {
    read_plain(node, path, out, "true or false", diagnostics);
}

void read(const Node& node, const std::string& path, std::int64_t& out, Diagnostics& diagnostics) {
    read_plain(node, path, out, "an integer", diagnostics);
}

void read(const Node& node, const std::string& path, double& out, Diagnostics& diagnostics) {
    if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
        out = static_cast<double>(*whole);
        return;
    }
    const auto* number = std::get_if<double>(&node.value);
    if (number && !std::isfinite(*number))
        diagnostics.mistake(node.at, path, fmt::format("expected a finite number, found {}", *number));
    else
        read_plain(node, path, out, "a number", diagnostics);
}

void read(const Node& node, const std::string& path, Duration& out, Diagnostics& diagnostics) {
    const std::string* text = node.text();
    if (!text) {
        const auto* number = std::get_if<std::int64_t>(&node.value);
        report_type(node, path, "a duration such as '90s', '1h30m' or '7d'", diagnostics,
                    number ? fmt::format("a duration has a unit: \"{}s\"", *number) : std::string{});
    } else if (const auto parsed = parse_duration(*text)) {
        out = *parsed;
    } else {
        diagnostics.mistake(node.at, path, parsed.error());
    }
}

void read(const Node& node, const std::string& path, Size& out, Diagnostics& diagnostics) {
    if (const auto* bytes = std::get_if<std::int64_t>(&node.value); bytes && *bytes >= 0) {
        out.bytes = static_cast<std::uint64_t>(*bytes);
    } else if (const std::string* text = node.text()) {
        if (const auto parsed = parse_size(*text))
            out.bytes = *parsed;
        else
            diagnostics.mistake(node.at, path, parsed.error());
    } else {
        report_type(node, path, "a size such as '512B', '1.5MB' or '10GiB'", diagnostics);
    }
}

void read(const Node& node, const std::string& path, SecretRef& out, Diagnostics& diagnostics) {
    using enum SecretRef::Source;
    const Table* table = node.table();
    if (!table)
        return report_type(node, path, "a reference to a secret", diagnostics, std::string{kHowToWriteSecrets});
    static constexpr std::string_view kSources[] = {"file", "env", "credential"};
    if (table->size() != 1)
        return diagnostics.mistake(
            node.at, path,
            fmt::format("expected one of {}, found {}", list_of(kSources), table->empty() ? "none" : "several"),
            std::string{kHowToWriteSecrets});
    const Entry& entry = table->front();
    const auto* source = std::ranges::find(kSources, entry.key);
    if (source == std::end(kSources))
        return report_unknown_key(entry, Place{path, "a secret", node.at}, kSources, diagnostics);
    std::string name;
    const auto mistakes = diagnostics.all().size();
    read(entry.node, path + "." + entry.key, name, diagnostics);
    if (diagnostics.all().size() != mistakes)
        return;
    if (name.empty())
        return diagnostics.mistake(entry.node.at, path + "." + entry.key, "expected a name, found an empty string");
    if (entry.key == "credential" && (name.contains('/') || name == "." || name == ".."))
        return diagnostics.mistake(entry.node.at, path + ".credential",
                                   fmt::format("expected the name of a credential, found the path '{}'", name),
                                   "a path belongs to { file = … }");
    constexpr SecretRef::Source kOrder[] = {file, env, credential};
    out = {kOrder[source - std::begin(kSources)], std::move(name)};
}

void read(const Node& node, const std::string& path, Time& out, Diagnostics& diagnostics) {
    const std::string* text = node.text();
    if (!text)
        return read_plain(node, path, out, "a time such as 2026-11-22T03:00:00Z", diagnostics);
    // A date alone is its first moment, as TOML's own dates are read.
    const auto parsed = parse_time(text->size() == 10 ? *text + "T00:00:00Z" : *text);
    if (parsed)
        out = *parsed;
    else
        diagnostics.mistake(node.at, path,
                            fmt::format("expected a time such as '2026-11-22T03:00:00Z', found '{}'", *text));
}

void read(const Node& node, const std::string& /*path*/, Node& out, Diagnostics& /*diagnostics*/) { out = node; }

void read(const Node& node, const std::string& path, Labels& out, Diagnostics& diagnostics) {
    const Table* table = node.table();
    if (!table)
        return report_type(node, path, "a table of strings", diagnostics);
    for (const Entry& entry : *table) {
        std::string value;
        const auto mistakes = diagnostics.all().size();
        read(entry.node, path + "." + entry.key, value, diagnostics);
        if (diagnostics.all().size() == mistakes)
            out.insert_or_assign(entry.key, std::move(value));
    }
}

void read(const Node& node, const std::string& path, std::vector<std::string>& out, Diagnostics& diagnostics) {
    const Array* array = node.array();
    if (!array)
        return report_type(node, path, "an array of strings", diagnostics,
                           node.text() ? fmt::format("write [{}]", canonical(node)) : std::string{});
    std::vector<std::string> items;
    for (const Node& item : *array)
        read(item, fmt::format("{}[{}]", path, &item - array->data()), items.emplace_back(), diagnostics);
    out = std::move(items);
}

std::string_view type_name(const std::string*) { return "string"; }
std::string_view type_name(const bool*) { return "boolean"; }
std::string_view type_name(const std::int64_t*) { return "integer"; }
std::string_view type_name(const double*) { return "number"; }
std::string_view type_name(const Duration*) { return "duration"; }
std::string_view type_name(const Size*) { return "size"; }
std::string_view type_name(const SecretRef*) { return "secret"; }
std::string_view type_name(const Time*) { return "time"; }
std::string_view type_name(const Node*) { return "table"; }
std::string_view type_name(const Labels*) { return "labels"; }
std::string_view type_name(const std::vector<std::string>*) { return "list"; }

// Defaults are written as TOML would have them.
std::string default_text(const std::string& value) { return value.empty() ? std::string{} : quoted(value); }
std::string default_text(bool value) { return value ? "true" : "false"; }
std::string default_text(std::int64_t value) { return fmt::to_string(value); }
std::string default_text(double value) { return std::isfinite(value) ? fmt::to_string(value) : std::string{}; }
std::string default_text(const Duration& value) { return quoted(format_duration(value)); }
std::string default_text(const Size& value) { return quoted(format_size(value.bytes)); }
std::string default_text(const SecretRef& /*value*/) { return {}; }
std::string default_text(const Time& value) { return value == Time{} ? std::string{} : format_time(value); }
std::string default_text(const Node& value) { return canonical(value); }

std::string default_text(const Labels& value) {
    Table table;
    for (const auto& [name, text] : value)
        table.push_back({name, {}, {text, {}}});
    return value.empty() ? std::string{} : canonical({std::move(table), {}});
}

std::string default_text(const std::vector<std::string>& value) {
    Array array;
    for (const std::string& text : value)
        array.push_back({text, {}});
    return value.empty() ? std::string{} : canonical({std::move(array), {}});
}

void report_unknown_key(const Entry& entry, const Place& place, std::span<const std::string_view> known,
                        Diagnostics& diagnostics) {
    std::string message = fmt::format("unknown key '{}'", entry.key);
    if (!place.owner.empty())
        message += fmt::format(" for {}", place.owner);
    std::string hint;
    if (const std::string_view near = nearest(entry.key, known); !near.empty())
        hint = fmt::format("did you mean '{}'?", near);
    else if (!known.empty() && known.size() <= 12)
        hint = fmt::format("known keys: {}", list_of(known));
    diagnostics.mistake(entry.key_at, place.path, std::move(message), std::move(hint));
}

void report_missing_key(std::string_view key, const Place& place, Diagnostics& diagnostics) {
    std::string message = fmt::format("missing key '{}'", key);
    if (!place.owner.empty())
        message += fmt::format(" for {}", place.owner);
    diagnostics.mistake(place.at, place.path, std::move(message));
}

void check_choice(const Node& node, const std::string& path, std::string_view choices, Diagnostics& diagnostics) {
    const std::string* text = node.text();
    if (!text)
        return;
    std::vector<std::string_view> allowed;
    for (std::size_t begin = 0; begin <= choices.size();) {
        const std::size_t end = std::min(choices.find('|', begin), choices.size());
        allowed.push_back(choices.substr(begin, end - begin));
        begin = end + 1;
    }
    if (std::ranges::find(allowed, *text) != allowed.end())
        return;
    const std::string_view near = nearest(*text, allowed);
    diagnostics.mistake(node.at, path, fmt::format("expected one of {}, found '{}'", list_of(allowed), *text),
                        near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near));
}

} // namespace recoverd::core::config
