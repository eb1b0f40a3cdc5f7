// SPDX-License-Identifier: Apache-2.0
// Random lives of a small fleet: reports, silence, reloads, restarts, clock jumps, in seeded order. What must hold
// after every step is checked against a model that only hears the transitions, as an Alertmanager would.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <random>

using namespace recoverd::core;
using namespace recoverd::core::fleet;

namespace {

std::string only_in(const std::map<Labels, Time>& these, const std::map<Labels, Time>& those) {
    std::string text;
    for (const auto& [labels, since] : these)
        if (const auto at = those.find(labels); at == those.end() || at->second != since) {
            for (const auto& [name, value] : labels)
                text += name + "=" + value + " ";
            text += "; ";
        }
    return text;
}

class Life {
  public:
    explicit Life(std::uint64_t seed) : random_(seed) {
        for (const char* name : {"a", "b", "c", "d"})
            fleet_.push_back(random_check(name));
        reload();
    }

    void step() {
        switch (dice(13)) {
        case 6:
            engine_->begin_validation("recovery", "asked for", now_);
            break;
        case 0:
            reload();
            break;
        case 1:
            restart();
            break;
        case 2:
            now_ += dice(2) != 0 ? 26h : -3h;
            engine_->judge_all_again();
            break;
        case 3:
            engine_->forget(dice(2) != 0 ? "a/one" : "two", now_);
            break;
        case 4:
            record_exercise();
            break;
        case 5:
            pass_time(random_duration());
            break;
        default:
            report_one();
            break;
        }
        pass_time(Duration{static_cast<Duration::rep>(dice(90'000))});
        hear();
        check_all();
    }

  private:
    std::uint64_t dice(std::uint64_t sides) { return random_() % sides; }
    Duration random_duration() { return Duration{static_cast<Duration::rep>(dice(4) * 3'600'000)}; }

    Check random_check(const std::string& name) {
        Check check = name < "c" ? backups_of(name, dice(3) != 0 ? "orders" : "{subject}") : probe(name, "db1:5432");
        if (name == "b")
            check.target = "db1:5432";
        if (dice(4) == 0)
            check.fingerprint += " other";
        if (dice(3) == 0)
            check.policy[RuleId::backup_too_old].steps = {{to_seconds(30min), Priority::p3, {}},
                                                          {to_seconds(2h), Priority::p1, {}}};
        if (check.asset == "{subject}") {
            check.discover = true;
            check.discover_class = "gold";
        }
        check.location.zone = dice(2) != 0 ? "z1" : "z2";
        if (dice(2) != 0)
            check.labels["team"] = dice(2) != 0 ? "red" : "blue";
        return check;
    }

    std::shared_ptr<const Config> random_config() {
        Fleet made;
        if (dice(5) != 0)
            made.with(asset("orders"));
        made.config.classes["gold"] = asset("");
        for (Check& check : fleet_) {
            if (dice(6) == 0)
                check = random_check(check.name);
            if (dice(5) != 0)
                made.with(check);
        }
        add_scenarios(made.config);
        if (dice(4) == 0)
            made.config.maintenance.push_back({{"*"}, {}, now_ - 1h, now_ + random_duration(), ""});
        return made.done();
    }

    /// A narrow scenario, one that explains it, and what is validated after either, of whatever checks there are.
    void add_scenarios(Config& config) {
        const auto priority = [&] { return static_cast<Priority>(dice(4)); };
        Scenario narrow{.name = "narrow", .priority = priority(), .rto = 10min, .checks = {"c"}, .by = "zone"};
        if (dice(2) != 0)
            narrow.hold = 1min;
        Scenario wide{.name = "wide", .priority = priority(), .rto = 1h, .checks = {"c", "d"}, .explains = {"narrow"}};
        wide.at_least = {Quorum::Kind::count, 1 + dice(2)};
        if (dice(2) != 0)
            wide.when.push_back(RuleId::backup_too_old);
        for (const Scenario& scenario : {narrow, wide})
            if (dice(4) != 0)
                config.scenarios.push_back(scenario);
        if (!config.assets.contains("orders") || dice(4) == 0)
            return;
        Validation recovery{.name = "recovery", .asset = "orders", .after = {"wide", "narrow"}};
        for (const auto& check : config.checks)
            recovery.steps.push_back({check->name, priority(), dice(4) == 0, random_duration() + 1min});
        config.validations.push_back(recovery);
    }

    void reload() {
        config_ = random_config();
        engine_->configure(config_, now_);
    }

    void restart() {
        engine_->advance(now_);
        hear();
        auto after = std::make_unique<Engine>(now_ + 5s);
        std::vector<std::string> names{"orders/outcomes", "one/outcomes", "orders/validations"};
        for (const Check& check : fleet_)
            names.push_back(check.name);
        for (const std::string& name : names)
            if (const auto* unit = engine_->check(name))
                after->restore_check(unit->name, {unit->check->fingerprint, *unit->memory, unit->alerts,
                                                  dice(2) != 0 ? std::optional{now_ + 1min} : std::nullopt});
        for (const char* name : {"orders", "one", "two", "three"})
            if (const auto* unit = engine_->asset(name))
                after->restore_asset(name, unit->first_seen, unit->alerts);
        for (const char* name : {"narrow", "wide"})
            if (const auto* unit = engine_->scenario(name))
                after->restore_scenario(name, unit->outages, unit->alerts);
        if (const auto* unit = engine_->validation("recovery"))
            after->restore_validation("recovery", unit->memory, unit->alerts);
        after->restore_other(engine_->other_alerts());
        engine_ = std::move(after);
        now_ += 5s;
        // What began by a clock that was ahead began now; an Alertmanager keeps the earlier of two starts.
        for (auto& [labels, start] : heard_)
            start = std::min(start, now_);
        if (dice(3) == 0)
            config_ = random_config();
        engine_->configure(config_, now_);
    }

    void report_one() {
        const std::string name(1, static_cast<char>('a' + dice(4)));
        if (dice(4) == 0) {
            engine_->learn(name, failure(now_), now_);
            return;
        }
        if (name >= "c") {
            engine_->learn(name, report(now_, {reach(static_cast<ReachState>(dice(3)), "db1:5432")}), now_);
            return;
        }
        std::vector<SubjectReport> subjects;
        for (const char* subject : {"one", "two", "three"})
            if (dice(4) != 0)
                subjects.push_back(random_points(subject));
        engine_->learn(name, report(now_, std::move(subjects), dice(3) != 0), now_);
    }

    SubjectReport random_points(const char* subject) {
        std::vector<Time> at;
        for (auto count = dice(4); count > 0; --count)
            at.push_back(now_ - static_cast<Duration::rep>(count) * Duration{1h} - random_duration());
        std::ranges::sort(at);
        SubjectReport seen = points(subject, at);
        if (dice(5) == 0)
            seen.failure = Failure{FailureKind::bad_answer, "half of it"};
        return seen;
    }

    void record_exercise() {
        Exercise run;
        run.id = std::to_string(dice(3));
        run.exercise = dice(2) != 0 ? "restore-test" : "failover-test";
        const std::string outcomes = engine_->outcome_check("orders", run.exercise, now_);
        if (outcomes.empty())
            return;
        run.outcome = static_cast<ExerciseOutcome>(dice(4));
        run.started_at = now_ - 10min;
        if (run.outcome != ExerciseOutcome::started)
            run.ended_at = now_;
        run.depth = static_cast<Depth>(dice(6));
        engine_->learn(outcomes, report(now_, {{run.exercise, {}, {run}, {}}}, false), now_);
    }

    /// From one moment that the engine asks for to the next; it may never ask for the same moment twice.
    void pass_time(Duration duration) {
        const Time until = now_ + duration;
        int rounds = 0;
        do {
            now_ = std::max(now_, std::min(until, engine_->next()));
            engine_->advance(now_);
            REQUIRE(engine_->next() > now_);
            REQUIRE(++rounds < 10'000);
        } while (engine_->next() <= until);
        now_ = until;
    }

    /// What an Alertmanager would believe that is told of every transition.
    void hear() {
        for (const Transition& transition : engine_->take_changes().transitions) {
            const Alert& alert = transition.alert;
            if (alert.state == AlertState::firing)
                heard_[alert.labels] = alert.started_at;
            else
                heard_.erase(alert.labels);
        }
    }

    void check_all() {
        const Snapshot snapshot = engine_->snapshot(now_);
        std::map<Labels, Time> firing_now;
        std::map<Labels, int> times;
        std::set<Identity> identities;
        std::array<std::array<std::uint64_t, 4>, 2> counts{};
        for_each_alert(snapshot, [&](const Alert& alert) {
            CHECK(++times[alert.labels] == 1);
            if (alert.state == AlertState::resolved)
                return;
            CHECK(identities.insert(alert.finding.identity).second);
            if (alert.state == AlertState::firing) {
                firing_now[alert.labels] = alert.started_at;
                CHECK(alert.started_at >= alert.since);
            }
            if (alert.finding.identity.rule != RuleId::recoverd_watchdog)
                ++counts[static_cast<std::size_t>(alert.state)][static_cast<std::size_t>(alert.finding.priority)];
        });
        INFO("after " << last_ << " fires and was not told: " << only_in(firing_now, heard_)
                      << "\ntold and does not fire: " << only_in(heard_, firing_now));
        REQUIRE(firing_now == heard_);
        CHECK(counts == snapshot.alert_counts);
    }

    std::mt19937_64 random_;
    std::vector<Check> fleet_;
    Time now_ = kNow;
    std::shared_ptr<const Config> config_;
    std::unique_ptr<Engine> engine_ = std::make_unique<Engine>(kNow);
    std::map<Labels, Time> heard_;
    std::string last_;
};

std::uint64_t lives() {
    const char* asked = std::getenv("RECOVERD_LIVES");
    return asked ? std::strtoull(asked, nullptr, 10) : 100;
}

} // namespace

TEST_CASE("in every life, what fires is what was told, once, with the start it was told") {
    for (std::uint64_t seed = 1; seed <= lives(); ++seed) {
        INFO("seed " << seed);
        Life life{seed};
        for (int i = 0; i < 60; ++i)
            life.step();
    }
}
