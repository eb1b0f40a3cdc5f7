// SPDX-License-Identifier: Apache-2.0
// What packaging/config/resilience-guide.toml makes of a failure as a whole: who is woken by it, what it lost, what is
// looked at when it is over, and whether one could recover from it.
#include "tests/scenario/guide_cluster.hpp"
#include "tests/scenario/guide_rows.hpp"
#include "tests/scenario/guide_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace recoverd;
using namespace recoverd::core;

namespace {

using Paged = std::set<std::string>;

/// The guide's checks of a cluster, each every 5 s as the file has it, nodes so much later than workloads.
class Watching {
  public:
    Watching(const agent::Loaded& loaded, Duration nodes_later) : later_(nodes_later), watch_(loaded) {}

    /// Whoever is paged meanwhile.
    Paged pass(const test::ShopIs& shop, Duration duration) {
        Paged pages;
        test::shop_cluster(shop)(watch_.world);
        for (const Time until = watch_.now + duration; watch_.now < until;) {
            look("workloads", later_, pages);
            look("nodes", 5s - later_, pages);
        }
        return pages;
    }

  private:
    void look(const std::string& check, Duration pause, Paged& pages) {
        watch_.look(check);
        for (std::string& page : watch_.pages())
            pages.insert(std::move(page));
        watch_.pass(pause);
    }

    Duration later_;
    test::GuideWatch watch_;
};

/// Workloads of the guide's shop, without nodes: some of them are down, the rest is well.
class Workloads {
  public:
    explicit Workloads(const agent::Loaded& loaded) : watch_(loaded) {}

    /// Whoever is paged meanwhile.
    Paged pass(const std::set<std::string>& down, Duration duration) {
        Paged paged;
        for (const Time until = watch_.now + duration; watch_.now < until;) {
            std::vector<SubjectReport> seen;
            for (const std::string name : {"a", "b", "c", "d", "e", "payments", "reports"}) {
                const auto state = down.contains(name) ? ReachState::down : ReachState::up;
                seen.push_back({"shop/deployment/" + name, {}, test::reachable(state)(watch_.now), {}});
            }
            watch_.learn("workloads", std::move(seen));
            watch_.pass(5s);
            paged.merge(pages());
        }
        return paged;
    }
    Paged pages() {
        const auto all = watch_.pages();
        return {all.begin(), all.end()};
    }
    bool is_validated() const {
        const auto& memory = watch_.engine.validation("after-recovery")->memory;
        return memory.running || memory.last;
    }

