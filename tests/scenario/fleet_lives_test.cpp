// SPDX-License-Identifier: Apache-2.0
// Lives of a fleet with 200 checks. Faults of every kind come and go in seeded order, several at a time, zones fail and
// exercises go wrong, while the agent is killed, its configuration changes and its Alertmanager is away. Each fault has
// to reach the Alertmanager within its bound, and to leave it within another; nothing else may ever fire.
#include "core/config/values.hpp"
#include "tests/scenario/dice.hpp"
#include "tests/scenario/fleet.hpp"
#include "tests/scenario/fleet_drills.hpp"
#include "tests/scenario/fleet_faults.hpp"
#include "tests/scenario/fleet_oracle.hpp"
#include "tests/scenario/fleet_outages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>

namespace recoverd::scenario {

namespace {

/// Three probes in a row make a port closed, two make it open.
constexpr Duration three_probes(Duration every) { return 3 * every + kSlack; }
constexpr Duration two_probes(Duration every) { return 2 * every + kSlack; }
constexpr Duration kOneLook = Fleet::kEvery + kSlack;
/// EvidenceMissing: three intervals, and P2 after four times that, which no fault here lasts.
constexpr Duration kSilence = 3 * Fleet::kEvery + kSlack;

class FleetLife {
  public:
    explicit FleetLife(std::uint64_t seed) : dice_(seed), fleet_(seed) { fleet_.played.pass(Fleet::kEvery); }
    /// Nothing, or what is wrong.
    std::string live(int steps) {
        for (int i = 0; i < steps; ++i) {
            if (dice_.one_in(3))
                break_something();
            if (dice_.one_in(12))
                disturb();
            if (std::string wrong = pass(dice_.some(0min, 10min)); !wrong.empty())
                return wrong;
        }
        return end_well();
    }
    std::size_t faults() const { return faults_.begun(); }
    std::size_t outages() const { return outages_.of_zones().size(); }
    std::size_t broken_promises() const { return drills_.broken(); }

  private:
    Time now() { return fleet_.played.now(); }
    std::string end_well() {
        while (!faults_.empty() || !drills_.all_is_well())
            if (std::string wrong = pass(5min); !wrong.empty())
                return wrong;
        const FakeAlertmanager& alertmanager = fleet_.played.alertmanager;
        if (!alertmanager.firing().empty())
            return "something is left over: " + firing_words(alertmanager);
        if (std::string twice = oracle_.told_twice(alertmanager); !twice.empty())
            return twice;
        return fleet_.played.books_agree() ? "" : "the books differ:\n" + fleet_.played.books();
    }

    std::string pass(Duration duration) {
        const Time until = now() + duration;
        while (now() < until) {
            step(until);
            if (std::string wrong = compare(); !wrong.empty())
                return wrong;
        }
        return "";
    }

    /// The world goes on, for half a minute or until then.
    void step(Time until) {
        fleet_.played.pass(std::min<Duration>(until - now(), 30s));
        fleet_.write_dumps();
        faults_.mend_due(now());
        outages_.follow(now());
        drills_.follow(outages_);
    }

    std::string compare() {
        std::vector<Expected> expected = outages_.expected(now());
        for (Expected& promise : drills_.expected())
            expected.push_back(std::move(promise));
        for (const auto& [alert, fault] : faults_.all())
            if (fault.may_fire(now()))
                expected.push_back(
                    {alert, fault.must_fire(now()),
                     alert.starts_with("EndpointDown") ? outages_.priorities_of(fault, now()) : fault.priority});
        faults_.forget_over(now());
        std::string wrong = oracle_.compare(fleet_.played.alertmanager, expected);
        if (wrong.empty())
            wrong = outages_.mismeasured(*fleet_.played.snapshot());
        return wrong.empty() ? wrong : core::config::format_time(now()) + ": " + wrong;
    }

    // ---- Faults ----

