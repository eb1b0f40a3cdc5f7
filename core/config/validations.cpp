// SPDX-License-Identifier: Apache-2.0
// `[[validation]]`: what is looked at, one after the other, after a recovery.
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <set>

namespace recoverd::core::config {

namespace {

struct ValidationOptions {
    std::string name;
    std::string description;
    std::string asset;
    std::vector<std::string> after;
    std::optional<Node> step;
};

constexpr Option<ValidationOptions> kOptions[] = {
    {"name", &ValidationOptions::name, "what its exercise is called", Need::required},
    {"description", &ValidationOptions::description, "what it shows, for whoever waits for it"},
    {"asset", &ValidationOptions::asset, "the asset whose exercise it is", Need::required},
    {"after", &ValidationOptions::after, "scenarios after whose outages it is started; else only when asked for"},
    {"step", &ValidationOptions::step, "`[[validation.step]]`, in the order in which they are run", Need::required},
};

struct StepOptions {
    std::string check;
    std::string priority;
    bool stop = false;
    std::optional<Duration> within;
};

constexpr Option<StepOptions> kStepOptions[] = {
    {"check", &StepOptions::check, "the check that must look anew and find nothing wrong", Need::required},
    {"priority", &StepOptions::priority,
     "of ValidationFailed, when it does; when left out that of `validation_failed` in the policy, P2", Need::optional,
     "P1|P2|P3|P4"},
    {"stop", &StepOptions::stop, "leave out the steps behind it when it fails"},
    {"within", &StepOptions::within,
     "how long it may take to find all well; max(1m, 4 × (`every` + `timeout`) of its check) when left out"},
};

/// Enough for a check to turn good again after its `successes` good probes in a row.
Duration usual_time(const Check& check) {
    constexpr int kLooks = 4;
    return std::max(Duration{1min}, kLooks * (check.every + check.timeout));
}

std::optional<ValidationStep> read_step(const Node& node, const std::string& path, Priority usual,
                                        const ChecksByName& checks, Compiling& run) {
    const Table* table = node.table();
    if (!table) {
        run.diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", describe(node)));
        return std::nullopt;
    }
    const auto options =
        read_options<StepOptions>(*table, {path, "a step of a validation", node.at}, kStepOptions, {}, run.diagnostics);
    if (options.check.empty())
        return std::nullopt;
    const Position at = position_of(*table, "check", node.at);
    if (!check_reference(checks, options.check, "check", at, path + ".check", run.diagnostics))
        return std::nullopt;
    const Check* check = checks.find(options.check)->second;
    if (!check->looks())
        run.diagnostics.mistake(at, path + ".check",
                                fmt::format("check '{}' does not look by itself: it is told of outcomes", check->name));
    if (options.within == Duration{0})
        run.diagnostics.mistake(position_of(*table, "within", node.at), path + ".within",
                                "expected more than 0, found 0");
    return ValidationStep{options.check, from_name<Priority>(options.priority).value_or(usual), options.stop,
                          options.within.value_or(usual_time(*check))};
}

void read_steps(const Node& node, Validation& made, const ChecksByName& checks, Compiling& run) {
    const Array* array = node.array();
    if (!array || array->empty()) {
        run.diagnostics.mistake(
            node.at, "validation.step",
            fmt::format("expected at least one step, found {}", array ? "none" : std::string{describe(node)}),
            "write [[validation.step]]");
        return;
    }
    std::set<std::string> known;
    const Priority usual = priority_of(made.policy, RuleId::validation_failed);
    for (std::size_t i = 0; i < array->size(); ++i) {
        const std::string path = fmt::format("validation.step[{}]", i);
        auto step = read_step((*array)[i], path, usual, checks, run);
        if (!step)
            continue;
        if (!known.insert(step->check).second)
            run.diagnostics.mistake((*array)[i].at, path, fmt::format("two steps ask check '{}'", step->check));
        made.steps.push_back(std::move(*step));
    }
}

} // namespace

void compile_validations(const Table& root, Compiling& run) {
    std::map<std::string, const Scenario*> scenarios;
    for (const Scenario& scenario : run.config.scenarios)
        scenarios.emplace(scenario.name, &scenario);
    const ChecksByName checks = checks_by_name(run.config);
    std::set<std::string> known;
    for (const Node* node : section_array(root, "validation", "validation", run.diagnostics)) {
        const Table& table = *node->table();
        const auto options = read_options<ValidationOptions>(table, {"validation", "a validation", node->at}, kOptions,
                                                             {}, run.diagnostics);
        Validation made{options.name, options.description, options.asset, options.after, {}, run.policy};
        const Position at = position_of(table, "name", node->at);
        check_name(table, made.name, "validation.name", run.diagnostics);
        if (!known.insert(made.name).second)
            run.diagnostics.mistake(at, "validation.name", fmt::format("there are two validations '{}'", made.name));
        if (!made.asset.empty() &&
            check_reference(run.config.assets, made.asset, "asset", position_of(table, "asset", node->at),
                            "validation.asset", run.diagnostics))
            made.policy = run.config.assets.find(made.asset)->second.policy;
        for (const std::string& scenario : made.after)
            check_reference(scenarios, scenario, "scenario", position_of(table, "after", node->at), "validation.after",
                            run.diagnostics);
        if (options.step)
            read_steps(*options.step, made, checks, run);
        std::set<Scope> scopes;
        for (const ValidationStep& step : made.steps)
            scopes.insert(checks.find(step.check)->second->scope);
        if (scopes.size() > 1)
            run.diagnostics.warning(position_of(table, "step", node->at), "validation.step",
                                    fmt::format("its checks are of scope node and of scope cluster: no agent with "
                                                "--scope runs '{}'",
                                                made.name));
        run.config.validations.push_back(std::move(made));
    }
}

std::vector<OptionInfo> validation_option_infos() { return describe_options<ValidationOptions>(kOptions); }
std::vector<OptionInfo> validation_step_option_infos() { return describe_options<StepOptions>(kStepOptions); }

} // namespace recoverd::core::config