  private:
    test::GuideWatch watch_;
};

/// A step of a validation, and what its check sees while all is well and when it is not.
struct ListedStep {
    std::string check;
    test::Sight well;
    test::Sight ill;
    /// Priority, as the guide has it.
    std::string_view priority;
};

ListedStep probed(std::string check, std::string_view priority) {
    return {std::move(check), test::reachable(ReachState::up), test::reachable(ReachState::down), priority};
}

ListedStep fresh(std::string check, std::string_view priority) {
    return {std::move(check), test::measured("age", 10, 60), test::measured("age", 4000, 60), priority};
}

/// By one of its tables, or the canary.
ListedStep asserted(std::string check, std::string_view priority) {
    const auto sees = [](const char* actual) { return test::graded("it", "well", actual, Priority::p1); };
    return {std::move(check), sees("well"), sees("broken"), priority};
}

struct Listed {
    std::string name;
    std::vector<ListedStep> steps;
};

/// What the guide lists, in its order.
const std::vector<Listed> kValidations{
    {"after-recovery",
     {probed("pods-run", "P1"),
      fresh("metrics-flow", "P2"),
      fresh("logs-flow", "P2"),
      fresh("traces-flow", "P3"),
      probed("checkout", "P1"),
      {"error-rate", test::measured("value", 0.001, 0.01), test::measured("value", 0.2, 0.01), "P2"}}},
    // A port that is down and a canary that is not written are the outage itself again: the validation is given up.
    {"database-validation",
     {{"postgresql-port", test::reachable(ReachState::up), test::reachable(ReachState::degraded), "P1"},
      asserted("postgresql-canary", "P1"),
      asserted("postgresql-data", "P1"),
      asserted("postgresql-rows", "P2")}},
};

const Validation& validation_of(const agent::Loaded& loaded, const std::string& name) {
    const auto found = std::ranges::find(loaded.config->validations, name, &Validation::name);
    REQUIRE(found != loaded.config->validations.end());
    return *found;
}

/// What the guide's sources of recovery tell, in the region itself and elsewhere.
struct Sources {
    bool elsewhere = true;
    /// How old the newest of those is that stand elsewhere.
    Duration behind = 1min;
    bool proven = true;
};

SubjectReport stored(std::string subject, std::string region, Time now, Duration newest = 1min) {
    RecoveryPoints points;
    points.method = "any";
    for (const Duration age : {Duration{31 * kDay}, newest + 4h, newest})
        points.points.push_back(fleet::point(now - age));
    points.count = points.points.size();
    points.oldest_at = points.points.front().data_at;
    return {
        .subject = std::move(subject), .location = {.region = std::move(region)}, .evidence = {points}, .failure = {}};
}

Exercise proof(Time now) {
    return {.id = "1",
            .exercise = "restore-test",
            .outcome = ExerciseOutcome::passed,
            .started_at = now - 3min,
            .ended_at = now,
            .depth = Depth::queried};
}

void tell(test::GuideWatch& watch, const Sources& sources) {
    std::vector<SubjectReport> database{stored("orders-pg", "aws-eu-central-1", watch.now)};
    if (sources.elsewhere)
        database.push_back(stored("orders-pg/aws-eu-west-1", "aws-eu-west-1", watch.now, sources.behind));
    watch.learn("postgresql", std::move(database));
    SubjectReport bucket = stored("", "eu-central-1", watch.now);
    bucket.evidence.emplace_back(
        Assertions{{{.name = "object_lock", .expected = "COMPLIANCE", .actual = "COMPLIANCE"}}});
    watch.learn("terraform-bucket", {bucket});
    if (sources.elsewhere)
        watch.learn("terraform-replica", {stored("", "eu-west-1", watch.now)});
    if (!sources.proven)
        return;
    watch.learn("postgresql-restore-test", "", {proof(watch.now)});
    watch.learn(watch.engine.outcome_check("terraform-state", "restore-test", watch.now), "", {proof(watch.now)});
}

/// Runs it to its end, with one step whose check finds something wrong, or none.
void validate(test::GuideWatch& watch, const Listed& listed, const ListedStep* wrong) {
    const auto running = [&] { return watch.engine.validation(listed.name)->memory.running.has_value(); };
    REQUIRE(watch.engine.begin_validation(listed.name, "asked for", watch.now) == Engine::Begun::yes);
    for (int looks = 0; looks < 300 && running(); ++looks) {
        for (const ListedStep& step : listed.steps)
            watch.learn(step.check, "main", (&step == wrong ? step.ill : step.well)(watch.now));
        watch.pass(15s);
    }
    REQUIRE_FALSE(running());
}

/// An exercise of the guide, what it takes away, and what of the same kind it leaves there.
struct Drill {
    std::string exercise;
    std::string breaks;
    std::vector<std::string> leaves;
};

const std::vector<Drill> kDrills{
    {"database-failover", "postgresql-port", {}},
    {"database-failover", "postgresql-canary", {"postgresql-port"}},
    {"failover-test", "postgresql-port", {}},
    {"zone-failure", "zone-a", {"zone-b", "zone-c"}},
};

test::Sight seen_by(const std::string& check, bool well) {
    return check == "postgresql-canary" ? test::canary(well)
                                        : test::reachable(well ? ReachState::up : ReachState::down);
}

/// Who is woken by what it takes away, when somebody said that it runs and when nobody did.
std::vector<std::string> paged_by(const agent::Loaded& loaded, const Drill& drill, bool said) {
    test::GuideWatch watch{loaded};
    const auto look = [&](bool well) {
        for (const std::string& check : drill.leaves)
            watch.learn(check, "", seen_by(check, true)(watch.now));
        watch.learn(drill.breaks, "", seen_by(drill.breaks, well)(watch.now));
        watch.pass(15s);
    };
    look(true);
    if (said) {
        const auto& all = loaded.config->exercises;
        const auto planned = std::ranges::find(all, drill.exercise, &PlannedExercise::name);
        REQUIRE(planned != all.end());
        const Exercise run{
            .id = "1", .exercise = drill.exercise, .outcome = ExerciseOutcome::started, .started_at = watch.now};
        watch.learn(watch.engine.outcome_check(planned->asset, planned->name, watch.now), drill.exercise, {run});
    }
    for (int looks = 0; looks < 6; ++looks)
        look(false);
    return watch.pages();
}

} // namespace

