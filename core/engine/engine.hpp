// SPDX-License-Identifier: Apache-2.0
// Everything recoverd knows and concludes, as one deterministic machine: reports and configurations come in with the
// time, alerts and snapshots come out. No I/O and no clock, so a year of a fleet can be played in a test.
//
// Judged are units: each check (all its subjects), each asset (over its checks), each target that several checks share,
// each scenario (over the checks that decide it), each validation, and the agent itself. Each says when it wants to be
// judged again; one ordered queue of such moments drives `advance`. If no report ever came again, every age rule would
// still fire on its second.
#pragma once

#include "core/engine/units.hpp"
#include "core/rules/promises.hpp"
#include "core/snapshot.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace recoverd::core {

class Ongoing;

class Engine {
  public:
    /// `start`: since when the agent has been looking. Silence before it was nobody's fault.
    explicit Engine(Time start);
    /// Its queue points into it.
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Before the first `configure`: what the store kept.
    void restore_check(const std::string& name, RestoredCheck restored);
    void restore_asset(const std::string& name, Time first_seen, Alerts alerts);
    void restore_validation(const std::string& name, ValidationMemory memory, Alerts alerts);
    void restore_scenario(const std::string& name, OutageHistories outages, Alerts alerts);
    /// Alerts about targets, the agent, and what is gone.
    void restore_other(Alerts alerts);

    /// Takes over a configuration. Checks with an equal fingerprint keep their memory; alerts of checks and assets that
    /// are gone resolve.
    void configure(std::shared_ptr<const Config> config, Time now);

    /// A run of a check ended. Unknown names are passed over: the check left while it ran.
    void learn(std::string_view check, const Report& report, Time now);
    /// The name of the check under which outcomes of this asset and subject are kept: the one that knows the subject,
    /// else a configured `outcome` check of the asset, or "ASSET/outcomes", made when first needed. Empty when the
    /// asset is unknown.
    std::string outcome_check(std::string_view asset, std::string_view subject, Time now);
    /// Drops a subject ("CHECK/SUBJECT", or a subject of any check) and all that is remembered of it. Returns how many.
    std::size_t forget(std::string_view subject, Time now);
    enum class Begun : std::uint8_t { yes, running_already, unknown };
    /// Starts a validation; `cause` says why, in words.
    Begun begin_validation(std::string_view name, std::string cause, Time now);
    /// One of the agent's own troubles begins (`reason`) or ends (nothing).
    void report_trouble(RuleId rule, std::optional<std::string> reason);
    void judge_all_again();
    /// The wall clock jumped: what was observed here is dated anew, and everything is to be judged again.
    void clock_jumped(Duration by);
    /// Nobody looked for a while, which ends now, and nobody began anew: the machine was suspended, or the process
    /// frozen. Silence before it was nobody's fault, and what was pending, or a step of a validation, has its time from
    /// now on; what gets old did so all the same.
    void resumed(Time now);

    /// When `advance` has something to do next; `Time::min()` when something is waiting already.
    Time next() const;
    /// Judges what is due at `now`.
    void advance(Time now);

    /// What changed since the last call, for the store and for exporters.
    struct Changes {
        std::vector<const CheckUnit*> checks;
        std::vector<const AssetUnit*> assets;
        std::vector<const ScenarioUnit*> scenarios;
        std::vector<const ValidationUnit*> validations;
        /// Names of what is gone.
        std::vector<std::string> dropped_checks;
        std::vector<std::string> dropped_assets;
        std::vector<std::string> dropped_scenarios;
        std::vector<std::string> dropped_validations;
        /// Checks that shall look out of turn.
        std::vector<std::string> run_now;
        bool other = false;
        std::vector<Transition> transitions;
        /// Would a snapshot show anything new?
        bool visible = false;
    };
    Changes take_changes();

    /// Does an outage go on of which this check sees whether it is over?
    bool is_awaited(std::string_view check) const;

    const CheckUnit* check(std::string_view name) const;
    const AssetUnit* asset(std::string_view name) const;
    const ScenarioUnit* scenario(std::string_view name) const;
    const ValidationUnit* validation(std::string_view name) const;
    /// Alerts about targets, the agent, and what is gone.
    Alerts other_alerts() const;
    const Config& config() const { return *config_; }
    /// Shares its pages with the engine's own; cheap.
    Snapshot snapshot(Time now);

