// SPDX-License-Identifier: Apache-2.0
// Twenty assets with two hundred checks between them, each of which can be broken and mended by itself.
#pragma once

#include "core/config/values.hpp"
#include "tests/scenario/dumps.hpp"
#include "tests/scenario/played.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <string>
#include <string_view>

namespace recoverd::scenario {

class Fleet {
  public:
    static constexpr int kAssets = 20;
    static constexpr int kPorts = 4;
    static constexpr int kPlugins = 3;
    static constexpr int kPages = 2;
    /// One check of dumps each, besides.
    static constexpr int kChecks = kAssets * (1 + kPorts + kPlugins + kPages);
    static constexpr Duration kEvery = 5min;
    static constexpr Duration kDumpEvery = 2h;
    static constexpr std::array<const char*, 2> kSeries{"users", "sales"};

    explicit Fleet(std::uint64_t seed) : played(config(""), seed) {
        played.world.on_worker = [this](const std::string&, const std::string& input) {
            return dumps.at(asset_in(input)).answer();
        };
        played.world.on_connect = [this](const io::ConnectRequest& asked) -> core::Result<io::Connected> {
            if (closed_ports.contains(asked.address))
                return core::failed(core::FailureKind::refused, "connection refused");
            return io::Connected{"127.0.0.1", 1ms, {}, {}};
        };
        played.world.on_run = [this](const io::Command& asked) -> core::Result<io::Finished> {
            return bad_plugins.contains(asked.argv[1]) ? test::exited("CRITICAL: it broke", 2) : test::exited("OK");
        };
        played.world.hangs = [this](const std::string& asked) {
            return asked.starts_with("run ") && silent_plugins.contains(asked.substr(asked.rfind(' ') + 1));
        };
        played.world.on_http = [this](const io::HttpRequest& asked) -> core::Result<io::HttpAnswer> {
            if (asked.url.ends_with("/api/v2/alerts"))
                return played.alertmanager.answer(asked);
            io::HttpAnswer answer;
            answer.status = 200;
            answer.body = wrong_pages.contains(asked.url) ? "it broke" : "all is well";
            return answer;
        };
        // On some day of their lives: between one dump and the next.
        for (int asset = 0; asset < kAssets; ++asset)
            for (const char* series : kSeries)
                for (int back = 9; back >= 1; --back)
                    dumps[asset].write(series, played.now() - back * kDumpEvery + asset * 5min);
        played.start();
    }

    /// `labels`: what stands at the end, below [alertmanager].
    static std::string config(const std::string& labels) {
        std::string text;
        for (int asset = 0; asset < kAssets; ++asset) {
            text += fmt::format("[asset.a{}]\nbackup_every = \"2h\"\nsince = 2026-01-01\n", asset);
            text +=
                check(asset, "dumps", 0, fmt::format("collector = \"files\"\npath = \"/b/a{}/{{subject}}-*\"", asset));
            for (int i = 0; i < kPorts; ++i)
                text += check(asset, "port", i, fmt::format("collector = \"tcp\"\naddress = \"{}\"", port(asset, i)));
            for (int i = 0; i < kPlugins; ++i)
                text += check(asset, "plugin", i,
                              fmt::format("collector = \"exec\"\ncommand = [\"/check\", \"{}\"]", plugin(asset, i)));
            for (int i = 0; i < kPages; ++i)
                text +=
                    check(asset, "page", i,
                          fmt::format("collector = \"http\"\nurl = \"{}\"\nexpect_body = \"well\"", page(asset, i)));
        }
        return text + "[alertmanager]\nurls = [\"http://127.0.0.1:9093\"]\n" + labels;
    }

    static std::string name(int asset, std::string_view what, int i) { return fmt::format("a{}-{}{}", asset, what, i); }
    static std::string port(int asset, int i) { return fmt::format("127.0.0.1:{}", 1000 + asset * 10 + i); }
    static std::string plugin(int asset, int i) { return name(asset, "plugin", i); }
    static std::string page(int asset, int i) { return fmt::format("http://127.0.0.1:{}/", 3000 + asset * 10 + i); }

    agent::Agent::Answer restore(int asset, const std::string& outcome) {
        return played.post(fmt::format(
            R"({{"asset":"a{}","exercise":"restore-test","outcome":"{}","depth":"queried","ended_at":"{}"}})", asset,
            outcome, core::config::format_time(played.now())));
    }

    std::map<int, Dumps> dumps;
    std::set<std::string, std::less<>> closed_ports;
    std::set<std::string, std::less<>> bad_plugins;
    std::set<std::string, std::less<>> silent_plugins;
    std::set<std::string, std::less<>> wrong_pages;
    Played played;

  private:
    static std::string check(int asset, std::string_view what, int i, std::string_view options) {
        return fmt::format("[check.{}]\nasset = \"a{}\"\nevery = \"5m\"\n{}\n", name(asset, what, i), asset, options);
    }
    /// The 7 of "…/b/a7/…".
    static int asset_in(const std::string& input) { return std::stoi(input.substr(input.find("/b/a") + 4)); }
};

} // namespace recoverd::scenario
