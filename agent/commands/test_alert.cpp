// SPDX-License-Identifier: Apache-2.0
// `recoverd test-alert P1…P4`: does a page arrive? A marked alert, sent as the daemon sends real ones.
#include "agent/alertmanager_options.hpp"
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"
#include "agent/daemon.hpp"
#include "agent/web/web_address.hpp"
#include "io/real_world.hpp"

#include <asio/co_spawn.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

struct Options {
    std::string priority;
    std::string external_url;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("PRIORITY", options.priority, "P1, P2, P3 or P4", true);
    arguments.option("web.external-url", options.external_url, "As the daemon has it, for the alert's link");
}

std::vector<exporters::Delivery> deliver(const Loaded& loaded, core::Priority priority,
                                         const std::string& external_url) {
    asio::io_context loop{1};
    io::RealWorld world{loop, {.worker_path = find_worker()}};
    auto snapshot = std::make_shared<core::Snapshot>();
    snapshot->config = loaded.config;
    exporters::AgentFacts facts;
    facts.external_url = normalized({external_url, {}}).external_url;
    exporters::AlertmanagerSender::Sources sources;
    sources.snapshot = [snapshot] { return snapshot; };
    sources.facts = [facts] { return facts; };
    sources.warn = [](const std::string&) {};
    exporters::AlertmanagerSender sender{world, alertmanager_options(loaded), std::move(sources)};
    std::vector<exporters::Delivery> deliveries;
    std::exception_ptr thrown;
    asio::co_spawn(loop, sender.deliver_test(priority),
                   [&](const std::exception_ptr& exception, std::vector<exporters::Delivery> made) {
                       thrown = exception;
                       deliveries = std::move(made);
                       loop.stop();
                   });
    loop.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return deliveries;
}

int run(const Options& options, Console& console) {
    const auto priority = core::from_name<core::Priority>(options.priority);
    if (!priority) {
        fmt::print(console.err, "recoverd: expected one of {}, found '{}'\n",
                   fmt::join(core::Names<core::Priority>::values, ", "), options.priority);
        return kUsageError;
    }
    const Loaded loaded = load(console.config_file);
    report_diagnostics(loaded.diagnostics, console);
    if (loaded.diagnostics.has_mistakes())
        return kFailed;
    if (loaded.alertmanager.urls.empty()) {
        fmt::print(console.err, "recoverd: {} names no Alertmanager\nhint: set `urls` in [alertmanager]\n",
                   console.config_file);
        return kFailed;
    }
    const auto deliveries = deliver(loaded, *priority, options.external_url);
    for (const exporters::Delivery& delivery : deliveries)
        fmt::print(delivery.taken ? console.out : console.err, "{}: {}{}\n", delivery.url,
                   delivery.taken ? "took it" : "did not take it: ", delivery.detail);
    return !deliveries.empty() && std::ranges::all_of(deliveries, &exporters::Delivery::taken) ? 0 : kFailed;
}

} // namespace

Command test_alert_command() {
    return command<Options>("test-alert", "Send a marked test alert and say whether each Alertmanager took it", declare,
                            run);
}

} // namespace recoverd::agent
