// SPDX-License-Identifier: Apache-2.0
#include "agent/config/toml.hpp"

#include "core/ascii.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

namespace recoverd::agent {

using namespace core::config;

namespace {

using File = std::shared_ptr<const std::string>;

Position position(const toml::source_region& source, const File& file) {
    return {file, source.begin.line, source.begin.column};
}

class Converter {
  public:
    Converter(File file, Diagnostics& diagnostics) : file_(std::move(file)), diagnostics_(diagnostics) {}

    Table table(const toml::table& from, const std::string& path) {
        Table out;
        for (const auto& [key, value] : from) {
            const std::string name{key.str()};
            out.push_back({name, position(key.source(), file_), node(value, path.empty() ? name : path + "." + name)});
        }
        // The library sorts by key; people expect the order in which they wrote.
        std::ranges::stable_sort(out, {}, [](const Entry& e) { return std::tuple{e.key_at.line, e.key_at.column}; });
        return out;
    }

  private:
    Node node(const toml::node& from, const std::string& path) {
        Node out{false, position(from.source(), file_)};
        if (const auto* text = from.as_string())
            out.value = text->get();
        else if (const auto* integer = from.as_integer())
            out.value = integer->get();
        else if (const auto* number = from.as_floating_point())
            out.value = number->get();
        else if (const auto* boolean = from.as_boolean())
            out.value = boolean->get();
        else if (const auto* inner = from.as_table())
            out.value = table(*inner, path);
        else if (const auto* array = from.as_array())
            out.value = items(*array, path);
        else
            out.value = time(from, out.at, path);
        return out;
    }

    Array items(const toml::array& from, const std::string& path) {
        Array out;
        for (const toml::node& item : from)
            out.push_back(node(item, fmt::format("{}[{}]", path, out.size())));
        return out;
    }

    core::Time time(const toml::node& from, const Position& at, const std::string& path) {
        if (const auto* date = from.as_date())
            return days(date->get());
        const auto* moment = from.as_date_time();
        if (!moment || !moment->get().offset) {
            diagnostics_.mistake(at, path, "expected a time with its offset from UTC, found a local one",
                                 "write 2026-12-01T22:00:00Z or 2026-12-01T23:00:00+01:00");
            return {};
        }
        const toml::date_time& value = moment->get();
        return days(value.date) + std::chrono::hours{value.time.hour} + std::chrono::minutes{value.time.minute} +
               std::chrono::seconds{value.time.second} +
               std::chrono::floor<core::Duration>(std::chrono::nanoseconds{value.time.nanosecond}) -
               std::chrono::minutes{value.offset->minutes};
    }

    static core::Time days(const toml::date& date) {
        return std::chrono::sys_days{std::chrono::year{date.year} / date.month / date.day};
    }

    File file_;
    Diagnostics& diagnostics_;
};

} // namespace

bool parse_toml(std::string_view text, const std::string& file, Table& out, Diagnostics& diagnostics) {
    const auto named = std::make_shared<const std::string>(file);
    try {
        out = Converter{named, diagnostics}.table(toml::parse(text, file), {});
        return true;
    } catch (const toml::parse_error& error) {
        diagnostics.mistake(position(error.source(), named), {},
                            fmt::format("no valid TOML: {}", core::begun_lower(std::string{error.description()})));
        return false;
    }
}

} // namespace recoverd::agent
