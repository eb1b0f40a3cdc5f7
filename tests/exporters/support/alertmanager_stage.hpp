// SPDX-License-Identifier: Apache-2.0
// The sender of alerts among Alertmanagers that answer as a test says, on a clock of its own.
#pragma once

#include "exporters/alertmanager_sender.hpp"
#include "exporters/own_metrics.hpp"
#include "io/json.hpp"
#include "tests/exporters/support/snapshots.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::test {

inline core::Alert firing(std::string asset) {
    return make_alert(core::RuleId::backup_too_old, std::move(asset), "c", "", core::AlertState::firing,
                      core::Priority::p2, "old");
}

inline std::size_t count_in(const std::string& body) { return io::Json::parse(body).items().size(); }

/// A sender in a fake world whose Alertmanagers answer as `on_http` says.
struct Stage {
    asio::io_context ioc;
    FakeWorld world{ioc};
    std::shared_ptr<const core::Snapshot> snapshot = std::make_shared<const core::Snapshot>(empty_snapshot());
    exporters::OwnMetrics metrics;
    std::vector<std::string> warnings;
    std::vector<io::HttpRequest> posts;
    std::function<int(const io::HttpRequest&)> status = [](const io::HttpRequest&) { return 200; };
    /// The body of each answer.
    std::string words;
    std::shared_ptr<asio::cancellation_signal> stop = std::make_shared<asio::cancellation_signal>();
    std::unique_ptr<exporters::AlertmanagerSender> sender;

    explicit Stage(std::vector<std::string> urls = {"http://127.0.0.1:9093"}) {
        world.on_http = [this](const io::HttpRequest& request) -> core::Result<io::HttpAnswer> {
            posts.push_back(request);
            io::HttpAnswer answer;
            answer.status = status(request);
            answer.body = words;
            if (answer.status == 0)
                return core::failed(core::FailureKind::unreachable, "connection refused");
            return answer;
        };
        send_to(std::move(urls));
    }
    ~Stage() {
        stop->emit(asio::cancellation_type::terminal);
        world.timers().advance(std::chrono::seconds{1});
    }
    /// As after a reload: who was sending before stops, and another begins.
    void send_to(std::vector<std::string> urls) {
        stop->emit(asio::cancellation_type::terminal);
        stop = std::make_shared<asio::cancellation_signal>();
        sender.reset();
        exporters::AlertmanagerOptions options;
        options.urls = std::move(urls);
        exporters::AlertmanagerSender::Sources sources;
        sources.snapshot = [this] { return snapshot; };
        sources.facts = [] { return facts(); };
        sources.warn = [this](std::string line) { warnings.push_back(std::move(line)); };
        sources.metrics = &metrics;
        sender = std::make_unique<exporters::AlertmanagerSender>(world, std::move(options), std::move(sources));
        // One that was told to stop holds its own signal until it has.
        asio::co_spawn(ioc, sender->run(),
                       asio::bind_cancellation_slot(stop->slot(), [signal = stop](const std::exception_ptr&) {}));
    }
    void show(std::vector<core::Alert> alerts) {
        core::Snapshot next = empty_snapshot();
        next.other_alerts = std::move(alerts);
        snapshot = std::make_shared<const core::Snapshot>(std::move(next));
    }
    void pass(core::Duration time) { world.timers().advance(time); }
};

} // namespace recoverd::test
