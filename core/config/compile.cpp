// SPDX-License-Identifier: Apache-2.0
#include "core/config/compile.hpp"

#include "core/config/compiling.hpp"

namespace recoverd::core::config {

namespace {

struct RootOptions {
    std::vector<std::string> include;
    std::string instance;
    std::string runbook_url;
    std::string dashboard_url;
};

constexpr Option<RootOptions> kOptions[] = {
    {"include", &RootOptions::include, "patterns of further files, relative to the one they stand in"},
    {"instance", &RootOptions::instance,
     "the agent's own name on everything of scope node; its host name when left out"},
    {"runbook_url", &RootOptions::runbook_url, "where runbooks are; an alert's name is put behind it"},
    {"dashboard_url", &RootOptions::dashboard_url, "the dashboard that alerts point to"},
};

constexpr std::string_view kSections[] = {"asset",    "class",        "check",     "policy",
                                          "defaults", "alertmanager", "exercise",  "maintenance",
                                          "outcomes", "scenario",     "validation"};

void compile_root(const Table& root, Compiling& run) {
    RootOptions options =
        read_options<RootOptions>(root, {{}, "the configuration", {}}, kOptions, kSections, run.diagnostics);
    run.config.instance = options.instance.empty() ? run.around.host_name() : std::move(options.instance);
    run.config.runbook_base = std::move(options.runbook_url);
    run.config.dashboard_url = std::move(options.dashboard_url);
    if (const Entry* policy = find(root, "policy"))
        run.policy = read_policy(policy->node, "policy", "policy", run.diagnostics);
}

} // namespace

Compilation compile(const Node& root, Surroundings& around) {
    Compilation out;
    auto config = std::make_shared<Config>();
    Diagnostics diagnostics;
    Compiling run{around, diagnostics, *config, out, {}, {}, nullptr, root.at};
    Node expanded = root;
    expand_environment(expanded, {}, run);
    if (const Table* table = expanded.table()) {
        compile_root(*table, run);
        check_defaults(*table, run);
        compile_assets(*table, run);
        compile_exercises(*table, run);
        compile_checks(*table, run);
        compile_maintenance(*table, run);
        compile_scenarios(*table, run);
        compile_validations(*table, run);
        compile_alertmanager(*table, run);
        compile_outcomes(*table, run);
        add_other_sections(*table, run);
        // With mistakes about, half of the checks may be missing.
        if (!diagnostics.has_mistakes())
            warn_of_uncovered_assets(*table, run);
    }
    out.config = std::move(config);
    out.document = std::move(expanded);
    out.diagnostics = diagnostics.told_once();
    return out;
}

std::vector<Section> sections() {
    return {
        {"", "the document itself", describe_options<RootOptions>(kOptions)},
        {"asset.NAME", "what must be recoverable", asset_option_infos()},
        {"class.NAME", "objectives and policy that several assets share", class_option_infos()},
        {"check.NAME", "how we find out; the collector's own options stand beside these", check_option_infos()},
        {"check.NAME.subject[]", "what is different for subjects that match", subject_option_infos()},
        {"check.NAME.location", "where what is looked at stands", location_option_infos()},
        {"exercise[]", "a proof that is due again and again", exercise_option_infos()},
        {"maintenance[]", "findings in scope are lowered to P4", maintenance_option_infos()},
        {"scenario[]", "a failure mode, decided from many checks", scenario_option_infos()},
        {"validation[]", "what is looked at, one after the other, after a recovery", validation_option_infos()},
        {"validation[].step[]", "one check that must look anew and find nothing wrong", validation_step_option_infos()},
        {"alertmanager", "where alerts are sent", describe_options(alertmanager_options())},
        {"outcomes", "who may report outcomes from elsewhere", describe_options(outcomes_options())},
    };
}

} // namespace recoverd::core::config
