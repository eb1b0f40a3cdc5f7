// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/micro/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::bench {

using namespace core;

namespace {

constexpr std::size_t kChecksPerAsset = 10;
/// Of how many checks one finds something wrong.
constexpr std::size_t kWrong = 200;

using Kinds = std::vector<EvidenceKind>;

struct Sort {
    const char* name;
    const char* collector;
    Kinds brings;
    std::vector<Evidence> (*see)(std::size_t check, Time at);
};

RecoveryPoint point(Time at, std::uint64_t size, std::string type) {
    RecoveryPoint made;
    made.id = fmt::to_string(at.time_since_epoch().count());
    made.data_at = made.ended_at = at;
    made.size_bytes = size;
    made.stored_bytes = size / 3;
    made.duration = 12min;
    made.backup_type = std::move(type);
    made.depth = Depth::checksummed;
    made.encrypted = Told::yes;
    return made;
}

RecoveryPoints points(std::string method, std::vector<RecoveryPoint> all) {
    RecoveryPoints seen;
    seen.method = std::move(method);
    seen.count = all.size();
    seen.oldest_at = all.front().data_at;
    seen.points = std::move(all);
    seen.tells_jobs = Told::yes;
    return seen;
}

std::vector<Evidence> see_repository(std::size_t check, Time at) {
    const std::uint64_t size = 40'000'000'000 + check * 1'000'003;
    std::vector<RecoveryPoint> all;
    for (int day = 8; day >= 1; --day)
        all.push_back(
            point(at - day * kDay, size - static_cast<std::uint64_t>(day) * 1'000'000, day % 7 == 1 ? "full" : "incr"));
    all.push_back(point(at - 20min, size, "incr"));
    LogArchive archive;
    archive.enabled = Told::yes;
    archive.from_repository = true;
    archive.oldest_at = at - 8 * kDay;
    archive.newest_at = at - 7s;
    archive.last_segment = "0000000100000A3C000000F1";
    archive.system_id = "7301112345678901234";
    return {points("pgbackrest", std::move(all)), std::move(archive)};
}

std::vector<Evidence> see_server(std::size_t check, Time at) {
    LogArchive archive;
    archive.enabled = Told::yes;
    archive.newest_at = at - 5s;
    archive.pending = Told::yes;
    archive.pending_bytes = 16'777'216 + check;
    archive.last_segment = "0000000100000A3C000000F1";
    archive.system_id = "7301112345678901234";
    Replication replication;
    replication.role = "primary";
    replication.followers = {{.name = "standby1", .expected = true, .lag = 250ms},
                             {.name = "standby2", .expected = true, .lag = 1500ms}};
    replication.slots = {{.name = "standby1", .active = true, .retained_bytes = 33'554'432},
                         {.name = "standby2", .active = true, .retained_bytes = 16'777'216}};
    Assertions assertions;
    assertions.assertions = {{.name = "data_checksums", .expected = "on", .actual = "on"},
                             {.name = "fsync", .expected = "on", .actual = "on"},
                             {.name = "full_page_writes", .expected = "on", .actual = "on"}};
    return {std::move(archive), std::move(replication), std::move(assertions),
            Measurement{.name = "xid_age", .value = 1.9e9 - static_cast<double>(check), .unit = "transactions"}};
}

std::vector<Evidence> see_dumps(std::size_t check, Time at) {
    const std::uint64_t size = 2'000'000'000 + check * 1'003;
    std::vector<RecoveryPoint> all;
    for (int day = 6; day >= 0; --day)
        all.push_back(point(at - day * kDay - 3h, size, ""));
    return {points("file", std::move(all))};
}

std::string address(std::size_t check) { return fmt::format("https://web-{:05}.shop.example/health", check); }

std::vector<Evidence> see_page(std::size_t check, Time at) {
    Reachability seen;
    seen.target = address(check);
    seen.latency = Duration{3 + static_cast<int>((check * 7919 + static_cast<std::size_t>(to_unix_seconds(at))) % 190)};
    if (check % kWrong == kWrong - 5) {
        seen.state = ReachState::down;
        seen.detail = "expected status 200, found 503";
    }
    seen.certificate = Certificate{.not_before = kBegin - 30 * kDay, .not_after = kBegin + 60 * kDay};
    return {std::move(seen)};
}

std::vector<Evidence> see_number(std::size_t check, Time at) {
    return {Measurement{.name = "queue_age",
                        .value = static_cast<double>((check + static_cast<std::size_t>(to_unix_seconds(at))) % 977) / 7,
                        .unit = "seconds",
                        .above = 3600}};
}

const Sort& sort_of(std::size_t check) {
    using enum EvidenceKind;
    static const Sort kRepository{"backup", "pgbackrest", {recovery_points, log_archive}, see_repository};
    static const Sort kServer{
        "server", "postgresql", {log_archive, replication, assertions, measurement, fingerprint}, see_server};
    static const Sort kDumps{"dumps", "files", {recovery_points}, see_dumps};
    static const Sort kPage{"page", "http", {reachability}, see_page};
    static const Sort kNumber{"queue", "exec", {measurement}, see_number};
    static const std::array<const Sort*, kChecksPerAsset> kSorts{&kRepository, &kServer, &kDumps, &kPage,   &kPage,
                                                                 &kPage,       &kPage,   &kPage,  &kNumber, &kNumber};
    return *kSorts[check % kChecksPerAsset];
}

std::string asset_name(std::size_t check) { return fmt::format("orders-{:04}", check / kChecksPerAsset); }

Check make_check(std::size_t i) {
    const Sort& sort = sort_of(i);
    Check check;
    check.name = fmt::format("{}-{}-{}", asset_name(i), sort.name, i % kChecksPerAsset);
    check.asset = asset_name(i);
    check.collector = sort.collector;
    check.every = 60s;
    check.brings = sort.brings;
    check.labels = {{"team", "platform"}};
    check.fingerprint = fmt::format("{} {}", sort.collector, check.name);
    if (sort.see == see_page) {
        check.probes = true;
        check.target = address(i);
    }
    return check;
}

Asset make_asset(std::size_t check) {
    Asset asset;
    asset.name = asset_name(check);
    asset.asset_class = "gold";
    asset.labels = {{"tier", "1"}};
    asset.objectives.backup_every = kDay;
    asset.objectives.rpo = 1h;
    asset.objectives.rto = 4h;
    asset.objectives.retention = 7 * kDay;
    asset.objectives.pitr_window = 7 * kDay;
    asset.objectives.since = kBegin - 365 * kDay;
    return asset;
}

} // namespace

