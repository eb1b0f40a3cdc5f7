// SPDX-License-Identifier: Apache-2.0
// Twenty assets with two hundred checks between them, each of which can be broken and mended by itself; scenarios over
// those of them that stand in one zone or serve one asset; and exercises that are due again and again.
#pragma once

#include "tests/scenario/dumps.hpp"
#include "tests/scenario/played.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::scenario {

class Fleet {
  public:
    static constexpr int kAssets = 20;
    /// One in each zone.
    static constexpr int kPorts = 4;
    static constexpr int kPlugins = 3;
    static constexpr int kPages = 2;
    /// One check of dumps each, besides.
    static constexpr int kChecks = kAssets * (1 + kPorts + kPlugins + kPages);
    static constexpr Duration kEvery = 5min;
    static constexpr Duration kDumpEvery = 2h;
    static constexpr std::array<const char*, 2> kSeries{"users", "sales"};
    /// The last zone is far away, and looked at less often.
    static constexpr Duration every_of_port(int i) { return i == kPorts - 1 ? 2 * kEvery : kEvery; }

    // Scenarios: an asset whose ports are all closed, a zone of which half is down, a site of which most is.
    static constexpr int kZoneNeeds = kAssets / 2;
    static constexpr int kSiteNeeds = kAssets * kPorts * 60 / 100;
    static constexpr Duration kServiceRto = 45min;
    static constexpr Duration kZoneRto = 45min;
    static constexpr Duration kSiteRto = 1h;

    // Exercises, each of an asset of its own: the first half of them fail-overs, the others chaos experiments, which
    // are to leave the zones alone.
    static constexpr int kDrills = 4;
    static constexpr Duration kCadence = 2h;
    static constexpr Duration kFailoverTakes = 20min;
    static constexpr Duration kChaosTakes = 70min;
    static constexpr Duration kDowntime = 15min;
    static constexpr bool is_chaos(int drill) { return drill >= kDrills / 2; }
    static std::string exercise(int drill) { return is_chaos(drill) ? "chaos" : "failover"; }
    static std::string drilled(int drill) { return fmt::format("d{}", drill); }

    explicit Fleet(std::uint64_t seed);

    /// `labels`: what stands at the end, below [alertmanager].
    static std::string config(const std::string& labels);

    static std::string name(int asset, std::string_view what, int i) { return fmt::format("a{}-{}{}", asset, what, i); }
    static std::string port(int asset, int i) { return fmt::format("127.0.0.1:{}", 1000 + asset * 10 + i); }
    /// Assets and numbers of ports.
    using Ports = std::vector<std::pair<int, int>>;
    static Ports ports_of(int asset);
    static Ports ports_in(const std::vector<int>& zones);
    static std::string plugin(int asset, int i) { return name(asset, "plugin", i); }
    static std::string page(int asset, int i) { return fmt::format("http://127.0.0.1:{}/", 3000 + asset * 10 + i); }

    /// Those that are due, and not stopped.
    void write_dumps();
    /// When the last one was made; none is, from then on.
    Time stop_dumps(int asset, const std::string& series);
    void go_on_with_dumps(int asset, const std::string& series);

    agent::Agent::Answer restore(int asset, const std::string& outcome);
    /// One run of an exercise begins, or ends with `outcome`.
    agent::Agent::Answer report_drill(int drill, const std::string& run, const std::string& outcome, Time started);

    std::map<int, Dumps> dumps;
    std::set<std::string, std::less<>> closed_ports;
    std::set<std::string, std::less<>> bad_plugins;
    std::set<std::string, std::less<>> silent_plugins;
    std::set<std::string, std::less<>> wrong_pages;
    Played played;

  private:
    void answer_probes();

    using Series = std::pair<int, std::string>;
    std::map<Series, Time> last_dump_;
    std::set<Series> stopped_;
};

} // namespace recoverd::scenario
