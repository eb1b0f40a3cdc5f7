// SPDX-License-Identifier: Apache-2.0
// VolumeSnapshots and the VolumeSnapshotContents that they name, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using core::PointState;
using test::KubeApi;
using test::subject;
using test::text;
using test::kube::object;
using test::kube::watching;

namespace {

constexpr const char* kData = "shop/persistentvolumeclaim/data";
/// Of a content, as its driver leaves it.
const std::string kWhole =
    R"("creationTime": 1795316400000000000, "readyToUse": true, "restoreSize": 1073741824, "snapshotHandle": "s-1")";

std::string snapshot(const std::string& name, const std::string& status, const std::string& metadata = {}) {
    return object(
        name, fmt::format(R"("spec": {{"source": {{"persistentVolumeClaimName": "data"}}}}, "status": {{{}}})", status),
        metadata);
}

/// That names the content of its own name.
std::string ready(const std::string& name, const std::string& bound_to = {}, const std::string& metadata = {}) {
    return snapshot(name,
                    fmt::format(R"("creationTime": "2026-11-22T01:00:00Z", "readyToUse": true,
                        "boundVolumeSnapshotContentName": "{}")",
                                bound_to.empty() ? "content-" + name : bound_to),
                    metadata);
}

struct ContentOf {
    std::string snapshot;
    std::string status = kWhole;
    std::string of_namespace = "shop";
    /// That of the snapshot when empty.
    std::string uid = {};
    /// That of the snapshot when empty.
    std::string called = {};
};

std::string content(const ContentOf& of) {
    return fmt::format(R"({{"metadata": {{"name": "content-{}"}}, "spec": {{"deletionPolicy": "Delete",
        "volumeSnapshotRef": {{"kind": "VolumeSnapshot", "namespace": "{}", "name": "{}", "uid": "{}"}}}},
        "status": {{{}}}}})",
                       of.snapshot, of.of_namespace, of.called.empty() ? of.snapshot : of.called,
                       of.uid.empty() ? "uid-" + of.snapshot : of.uid, of.status);
}

Collected look(KubeApi& api, const std::string& cursor = {}) { return api.look(watching({"volumesnapshots"}), cursor); }

core::RecoveryPoint only_point(const Collected& seen) {
    const auto& points = test::points(seen, kData).points;
    REQUIRE(points.size() == 1);
    return points[0];
}

} // namespace

TEST_CASE("a snapshot of a volume is good once it and its content say that it is ready to use") {
    KubeApi api;
    api.objects["volumesnapshots"] = {
        ready("a"),
        snapshot("b", R"("creationTime": "2026-11-22T02:00:00Z", "boundVolumeSnapshotContentName": "content-b")"),
        snapshot("unbound", R"("creationTime": "2026-11-22T02:30:00Z", "readyToUse": true)"),
        snapshot("c", R"("error": {"message": "no such volume", "time": "2026-11-22T02:00:00Z"})")};
    api.objects["volumesnapshotcontents"] = {content({.snapshot = "a"}),
                                             content({.snapshot = "b", .status = R"("readyToUse": false)"})};
    const Collected seen = look(api);
    REQUIRE(seen);
    CHECK(seen->complete);
    const auto& points = test::points(seen, kData);
    REQUIRE(points.points.size() == 3);
    CHECK(points.points[0].state == PointState::good);
    CHECK(points.points[0].detail.empty());
    CHECK(points.points[1].state == PointState::incomplete);
    CHECK(points.points[1].detail == "not ready to use");
    CHECK(points.points[2].state == PointState::incomplete);
    CHECK(points.points[2].detail == "bound to no VolumeSnapshotContent");
    CHECK(points.jobs.at(0).state == core::JobState::failed);
}

TEST_CASE("a snapshot whose content is another's, or holds nothing, is bad, whatever it says itself") {
    const std::string error = R"(, "error": {"message": "disk is gone", "time": "2026-11-22T02:00:00Z"})";
    const std::vector<std::pair<std::string, std::string>> rows{
        {content({.snapshot = "a", .of_namespace = "crm"}), " is bound to another VolumeSnapshot"},
        {content({.snapshot = "a", .called = "b"}), " is bound to another VolumeSnapshot"},
        // One of the same name that was made anew.
        {content({.snapshot = "a", .uid = "uid-of-yesterday"}), " is bound to another VolumeSnapshot"},
        {R"({"metadata": {"name": "content-a"}, "status": {)" + kWhole + "}}", " is bound to another VolumeSnapshot"},
        {content({.snapshot = "a", .status = R"("readyToUse": false, "snapshotHandle": "s")"}), ": not ready to use"},
        {content({.snapshot = "a", .status = R"("snapshotHandle": "s")"}), ": not ready to use"},
        {content({.snapshot = "a", .status = kWhole + error}), ": disk is gone"},
        {content({.snapshot = "a", .status = R"("readyToUse": true)"}), ": it names no snapshot of its storage"}};
    for (const auto& [listed, why] : rows) {
        CAPTURE(listed);
        KubeApi api;
        api.objects["volumesnapshots"] = {ready("a")};
        api.objects["volumesnapshotcontents"] = {listed};
        const core::RecoveryPoint point = only_point(look(api));
        CHECK(point.state == PointState::bad);
        CHECK_THAT(point.detail, ContainsSubstring("its VolumeSnapshotContent content-a" + why));
        CHECK_FALSE(test::points(look(api), kData).oldest_at);
    }
}

