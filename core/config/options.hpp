// SPDX-License-Identifier: Apache-2.0
// Options are a struct with defaults and one table: key, member, help. The table parses, rejects unknown keys with a
// suggestion, and documents. Every table in the configuration is read this way, collectors' options included.
//
//     struct Options { std::string stanza; Duration grace{60'000}; };
//     constexpr Option<Options> kOptions[] = {
//         {"stanza", &Options::stanza, "the stanza to look at; all when left out"},
//         {"grace", &Options::grace, "how long to wait"},
//     };
#pragma once

#include "core/config/diagnostics.hpp"
#include "core/config/secret_ref.hpp"
#include "core/labels.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace recoverd::core::config {

/// A size in bytes, told apart from a plain number.
struct Size {
    std::uint64_t bytes = 0;
    bool operator==(const Size&) const = default;
};

enum class Need : std::uint8_t { optional, required };

/// One row of an option table. Members of these types can be read; `Node` takes whatever stands there.
template <class S>
struct Option {
    using Member =
        std::variant<std::string S::*, bool S::*, std::int64_t S::*, double S::*, Duration S::*, Size S::*,
                     SecretRef S::*, std::vector<std::string> S::*, Labels S::*, std::optional<std::string> S::*,
                     std::optional<bool> S::*, std::optional<std::int64_t> S::*, std::optional<double> S::*,
                     std::optional<Duration> S::*, std::optional<Size> S::*, std::optional<Time> S::*,
                     std::optional<Node> S::*, Time S::*>;

    std::string_view key;
    Member member;
    std::string_view help;
    Need need = Need::optional;
    /// For strings: the only values allowed, separated by '|'; empty for any.
    std::string_view choices = {};
};

/// What a table says of an option, for the reference, the schema and the shell's completion.
struct OptionInfo {
    std::string_view key;
    /// string, boolean, integer, number, duration, size, secret, list, labels, time, table
    std::string_view type;
    std::string default_text;
    std::string_view help;
    Need need = Need::optional;
    std::string_view choices;
};

/// Where a table is being read: its name for diagnostics, and whose option a key would be ("collector 'files'").
struct Place {
    std::string path;
    std::string owner;
    Position at;

    /// Of one of its options, as far as nobody knows better where that stands.
    Place inside(std::string_view key) const { return {path + "." + std::string{key}, owner, at}; }
};

// One overload per type that an option can have. Each reports a mistake and leaves `out` alone when it cannot be read.
void read(const Node& node, const std::string& path, std::string& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, bool& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, std::int64_t& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, double& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, Duration& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, Size& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, SecretRef& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, Time& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, Node& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, Labels& out, Diagnostics& diagnostics);
void read(const Node& node, const std::string& path, std::vector<std::string>& out, Diagnostics& diagnostics);
template <class T>
void read(const Node& node, const std::string& path, std::optional<T>& out, Diagnostics& diagnostics) {
    T value{};
    const auto mistakes = diagnostics.all().size();
    read(node, path, value, diagnostics);
    if (diagnostics.all().size() == mistakes)
        out = std::move(value);
}

std::string_view type_name(const std::string*);
std::string_view type_name(const bool*);
std::string_view type_name(const std::int64_t*);
std::string_view type_name(const double*);
std::string_view type_name(const Duration*);
std::string_view type_name(const Size*);
std::string_view type_name(const SecretRef*);
std::string_view type_name(const Time*);
std::string_view type_name(const Node*);
std::string_view type_name(const Labels*);
std::string_view type_name(const std::vector<std::string>*);
template <class T>
std::string_view type_name(const std::optional<T>*) {
    return type_name(static_cast<const T*>(nullptr));
}

/// How a default is written in the reference; empty for "none".
std::string default_text(const std::string& value);
std::string default_text(bool value);
std::string default_text(std::int64_t value);
std::string default_text(double value);
std::string default_text(const Duration& value);
std::string default_text(const Size& value);
std::string default_text(const SecretRef& value);
std::string default_text(const Time& value);
std::string default_text(const Node& value);
std::string default_text(const Labels& value);
std::string default_text(const std::vector<std::string>& value);
template <class T>
std::string default_text(const std::optional<T>& value) {
    return value ? default_text(*value) : std::string{};
}

void report_unknown_key(const Entry& entry, const Place& place, std::span<const std::string_view> known,
                        Diagnostics& diagnostics);
void report_missing_key(std::string_view key, const Place& place, Diagnostics& diagnostics);
void check_choice(const Node& node, const std::string& path, std::string_view choices, Diagnostics& diagnostics);

/// Reads `table` into a fresh S. Keys that are in `others` belong to somebody else and are passed over.
template <class S>
S read_options(const Table& table, const Place& place, std::span<const Option<S>> options,
               std::span<const std::string_view> others, Diagnostics& diagnostics, S out = {}) {
    std::vector<std::string_view> known(others.begin(), others.end());
    for (const auto& option : options)
        known.push_back(option.key);
    for (const auto& entry : table) {
        const Option<S>* found = nullptr;
        for (const auto& option : options)
            if (option.key == entry.key)
                found = &option;
        if (found) {
            const std::string path = place.path + "." + entry.key;
            std::visit([&](auto member) { read(entry.node, path, out.*member, diagnostics); }, found->member);
            if (!found->choices.empty())
                check_choice(entry.node, path, found->choices, diagnostics);
        } else if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
            report_unknown_key(entry, place, known, diagnostics);
        }
    }
    for (const auto& option : options)
        if (option.need == Need::required && !find(table, option.key))
            report_missing_key(option.key, place, diagnostics);
    return out;
}

template <class S>
std::vector<OptionInfo> describe_options(std::span<const Option<S>> options) {
    const S defaults{};
    std::vector<OptionInfo> infos;
    for (const auto& option : options) {
        OptionInfo info{option.key, {}, {}, option.help, option.need, option.choices};
        std::visit(
            [&](auto member) {
                info.type = type_name(&(defaults.*member));
                info.default_text = default_text(defaults.*member);
            },
            option.member);
        infos.push_back(std::move(info));
    }
    return infos;
}

} // namespace recoverd::core::config
