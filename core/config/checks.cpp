// SPDX-License-Identifier: Apache-2.0
// `[check.X]`: one configured collector, on a schedule.
#include "core/config/check_options.hpp"
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace recoverd::core::config {

namespace {

constexpr Option<CheckOptions> kOptions[] = {
    {"collector", &CheckOptions::collector, "what looks", Need::required},
    {"asset", &CheckOptions::asset, "whose recovery it is about; may hold {subject}"},
    {"every", &CheckOptions::every, "how often it looks; the collector's default when left out"},
    {"timeout", &CheckOptions::timeout, "how long one look may take, less than every"},
    {"failures", &CheckOptions::failures, "bad probes in a row before something counts as down"},
    {"successes", &CheckOptions::successes, "good probes in a row before it counts as up again"},
    {"labels", &CheckOptions::labels, "labels on its alerts and on recoverd_check_info"},
    {"policy", &CheckOptions::policy, "what is bad, for this check alone"},
    {"scope", &CheckOptions::scope, "does it look at its own node, or at something all agents share", Need::optional,
     "node|cluster"},
    {"location", &CheckOptions::location, "where what it looks at stands: { node, zone, region, role }"},
    {"asset_map", &CheckOptions::asset_map, "the asset of each subject: { orders = \"orders-db\" }"},
    {"subject", &CheckOptions::subject, "[[check.NAME.subject]]: what is different for subjects that match"},
    {"discover", &CheckOptions::discover, "make assets of its subjects"},
    {"class", &CheckOptions::asset_class, "the class of discovered assets"},
    {"for_each", &CheckOptions::for_each, "one check per entry, its {keys} filled into every string"},
    {"targets_file", &CheckOptions::targets_file, "one check per target of a Prometheus file_sd document"},
};

constexpr auto kKeys = [] {
    std::array<std::string_view, std::size(kOptions)> keys;
    std::ranges::transform(kOptions, keys.begin(), &Option<CheckOptions>::key);
    return keys;
}();

constexpr std::string_view kDefaultKeys[] = {"every",  "timeout", "failures", "successes",
                                             "labels", "scope",   "location"};

constexpr Option<Location> kLocationOptions[] = {
    {"node", &Location::node, "the machine"},
    {"zone", &Location::zone, "the availability zone"},
    {"region", &Location::region, "the region"},
    {"role", &Location::role, "primary, standby, …"},
};

/// A collector's default timeout is meant for its default interval; where somebody looks more often it gives way.
Duration fitting(Duration timeout, Duration every) { return timeout < every ? timeout : every * 9 / 10; }

class CheckCompiler {
  public:
    CheckCompiler(const Instance& instance, std::set<std::string>& names, Compiling& run)
        : instance_(instance), names_(names), run_(run), path_("check." + instance.name) {}

    void compile() {
        if (!names_.insert(instance_.name).second)
            run_.diagnostics.mistake(instance_.at, path_, fmt::format("there are two checks '{}'", instance_.name));
        find_collector();
        layered_ = over_defaults(instance_.table, collector_ ? collector_->name : std::string_view{}, path_, run_);
        const CheckOptions options = read_common();
        auto check = std::make_shared<Check>();
        check->name = instance_.name;
        check->collector = options.collector;
        check->labels = options.labels;
        check_labels(find(layered_.table, "labels"), path_ + ".labels", check->labels, run_.diagnostics);
        compile_timing(options, *check);
        compile_streaks(options, *check);
        check->scope = from_name<Scope>(options.scope).value_or(Scope::cluster);
        compile_location(options, *check);
        compile_subjects(options, layered_.table, {path_, {}, instance_.at}, *check, run_);
        compile_policy(options, *check);
        run_.out.options.push_back(compile_collector(*check));
        plan_exercise(*check);
        add_origins(*check);
        run_.config.checks.push_back(std::move(check));
    }

  private:
    Position at(std::string_view key) const { return position_of(layered_.table, key, instance_.at); }
    void mistake(std::string_view key, std::string message, std::string hint = {}) {
        run_.diagnostics.mistake(at(key), fmt::format("{}.{}", path_, key), std::move(message), std::move(hint));
    }

    void find_collector() {
        const Entry* named = find(instance_.table, "collector");
        const std::string* name = named ? named->node.text() : nullptr;
        if (!name)
            return;
        std::map<std::string_view, const CollectorInfo*, std::less<>> known;
        for (const CollectorInfo& collector : run_.around.collectors())
            known.emplace(collector.name, &collector);
        if (check_reference(known, *name, "collector", named->node.at, path_ + ".collector", run_.diagnostics))
            collector_ = known.find(*name)->second;
    }

    /// The common options alone; the collector says what it thinks of the rest.
    CheckOptions read_common() {
        Table common;
        for (const Entry& entry : layered_.table)
            if (std::ranges::find(kKeys, entry.key) != kKeys.end())
                common.push_back(entry);
        return read_options<CheckOptions>(common, {path_, {}, instance_.at}, kOptions, {}, run_.diagnostics);
    }

    void compile_timing(const CheckOptions& options, Check& check) {
        // Such a collector is told, it does not look: there is nothing to schedule.
        if (collector_ && collector_->every == 0ms) {
            check.every = 0ms;
            for (const std::string_view key : {"every", "timeout"})
                if (find(instance_.table, key))
                    mistake(key, fmt::format("collector '{}' is never run, so it has no '{}'", collector_->name, key));
            return;
        }
        check.every = options.every.value_or(collector_ ? collector_->every : check.every);
        if (check.every < 1s)
            return mistake("every", fmt::format("expected at least 1s, found {}", format_duration(check.every)));
        check.timeout =
            options.timeout.value_or(fitting(collector_ ? collector_->timeout : check.timeout, check.every));
        if (check.timeout <= 0ms)
            mistake("timeout", "expected more than 0, found 0");
        else if (check.timeout >= check.every)
            report_long_timeout(check);
    }

    /// Where one of the two is not said here, [defaults] may say it.
    void report_long_timeout(const Check& check) {
        const bool both_said = find(instance_.table, "every") && find(instance_.table, "timeout");
        std::string message = fmt::format("expected less than every = \"{}\", found \"{}\"",
                                          format_duration(check.every), format_duration(check.timeout));
        constexpr const char* kHint = "a look must be over before the next one begins";
        if (both_said)
            mistake("timeout", std::move(message), kHint);
        else
            run_.diagnostics.missing(at("timeout"), path_ + ".timeout", std::move(message), kHint);
    }

    void compile_streaks(const CheckOptions& options, Check& check) {
        for (const auto& [key, value, into] : {std::tuple{"failures", options.failures, &check.failures},
                                               std::tuple{"successes", options.successes, &check.successes}}) {
            if (value < 1 || value > 100)
                mistake(key, fmt::format("expected 1 to 100, found {}", value));
            else
                *into = static_cast<unsigned>(value);
        }
    }

    void compile_location(const CheckOptions& options, Check& check) {
        if (!options.location)
            return;
        check.location = read_location(*options.location, path_ + ".location", run_.diagnostics);
    }

    void compile_policy(const CheckOptions& options, Check& check) {
        const auto asset = run_.config.assets.find(check.asset);
        const Policy& above = asset == run_.config.assets.end() ? run_.policy : asset->second.policy;
        check.policy = above;
        if (!options.policy)
            return;
        const std::string path = path_ + ".policy";
        check.own_policy = read_policy(*options.policy, path, path_, run_.diagnostics);
        check.policy = laid_over(above, check.own_policy, *options.policy, path, run_.diagnostics);
    }

    std::any compile_collector(Check& check) {
        if (!collector_)
            return {};
        const Place place{path_, fmt::format("collector '{}'", collector_->name), instance_.at};
        const auto before = run_.diagnostics.all().size();
        CompiledOptions compiled =
            run_.around.compile_options(collector_->name, layered_.table, place, kKeys, run_.diagnostics);
        // What is missing of the collector's own options may stand in [defaults].
        run_.diagnostics.note_missing(before, instance_.at);
        check.target = std::move(compiled.target);
        check.brings = compiled.brings.empty() ? collector_->brings : compiled.brings;
        // Told of exercises, it is nobody's repository.
        if (!check.looks() && find(layered_.table, "exercise"))
            std::erase(check.brings, EvidenceKind::recovery_points);
        check.probes = collector_->probes;
        Table own;
        for (const Entry& entry : layered_.table)
            if (std::ranges::find(kKeys, entry.key) == kKeys.end())
                own.push_back(entry);
        // As it was written: what comes from the environment may be secret, and this is stored.
        check.fingerprint = fmt::format("{} {}", collector_->name, shown({std::move(own), {}}, run_));
        return std::move(compiled.value);
    }

    /// A collector that takes `exercise` and `cadence` says when a proof is due as `[[exercise]]` does.
    void plan_exercise(const Check& check) {
        const Entry* exercise = find(layered_.table, "exercise");
        const std::string* name = exercise ? exercise->node.text() : nullptr;
        if (!name || check.asset.empty())
            return;
        const auto planned = std::ranges::find_if(run_.config.exercises, [&](const PlannedExercise& one) {
            return one.asset == check.asset && one.name == *name;
        });
        if (planned != run_.config.exercises.end()) {
            if (planned->told_in != Scope::cluster)
                planned->told_in = check.scope;
            return;
        }
        const Entry* cadence = find(layered_.table, "cadence");
        if (!cadence || !cadence->node.text())
            return;
        const auto due = parse_duration(*cadence->node.text());
        if (due && *due > 0ms)
            run_.config.exercises.push_back({*name, check.asset, *due, std::nullopt, {}, Duration{0}, check.scope, {}});
    }

    void add_origins(const Check& check) {
        std::vector<Origin>& origins = run_.out.origins[path_];
        for (const Entry& entry : layered_.table) {
            const Table* members = entry.key == "labels" || entry.key == "location" ? entry.node.table() : nullptr;
            if (entry.key == "policy" || entry.key == "subject")
                continue;
            if (!members) {
                origins.push_back({entry.key, shown(entry.node, run_), layered_.from[entry.key], entry.node.at});
                continue;
            }
            for (const Entry& member : *members) {
                const std::string key = fmt::format("{}.{}", entry.key, member.key);
                origins.push_back({key, shown(member.node, run_), layered_.from[key], member.node.at});
            }
        }
        if (check.every > 0ms) {
            add_built_in("every", fmt::format("\"{}\"", format_duration(check.every)), origins);
            add_built_in("timeout", fmt::format("\"{}\"", format_duration(check.timeout)), origins);
        }
        add_built_in("failures", fmt::to_string(check.failures), origins);
        add_built_in("successes", fmt::to_string(check.successes), origins);
        add_built_in("scope", fmt::format("\"{}\"", name_of(check.scope)), origins);
        if (collector_)
            for (const OptionInfo& option : collector_->options)
                if (!option.default_text.empty())
                    add_built_in(option.key, option.default_text, origins);
        add_policy_origins(check.policy, origins);
    }

    void add_built_in(std::string_view key, std::string value, std::vector<Origin>& origins) const {
        if (!find(layered_.table, key))
            origins.push_back({std::string{key}, std::move(value), "built-in", {}});
    }

    const Instance& instance_;
    std::set<std::string>& names_;
    Compiling& run_;
    std::string path_;
    const CollectorInfo* collector_ = nullptr;
    Layered layered_;
};

} // namespace

std::span<const std::string_view> check_keys() { return kKeys; }
std::span<const std::string_view> default_keys() { return kDefaultKeys; }
std::vector<OptionInfo> check_option_infos() { return describe_options<CheckOptions>(kOptions); }
Location read_location(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    if (const Table* table = node.table())
        return read_options<Location>(*table, {path, "a location", node.at}, kLocationOptions, {}, diagnostics);
    diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", describe(node)));
    return {};
}

std::vector<OptionInfo> location_option_infos() { return describe_options<Location>(kLocationOptions); }

void compile_checks(const Table& root, Compiling& run) {
    const Table* section = section_table(root, "check", run.diagnostics);
    std::set<std::string> names;
    for (const Entry& entry : section ? *section : Table{}) {
        const std::string path = "check." + entry.key;
        if (!entry.node.table()) {
            run.diagnostics.mistake(entry.node.at, path,
                                    fmt::format("expected a table, found {}", describe(entry.node)));
            continue;
        }
        // A name with placeholders is judged once they are filled in.
        if (!entry.key.contains('{'))
            check_name(entry, "check", run.diagnostics);
        for (const Instance& instance : instances_of(entry, run))
            CheckCompiler{instance, names, run}.compile();
    }
    // Of assets alone one is told, by outcomes.
    if ((!section || section->empty()) && run.config.assets.empty())
        run.diagnostics.missing(position_of(root, "check", run.at), "check", "there is nothing to check",
                                "add a [check.NAME] with a collector");
}

} // namespace recoverd::core::config