TEST_CASE("of two snapshots that name one content it is the one's to which it is bound") {
    KubeApi api;
    api.objects["volumesnapshots"] = {ready("a"), ready("thief", "content-a")};
    api.objects["volumesnapshotcontents"] = {content({.snapshot = "a"})};
    const Collected seen = look(api);
    for (const core::RecoveryPoint& point : test::points(seen, kData).points)
        CHECK(point.state == (point.id == "a" ? PointState::good : PointState::bad));
}

TEST_CASE("that a content is missing is believed at the second look, and until then the snapshot is not good") {
    KubeApi api;
    const std::string told_by_controller = snapshot("a", R"("creationTime": "2026-11-22T01:00:00Z", "readyToUse": false,
        "boundVolumeSnapshotContentName": "content-a", "error": {"message": "VolumeSnapshotContent is missing"})");
    for (const std::string& one : {ready("a"), told_by_controller}) {
        api.objects["volumesnapshots"] = {one};
        api.objects["volumesnapshotcontents"] = {content({.snapshot = "of-somebody-else"})};
        const Collected first = look(api);
        CHECK(only_point(first).state == PointState::incomplete);
        CHECK(only_point(first).detail == "its VolumeSnapshotContent content-a is missing");
        const Collected second = look(api, first->cursor);
        CHECK(only_point(second).state == PointState::bad);
        // One that was deleted between the two lists is in neither by then.
        api.objects["volumesnapshots"] = {ready("b")};
        api.objects["volumesnapshotcontents"] = {content({.snapshot = "b"})};
        CHECK(only_point(look(api, first->cursor)).state == PointState::good);
    }
}

TEST_CASE("a snapshot that is being deleted is no backup any more, and no broken one") {
    KubeApi api;
    api.objects["volumesnapshots"] = {ready("a"), ready("b", {}, R"(, "deletionTimestamp": "2026-11-22T02:59:00Z")")};
    api.objects["volumesnapshotcontents"] = {content({.snapshot = "a"})};
    CHECK(only_point(look(api)).id == "a");
    api.objects["volumesnapshots"].erase(api.objects["volumesnapshots"].begin());
    CHECK(test::points(look(api), kData).points.empty());
}

TEST_CASE("contents are listed page by page in the whole cluster, whatever namespace and labels are chosen") {
    KubeApi api;
    for (const std::string name : {"a", "b", "c"}) {
        api.objects["volumesnapshots"].push_back(ready(name));
        api.objects["volumesnapshotcontents"].push_back(content({.snapshot = name}));
        api.objects["volumesnapshotcontents"].push_back(content({.snapshot = "x-" + name, .of_namespace = "crm"}));
    }
    api.page = 2;
    auto table = watching({"volumesnapshots"});
    table.push_back(text("namespace", "shop"));
    table.push_back(text("selector", "app=orders"));
    const Collected seen = api.look(table);
    REQUIRE(seen);
    for (const core::RecoveryPoint& point : test::points(seen, kData).points)
        CHECK(point.state == PointState::good);
    CHECK(test::points(seen, kData).count == 3);
    REQUIRE(api.world.asked.size() == 5);
    CHECK_THAT(api.world.asked[0], ContainsSubstring("/namespaces/shop/volumesnapshots?limit=100&labelSelector="));
    CHECK_THAT(api.world.asked[2],
               ContainsSubstring("/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents?limit=100"));
    for (std::size_t i = 2; i < 5; ++i)
        CHECK_THAT(api.world.asked[i], !ContainsSubstring("labelSelector"));
    // A list that begins anew forgets what it had.
    api.expire = 1;
    api.objects["volumesnapshots"] = {ready("a")};
    CHECK(only_point(api.look(table)).state == PointState::good);
}

