// SPDX-License-Identifier: Apache-2.0
// Which checks may come to see an asset: by its name, by names of their subjects, by a pattern.
#include "core/looked_at.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

namespace {

Check check(std::string asset, Scope scope, EvidenceKind brings) {
    Check made;
    made.asset = std::move(asset);
    made.scope = scope;
    made.brings = {brings};
    return made;
}

Shares at(std::vector<Check> checks, const std::string& asset) {
    Config config;
    for (Check& one : checks)
        config.checks.push_back(std::make_shared<const Check>(std::move(one)));
    return LookedAt{config}.at(asset);
}

using Kinds = std::set<EvidenceKind>;

} // namespace

TEST_CASE("an asset is looked at by checks that name it, and by no others") {
    const Shares shares = at({check("orders", Scope::node, EvidenceKind::recovery_points),
                              check("shop", Scope::cluster, EvidenceKind::reachability),
                              check("", Scope::cluster, EvidenceKind::measurement)},
                             "orders");
    CHECK(shares.of(Scope::node).by_check);
    CHECK(shares.of(Scope::node).looked == Kinds{EvidenceKind::recovery_points});
    CHECK_FALSE(shares.of(Scope::cluster).may_see());
    CHECK(shares.of(Scope::cluster).looked.empty());
}

TEST_CASE("an asset is looked at by checks whose subjects are said to be of it") {
    Check mapped = check("shop", Scope::node, EvidenceKind::recovery_points);
    mapped.asset_map = {{"main", "orders"}};
    Check over = check("", Scope::cluster, EvidenceKind::log_archive);
    over.subjects = {{.match = "orders*", .asset = "orders", .policy = {}}, {.match = "*", .asset = {}, .policy = {}}};
    const Shares shares = at({mapped, over}, "orders");
    for (const Scope scope : {Scope::node, Scope::cluster}) {
        CHECK(shares.of(scope).by_subject);
        CHECK(shares.of(scope).is_named());
        CHECK_FALSE(shares.of(scope).by_check);
    }
    CHECK(shares.of(Scope::cluster).looked == Kinds{EvidenceKind::log_archive});
    CHECK(at({mapped, over}, "shop").of(Scope::node).by_check);
}

TEST_CASE("an asset may be looked at by checks with a pattern for it, which name none") {
    const Check all = check("{subject}", Scope::node, EvidenceKind::recovery_points);
    const Check some = check("db-{subject}-eu", Scope::cluster, EvidenceKind::log_archive);
    const Shares shares = at({all, some}, "db-orders-eu");
    CHECK(shares.of(Scope::node).by_pattern);
    CHECK(shares.of(Scope::cluster).by_pattern);
    CHECK(shares.of(Scope::cluster).may_see());
    CHECK_FALSE(shares.of(Scope::cluster).is_named());
    CHECK_FALSE(at({all, some}, "db-orders-us").of(Scope::cluster).may_see());
}

TEST_CASE("what one looks for and what one is told stand apart") {
    Check told = check("orders", Scope::node, EvidenceKind::exercise);
    told.every = Duration{0};
    const Share share =
        at({told, check("orders", Scope::node, EvidenceKind::recovery_points)}, "orders").of(Scope::node);
    CHECK(share.told == Kinds{EvidenceKind::exercise});
    CHECK(share.looked == Kinds{EvidenceKind::recovery_points});
}

TEST_CASE("what agents of one scope only wait to be told is not theirs where those of the other look at it") {
    Check told = check("orders", Scope::cluster, EvidenceKind::recovery_points);
    told.every = Duration{0};
    const Check port = check("orders", Scope::node, EvidenceKind::reachability);
    CHECK(at({told, port}, "orders").brings(Scope::cluster, EvidenceKind::recovery_points));
    const Check dumps = check("orders", Scope::node, EvidenceKind::recovery_points);
    CHECK_FALSE(at({told, dumps}, "orders").brings(Scope::cluster, EvidenceKind::recovery_points));
    CHECK(at({told, dumps}, "orders").brings(Scope::node, EvidenceKind::recovery_points));
    CHECK_FALSE(at({told, dumps}, "orders").may_be_outreached(Scope::node));
    const Check server = check("orders", Scope::cluster, EvidenceKind::log_archive);
    CHECK(at({server, dumps}, "orders").may_be_outreached(Scope::node));
    CHECK_FALSE(at({server, dumps}, "orders").may_be_outreached(Scope::cluster));
}

} // namespace recoverd::core