TEST_CASE("the guide's own drills bring nobody out of bed") {
    const agent::Loaded loaded = test::load_guide();
    for (const Drill& drill : kDrills) {
        CAPTURE(drill.exercise);
        CHECK_FALSE(paged_by(loaded, drill, false).empty());
        CHECK(paged_by(loaded, drill, true) == std::vector<std::string>{});
    }
}

TEST_CASE("a node that goes down with all pods of a workload is one page, whichever check looks first") {
    const agent::Loaded loaded = test::load_guide();
    for (const Duration nodes_later : {Duration{0}, Duration{1s}, Duration{4s}}) {
        CAPTURE(nodes_later.count());
        Watching watching{loaded, nodes_later};
        CHECK(watching.pass({}, 1min) == Paged{});
        CHECK(watching.pass({.node_ready = false, .web_ready = false}, 100s) == Paged{"P2 ScenarioActive node/n1"});
        // Kubernetes has moved it on, and it begins elsewhere.
        CHECK(watching.pass({.node_ready = false, .web_ready = false, .on = "n2"}, 15s) ==
              Paged{"P2 ScenarioActive node/n1"});
    }
}

TEST_CASE("a workload that goes down while its node is well is a page of its own") {
    const agent::Loaded loaded = test::load_guide();
    Watching watching{loaded, 1s};
    CHECK(watching.pass({}, 1min) == Paged{});
    CHECK(watching.pass({.web_ready = false}, 25s) == Paged{"P2 ScenarioActive pod/workloads/shop/deployment/web"});
    CHECK(watching.pass({.web_ready = false}, 10s).contains("P1 RtoExceeded pod/workloads/shop/deployment/web"));
}

TEST_CASE("a workload that goes down while another is down for long is a page of its own") {
    const agent::Loaded loaded = test::load_guide();
    Workloads shop{loaded};
    CHECK(shop.pass({}, 1min) == Paged{});
    CHECK(shop.pass({"reports"}, 1h).contains("P1 RtoExceeded pod/workloads/shop/deployment/reports"));
    CHECK(shop.pass({"reports", "payments"}, 15s).contains("P2 ScenarioActive pod/workloads/shop/deployment/payments"));
}

TEST_CASE(
    "what recovers is validated when all of its kind is well again: what is known to be down fails nothing anew") {
    const agent::Loaded loaded = test::load_guide();
    Workloads shop{loaded};
    shop.pass({}, 1min);
    shop.pass({"reports"}, 1h);
    shop.pass({"reports", "payments"}, 1min);
    shop.pass({"reports"}, 15min);
    CHECK_FALSE(shop.is_validated());
    shop.pass({}, 1min);
    CHECK(shop.is_validated());
}

