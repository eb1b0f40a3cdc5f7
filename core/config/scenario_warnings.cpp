// SPDX-License-Identifier: Apache-2.0
// What is no mistake in a scenario and still not what was meant: nobody decides it, nobody looks often enough, or
// nobody is told.
#include "core/config/compiling.hpp"
#include "core/config/values.hpp"
#include "core/looked_at.hpp"
#include "core/rules/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recoverd::core::config {

namespace {

/// What `by` tells apart without a label of that name.
constexpr std::string_view kApart[] = {"node", "zone", "region", "role", "asset", "subject"};

/// By which packaging/alertmanager routes to the status page, partners and management.
constexpr std::string_view kCustomerFacing = "customer_facing";

class Warnings {
  public:
    Warnings(const Scenario& made, const Node& node, Compiling& run)
        : made_(made), table_(*node.table()), at_(node.at), run_(run) {
        for (const auto& check : run.config.checks)
            if (check && decides(made, *check))
                deciding_.push_back(check.get());
    }

    void warn() {
        warn_of_recovers();
        if (!made_.is_decided())
            return;
        if (deciding_.empty()) {
            warning("checks",
                    fmt::format("no check decides scenario '{}': whether it holds stays unknown", made_.name));
            return;
        }
        warn_of_by();
        warn_of_slow_checks();
        warn_of_customers();
        warn_of_scopes();
    }

  private:
    void warning(std::string_view key, std::string text) {
        run_.diagnostics.warning(position_of(table_, key, at_), fmt::format("scenario.{}", key), std::move(text));
    }

    void warn_of_recovers() {
        if (std::ranges::any_of(run_.config.checks, [](const auto& check) { return check && check->discover; }))
            return;
        for (const std::string& pattern : made_.recovers)
            if (std::ranges::none_of(run_.config.assets,
                                     [&](const auto& asset) { return glob_matches(pattern, asset.first); }))
                warning("recovers", fmt::format("'{}' matches no asset", pattern));
    }

    void warn_of_by() {
        const bool is_label = !made_.by.empty() && std::ranges::find(kApart, made_.by) == std::end(kApart);
        if (is_label &&
            std::ranges::none_of(deciding_, [&](const Check* check) { return check->labels.contains(made_.by); }))
            warning("by", fmt::format("no check that decides scenario '{}' has a label '{}'", made_.name, made_.by));
    }

    void warn_of_slow_checks() {
        constexpr int kLooksWithinRto = 4;
        const auto is_slow = [&](const Check* check) {
            return made_.rto && check->looks() && *made_.rto < kLooksWithinRto * (check->every + check->timeout);
        };
        // The first says it; there may be thousands.
        const auto slow = std::ranges::find_if(deciding_, is_slow);
        if (slow == deciding_.end())
            return;
        warning("rto",
                fmt::format("scenario '{}' may last {}, and check '{}' looks every {} with a timeout of {}: "
                            "expected at least {} looks within its rto",
                            made_.name, format_duration(*made_.rto), (*slow)->name, format_duration((*slow)->every),
                            format_duration((*slow)->timeout), kLooksWithinRto));
    }

    const Labels& labels_of(const std::string& asset) const {
        static const Labels kNone;
        const auto found = run_.config.assets.find(asset);
        return found == run_.config.assets.end() ? kNone : found->second.labels;
    }

    /// Of the gravest outage the shipped routes would tell customers nothing, or that all is well again: what it
    /// explains is lowered.
    void warn_of_customers() {
        const auto is_felt = [](const Labels& labels) {
            const auto at = labels.find(kCustomerFacing);
            return at != labels.end() && at->second == "true";
        };
        const auto is_told = [&](const Check* check) {
            return is_felt(check->labels) || is_felt(labels_of(check->asset));
        };
        // One of P4 explains nothing that anybody is told of.
        if (made_.priority < Priority::p4 && std::ranges::all_of(deciding_, is_told) &&
            !is_felt(labels_of(made_.asset)) && !is_felt(run_.config.alert_labels))
            warning("asset",
                    fmt::format("customers feel all that decides scenario '{}', and its own alert goes without "
                                "the label {} = 'true': name an asset that has it",
                                made_.name, kCustomerFacing));
    }

    void warn_of_scopes() {
        std::set<Scope> scopes;
        for (const Check* check : deciding_)
            scopes.insert(check->scope);
        if (scopes.size() > 1)
            warning("checks",
                    fmt::format("checks of scope node and of scope cluster decide scenario '{}': an agent with "
                                "--scope sees only its own",
                                made_.name));
        else
            warn_of_keeps(*scopes.begin());
    }

    /// What decides it is seen by agents of `scope`. A run is told to those of the asset's `outcome` check, or else to
    /// the cluster's, where they have the asset.
    void warn_of_keeps(Scope scope) {
        const auto keeps = [&](const PlannedExercise& planned) {
            return std::ranges::find(planned.keeps, made_.name) != planned.keeps.end();
        };
        if (std::ranges::none_of(run_.config.exercises, keeps))
            return;
        const LookedAt looked_at{run_.config};
        const auto is_elsewhere = [&](const PlannedExercise& planned) {
            if (planned.told_in)
                return *planned.told_in != scope;
            const Shares shares = looked_at.at(planned.asset);
            return scope == Scope::node && (shares.of(Scope::cluster).may_see() || !shares.of(Scope::node).is_named());
        };
        for (const PlannedExercise& planned : run_.config.exercises)
            if (keeps(planned) && is_elsewhere(planned))
                warning("checks",
                        fmt::format("checks of scope {} decide scenario '{}', and agents of scope {} hear of exercise "
                                    "'{}', which keeps it: no agent with --scope judges that",
                                    name_of(scope), made_.name, name_of(the_other(scope)), planned.name));
    }

    const Scenario& made_;
    const Table& table_;
    const Position& at_;
    Compiling& run_;
    std::vector<const Check*> deciding_;
};

} // namespace

void warn_of_scenario(const Scenario& made, const Node& node, Compiling& run) { Warnings{made, node, run}.warn(); }

} // namespace recoverd::core::config
