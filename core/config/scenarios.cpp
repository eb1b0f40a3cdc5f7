// SPDX-License-Identifier: Apache-2.0
// `[[scenario]]`: failure modes, decided from many checks.
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace recoverd::core::config {

namespace {

struct ScenarioOptions {
    std::string name;
    std::string description;
    std::string asset;
    std::string priority;
    std::optional<Duration> rto;
    std::optional<Duration> rpo;
    std::optional<Duration> hold;
    std::vector<std::string> checks;
    std::vector<std::string> assets;
    std::vector<std::string> subjects;
    Labels labels;
    std::optional<Node> location;
    std::vector<std::string> when{"endpoint_down"};
    std::string assertion;
    std::string measurement;
    std::string by;
    std::optional<Node> at_least;
    std::string canary;
    std::vector<std::string> explains;
    std::vector<std::string> recovers;
    std::vector<std::string> needs;
    std::vector<std::string> proven_by;
    std::optional<Duration> back;
    std::optional<Node> from;
};

constexpr Option<ScenarioOptions> kOptions[] = {
    {"name", &ScenarioOptions::name, "what alerts and metrics call it: az, db-primary …", Need::required},
    {"description", &ScenarioOptions::description, "what it means, for whoever is woken by it"},
    {"asset", &ScenarioOptions::asset, "the asset whose labels its alerts carry"},
    {"priority", &ScenarioOptions::priority, "of its alert; when left out that of `scenario_active` in the policy, P2",
     Need::optional, "P1|P2|P3|P4"},
    {"rto", &ScenarioOptions::rto, "how long it may last; an outage beyond it is RtoExceeded"},
    {"rpo", &ScenarioOptions::rpo,
     "how much may be lost by it, as time: of what is left to recover the assets in `recovers` from, and of what its "
     "canary tells; 0 is asked of its canary alone"},
    {"for", &ScenarioOptions::hold,
     "how long it must hold before its alert fires, while the outage counts from its beginning; when left out that of "
     "`scenario_active` in the policy, 0"},
    {"checks", &ScenarioOptions::checks, "patterns of the checks that decide it; all when left out"},
    {"assets", &ScenarioOptions::assets, "patterns of the assets whose checks decide it"},
    {"subjects", &ScenarioOptions::subjects, "patterns of the subjects that count"},
    {"labels", &ScenarioOptions::labels, "labels of the checks that decide it; values are patterns"},
    {"location", &ScenarioOptions::location, "where what counts stands: `{ node, zone, region, role }`, as patterns"},
    {"when", &ScenarioOptions::when, "policy keys of the rules whose finding means that one is down"},
    {"assertion", &ScenarioOptions::assertion,
     "pattern of the assertion that must have failed, of what `assertion_failed` in `when` finds"},
    {"measurement", &ScenarioOptions::measurement,
     "pattern of the measurement that must be out of range, of what `measurement_out_of_range` in `when` finds"},
    {"by", &ScenarioOptions::by,
     "apart for each node, zone, region, role, asset, subject of a check, or value of that label; once over all when "
     "left out"},
    {"at_least", &ScenarioOptions::at_least,
     "how many must be down: \"all\" (when left out), a number, or a share such as \"34%\""},
    {"canary", &ScenarioOptions::canary,
     "the check whose write canary tells what an outage lost, such as one of `postgresql_validation`"},
    {"explains", &ScenarioOptions::explains,
     "narrower scenarios that are lowered to P4 while this one holds over the same things"},
    {"recovers", &ScenarioOptions::recovers,
     "patterns of assets that must be recoverable from it: asked at any time, not only while it holds. With nothing "
     "that "
     "selects checks it is only asked for this"},
    {"needs", &ScenarioOptions::needs, "patterns of assertions that must hold of each of them: `object_lock*` …"},
    {"proven_by", &ScenarioOptions::proven_by,
     "patterns of exercises, the best first: the newest pass of the first of them that has one is held against `rto`; "
     "when left out, whatever restored the asset last"},
    {"back", &ScenarioOptions::back, "how far back one must be able to go"},
    {"from", &ScenarioOptions::from, "where that stands which is left to recover from: `{ region = \"eu-west-*\" }`"},
};

std::optional<Quorum> read_quorum(const Node& node) {
    if (const auto* count = std::get_if<std::int64_t>(&node.value); count && *count > 0)
        return Quorum{Quorum::Kind::count, static_cast<std::uint64_t>(*count)};
    const std::string* text = node.text();
    if (text && *text == "all")
        return Quorum{};
    if (!text || !text->ends_with('%'))
        return std::nullopt;
    Quorum share{Quorum::Kind::percent, 0};
    const char* end = text->data() + text->size() - 1;
    const auto [at, error] = std::from_chars(text->data(), end, share.value);
    if (error != std::errc{} || at != end || share.value < 1 || share.value > 100)
        return std::nullopt;
    return share;
}

/// One `[[scenario]]`.
class ScenarioCompiler {
  public:
    ScenarioCompiler(const Node& node, Compiling& run) : node_(node), table_(*node.table()), at_(node.at), run_(run) {}

    void compile() {
        const auto mistakes = run_.diagnostics.all().size();
        const auto options =
            read_options<ScenarioOptions>(table_, {"scenario", "a scenario", at_}, kOptions, {}, run_.diagnostics);
        Scenario made;
        made.name = options.name;
        made.description = options.description;
        made.asset = options.asset;
        made.rto = options.rto;
        made.rpo = options.rpo;
        made.checks = options.checks;
        made.assets = options.assets;
        made.subjects = options.subjects;
        made.labels = options.labels;
        made.assertion = options.assertion;
        made.measurement = options.measurement;
        made.by = options.by;
        made.canary = options.canary;
        made.explains = options.explains;
        made.recovers = options.recovers;
        made.needs = options.needs;
        made.proven_by = options.proven_by;
        made.back = options.back;
        check_name_of(made);
        check_canary_of(made);
        compile_policy(options, made);
        compile_what_counts(options, made);
        // Of a rule that is misspelt nobody knows which one it is.
        if (made.when.size() == options.when.size())
            check_patterns_of(made);
        if (options.rto == Duration{0})
            mistake("rto", "expected more than 0, found 0");
        if (run_.diagnostics.all().size() == mistakes)
            warn_of_scenario(made, node_, run_);
        run_.config.scenarios.push_back(std::move(made));
    }

  private:
    void mistake(std::string_view key, std::string text, std::string hint = {}) {
        run_.diagnostics.mistake(position_of(table_, key, at_), fmt::format("scenario.{}", key), std::move(text),
                                 std::move(hint));
    }
    void check_name_of(const Scenario& made) {
        check_name(table_, made.name, "scenario.name", run_.diagnostics);
        if (std::ranges::any_of(run_.config.scenarios, [&](const Scenario& one) { return one.name == made.name; }))
            mistake("name", fmt::format("there are two scenarios '{}'", made.name));
        if (!made.asset.empty())
            check_reference(run_.config.assets, made.asset, "asset", position_of(table_, "asset", at_),
                            "scenario.asset", run_.diagnostics);
    }

    void check_canary_of(const Scenario& made) {
        if (made.canary.empty())
            return;
        check_reference(checks_by_name(run_.config), made.canary, "check", position_of(table_, "canary", at_),
                        "scenario.canary", run_.diagnostics);
        if (!made.by.empty())
            mistake("canary", "a canary is of one database, and `by` takes the scenario apart",
                    "leave out one of the two");
    }

    /// A pattern of what is not asked for would be passed over.
    void check_patterns_of(const Scenario& made) {
        const auto expect_asked = [&](std::string_view key, const std::string& pattern, RuleId id) {
            if (!pattern.empty() && !made.decided_by(id))
                mistake(key,
                        fmt::format("'{}' is of what `{}` finds, and `when` does not name that", key, rule(id).key));
        };
        expect_asked("assertion", made.assertion, RuleId::assertion_failed);
        expect_asked("measurement", made.measurement, RuleId::measurement_out_of_range);
    }

    void compile_policy(const ScenarioOptions& options, Scenario& made) {
        const auto asset = run_.config.assets.find(made.asset);
        made.policy = asset == run_.config.assets.end() ? run_.policy : asset->second.policy;
        made.priority =
            from_name<Priority>(options.priority).value_or(priority_of(made.policy, RuleId::scenario_active));
        made.hold = options.hold.value_or(made.policy.hold(RuleId::scenario_active));
        // What is said of this scenario counts over what is said of all.
        if (!options.priority.empty() && !std::as_const(made.policy)[RuleId::scenario_active].steps.empty())
            for (Step& step : made.policy[RuleId::scenario_active].steps)
                step.priority.reset();
    }

    void compile_what_counts(const ScenarioOptions& options, Scenario& made) {
        made.when.clear();
        std::vector<std::string_view> keys;
        for (const Rule& one : rules())
            keys.push_back(one.key);
        for (const std::string& key : options.when) {
            if (const Rule* found = find_rule_by_key(key)) {
                made.when.push_back(found->id);
                continue;
            }
            const std::string_view near = nearest(key, keys);
            mistake("when", fmt::format("there is no rule '{}'", key),
                    near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near));
        }
        if (options.when.empty())
            mistake("when", "expected at least one rule, found none");
        if (options.location)
            made.location = read_location(*options.location, "scenario.location", run_.diagnostics);
        if (options.from)
            made.recover_from = read_location(*options.from, "scenario.from", run_.diagnostics);
        for (const char* key : {"needs", "proven_by", "back", "from"})
            if (options.recovers.empty() && find(table_, key))
                mistake(key, fmt::format("'{}' says how assets are recovered, and `recovers` names none", key));
        if (options.at_least) {
            if (const auto quorum = read_quorum(*options.at_least))
                made.at_least = *quorum;
            else
                mistake("at_least", "expected \"all\", a number above 0, or a share such as \"34%\"");
            if (made.by == "subject" && made.at_least.kind == Quorum::Kind::count && made.at_least.value > 1)
                mistake("at_least",
                        fmt::format("by subject each is told apart, and {} of one are never down", made.at_least.value),
                        "tell apart by an asset or a label what several checks see together");
        }
    }

    const Node& node_;
    const Table& table_;
    const Position& at_;
    Compiling& run_;
};

/// Names that are explained must exist, and nothing may explain itself, over whatever detour.
void check_explanations(const Table& root, Compiling& run) {
    std::map<std::string, const Scenario*> known;
    for (const Scenario& scenario : run.config.scenarios)
        known.emplace(scenario.name, &scenario);
    const auto nodes = section_array(root, "scenario", "scenario", run.diagnostics);
    for (std::size_t i = 0; i < nodes.size() && i < run.config.scenarios.size(); ++i) {
        const Scenario& scenario = run.config.scenarios[i];
        const Position at = position_of(*nodes[i]->table(), "explains", nodes[i]->at);
        std::set<std::string> reached;
        std::vector<std::string> open = scenario.explains;
        for (const std::string& name : scenario.explains)
            check_reference(known, name, "scenario", at, "scenario.explains", run.diagnostics);
        while (!open.empty()) {
            const std::string name = std::move(open.back());
            open.pop_back();
            if (const auto next = known.find(name); next != known.end() && reached.insert(name).second)
                open.insert(open.end(), next->second->explains.begin(), next->second->explains.end());
        }
        if (reached.contains(scenario.name))
            run.diagnostics.mistake(at, "scenario.explains",
                                    fmt::format("scenario '{}' explains itself", scenario.name));
    }
}

} // namespace

void compile_scenarios(const Table& root, Compiling& run) {
    for (const Node* node : section_array(root, "scenario", "scenario", run.diagnostics))
        ScenarioCompiler(*node, run).compile();
    check_explanations(root, run);
}

std::vector<OptionInfo> scenario_option_infos() { return describe_options<ScenarioOptions>(kOptions); }

} // namespace recoverd::core::config
