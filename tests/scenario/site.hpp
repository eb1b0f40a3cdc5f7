// SPDX-License-Identifier: Apache-2.0
// A site that dumps each night and restores each week, until something is made to go wrong.
#pragma once

#include "core/config/values.hpp"
#include "tests/scenario/dumps.hpp"
#include "tests/scenario/played.hpp"

#include <string>

namespace recoverd::scenario {

inline constexpr const char* kSite = R"(
[asset.orders]
backup_every = "24h"
restore_test_every = "7d"
retention = "7d"
rto = "1h"
since = 2026-01-01

[check.dumps]
asset = "orders"
collector = "files"
path = "/backups/{subject}-*.dump"

[check.port]
asset = "orders"
collector = "tcp"
address = "127.0.0.1:5432"
every = "1m"

[alertmanager]
urls = ["http://127.0.0.1:9093"]
)";

class Site {
  public:
    explicit Site(std::uint64_t seed = 1, std::string config = kSite) : played(std::move(config), seed) {
        for (int night = 8; night > 0; --night)
            dumps.write("orders", played.now() - night * 24h);
        played.world.on_worker = [this](const std::string&, const std::string&) { return dumps.answer(); };
        played.world.hangs = [this](const std::string& asked) { return hanging && asked.starts_with("worker"); };
        played.world.on_connect = [this](const io::ConnectRequest&) -> core::Result<io::Connected> {
            if (!listening)
                return core::failed(core::FailureKind::refused, "connection refused");
            return io::Connected{"127.0.0.1", 1ms, {}, {}};
        };
        played.start();
    }

    void pass_days(int days) {
        for (int i = 0; i < days; ++i) {
            if (dumping) {
                dumps.write("orders", played.now());
                dumps.remove_older_than("orders", played.now() - 9 * 24h);
            }
            if (restoring && day_++ % 7 == 0)
                restore("passed");
            played.pass(24h);
        }
    }
    agent::Agent::Answer restore(const std::string& outcome) {
        const auto text = [&](Time at) { return core::config::format_time(at); };
        return played.post(R"({"asset":"orders","exercise":"restore-test","outcome":")" + outcome +
                           R"(","started_at":")" + text(played.now() - 20min) + R"(","ended_at":")" +
                           text(played.now()) + R"(","depth":"queried","rto_seconds":1200})");
    }

    Dumps dumps;
    bool dumping = true;
    bool restoring = true;
    bool listening = true;
    bool hanging = false;
    Played played;

  private:
    int day_ = 0;
};

} // namespace recoverd::scenario