Fleet::Fleet(std::size_t checks) {
    auto config = std::make_shared<Config>();
    for (std::size_t i = 0; i < checks; ++i) {
        config->checks.push_back(std::make_shared<const Check>(make_check(i)));
        if (i % kChecksPerAsset == 0)
            config->assets[asset_name(i)] = make_asset(i);
    }
    config->alert_labels = {{"cluster", "prod"}};
    config_ = std::move(config);
    engine.configure(config_, kBegin - 1min);
    round(kBegin);
}

Report Fleet::report(std::size_t check, Time at) const {
    Seen seen;
    const bool named = sort_of(check).see == see_repository;
    // Each looks at a moment of its own, so that no two figures are alike.
    const Time looked_at = at - Duration{static_cast<int>(check * 7'919 % 10'000)};
    seen.subjects = {{named ? "orders/repo1" : "", {}, sort_of(check).see(check, looked_at), {}}};
    return {looked_at, Duration{12 + static_cast<int>(check % 83)}, std::move(seen)};
}

void Fleet::learn(std::size_t check, Time at) { engine.learn(name(check), report(check, at), at); }

Snapshot Fleet::round(Time at) {
    for (std::size_t i = 0; i < checks(); ++i)
        learn(i, at);
    engine.advance(at);
    engine.take_changes();
    return engine.snapshot(at);
}

} // namespace recoverd::bench
