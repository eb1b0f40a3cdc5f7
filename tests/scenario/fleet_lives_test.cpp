// SPDX-License-Identifier: Apache-2.0
// Lives of a fleet with 200 checks. Faults of every kind come and go in seeded order, several at a time, while the
// agent is killed, its configuration changes and its Alertmanager is away. Each fault has to reach the Alertmanager
// within its bound, and to leave it within another; nothing else may ever fire.
#include "tests/scenario/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

namespace recoverd::scenario {

namespace {

/// What is late by less than this is on time: probes are spread, answers and sends take their moments.
constexpr Duration kSlack = 90s;
/// Three probes in a row make a port closed, two make it open.
constexpr Duration kThreeProbes = 3 * Fleet::kEvery + kSlack;
constexpr Duration kTwoProbes = 2 * Fleet::kEvery + kSlack;
constexpr Duration kOneLook = Fleet::kEvery + kSlack;
/// EvidenceMissing: three intervals, and P2 after four times that, which no fault here lasts.
constexpr Duration kSilence = 3 * Fleet::kEvery + kSlack;

struct Fault {
    std::string alert;
    Time began;
    /// By when it has to fire, and, once it is mended, by when that has to have ended.
    Time due;
    std::optional<Time> over;
    /// How long finding it and seeing its end may take from any moment, should the agent have to begin anew.
    Duration to_find{0};
    Duration to_end{0};
    std::function<void()> mend;
    Time mend_at;
};

std::string in_words(const core::Labels& labels) {
    std::string text;
    for (const char* name : {"alertname", "priority", "asset", "check", "subject", "exercise"})
        if (const auto label = labels.find(name); label != labels.end())
            text += (text.empty() ? "" : " ") + label->second;
    return text;
}

class FleetLife {
  public:
    explicit FleetLife(std::uint64_t seed) : random_(seed), fleet_(seed) { fleet_.played.pass(Fleet::kEvery); }

