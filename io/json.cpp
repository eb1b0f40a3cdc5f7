// SPDX-License-Identifier: Apache-2.0
// The tree and its accessors. The parser is io/json_parse.cpp's business.
#include "io/json.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace recoverd::io {

namespace {

/// A member name longer than this is cut in a path: paths go into logs and alerts.
constexpr std::size_t kShownKey = 60;

/// Beyond it a double cannot tell one integer from the next.
constexpr double kExact = 9'007'199'254'740'992.0;

std::string_view what(const Json::Value& value) {
    static constexpr std::array<std::string_view, 9> kTypes{"nothing",  "null",     "a boolean", "a number", "a number",
                                                            "a number", "a string", "an array",  "an object"};
    return kTypes.at(value.index());
}

bool plain(std::string_view key) {
    return !key.empty() && key.size() <= kShownKey && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

std::string shown(const std::variant<std::string, std::size_t>& name) {
    if (const auto* index = std::get_if<std::size_t>(&name))
        return fmt::format("[{}]", *index);
    const std::string_view key = std::get<std::string>(name);
    if (plain(key))
        return fmt::format(".{}", key);
    if (key.size() <= kShownKey)
        return fmt::format("[{}]", json_quote(key));
    return fmt::format("[{}…]", json_quote(key.substr(0, kShownKey)));
}

/// A whole number, also when its writer spelled it `3.0` or `1.7e9`.
template <class Integer>
std::optional<Integer> whole(const Json::Value& value) {
    if (const auto* n = std::get_if<std::int64_t>(&value); n && std::in_range<Integer>(*n))
        return static_cast<Integer>(*n);
    if (const auto* n = std::get_if<std::uint64_t>(&value); n && std::in_range<Integer>(*n))
        return static_cast<Integer>(*n);
    if (const auto* x = std::get_if<double>(&value); x && std::trunc(*x) == *x && std::abs(*x) <= kExact)
        if (const auto n = static_cast<std::int64_t>(*x); std::in_range<Integer>(n))
            return static_cast<Integer>(n);
    return std::nullopt;
}

std::string unescaped(std::string_view token) {
    std::string key;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
        key += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    return key;
}

} // namespace

std::string Json::path() const {
    std::vector<const Step*> steps;
    for (const Step* step = step_.get(); step; step = step->parent.get())
        steps.push_back(step);
    std::string path = "$";
    for (auto step = steps.rbegin(); step != steps.rend(); ++step)
        path += shown((*step)->name);
    return path;
}

void Json::bad(std::string_view expected) const {
    throw BadDocument(fmt::format("{}: expected {}, found {}", path(), expected, what(value_)));
}

bool Json::is_number() const {
    return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<std::uint64_t>(value_) ||
           std::holds_alternative<double>(value_);
}

const std::string& Json::text() const {
    if (const auto* text = std::get_if<std::string>(&value_))
        return *text;
    bad("a string");
}

bool Json::boolean() const {
    if (const auto* boolean = std::get_if<bool>(&value_))
        return *boolean;
    bad("a boolean");
}

std::int64_t Json::integer() const {
    if (const auto n = whole<std::int64_t>(value_))
        return *n;
    if (is_number())
        throw BadDocument(fmt::format("{}: expected an integer of 64 bits, found another number", path()));
    bad("an integer");
}

std::uint64_t Json::natural() const {
    if (const auto n = whole<std::uint64_t>(value_))
        return *n;
    if (is_number())
        throw BadDocument(fmt::format("{}: expected a whole number from 0, found another number", path()));
    bad("a whole number");
}

double Json::number() const {
    if (const auto* n = std::get_if<std::int64_t>(&value_))
        return static_cast<double>(*n);
    if (const auto* n = std::get_if<std::uint64_t>(&value_))
        return static_cast<double>(*n);
    if (const auto* x = std::get_if<double>(&value_))
        return *x;
    bad("a number");
}

core::Time Json::unix_time() const {
    const double seconds = number();
    const double latest = core::to_unix_seconds(core::kNever);
    if (!(seconds >= -latest && seconds <= latest))
        throw BadDocument(fmt::format("{}: expected seconds since 1970, found {}", path(), seconds));
    return core::Time{core::Duration{std::llround(seconds * 1000.0)}};
}

core::Time Json::time() const {
    if (!is_text())
        bad("a time as RFC 3339");
    const auto parsed = core::config::parse_time(text());
    if (!parsed)
        throw BadDocument(fmt::format("{}: {}", path(), parsed.error()));
    return *parsed;
}

const Json::Array& Json::items() const {
    if (const auto* array = std::get_if<Array>(&value_))
        return *array;
    bad("an array");
}

const Json::Object& Json::object() const {
    if (const auto* object = std::get_if<Object>(&value_))
        return *object;
    bad("an object");
}

const Json& Json::nothing_at(std::variant<std::string, std::size_t> name) const {
    // A ring, because the caller may hold several at once. When one is used anew its path is another's, but absent it
    // remains.
    static thread_local std::array<Json, 256> ring;
    static thread_local std::size_t next = 0;
    Json made{Value{}, std::make_shared<const Step>(Step{step_, std::move(name)})};
    Json& nothing = ring.at(next++ % ring.size());
    nothing = std::move(made);
    return nothing;
}

const Json& Json::operator[](std::string_view key) const {
    if (*this && !is_object())
        bad("an object");
    if (is_object())
        if (const auto found = object().find(key); found != object().end())
            return found->second;
    return nothing_at(std::string{key});
}

const Json& Json::operator[](std::size_t index) const {
    if (*this && !is_array())
        bad("an array");
    if (is_array() && index < items().size())
        return items()[index];
    return nothing_at(index);
}

const Json& Json::at_pointer(std::string_view pointer) const {
    const Json* at = this;
    while (!pointer.empty()) {
        const auto slash = pointer.find('/', 1);
        const bool rooted = pointer.front() == '/';
        const std::string key = unescaped(pointer.substr(rooted ? 1 : 0, slash - (rooted ? 1 : 0)));
        pointer = slash == std::string_view::npos ? std::string_view{} : pointer.substr(slash);
        if (rooted && at->is_array()) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
            const bool canonical =
                error == std::errc{} && end == key.data() + key.size() && (key.size() == 1 || key.front() != '0');
            at = canonical ? &(*at)[index] : &at->nothing_at(key);
        } else if (rooted && at->is_object()) {
            at = &(*at)[key];
        } else {
            at = &at->nothing_at(key);
        }
    }
    return *at;
}

} // namespace recoverd::io