TEST_CASE("an application, or a consumer group, that is ill while another is for long is told of by itself") {
    const agent::Loaded loaded = test::load_guide();
    const struct {
        std::string check, alert, first, second;
        test::Sight well, ill;
    } cases[] = {
        {"deployments", "P2 ScenarioActive", "argocd/application/blog", "argocd/application/shop",
         test::reachable(ReachState::up), test::reachable(ReachState::down)},
        {"kafka", "P3 ScenarioActive", "group/mails/orders", "group/invoices/orders",
         test::measured("lag", 10, 100'000), test::measured("lag", 200'000, 100'000)},
    };
    for (const auto& one : cases) {
        CAPTURE(one.check);
        test::GuideWatch watch{loaded};
        const auto look = [&](int looks, const test::Sight& first, const test::Sight& second) {
            while (looks-- > 0) {
                watch.learn(one.check,
                            {{one.first, {}, first(watch.now), {}}, {one.second, {}, second(watch.now), {}}});
                watch.pass(watch.check(one.check).every);
            }
        };
        look(4, one.well, one.well);
        look(10, one.ill, one.well);
        CHECK_FALSE(watch.fires(one.alert, "subject", one.check + "/" + one.second));
        look(4, one.ill, one.ill);
        CHECK(watch.fires(one.alert, "subject", one.check + "/" + one.second));
    }
}

TEST_CASE("what a failover lost, of which nothing may be, is told by the guide's canary to the minute") {
    const agent::Loaded loaded = test::load_guide();
    const test::GuideWatch about{loaded};
    const Check& canary = about.check("postgresql-canary");
    const auto scenario = std::ranges::find(loaded.config->scenarios, std::string{"db-primary"}, &Scenario::name);
    REQUIRE(scenario != loaded.config->scenarios.end());
    CHECK(scenario->rpo == Duration{0});
    CHECK(scenario->canary == canary.name);
    CHECK(2 * (canary.every + canary.timeout) <= 1min);

    test::GuideWatch watch{loaded};
    const auto look = [&](ReachState port, std::optional<Loss> lost) {
        watch.learn("postgresql-port", "", test::reachable(port)(watch.now));
        if (lost)
            watch.learn("postgresql-canary", "",
                        {Measurement{.name = std::string{kCanaryLostSeconds}, .value = to_seconds(lost->time)},
                         Measurement{.name = std::string{kCanaryLostRows}, .value = static_cast<double>(lost->rows)}});
        watch.pass(15s);
    };
    for (int looks = 0; looks < 4; ++looks)
        look(ReachState::up, Loss{});
    for (int looks = 0; looks < 4; ++looks)
        look(ReachState::down, {});
    for (int looks = 0; looks < 4; ++looks)
        look(ReachState::up, Loss{30s, 2});
    const OutageHistory& history = watch.engine.scenario("db-primary")->outages.at("");
    REQUIRE(history.past.size() == 1);
    CHECK(history.past[0].lost == Loss{30s, 2});
}

TEST_CASE("a primary that takes connections and no writes is out as long as that, and is validated when it is over") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    const auto look = [&](int looks, bool written) {
        while (looks-- > 0) {
            watch.learn("postgresql-port", "", test::reachable(ReachState::up)(watch.now));
            watch.learn("postgresql-canary", "", test::canary(written)(watch.now));
            watch.pass(15s);
        }
    };
    look(4, true);
    CHECK(watch.pages().empty());
    look(4, false);
    CHECK(watch.pages() == std::vector<std::string>{"P1 ScenarioActive db-primary"});
    CHECK_FALSE(watch.engine.validation("database-validation")->memory.running);
    look(1, true);
    const OutageHistory& history = watch.engine.scenario("db-primary")->outages.at("");
    REQUIRE(history.past.size() == 1);
    const Duration lasted = *history.past[0].ended_at - history.past[0].began_at;
    CHECK(lasted >= 45s);
    CHECK(lasted <= 75s);
    CHECK(watch.engine.validation("database-validation")->memory.running);
}

TEST_CASE("damage that the whole server counts is told once, though three checks of the guide see it") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    for (const char* check : {"postgresql-canary", "postgresql-data", "postgresql-rows"})
        watch.learn(
            check, "",
            {Assertions{{{.name = "checksum_failures", .expected = "0", .actual = "2", .priority = Priority::p1}}}});
    CHECK(watch.pages() == std::vector<std::string>{"P1 AssertionFailed postgresql-canary"});
}

TEST_CASE("each step of a validation that fails is told with the priority that the guide asks for") {
    const agent::Loaded loaded = test::load_guide();
    for (const Listed& listed : kValidations) {
        CAPTURE(listed.name);
        std::vector<std::string> expected;
        for (const ListedStep& step : listed.steps)
            expected.push_back(fmt::format("{} {}", step.priority, step.check));
        std::vector<std::string> found;
        for (const ValidationStep& step : validation_of(loaded, listed.name).steps)
            found.push_back(fmt::format("{} {}", name_of(step.priority), step.check));
        CHECK(found == expected);
        test::GuideWatch well{loaded};
        validate(well, listed, nullptr);
        for (const ListedStep& step : listed.steps) {
            CAPTURE(step.check);
            const std::string alert = fmt::format("{} ValidationFailed", step.priority);
            CHECK_FALSE(well.fires(alert, "check", step.check));
            test::GuideWatch ill{loaded};
            validate(ill, listed, &step);
            CHECK(ill.fires(alert, "check", step.check));
        }
    }
}

