// SPDX-License-Identifier: Apache-2.0
// `recoverd config schema`: JSON Schema for editors, made from the tables that parse the configuration.
#include "agent/commands/all.hpp"

#include "collectors/all.hpp"
#include "core/config/compile.hpp"
#include "core/rules/table.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::agent {

namespace {

using core::config::Need;
using core::config::OptionInfo;
using core::config::Section;
using io::JsonWriter;

/// References that need their own definition, by the key they stand under.
std::string_view definition_of(std::string_view key) {
    constexpr std::array<std::string_view, 4> kDefined{"policy", "subject", "location", "step"};
    return std::ranges::find(kDefined, key) != kDefined.end() ? key : std::string_view{};
}

struct TypeSchema {
    std::string_view type;
    std::string_view schema;
};

constexpr TypeSchema kTypes[] = {
    {"string", R"("type":"string")"},
    {"boolean", R"("type":"boolean")"},
    {"integer", R"("type":"integer")"},
    {"number", R"("type":"number")"},
    {"duration", R"("type":"string","pattern":"^(0|([0-9]+(y|w|d|h|m|s|ms))+)$")"},
    {"size", R"("type":["string","integer"],"pattern":"^[0-9.]+ ?([kKMGTPE]i?)?B?$")"},
    {"secret",
     R"("type":"object","properties":{"file":{"type":"string"},"env":{"type":"string"},"credential":{"type":"string"}},)"
     R"("additionalProperties":false,"minProperties":1,"maxProperties":1)"},
    {"list", R"("type":"array","items":{"type":"string"})"},
    {"labels", R"("type":"object","additionalProperties":{"type":"string"})"},
    {"time", R"("type":"string")"},
};

std::string quoted_choices(std::string_view choices) {
    std::string out;
    for (std::size_t begin = 0; begin <= choices.size();) {
        const std::size_t end = std::min(choices.find('|', begin), choices.size());
        out += (out.empty() ? "" : ",") + io::json_quote(choices.substr(begin, end - begin));
        begin = end + 1;
    }
    return fmt::format("[{}]", out);
}

std::string option_schema(const OptionInfo& option) {
    if (const auto definition = definition_of(option.key); !definition.empty())
        return fmt::format(R"({{"$ref":"#/$defs/{}"}})", definition);
    std::string out = fmt::format(R"("description":{})", io::json_quote(option.help));
    for (const TypeSchema& known : kTypes)
        if (known.type == option.type)
            out += fmt::format(",{}", known.schema);
    if (!option.choices.empty())
        out += fmt::format(R"(,"enum":{})", quoted_choices(option.choices));
    // Defaults are TOML, which is JSON for everything but tables and times.
    if (!option.default_text.empty() && option.type != "labels" && option.type != "time" && option.type != "table")
        out += fmt::format(R"(,"default":{})", option.default_text);
    return fmt::format("{{{}}}", out);
}

void write_properties(JsonWriter& json, const std::vector<OptionInfo>& options) {
    for (const OptionInfo& option : options)
        json.key(option.key).raw(option_schema(option));
}

void write_required(JsonWriter& json, const std::vector<OptionInfo>& options) {
    json.key("required").begin_array();
    for (const OptionInfo& option : options)
        if (option.need == Need::required)
            json.value(option.key);
    json.end_array();
}

void write_object(JsonWriter& json, const std::vector<OptionInfo>& options, std::string_view help) {
    json.begin_object().field("type", "object").field("description", help).field("additionalProperties", false);
    json.key("properties").begin_object();
    write_properties(json, options);
    json.end_object();
    write_required(json, options);
    json.end_object();
}

const Section& section(const std::vector<Section>& all, std::string_view path) {
    for (const Section& one : all)
        if (one.path == path)
            return one;
    throw std::logic_error("no such section");
}

void write_policy(JsonWriter& json) {
    constexpr std::string_view kStep =
        R"({"type":"object","additionalProperties":false,"properties":{"over":{"type":["string","number"]},)"
        R"("priority":{"enum":["P1","P2","P3","P4"]},"backup_type":{"type":"string"},"for":{"type":"string"}}})";
    json.key("threshold").raw(kStep);
    json.key("policy").begin_object().field("type", "object").field("additionalProperties", false);
    json.key("properties").begin_object();
    for (const core::Rule& rule : core::rules()) {
        json.key(rule.key).begin_object().field("description", rule.when);
        json.key("oneOf").raw(R"([{"type":"boolean"},{"$ref":"#/$defs/threshold"},)"
                              R"({"type":"array","minItems":1,"items":{"$ref":"#/$defs/threshold"}}])");
        json.end_object();
    }
    json.end_object().end_object();
}

/// A check's keys are those common to all plus those of the collector it names.
void write_checks(JsonWriter& json, const Section& common) {
    for (const auto& kind : collectors::all()) {
        std::vector<OptionInfo> options = common.options;
        options.insert(options.end(), kind.options.begin(), kind.options.end());
        // Any other may stand in `[defaults]`, or come out of a `targets_file`.
        for (OptionInfo& option : options)
            option.need = option.key == "collector" ? Need::required : Need::optional;
        json.key(fmt::format("check_{}", kind.name));
        write_object(json, options, kind.summary);
    }
    json.key("check").begin_object().field("type", "object").field("description", common.help);
    json.key("properties").begin_object().key("collector").begin_object().key("enum").begin_array();
    for (const auto& kind : collectors::all())
        json.value(kind.name);
    json.end_array().end_object().end_object();
    json.key("required").raw(R"(["collector"])").key("allOf").begin_array();
    for (const auto& kind : collectors::all())
        json.raw(fmt::format(
            R"({{"if":{{"properties":{{"collector":{{"const":"{0}"}}}}}},"then":{{"$ref":"#/$defs/check_{0}"}}}})",
            kind.name));
    json.end_array().end_object();
}

void write_definitions(JsonWriter& json, const std::vector<Section>& all) {
    json.key("$defs").begin_object();
    for (const auto& [name, path] : {std::pair{"asset", "asset.NAME"}, std::pair{"class", "class.NAME"},
                                     std::pair{"location", "check.NAME.location"}, std::pair{"exercise", "exercise[]"},
                                     std::pair{"maintenance", "maintenance[]"}, std::pair{"scenario", "scenario[]"},
                                     std::pair{"validation", "validation[]"}, std::pair{"alertmanager", "alertmanager"},
                                     std::pair{"outcomes", "outcomes"}}) {
        json.key(name);
        write_object(json, section(all, path).options, section(all, path).help);
    }
    for (const auto& [name, path] :
         {std::pair{"subject", "check.NAME.subject[]"}, std::pair{"step", "validation[].step[]"}}) {
        const Section& listed = section(all, path);
        json.key(name).begin_object().field("type", "array").key("items");
        write_object(json, listed.options, listed.help);
        json.end_object();
    }
    write_policy(json);
    write_checks(json, section(all, "check.NAME"));
    json.end_object();
}

void write_root(JsonWriter& json, const Section& root) {
    json.key("properties").begin_object();
    write_properties(json, root.options);
    for (const std::string_view named : {"asset", "class", "check"})
        json.key(named).raw(
            fmt::format(R"({{"type":"object","additionalProperties":{{"$ref":"#/$defs/{}"}}}})", named));
    for (const std::string_view listed : {"exercise", "maintenance", "scenario", "validation"})
        json.key(listed).raw(fmt::format(R"({{"type":"array","items":{{"$ref":"#/$defs/{}"}}}})", listed));
    for (const std::string_view single : {"policy", "alertmanager", "outcomes"})
        json.key(single).raw(fmt::format(R"({{"$ref":"#/$defs/{}"}})", single));
    json.key("defaults").raw(R"({"type":"object"})");
    json.end_object();
}

struct Options {};

void declare(Arguments& /*arguments*/, Options& /*options*/) {}

int run(const Options& /*options*/, Console& console) {
    const std::vector<Section> all = core::config::sections();
    JsonWriter json;
    json.begin_object().field("$schema", "https://json-schema.org/draft/2020-12/schema");
    json.field("title", "recoverd").field("type", "object").field("additionalProperties", false);
    write_root(json, section(all, ""));
    write_definitions(json, all);
    json.end_object();
    fmt::print(console.out, "{}\n", json.text());
    return 0;
}

} // namespace

Command config_schema_command() {
    return command<Options>("config schema", "Print a JSON Schema of the configuration, for editors", declare, run);
}

} // namespace recoverd::agent