    void break_something() {
        const int asset = dice_.one_of(Fleet::kAssets);
        switch (dice_.roll(9)) {
        case 0:
            return close_one(asset, dice_.one_of(Fleet::kPorts));
        case 1:
            return spoil_page(asset, dice_.one_of(Fleet::kPages));
        case 2:
            return fail_plugin(asset, dice_.one_of(Fleet::kPlugins));
        case 3:
            return silence_plugin(asset, dice_.one_of(Fleet::kPlugins));
        case 4:
            return stop_dumps(asset, Fleet::kSeries.at(dice_.roll(2)));
        case 5:
            return fail_restore(asset);
        case 6:
            return drills_.spoil_one();
        default:
            return break_together();
        }
    }

    void begin(Fault fault, Duration lasts) {
        fault.mend_at = now() + lasts;
        faults_.begin(std::move(fault), now());
    }
    static std::string of(int asset) { return fmt::format("a{} ", asset); }

    /// One that lies in one of the fleet's sets for as long as it lasts.
    void begin_in(std::set<std::string, std::less<>>& set, std::string key, Fault fault, Duration lasts) {
        set.insert(key);
        fault.mend = [&set, key] { set.erase(key); };
        begin(std::move(fault), lasts);
    }

    void close_one(int asset, int i) {
        if (!outages_.may_close(alert_of_port(asset, i)))
            return;
        close_port(asset, i, dice_.some(three_probes(Fleet::every_of_port(i)), 2h));
        outages_.follow(now());
    }
    void close_port(int asset, int i, Duration lasts) {
        const Duration every = Fleet::every_of_port(i);
        if (!faults_.find(alert_of_port(asset, i)))
            begin_in(fleet_.closed_ports, Fleet::port(asset, i),
                     {alert_of_port(asset, i), "P2", three_probes(every), two_probes(every)}, lasts);
    }
    void spoil_page(int asset, int i) {
        const std::string name = Fleet::name(asset, "page", i);
        if (!faults_.is_broken(name))
            begin_in(
                fleet_.wrong_pages, Fleet::page(asset, i),
                {"EndpointDegraded " + of(asset) + name, "P3", three_probes(Fleet::kEvery), two_probes(Fleet::kEvery)},
                dice_.some(three_probes(Fleet::kEvery), 2h));
    }
    void fail_plugin(int asset, int i) {
        const std::string name = Fleet::plugin(asset, i);
        if (!faults_.is_broken(name))
            begin_in(fleet_.bad_plugins, name, {"AssertionFailed " + of(asset) + name, "P2", kOneLook, kOneLook},
                     dice_.some(kOneLook, 2h));
    }
    void silence_plugin(int asset, int i) {
        const std::string name = Fleet::plugin(asset, i);
        if (!faults_.is_broken(name))
            begin_in(fleet_.silent_plugins, name, {"EvidenceMissing " + of(asset) + name, "P3", kSilence, kOneLook},
                     dice_.some(kSilence, 40min));
    }
    void stop_dumps(int asset, const char* series) {
        const std::string name = Fleet::name(asset, "dumps", 0) + " " + series;
        if (faults_.is_broken(name))
            return;
        const Time old = fleet_.stop_dumps(asset, series) + 2 * Fleet::kDumpEvery + kSlack;
        begin({.alert = "BackupTooOld " + of(asset) + name,
               .priority = "P2",
               .to_find = kOneLook,
               .to_end = kOneLook,
               .due = old,
               .mend = [this, asset, series] { fleet_.go_on_with_dumps(asset, series); }},
              old - now() + dice_.some(kSlack, 2h));
    }
    /// It is told of the asset, which after a start waits until each of its checks has looked: those that hang, too.
    void fail_restore(int asset) {
        // Its check, subject and exercise.
        const std::string outcomes = fmt::format("a{}/outcomes restore-test restore-test", asset);
        if (faults_.is_broken(outcomes) || fleet_.restore(asset, "failed").status != 201)
            return;
        begin({.alert = "RestoreTestFailed " + of(asset) + outcomes,
               .priority = "P2",
               .to_find = kOneLook,
               .to_end = kSlack,
               .mend = [this, asset] { fleet_.restore(asset, "passed"); }},
              dice_.some(kSlack, 2h));
    }

