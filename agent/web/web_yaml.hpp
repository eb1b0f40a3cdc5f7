// SPDX-License-Identifier: Apache-2.0
// What reads `--web.config.file`: keys, texts and lists of YAML as exporter-toolkit takes them, and mistakes that name
// their line.
#pragma once

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace recoverd::agent::web_yaml {

/// Throws std::runtime_error: the line, what is wrong there, and what to do about it when there is something to say.
[[noreturn]] void mistake(const YAML::Node& at, const std::string& what, const std::string& hint = {});

/// What stands there, for a mistake: "text", "a list", "keys", "nothing".
std::string_view kind_of(const YAML::Node& value);
/// The same, and of a text what it says. Never call it for what may be a secret.
std::string found(const YAML::Node& value);

/// Nothing at all is an empty text.
std::string text(const YAML::Node& value, std::string_view key);
/// As YAML 1.1 has them: true, yes, on …
bool yes_or_no(const YAML::Node& value, std::string_view key);
/// From 0 on.
int whole_number(const YAML::Node& value, std::string_view key);

/// Calls `take(key, value)` for each member; it returns false for keys it does not know.
template <class Take>
void members(const YAML::Node& node, std::string_view where, Take&& take) {
    // A section whose lines are all comments asks for nothing.
    if (node.IsNull())
        return;
    if (!node.IsMap())
        mistake(node, fmt::format("expected keys under '{}', found {}", where, kind_of(node)));
    std::set<std::string> seen;
    for (const auto& member : node) {
        const std::string key = text(member.first, where);
        if (!seen.insert(key).second)
            mistake(member.first, fmt::format("expected '{}' once under '{}', found it twice", key, where));
        if (!take(key, member.second))
            mistake(member.first, fmt::format("unknown or unsupported key '{}' under '{}'", key, where));
    }
}

/// Calls `take(text, at)` for each item of a list.
template <class Take>
void items(const YAML::Node& node, std::string_view key, Take&& take) {
    if (!node.IsNull() && !node.IsSequence())
        mistake(node, fmt::format("expected a list for '{}', found {}", key, found(node)));
    for (const auto& item : node)
        take(text(item, key), item);
}

} // namespace recoverd::agent::web_yaml
