// SPDX-License-Identifier: Apache-2.0
// `recoverd rules`: alerting rules over `recoverd_alert`, for teams that let Prometheus notify.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"
#include "exporters/rules_yaml.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

struct Options {
    std::string runbook_url;
    std::string dashboard_url;
};

void declare(Arguments& arguments, Options& options) {
    arguments.option("runbook-url", options.runbook_url,
                     "Where runbooks are, instead of the configuration's, which is not read then");
    arguments.option("dashboard-url", options.dashboard_url,
                     "The dashboard that alerts point to, instead of the configuration's");
}

int run(const Options& options, Console& console) {
    std::string runbooks = options.runbook_url;
    std::string dashboard = options.dashboard_url;
    if (runbooks.empty()) {
        const Loaded loaded = load(console.config_file);
        report_diagnostics(loaded.diagnostics, console);
        if (loaded.diagnostics.has_mistakes())
            return kFailed;
        runbooks = loaded.config->runbook_base;
        if (dashboard.empty())
            dashboard = loaded.config->dashboard_url;
    }
    fmt::print(console.out, "{}", exporters::rules_yaml(runbooks, dashboard));
    return 0;
}

} // namespace

Command rules_command() {
    return command<Options>("rules", "Print alerting rules for Prometheus, where it shall notify instead of the daemon",
                            declare, run);
}

} // namespace recoverd::agent
