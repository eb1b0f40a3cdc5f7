// SPDX-License-Identifier: Apache-2.0
// Policies: which rules are asked, and from where on something is bad. The rules themselves are in
// core/rules/table.hpp.
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"

namespace recoverd::core::config {

namespace {

struct StepOptions {
    std::optional<Node> over;
    std::string priority;
    std::string backup_type;
    std::optional<Duration> hold;
};

constexpr Option<StepOptions> kStepOptions[] = {
    {"over", &StepOptions::over, "the threshold, in the rule's unit"},
    {"priority", &StepOptions::priority, "what crossing it means", Need::optional, "P1|P2|P3|P4"},
    {"backup_type", &StepOptions::backup_type, "only for backups of this type"},
    {"for", &StepOptions::hold, "how long it must hold before it fires"},
};

std::optional<double> read_number(const Node& node, const std::string& path, double most, std::string_view expected,
                                  Diagnostics& diagnostics) {
    double number = 0;
    const auto mistakes = diagnostics.all().size();
    read(node, path, number, diagnostics);
    if (diagnostics.all().size() != mistakes)
        return std::nullopt;
    if (number > 0 && number <= most)
        return number;
    diagnostics.mistake(node.at, path, fmt::format("expected {}, found {}", expected, number));
    return std::nullopt;
}

std::optional<double> read_threshold(const Node& node, const std::string& path, const Rule& rule,
                                     Diagnostics& diagnostics) {
    switch (rule.unit) {
    case Unit::none:
        diagnostics.mistake(node.at, path, fmt::format("rule '{}' has no threshold", rule.key));
        return std::nullopt;
    case Unit::duration: {
        std::optional<Duration> duration;
        read(node, path, duration, diagnostics);
        return duration ? std::optional{to_seconds(*duration)} : std::nullopt;
    }
    case Unit::bytes: {
        std::optional<Size> size;
        read(node, path, size, diagnostics);
        return size ? std::optional{static_cast<double>(size->bytes)} : std::nullopt;
    }
    case Unit::ratio:
        return read_number(node, path, 1, "a ratio above 0 and up to 1", diagnostics);
    case Unit::multiple:
        return read_number(node, path, 1e6, "a factor above 0", diagnostics);
    }
    return std::nullopt;
}

/// No other rule asks for the backups of one type: a step for them would be one for all.
bool knows_backup_types(const Rule& rule) { return rule.id == RuleId::backup_too_old; }

void read_step(const Node& node, const std::string& path, const Rule& rule, RulePolicy& into,
               Diagnostics& diagnostics) {
    const Table* table = node.table();
    if (!table) {
        diagnostics.mistake(node.at, path,
                            fmt::format("expected false or a table such as {{ over = …, priority = \"P2\" }}, found {}",
                                        describe(node)));
        return;
    }
    const Place place{path, fmt::format("policy '{}'", rule.key), node.at};
    const auto options = read_options<StepOptions>(*table, place, kStepOptions, {}, diagnostics);
    Step step;
    if (options.over)
        step.over = read_threshold(*options.over, path + ".over", rule, diagnostics);
    step.priority = from_name<Priority>(options.priority);
    step.backup_type = options.backup_type;
    if (!step.backup_type.empty() && !knows_backup_types(rule))
        diagnostics.mistake(position_of(*table, "backup_type", node.at), path + ".backup_type",
                            fmt::format("rule '{}' is not asked per backup type", rule.key));
    if (options.hold && into.hold && *into.hold != *options.hold)
        diagnostics.mistake(position_of(*table, "for", node.at), path + ".for",
                            fmt::format("rule '{}' has one 'for' for all its steps, found {} and {}", rule.key,
                                        format_duration(*into.hold), format_duration(*options.hold)));
    if (options.hold)
        into.hold = options.hold;
    for (const Step& other : into.steps)
        if (other.over == step.over && other.backup_type == step.backup_type)
            diagnostics.mistake(node.at, path, "two steps have the same threshold");
    // A table of nothing but `for` changes no threshold.
    if (step != Step{})
        into.steps.push_back(std::move(step));
}

RulePolicy read_rule(const Node& node, const std::string& path, const Rule& rule, Diagnostics& diagnostics) {
    RulePolicy policy;
    if (const bool* on = std::get_if<bool>(&node.value)) {
        policy.enabled = *on;
        return policy;
    }
    // Who writes a threshold wants the rule, even where a class had switched it off.
    policy.enabled = true;
    const Array* steps = node.array();
    if (!steps) {
        read_step(node, path, rule, policy, diagnostics);
        return policy;
    }
    if (steps->empty())
        diagnostics.mistake(node.at, path, "expected at least one step, found none", "write false to switch it off");
    for (const Node& step : *steps)
        read_step(step, fmt::format("{}[{}]", path, &step - steps->data()), rule, policy, diagnostics);
    return policy;
}

std::string threshold_text(const Rule& rule, double over) {
    switch (rule.unit) {
    case Unit::duration:
        return fmt::format("\"{}\"", format_duration(from_seconds(over)));
    case Unit::bytes:
        return fmt::format("\"{}\"", format_size(static_cast<std::uint64_t>(over)));
    default:
        return fmt::to_string(over);
    }
}

std::string policy_text(const Rule& rule, const RulePolicy& policy) {
    if (policy.enabled == false)
        return "false";
    std::string out;
    for (const Step& step : policy.steps) {
        std::string fields;
        const auto add = [&](std::string_view key, const std::string& value) {
            fields += fmt::format("{}{} = {}", fields.empty() ? " " : ", ", key, value);
        };
        if (!step.backup_type.empty())
            add("backup_type", fmt::format("\"{}\"", step.backup_type));
        if (step.over)
            add("over", threshold_text(rule, *step.over));
        if (step.priority)
            add("priority", fmt::format("\"{}\"", name_of(*step.priority)));
        if (policy.hold)
            add("for", fmt::format("\"{}\"", format_duration(*policy.hold)));
        out += fmt::format("{}{{{} }}", out.empty() ? "" : ", ", fields);
    }
    if (policy.steps.empty())
        return policy.hold ? fmt::format("{{ for = \"{}\" }}", format_duration(*policy.hold)) : "true";
    return policy.steps.size() == 1 ? out : fmt::format("[{}]", out);
}

} // namespace

Policy read_policy(const Node& node, const std::string& path, const std::string& origin, Diagnostics& diagnostics) {
    Policy policy;
    const Table* table = node.table();
    if (!table) {
        diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", describe(node)));
        return policy;
    }
    std::vector<std::string_view> keys;
    for (const Rule& rule : rules())
        keys.push_back(rule.key);
    for (const Entry& entry : *table) {
        const Rule* rule = find_rule_by_key(entry.key);
        if (!rule) {
            report_unknown_key(entry, {path, "a policy", node.at}, keys, diagnostics);
            continue;
        }
        if (is_about_agent(rule->id)) {
            diagnostics.warning(entry.node.at, path + "." + entry.key,
                                fmt::format("{} is about the agent itself: no policy changes it", rule->name),
                                "leave it out, and route the alert by its name");
            continue;
        }
        policy[rule->id] = read_rule(entry.node, path + "." + entry.key, *rule, diagnostics);
        policy[rule->id].origin = origin;
    }
    return policy;
}

Policy laid_over(const Policy& below, const Policy& above, const Node& node, const std::string& path,
                 Diagnostics& diagnostics) {
    for (const Entry& entry : node.table() ? *node.table() : Table{}) {
        const Rule* rule = find_rule_by_key(entry.key);
        if (rule != nullptr && leaves_open(above[rule->id].steps, below[rule->id].steps))
            diagnostics.warning(entry.node.at, path + "." + entry.key,
                                fmt::format("expected `over` and `priority` with every step, as these replace those of "
                                            "{}, found one without: it has the rule's own",
                                            below[rule->id].origin));
    }
    return below.overlaid(above);
}

void add_policy_origins(const Policy& policy, std::vector<Origin>& origins) {
    for (const Rule& rule : rules())
        if (const RulePolicy& said = policy[rule.id]; said.enabled || said.hold || !said.steps.empty())
            origins.push_back({fmt::format("policy.{}", rule.key), policy_text(rule, said), said.origin, {}});
}

} // namespace recoverd::core::config