  private:
    using Place = std::tuple<Time, UnitKind, std::uint64_t, JudgedUnit*>;

    // configure.cpp
    void claim_check(const std::shared_ptr<const Check>& check, Time now);
    void drop_checks_without_configuration();
    void drop_check(CheckUnit& unit);
    void configure_assets(Time now);
    AssetUnit& claim_asset(const Asset& asset, Time now);
    /// True when there was one. `forgotten`: those that were made of what is forgotten; what was only told of them
    /// keeps them no longer, and goes with them.
    bool drop_assets_without_configuration(const std::set<std::string, std::less<>>& forgotten = {});
    void drop_targets_without_checks();
    AssetUnit* find_or_discover(const std::string& name, const Check& check, Time now);
    AssetUnit& discover(const std::string& name, const Check& check, Time now);
    /// May assets come of what it sees: such as it discovers, or such as are there where they are seen?
    bool makes_assets(const Check& check) const;
    /// A check that makes assets and has not looked yet, one that discovers before others; null when there is none.
    const CheckUnit* still_discovering() const;
    void adopt_restored_assets(Time now);
    void lay_out_pages();
    void retire(JudgedUnit& unit);
    void retire(Alerts&& alerts);
    // attach.cpp
    void attach(CheckUnit& unit, Time now);
    void attach_target(CheckUnit& unit);
    void detach(CheckUnit& unit);
    void list_seen(CheckUnit& unit) const;
    void replace_memory(CheckUnit& unit, CheckMemory memory) const;
    /// Changes a copy of what is remembered, which takes its place.
    template <class Edit>
    void edit_memory(CheckUnit& unit, Edit&& edit) const {
        CheckMemory memory = *unit.memory;
        edit(memory);
        replace_memory(unit, std::move(memory));
    }
    // own_checks.cpp
    std::string own_check(const std::string& asset, std::string_view kind, Time now);
    void move_own_checks(const AssetUnit& unit, Scope scope);

    // scenarios.cpp
    void configure_scenarios();
    static void forget_told(ScenarioUnit& unit);
    void drop_scenarios_without_configuration();
    void judge(ScenarioUnit& unit, Time now);
    void judge_group(ScenarioUnit& unit, const ScenarioGroup& group, const std::string& drill, Judgement& judgement,
                     Time now);
    void follow_outage(ScenarioUnit& unit, const std::string& group, const Decision& decision, Time now);
    /// Keeps what nobody could see of it, and has the assets judged again whose exercises promised to leave it alone.
    /// True when the history changed.
    bool follow_promises(const ScenarioUnit& unit, OutageHistory& history, ScenarioState state, bool turned, Time now);
    /// The scenarios that planned exercises of the asset must leave alone.
    std::vector<WatchedScenario> watched_by(const AssetUnit& unit) const;
    Readiness readiness_of(ScenarioUnit& unit, Judgement& judgement, Time now) const;
    /// Has its scenarios judged again when they would see something else of this check.
    void show_to_scenarios(CheckUnit& unit);
    /// The scenario that explains a finding, in words; empty for none. `before`: what explained it until now.
    std::string explained(const Finding& finding, const std::string& before, Judgement& judgement, Time now) const;
    /// The maintenance or exercise that all that is down in a group belongs to, by the place of the group; empty when
    /// something does not.
    std::vector<std::string> drills(const ScenarioUnit& unit, Judgement& judgement, Time now) const;
    std::string drill_before(const ScenarioUnit& unit, const ScenarioGroup& group, const Ongoing& before,
                             Judgement& judgement, Time now) const;

    // validations.cpp
    void configure_validations(Time now);
    void drop_validations_without_configuration();
    void judge(ValidationUnit& unit, Time now);
    Scope scope_of_steps(const Validation& validation) const;
    void conclude_run(ValidationUnit& unit, Time now);
    /// An outage of this scenario is over, or begins.
    void validate_after(const ScenarioUnit& scenario, const std::string& group, bool over, Time now);
    void give_up(ValidationUnit& unit, std::string why, Time now);
    /// Begins what is named by these exercises of the asset, which have just ended.
    void validate_ended(const AssetUnit& unit, const std::vector<std::string>& ended, Time now);
    void show_to_validations(CheckUnit& unit);