    void break_together() {
        const int zone = dice_.one_of(Fleet::kPorts);
        switch (dice_.roll(4)) {
        case 0:
            return close(Fleet::ports_of(dice_.one_of(Fleet::kAssets)));
        case 1:
            return close(Fleet::ports_in({zone}));
        case 2:
            return close(some_in(zone));
        default:
            return close(Fleet::ports_in({zone, (zone + 1) % Fleet::kPorts, (zone + 2) % Fleet::kPorts}));
        }
    }
    /// About as many as it takes to call the zone down.
    Fleet::Ports some_in(int zone) {
        Fleet::Ports some = Fleet::ports_in({zone});
        const int enough = Fleet::kZoneNeeds - 3 + dice_.one_of(6);
        some.resize(static_cast<std::size_t>(enough));
        return some;
    }
    /// At once; they come back at about the same time.
    void close(Fleet::Ports ports) {
        std::erase_if(ports,
                      [&](const auto& port) { return !outages_.may_close(alert_of_port(port.first, port.second)); });
        const Duration lasts = dice_.some(three_probes(2 * Fleet::kEvery), 2h);
        const Duration apart = dice_.one_in(2) ? 1min : 20min;
        for (const auto& [asset, i] : ports)
            close_port(asset, i, lasts + dice_.some(0min, apart));
        outages_.follow(now());
        if (dice_.one_in(2))
            drills_.hurry_chaos();
    }

    // ---- What befalls the agent ----

    void disturb() {
        switch (dice_.roll(3)) {
        case 0:
            fleet_.played.kill();
            fleet_.played.start();
            return begin_anew(now(), now());
        case 1:
            fleet_.played.reload(Fleet::config(dice_.roll(2) != 0 ? "labels = { team = \"platform\" }\n" : ""));
            return begin_anew(now(), now());
        default:
            return leave_alertmanager();
        }
    }
    void leave_alertmanager() {
        const Time since = now();
        fleet_.played.alertmanager.away = true;
        for (const Time until = now() + dice_.some(1min, 20min); now() < until;)
            step(until);
        fleet_.played.alertmanager.away = false;
        // The agent's next try may be as far off as its longest back-off.
        begin_anew(since, now() + 1min);
    }
    /// From then on the Alertmanager is told anew; it was told nothing since.
    void begin_anew(Time since, Time from) {
        faults_.begin_anew(from);
        outages_.begin_anew(from);
        drills_.begin_anew(since, from);
    }

    Dice dice_;
    Fleet fleet_;
    Faults faults_;
    Outages outages_{faults_};
    Drills drills_{fleet_, faults_, dice_};
    Oracle oracle_;
};

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* asked = std::getenv(variable);
    return asked ? std::strtoull(asked, nullptr, 10) : otherwise;
}

} // namespace

// RECOVERD_FLEETS: how many lives. RECOVERD_SEED: the first of them; with one life, that plays a failed one again.
TEST_CASE("in the life of a fleet every fault is found in time, none is left over, and nothing else fires") {
    const std::uint64_t first = number_in("RECOVERD_SEED", 1);
    std::size_t faults = 0;
    std::size_t outages = 0;
    std::size_t broken_promises = 0;
    for (std::uint64_t seed = first; seed < first + number_in("RECOVERD_FLEETS", 2); ++seed) {
        FleetLife life{seed};
        const std::string wrong = life.live(50);
        if (!wrong.empty())
            FAIL("RECOVERD_SEED=" << seed << ": " << wrong);
        faults += life.faults();
        outages += life.outages();
        broken_promises += life.broken_promises();
    }
    CHECK(faults > 0);
    SUCCEED(faults << " faults, " << outages << " outages of zones, " << broken_promises << " broken promises");
}

} // namespace recoverd::scenario