    /// Nothing, or what is wrong.
    std::string live(int steps) {
        for (int i = 0; i < steps; ++i) {
            if (dice(3) == 0)
                break_something();
            if (dice(12) == 0)
                disturb();
            if (std::string wrong = pass(Duration{static_cast<Duration::rep>(dice(600'000))}); !wrong.empty())
                return wrong;
        }
        return end_well();
    }
    std::size_t played() const { return played_; }

  private:
    std::uint64_t dice(std::uint64_t sides) { return random_() % sides; }
    int one_of(int count) { return static_cast<int>(dice(static_cast<std::uint64_t>(count))); }
    Time now() { return fleet_.played.now(); }

    std::string end_well() {
        while (!faults_.empty())
            if (std::string wrong = pass(5min); !wrong.empty())
                return wrong;
        if (!fleet_.played.alertmanager.firing().empty())
            return "something is left over: " + firing_words();
        return fleet_.played.books_agree() ? "" : "the books differ:\n" + fleet_.played.books();
    }

    std::string pass(Duration duration) {
        const Time until = now() + duration;
        while (now() < until) {
            fleet_.played.pass(std::min<Duration>(until - now(), 30s));
            write_dumps();
            mend_what_is_due();
            if (std::string wrong = compare(); !wrong.empty())
                return wrong;
        }
        return "";
    }

    void write_dumps() {
        for (int asset = 0; asset < Fleet::kAssets; ++asset)
            for (const char* series : Fleet::kSeries) {
                Time& last =
                    last_dump_.try_emplace({asset, series}, now() - Fleet::kDumpEvery + asset * 5min).first->second;
                if (now() < last + Fleet::kDumpEvery || stopped_.contains({asset, series}))
                    continue;
                last = now();
                fleet_.dumps[asset].write(series, now());
            }
    }

    // ---- Faults ----

    void break_something() {
        const int asset = one_of(Fleet::kAssets);
        switch (dice(6)) {
        case 0:
            return close_port(asset, one_of(Fleet::kPorts));
        case 1:
            return spoil_page(asset, one_of(Fleet::kPages));
        case 2:
            return fail_plugin(asset, one_of(Fleet::kPlugins));
        case 3:
            return silence_plugin(asset, one_of(Fleet::kPlugins));
        case 4:
            return stop_dumps(asset, Fleet::kSeries.at(dice(2)));
        default:
            return fail_restore(asset);
        }
    }

    void begin(Fault fault, Duration lasts) {
        fault.began = now();
        fault.due = std::max(fault.due, now() + fault.to_find);
        fault.mend_at = now() + lasts;
        faults_.push_back(std::move(fault));
        ++played_;
    }
    bool broken(std::string_view thing) const {
        return std::ranges::any_of(faults_, [&](const Fault& fault) { return fault.alert.ends_with(thing); });
    }
    Duration some(Duration least, Duration most) {
        return least + Duration{static_cast<Duration::rep>(dice(static_cast<std::uint64_t>((most - least).count())))};
    }

    /// One that lies in one of the fleet's sets for as long as it lasts.
    void begin_in(std::set<std::string, std::less<>>& set, std::string key, std::string alert, const std::string& check,
                  Duration to_find, Duration to_end, Duration lasts) {
        if (broken(check))
            return;
        set.insert(key);
        begin({.alert = std::move(alert) + check,
               .to_find = to_find,
               .to_end = to_end,
               .mend = [&set, key] { set.erase(key); }},
              lasts);
    }
    static std::string of(int asset) { return fmt::format("a{} ", asset); }

    void close_port(int asset, int i) {
        begin_in(fleet_.closed_ports, Fleet::port(asset, i), "EndpointDown P2 " + of(asset),
                 Fleet::name(asset, "port", i), kThreeProbes, kTwoProbes, some(kThreeProbes, 2h));
    }
    void spoil_page(int asset, int i) {
        begin_in(fleet_.wrong_pages, Fleet::page(asset, i), "EndpointDegraded P3 " + of(asset),
                 Fleet::name(asset, "page", i), kThreeProbes, kTwoProbes, some(kThreeProbes, 2h));
    }
    void fail_plugin(int asset, int i) {
        begin_in(fleet_.bad_plugins, Fleet::plugin(asset, i), "AssertionFailed P2 " + of(asset),
                 Fleet::plugin(asset, i), kOneLook, kOneLook, some(kOneLook, 2h));
    }
    void silence_plugin(int asset, int i) {
        begin_in(fleet_.silent_plugins, Fleet::plugin(asset, i), "EvidenceMissing P3 " + of(asset),
                 Fleet::plugin(asset, i), kSilence, kOneLook, some(kSilence, 40min));
    }
    void stop_dumps(int asset, const char* series) {
        const std::pair<int, std::string> key{asset, series};
        if (!last_dump_.contains(key) || broken(Fleet::name(asset, "dumps", 0) + " " + series))
            return;
        stopped_.insert(key);
        const Time old = last_dump_.at(key) + 2 * Fleet::kDumpEvery + kSlack;
        begin({.alert = "BackupTooOld P2 " + of(asset) + Fleet::name(asset, "dumps", 0) + " " + series,
               .due = old,
               .to_find = kOneLook,
               .to_end = kOneLook,
               .mend =
                   [this, key] {
                       stopped_.erase(key);
                       write_dumps();
                   }},
              old - now() + some(kSlack, 2h));
    }
    /// It is told of the asset, which after a start waits until each of its checks has looked: those that hang, too.
    void fail_restore(int asset) {
        // Its check, subject and exercise.
        const std::string outcomes = fmt::format("a{}/outcomes restore-test restore-test", asset);
        if (broken(outcomes) || fleet_.restore(asset, "failed").status != 201)
            return;
        begin({.alert = "RestoreTestFailed P2 " + of(asset) + outcomes,
               .to_find = kOneLook,
               .to_end = kSlack,
               .mend = [this, asset] { fleet_.restore(asset, "passed"); }},
              some(kSlack, 2h));
    }

    void mend_what_is_due() {
        for (Fault& fault : faults_)
            if (!fault.over && now() >= fault.mend_at) {
                fault.mend();
                fault.over = now() + fault.to_end;
            }
    }

    // ---- What befalls the agent ----

    void disturb() {
        switch (dice(3)) {
        case 0:
            fleet_.played.kill();
            fleet_.played.start();
            return begin_anew(now());
        case 1:
            fleet_.played.reload(Fleet::config(dice(2) != 0 ? "labels = { team = \"platform\" }\n" : ""));
            return begin_anew(now());
        default:
            fleet_.played.alertmanager.away = true;
            fleet_.played.pass(some(1min, 20min));
            fleet_.played.alertmanager.away = false;
            // Its next try may be as far off as its longest back-off.
            return begin_anew(now() + 1min);
        }
    }
    void begin_anew(Time from) {
        for (Fault& fault : faults_) {
            fault.due = std::max(fault.due, from + fault.to_find);
            if (fault.over)
                fault.over = std::max(*fault.over, from + fault.to_end);
        }
    }

    // ---- What is, and what should be ----

    std::string compare() {
        std::set<std::string> firing;
        for (const auto& [labels, since] : fleet_.played.alertmanager.firing())
            firing.insert(in_words(labels));
        for (const std::string& alert : firing)
            if (std::ranges::none_of(faults_, [&](const Fault& fault) { return fault.alert == alert; }))
                return "a false alert: " + alert;
        for (const Fault& fault : faults_) {
            const bool fires = firing.contains(fault.alert);
            if (!fires && !fault.over && now() >= fault.due)
                return "not found in time: " + fault.alert + " since " + core::config::format_time(fault.began);
            if (fires && fault.over && now() >= *fault.over)
                return "not over in time: " + fault.alert + " mended at " + core::config::format_time(fault.mend_at);
        }
        std::erase_if(faults_, [&](const Fault& fault) { return fault.over && now() >= *fault.over; });
        return "";
    }
    std::string firing_words() {
        std::string text;
        for (const auto& [labels, since] : fleet_.played.alertmanager.firing())
            text += in_words(labels) + "; ";
        return text;
    }

    std::mt19937_64 random_;
    Fleet fleet_;
    std::vector<Fault> faults_;
    std::map<std::pair<int, std::string>, Time> last_dump_;
    std::set<std::pair<int, std::string>> stopped_;
    std::size_t played_ = 0;
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
    for (std::uint64_t seed = first; seed < first + number_in("RECOVERD_FLEETS", 3); ++seed) {
        FleetLife life{seed};
        const std::string wrong = life.live(50);
        if (!wrong.empty())
            FAIL("RECOVERD_SEED=" << seed << ": " << wrong);
        faults += life.played();
    }
    CHECK(faults > 0);
}

} // namespace recoverd::scenario