    // judge.cpp, judge_check.cpp, judge_asset.cpp
    void judge(CheckUnit& unit, Time now);
    void show_to_sharing(CheckUnit& unit, Time now);
    void judge(AssetUnit& unit, Time now);
    void judge(TargetUnit& unit, Time now);
    void judge(AgentUnit& unit, Time now);
    void judge_subjects(const CheckUnit& unit, Judgement& judgement, Time now) const;
    void carry_over(const CheckUnit& unit, Judgement& judgement) const;
    void place_silence(CheckUnit& unit, Judgement& judgement, Time now);
    void refresh(AssetUnit& unit, Time now);
    void show_to_assets(const ScenarioUnit& unit, const std::vector<Finding>& found, const Unready& before);
    std::vector<Finding> found_of(const AssetUnit& unit, Time now) const;
    std::vector<std::string> unready_for(const AssetUnit& unit) const;
    std::vector<Contributor> contributors_of(const AssetUnit& unit) const;
    std::vector<HeldArchive> repositories_of(const AssetUnit& unit) const;

    // conclude.cpp
    void conclude(JudgedUnit& unit, Judgement judgement, const Check* check, Scope scope, Time now);
    void lower(Finding& finding, const Alert* before, Judgement& judgement, Time now) const;
    void lower_together(const TargetUnit& unit, Finding& shared, Judgement& judgement, Time now) const;
    bool is_brought_about(const Identity& identity) const;
    /// The maintenance or exercise that a finding belongs to, in words; empty for none.
    std::string planned(const Identity& identity, Judgement& judgement, Time now) const;
    void take_back(JudgedUnit& unit, std::vector<Transition>& transitions);
    void publish(CheckUnit& unit);
    void publish(AssetUnit& unit);
    void publish(ScenarioUnit& unit);
    void publish(ValidationUnit& unit);
    void recount(JudgedUnit& unit, const Verdict* verdict);
    /// From now on the unit adds that to the sums of a snapshot.
    void count(JudgedUnit& unit, const Counts& counts);

    void mark(JudgedUnit& unit) { plan(unit, Time::min()); }
    void plan(JudgedUnit& unit, Time revisit);
    void unplan(JudgedUnit& unit);
    void note_change(JudgedUnit& unit);

    Time start_;
    std::shared_ptr<const Config> config_ = std::make_shared<const Config>();
    std::map<std::string, std::unique_ptr<CheckUnit>, std::less<>> checks_;
    std::map<std::string, std::unique_ptr<AssetUnit>, std::less<>> assets_;
    std::map<std::string, std::unique_ptr<TargetUnit>, std::less<>> targets_;
    std::map<std::string, std::unique_ptr<ScenarioUnit>, std::less<>> scenarios_;
    std::map<std::string, std::unique_ptr<ValidationUnit>, std::less<>> validations_;
    /// Targets with alerts: of thousands, few or none.
    std::set<const TargetUnit*> told_of_;
    AgentUnit agent_;
    std::map<std::string, RestoredCheck, std::less<>> restored_checks_;
    std::map<std::string, std::pair<Time, Alerts>, std::less<>> restored_assets_;
    std::map<std::string, std::pair<OutageHistories, Alerts>, std::less<>> restored_scenarios_;
    std::map<std::string, std::pair<ValidationMemory, Alerts>, std::less<>> restored_validations_;
    std::map<std::string, Alerts, std::less<>> restored_targets_;

    std::set<Place> queue_;
    std::uint64_t next_order_ = 1;
    /// How many configurations there were, the one that counts among them.
    std::uint64_t configured_ = 0;
    Changes changes_;
    Pages<CheckSnapshot> check_pages_;
    Pages<AssetSnapshot> asset_pages_;
    Counts counts_;
    std::uint64_t sequence_ = 0;
};

/// An asset that only nodes look at is another one on each node: what is said of it must not meet what others say.
/// Where nobody looks, the checks that are configured to be told decide.
Scope scope_of(const AssetUnit& unit);

} // namespace recoverd::core