TEST_CASE("pods that were killed by an outage fail no recovery after which all of them run") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    Listed listed = kValidations.front();
    // Beside the probe that finds all of them up.
    listed.steps.front().well = [](Time now) {
        std::vector<Evidence> seen = test::reachable(ReachState::up)(now);
        seen.push_back(test::measured("oom_kills_last_hour", 1, 0)(now).front());
        return seen;
    };
    validate(watch, listed, nullptr);
    CHECK_FALSE(watch.fires("P1 ValidationFailed", "check", "pods-run"));
    CHECK(watch.engine.validation("after-recovery")->memory.last->aborted.empty());
    CHECK(std::ranges::all_of(watch.engine.validation("after-recovery")->memory.last->steps,
                              [](const StepResult& step) { return step.state == StepState::passed; }));
}

TEST_CASE("after every recovery that the guide's configuration can see everything is validated by itself") {
    const agent::Loaded loaded = test::load_guide();
    std::set<std::string> detected;
    for (const Scenario& scenario : loaded.config->scenarios)
        // Whether customers are served is what experiments are measured by.
        if (scenario.is_decided() && !scenario.name.starts_with("shop-"))
            detected.insert(scenario.name);
    const auto& after = validation_of(loaded, "after-recovery").after;
    CHECK(std::set<std::string>(after.begin(), after.end()) == detected);
    CHECK(validation_of(loaded, "database-validation").after == std::vector<std::string>{"db-primary"});
    test::GuideWatch watch{loaded};
    const auto cache = [&](ReachState state) {
        for (int looks = 0; looks < 3; ++looks) {
            watch.learn("valkey-port", "", test::reachable(state)(watch.now));
            watch.pass(5s);
        }
    };
    cache(ReachState::up);
    cache(ReachState::down);
    CHECK_FALSE(watch.engine.validation("after-recovery")->memory.running);
    cache(ReachState::up);
    REQUIRE(watch.engine.validation("after-recovery")->memory.running);
    CHECK(watch.engine.validation("after-recovery")->memory.running->cause == "scenario cache is over");
}

TEST_CASE("whether one could recover is said for each of the guide's disasters") {
    struct Case {
        const char* what;
        Sources sources;
        std::map<std::string, std::string> ready;
    };
    const Case cases[] = {
        {"all that it takes is there",
         {},
         {{"az", "recoverable"},
          {"data-corruption", "recoverable"},
          {"ransomware", "recoverable"},
          {"region", "recoverable"}}},
        {"no copy stands elsewhere",
         {.elsewhere = false},
         {{"az", "recoverable"},
          {"data-corruption", "recoverable"},
          {"ransomware", "recoverable"},
          {"region", "unrecoverable"}}},
        {"the copy elsewhere is of last night, and an hour may be lost",
         {.behind = 20h},
         {{"az", "recoverable"},
          {"data-corruption", "recoverable"},
          {"ransomware", "recoverable"},
          {"region", "at_risk"}}},
        {"nobody restored any",
         {.proven = false},
         {{"az", "at_risk"}, {"data-corruption", "at_risk"}, {"ransomware", "at_risk"}, {"region", "at_risk"}}},
    };
    const agent::Loaded loaded = test::load_guide();
    for (const Case& one : cases) {
        CAPTURE(one.what);
        test::GuideWatch watch{loaded};
        tell(watch, one.sources);
        watch.pass(1s);
        std::map<std::string, std::string> ready;
        for (const auto& scenario : watch.engine.snapshot(watch.now).scenarios)
            if (scenario->readiness)
                ready[scenario->scenario.name] = name_of(scenario->readiness->state);
        CHECK(ready == one.ready);
    }
}
