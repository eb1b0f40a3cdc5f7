// SPDX-License-Identifier: Apache-2.0
#include "agent/observe.hpp"

#include "agent/log.hpp"

namespace recoverd::agent {

Agent::Observer observe(exporters::OwnMetrics& metrics, std::shared_ptr<exporters::AlertmanagerSender>& sender,
                        const Agent& agent, StatusLine& status) {
    Agent::Observer observer;
    observer.late = [&metrics](core::Duration late) { metrics.observe_scheduler_lag(late); };
    observer.store_error = [&metrics](const std::string& error) {
        metrics.count_store_error();
        log(LogLevel::error, "state cannot be written", {{"error", error}});
    };
    observer.published = [&sender, &agent, &status](bool transitions) {
        if (transitions && sender)
            sender->poke();
        status.show(*agent.snapshot().get());
    };
    observer.transition = [](const core::Transition& transition) {
        const core::Alert& alert = transition.alert;
        if (alert.finding.identity.rule == core::RuleId::recoverd_watchdog)
            return;
        log(LogLevel::info, alert.state == core::AlertState::firing ? "alert fires" : "alert resolved",
            {{"alertname", alert.labels.at("alertname")},
             {"priority", std::string{core::name_of(alert.finding.priority)}},
             {"asset", alert.finding.identity.asset},
             {"check", alert.finding.identity.check},
             {"subject", alert.finding.identity.subject},
             {"reason", alert.finding.reason}});
    };
    observer.learned = [](const std::string& check, const core::Report& report) {
        if (!report.result)
            log(LogLevel::debug, "check learned nothing",
                {{"check", check},
                 {"failure", std::string{core::name_of(report.result.error().kind)}},
                 {"detail", report.result.error().detail}});
    };
    return observer;
}

void observe_lag(io::RealTimers& timers, exporters::OwnMetrics& metrics) {
    timers.on_fired([&metrics](core::Duration late) { metrics.observe_loop_lag(late); });
}

} // namespace recoverd::agent
