// SPDX-License-Identifier: Apache-2.0
// What the page says of an asset of which agents of the other scope see a part.
#include "exporters/page/status_page.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Nothing is known of it here.
core::AssetSnapshot unseen(std::vector<core::EvidenceKind> elsewhere) {
    core::AssetSnapshot shown;
    shown.asset.name = "orders-db";
    shown.asset.elsewhere = std::move(elsewhere);
    return shown;
}

std::string page_of(const core::AssetSnapshot& shown) {
    core::Snapshot snapshot = test::empty_snapshot();
    snapshot.assets.push_back(std::make_shared<const core::AssetSnapshot>(shown));
    return exporters::status_page(snapshot, test::facts());
}

} // namespace

TEST_CASE("of what agents of the other scope see the page does not say that nobody knows it") {
    const std::string nothing = page_of(unseen({}));
    CHECK_THAT(nothing, ContainsSubstring("nobody knows: there is no moment to go back to"));
    CHECK_THAT(nothing, ContainsSubstring("<dt>Recovery takes</dt><dd>nobody knows</dd>"));
    CHECK_THAT(nothing, ContainsSubstring("<dt>Last proof</dt><dd>none</dd>"));
    const std::string part = page_of(unseen({core::EvidenceKind::recovery_points, core::EvidenceKind::exercise}));
    CHECK_THAT(part, ContainsSubstring("<dt>Lost if it broke now</dt><dd>seen by agents of the other scope</dd>"));
    CHECK_THAT(part, ContainsSubstring("<dt>Recovery takes</dt><dd>told to agents of the other scope</dd>"));
    CHECK_THAT(part, ContainsSubstring("<dt>Last proof</dt><dd>told to agents of the other scope</dd>"));
}

TEST_CASE("what would be lost is told as far as it is seen here") {
    core::AssetSnapshot shown = unseen({core::EvidenceKind::log_archive});
    shown.verdict.recoverable_until = test::kNow - 2h;
    CHECK_THAT(page_of(shown), ContainsSubstring(", as far as is seen here</dd>"));
    shown.asset.elsewhere.clear();
    CHECK_THAT(page_of(shown), !ContainsSubstring("as far as is seen here"));
}
