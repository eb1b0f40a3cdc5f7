// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_yaml.hpp"

#include <charconv>
#include <stdexcept>

namespace recoverd::agent::web_yaml {

void mistake(const YAML::Node& at, const std::string& what, const std::string& hint) {
    throw std::runtime_error(
        fmt::format("line {}: {}{}{}", at.Mark().line + 1, what, hint.empty() ? "" : "\nhint: ", hint));
}

std::string_view kind_of(const YAML::Node& value) {
    if (value.IsScalar())
        return "text";
    return value.IsSequence() ? "a list" : value.IsMap() ? "keys" : "nothing";
}

std::string found(const YAML::Node& value) {
    return value.IsScalar() ? fmt::format("'{}'", value.Scalar()) : std::string{kind_of(value)};
}

std::string text(const YAML::Node& value, std::string_view key) {
    if (value.IsNull())
        return {};
    if (!value.IsScalar())
        mistake(value, fmt::format("expected text for '{}', found {}", key, kind_of(value)));
    return value.Scalar();
}

bool yes_or_no(const YAML::Node& value, std::string_view key) {
    bool yes = false;
    if (!YAML::convert<bool>::decode(value, yes))
        mistake(value, fmt::format("expected true or false for '{}', found {}", key, found(value)));
    return yes;
}

int whole_number(const YAML::Node& value, std::string_view key) {
    const std::string digits = value.IsScalar() ? value.Scalar() : "";
    int number = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number < 0)
        mistake(value, fmt::format("expected a whole number for '{}', found {}", key, found(value)));
    return number;
}

} // namespace recoverd::agent::web_yaml