TEST_CASE(
    "while contents cannot be listed any more a snapshot is what it says itself, and that half of it is unknown") {
    KubeApi api;
    const std::vector<std::pair<FailureKind, std::function<void()>>> ways{
        {FailureKind::refused, [&] { api.refused["volumesnapshotcontents"] = {403, "{}"}; }},
        {FailureKind::unreachable, [&] { api.refused["volumesnapshotcontents"] = {500, "{}"}; }},
        {FailureKind::timed_out,
         [&] { api.world.hangs = [](const std::string& asked) { return asked.contains("contents?"); }; }}};
    for (const auto& [kind, break_off] : ways) {
        CAPTURE(core::name_of(kind));
        api.refused.clear();
        api.objects["volumesnapshots"] = {ready("a"), ready("b")};
        api.objects["volumesnapshotcontents"] = {content({.snapshot = "a"}),
                                                 content({.snapshot = "b", .uid = "uid-of-yesterday"})};
        const Collected whole = look(api);
        CHECK_FALSE(subject(whole, kData).failure);
        break_off();
        const Collected half = look(api, whole->cursor);
        REQUIRE(half);
        // They name no claim.
        CHECK(half->complete);
        CHECK(subject(half, "apiserver").failure.has_value() == (kind == FailureKind::refused));
        REQUIRE(subject(half, kData).failure);
        CHECK(subject(half, kData).failure->kind == kind);
        // What was found wrong is not well because nobody may look any more.
        for (const core::RecoveryPoint& point : test::points(half, kData).points)
            CHECK(point.state == (point.id == "a" ? PointState::good : PointState::bad));
        CHECK(half->cursor == whole->cursor);
        if (kind == FailureKind::refused)
            CHECK_THAT(subject(half, kData).failure->detail,
                       ContainsSubstring(R"(resources ["volumesnapshotcontents"], verbs ["list"] in a ClusterRole)"));
    }
    api.world.hangs = nullptr;
    // Without the snapshots themselves nothing is known of any, and nothing forgotten.
    api.refused = {{"volumesnapshots", {403, "{}"}}};
    const std::string before = R"({"whole":true,"pods":{},"restarts":{})";
    const std::string wrong = before + R"(,"snapshots":{"uid-b":{"detail":"x","doubtful":false}})";
    const std::string listed = R"(,"contents":true})";
    CHECK(look(api, wrong + listed)->cursor == wrong + listed);
    // Who knew one that is bad had listed them, also before that was remembered of its own.
    CHECK(look(api, wrong + "}")->cursor == wrong + listed);
    CHECK(look(api, before + "}")->cursor == before + "}");
}

TEST_CASE("contents that nobody was ever allowed to list are not missed, and that nobody looked at them is said") {
    KubeApi api;
    api.objects["volumesnapshots"] = {
        ready("a"),
        snapshot("b", R"("creationTime": "2026-11-22T02:00:00Z", "boundVolumeSnapshotContentName": "content-b")")};
    api.objects["volumesnapshotcontents"] = {content({.snapshot = "a", .uid = "uid-of-yesterday"})};
    api.refused["volumesnapshotcontents"] = {403, "{}"};
    std::string cursor;
    // Nor by the looks that follow, of which pods are a part.
    for (const auto& words : {std::vector<std::string>{"volumesnapshots"}, {"pods", "volumesnapshots"}}) {
        const Collected seen = api.look(watching(words), cursor);
        REQUIRE(seen);
        CHECK(seen->complete);
        CHECK_FALSE(subject(seen, "apiserver").failure);
        CHECK_FALSE(subject(seen, kData).failure);
        const auto& points = test::points(seen, kData).points;
        REQUIRE(points.size() == 2);
        CHECK(points[0].state == PointState::good);
        CHECK(points[0].detail == "not held against its VolumeSnapshotContent, which may not be listed");
        CHECK(points[1].state == PointState::incomplete);
        CHECK(points[1].detail == "not ready to use");
        cursor = seen->cursor;
    }
    // That they do not come has nothing to do with what is allowed.
    api.refused["volumesnapshotcontents"] = {500, "{}"};
    CHECK(subject(look(api, cursor), kData).failure);
    // Once somebody gave the role, it is missed.
    api.refused.clear();
    const Collected allowed = api.look(watching({"pods", "volumesnapshots"}), cursor);
    CHECK(test::points(allowed, kData).points[0].state == PointState::bad);
    api.objects["volumesnapshotcontents"] = {content({.snapshot = "a"}), content({.snapshot = "b"})};
    const Collected mended = api.look(watching({"pods", "volumesnapshots"}), allowed->cursor);
    CHECK(test::points(mended, kData).points[0].detail.empty());
    api.refused["volumesnapshotcontents"] = {403, "{}"};
    CHECK(subject(look(api, mended->cursor), kData).failure->kind == FailureKind::refused);
    CHECK(subject(look(api, mended->cursor), "apiserver").failure);
}

TEST_CASE("what is remembered of snapshots is read again, and a cursor of before there were any") {
    KubeApi api;
    api.objects["volumesnapshots"] = {ready("a")};
    for (const char* before : {R"({"whole":true,"pods":{},"restarts":{}})", "", "{}", R"({"snapshots":[]})"})
        CHECK(only_point(look(api, before)).state == PointState::incomplete);
    // Looks at pods leave it as it is.
    auto table = watching({"pods", "volumesnapshots"});
    const Collected first = api.look(table);
    CHECK(only_point(api.look(table, first->cursor)).state == PointState::bad);
    // However much is wrong, little is remembered, and all is told while it can be seen.
    api.objects["volumesnapshots"].clear();
    for (int i = 0; i < 300; ++i) {
        api.objects["volumesnapshots"].push_back(ready(fmt::format("s{}", i)));
        api.objects["volumesnapshotcontents"].push_back(content({.snapshot = fmt::format("s{}", i), .uid = "another"}));
    }
    const Collected many = look(api);
    CHECK(many->cursor.size() < 30'000);
    for (const core::RecoveryPoint& point : test::points(many, kData).points)
        CHECK(point.state == PointState::bad);
}
