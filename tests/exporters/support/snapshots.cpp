// SPDX-License-Identifier: Apache-2.0
#include "tests/exporters/support/snapshots.hpp"

#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace recoverd::test {

using namespace core;
using namespace std::chrono_literals;

namespace {

constexpr Duration kHour = 1h;

std::shared_ptr<core::Config> sample_config() {
    auto config = std::make_shared<core::Config>();
    config->alert_labels = {{"team", "platform"}};
    config->instance = "backup1";
    config->runbook_base = "https://runbooks.example/";
    config->dashboard_url = "https://grafana.example/d/recoverd";
    return config;
}

SubjectMemory seen(EvidenceList evidence) {
    SubjectMemory memory;
    memory.first_seen = kNow - 240 * kHour;
    memory.learned_at = kNow - 20s;
    memory.evidence = std::make_shared<const EvidenceList>(std::move(evidence));
    return memory;
}

CheckSnapshot check(std::string name, std::string asset, std::string collector) {
    auto configured = std::make_shared<Check>();
    configured->name = std::move(name);
    configured->asset = std::move(asset);
    configured->collector = std::move(collector);
    CheckSnapshot snapshot;
    snapshot.check = std::move(configured);
    CheckMemory& memory = memory_of(snapshot);
    memory.first_seen = kNow - 240 * kHour;
    memory.last_run = kNow - 20s;
    memory.last_success = kNow - 20s;
    memory.last_took = 350ms;
    snapshot.fresh = true;
    return snapshot;
}

void add_subject(CheckSnapshot& check, std::string name, std::string asset, SubjectMemory memory) {
    memory_of(check).subjects.emplace(std::move(name), std::move(memory));
    check.subject_assets.push_back(std::move(asset));
}

template <class T>
void add(Pages<T>& pages, T item) {
    pages.push_back(std::make_shared<const T>(std::move(item)));
}

RecoveryPoints points_of_orders() {
    RecoveryPoints points;
    points.method = "pgbackrest";
    points.points = {{.id = "20261115-030000F",
                      .data_at = kNow - 168 * kHour,
                      .ended_at = kNow - 168 * kHour,
                      .size_bytes = 40'000'000'000,
                      .stored_bytes = 11'000'000'000,
                      .duration = 40min,
                      .backup_type = "full",
                      .depth = Depth::listed},
                     {.id = "20261122-020000I",
                      .data_at = kNow - kHour + 250ms,
                      .ended_at = kNow - kHour + 250ms,
                      .size_bytes = 41'000'000'000,
                      .stored_bytes = 120'000'000,
                      .duration = 95s,
                      .backup_type = "incr",
                      .depth = Depth::listed,
                      .needs = {"20261115-030000F"}},
                     {.id = "20261122-024000I",
                      .data_at = kNow - 20min,
                      .ended_at = kNow - 20min,
                      .backup_type = "incr",
                      .state = PointState::bad,
                      .detail = "page checksum error"}};
    points.count = 3;
    points.oldest_at = kNow - 168 * kHour;
    points.jobs = {{.state = JobState::running, .backup_type = "incr", .started_at = kNow - 60s}};
    points.tells_jobs = Told::yes;
    return points;
}

CheckSnapshot orders_backup() {
    CheckSnapshot orders = check("orders-backup", "orders-db", "pgbackrest");
    SubjectMemory repository = seen({points_of_orders()});
    repository.last_failed_job = FailedJob{kNow - 26 * kHour, "incr", "archive timeout"};
    add_subject(orders, "orders/repo1", "orders-db", std::move(repository));
    memory_of(orders).failures_total[1] = 2;
    orders.alerts = {make_alert(RuleId::backup_corrupt, "orders-db", "orders-backup", "orders/repo1",
                                AlertState::firing, Priority::p1, "page checksum error in 20261122-024000I",
                                *sample_config()),
                     make_alert(RuleId::backup_failed, "orders-db", "orders-backup", "orders/repo1",
                                AlertState::resolved, Priority::p2, "archive timeout", *sample_config())};
    return orders;
}

CheckSnapshot orders_wal() {
    CheckSnapshot wal = check("orders-wal", "orders-db", "postgresql");
    LogArchive archive;
    archive.enabled = Told::yes;
    archive.oldest_at = kNow - 168 * kHour;
    archive.newest_at = kNow - 20s;
    archive.pending = Told::yes;
    archive.pending_bytes = 16'777'216;
    Replication replication;
    replication.role = "primary";
    replication.followers = {{.name = "standby1", .expected = true, .lag = 1500ms}};
    replication.slots = {{.name = "standby1", .active = true, .retained_bytes = 33'554'432}};
    Assertions assertions;
    assertions.assertions = {{.name = "data_checksums", .expected = "on", .actual = "on"},
                             {.name = "full_page_writes", .expected = "on"}};
    Measurement margin{.name = "xid_age", .value = 1.9e9, .unit = "transactions"};
    add_subject(wal, "", "orders-db", seen({archive, replication, assertions, margin}));
    return wal;
}

CheckSnapshot shop_http() {
    CheckSnapshot shop = check("shop", "shop", "http");
    Reachability reachability;
    reachability.target = "https://shop.example/health";
    reachability.state = ReachState::down;
    reachability.latency = 2s;
    reachability.detail = "expected status 200, found 503";
    reachability.certificate = Certificate{.not_before = kNow - 240 * kHour, .not_after = kNow + 1440 * kHour};
    add_subject(shop, "", "shop", seen({reachability}));
    Alert pending = make_alert(RuleId::endpoint_down, "shop", "shop", "", AlertState::pending, Priority::p2,
                               "expected status 200, found 503, 2 probes in a row", *sample_config());
    shop.alerts = {std::move(pending)};
    return shop;
}

CheckSnapshot failing_check() {
    CheckSnapshot ledger = check("ledger-backup", "ledger", "files");
    CheckMemory& memory = memory_of(ledger);
    memory.failure = Failure{FailureKind::unreachable, "cannot read /backups/ledger: no such file or directory"};
    memory.failing_since = kNow - 2 * kHour;
    memory.last_success = kNow - 2 * kHour - 1min;
    memory.failures_total[0] = 120;
    return ledger;
}

AssetSnapshot asset(std::string name, std::string description, VerdictState state, std::vector<std::string> reasons,
                    std::vector<std::string> checks) {
    AssetSnapshot snapshot;
    snapshot.asset.name = std::move(name);
    snapshot.asset.description = std::move(description);
    snapshot.verdict.state = state;
    snapshot.verdict.reasons = std::move(reasons);
    snapshot.checks = std::move(checks);
    return snapshot;
}

AssetSnapshot orders_asset() {
    AssetSnapshot orders = asset("orders-db", "Orders PostgreSQL", VerdictState::unrecoverable,
                                 {"the newest backup is bad: page checksum error", "the restore test is overdue"},
                                 {"orders-backup", "orders-wal"});
    orders.asset.asset_class = "gold";
    orders.asset.labels = {{"tier", "1"}};
    orders.asset.objectives.rpo = 1h;
    orders.asset.objectives.rto = 4h;
    orders.asset.objectives.retention = 7 * kDay;
    orders.asset.objectives.restore_test_every = 7 * kDay;
    orders.verdict.recoverable_until = kNow - kHour;
    orders.verdict.proven_rto = 21min + 40s;
    orders.verdict.proven_depth = Depth::queried;
    orders.verdict.proven_at = kNow - 9 * kDay;
    orders.due = {{"restore-test", kNow - 6h}};
    orders.alerts = {make_alert(RuleId::restore_test_overdue, "orders-db", "", "", AlertState::firing, Priority::p2,
                                "none passed for 9d, one is promised every 7d", *sample_config())};
    orders.alerts.front().finding.identity.exercise = "restore-test";
    orders.alerts.front().labels["exercise"] = "restore-test";
    return orders;
}

void count_alerts(Snapshot& snapshot) {
    snapshot.alert_counts = {};
    core::for_each_alert(snapshot, [&](const Alert& alert) {
        if (alert.state != AlertState::resolved)
            ++snapshot.alert_counts[static_cast<std::size_t>(alert.state)]
                                   [static_cast<std::size_t>(alert.finding.priority)];
    });
}

} // namespace

exporters::AgentFacts facts() {
    exporters::AgentFacts facts;
    facts.version = "0.1.0";
    facts.revision = "abc1234";
    facts.started_at = kNow - 3h;
    facts.external_url = "https://recoverd.example";
    facts.push_enabled = true;
    facts.config_reloaded_at = kNow - 3h;
    facts.store_size_bytes = 65'536;
    return facts;
}

CheckMemory& memory_of(CheckSnapshot& check) {
    const auto own = std::make_shared<CheckMemory>(*check.memory);
    check.memory = own;
    return *own;
}

Snapshot empty_snapshot() {
    Snapshot snapshot;
    snapshot.made_at = kNow;
    snapshot.sequence = 1;
    return snapshot;
}

Alert make_alert(RuleId rule, std::string asset, std::string check, std::string subject, AlertState state,
                 Priority priority, std::string reason, const core::Config& config) {
    Alert alert;
    alert.finding.identity.rule = rule;
    alert.finding.identity.asset = std::move(asset);
    alert.finding.identity.check = std::move(check);
    alert.finding.identity.subject = std::move(subject);
    alert.finding.priority = priority;
    alert.finding.raw_priority = priority;
    alert.finding.reason = std::move(reason);
    alert.state = state;
    alert.since = kNow - 12min;
    alert.started_at = kNow - 10min;
    alert.resolved_at = kNow - 2min;
    alert.labels = alert_labels(alert.finding, config, nullptr, nullptr, core::Scope::node);
    return alert;
}

void add_alert(Snapshot& snapshot, Alert alert) {
    snapshot.other_alerts.push_back(std::move(alert));
    count_alerts(snapshot);
}

std::shared_ptr<const core::ScenarioSnapshot> zones_scenario() {
    auto made = std::make_shared<core::ScenarioSnapshot>();
    made->scenario = {.name = "az",
                      .description = "an availability zone is gone",
                      .priority = Priority::p1,
                      .rto = 5min,
                      .rpo = 30s,
                      .by = "zone",
                      .explains = {"node"}};
    made->groups = {{"eu-1a",
                     {core::ScenarioState::active, kNow - 4min, 3, 2, {"web-1", "web-2"}, {"web-3"}},
                     {core::Outage{kNow - 4min, {}, "web-1, web-2"},
                      {core::Outage{kNow - kDay, kNow - kDay + 3min, "web-1, web-3", core::Loss{4s + 200ms, 12}}}}},
                    {"eu-1b", {core::ScenarioState::clear, kNow - kDay, 3, 2, {}, {}}, {}},
                    {"eu-1c", {core::ScenarioState::unknown, kNow, 3, 2, {"web-7"}, {"web-8"}}, {}}};
    made->readiness = core::Readiness{core::VerdictState::at_risk,
                                      {{.asset = "orders-db",
                                        .state = core::VerdictState::at_risk,
                                        .from = "orders-backup/orders/repo2",
                                        .newest = kNow - 3h,
                                        .oldest = kNow - 5 * kDay,
                                        .takes = 21min + 40s,
                                        .blocks = {"goes back 5d, one must be able to go back 7d"}}}};
    return made;
}

std::shared_ptr<const core::ValidationSnapshot> recovery_validation() {
    auto made = std::make_shared<core::ValidationSnapshot>();
    made->validation = {.name = "after-recovery",
                        .description = "what customers need works again",
                        .asset = "shop",
                        .after = {"az"},
                        .steps = {{.check = "orders-wal", .priority = Priority::p1, .stop = true, .within = 2min},
                                  {.check = "shop", .within = 5min}}};
    made->memory.last = core::ValidationRun{.id = "after-recovery-1",
                                            .cause = "scenario az (eu-1a) is over",
                                            .began_at = kNow - 2h,
                                            .ended_at = kNow - 2h + 3min,
                                            .steps = {{.check = "orders-wal",
                                                       .state = core::StepState::passed,
                                                       .began_at = kNow - 2h,
                                                       .ended_at = kNow - 2h + 1min},
                                                      {.check = "shop",
                                                       .state = core::StepState::failed,
                                                       .began_at = kNow - 2h + 1min,
                                                       .ended_at = kNow - 2h + 3min,
                                                       .detail = "EndpointDown: down for 2m"}}};
    return made;
}

Snapshot sample_snapshot() {
    Snapshot snapshot = empty_snapshot();
    snapshot.sequence = 42;
    snapshot.config = sample_config();
    add(snapshot.checks, orders_backup());
    add(snapshot.checks, orders_wal());
    add(snapshot.checks, shop_http());
    add(snapshot.checks, failing_check());
    CheckSnapshot outcomes = check("orders-db/outcomes", "orders-db", "outcome");
    SubjectMemory exercises = seen({});
    exercises.exercises = {{.id = "a",
                            .exercise = "restore-test",
                            .outcome = ExerciseOutcome::passed,
                            .started_at = kNow - 9 * kDay - 25min,
                            .ended_at = kNow - 9 * kDay,
                            .depth = Depth::queried,
                            .rto = 21min + 40s}};
    add_subject(outcomes, "restore-test", "orders-db", std::move(exercises));
    add(snapshot.checks, std::move(outcomes));
    add(snapshot.assets, orders_asset());
    add(snapshot.assets, asset("shop", "The shop's front", VerdictState::recoverable, {}, {"shop"}));
    add(snapshot.assets,
        asset("ledger", "", VerdictState::unknown, {"ledger-backup has brought nothing for 2h"}, {"ledger-backup"}));
    AssetSnapshot docs = asset("docs", "Documents", VerdictState::at_risk, {"never proven by a restore"}, {});
    docs.asset.objectives.rpo = kDay;
    docs.verdict.recoverable_until = kNow - 8h;
    add(snapshot.assets, std::move(docs));
    Alert lowered = make_alert(RuleId::evidence_missing, "ledger", "ledger-backup", "", AlertState::firing,
                               Priority::p4, "nothing learned for 2h: cannot read /backups/ledger", *snapshot.config);
    lowered.finding.raw_priority = Priority::p3;
    lowered.finding.lowered_by = "maintenance: storage move";
    snapshot.other_alerts = {std::move(lowered)};
    snapshot.scenarios = {zones_scenario()};
    snapshot.validations = {recovery_validation()};
    count_alerts(snapshot);
    snapshot.status = Status::partial_outage;
    return snapshot;
}

namespace {

RecoveryPoints hostile_points(const std::string& evil) {
    RecoveryPoints points = points_of_orders();
    points.method = evil;
    for (RecoveryPoint& point : points.points) {
        point.id = point.backup_type = point.detail = evil;
        point.needs = {evil};
    }
    points.jobs = {{.state = JobState::failed, .backup_type = evil, .detail = evil}};
    return points;
}

/// A check that brings something, and does not know the rest.
CheckSnapshot hostile_gaps(const std::string& evil) {
    CheckSnapshot gaps = check(evil + "2", evil, evil);
    SubjectMemory failed = seen({});
    failed.failure = Failure{FailureKind::bad_answer, evil};
    SubjectMemory unknown = seen({Assertions{{{.name = evil, .expected = evil, .detail = evil}}}});
    SubjectMemory gone = seen({});
    gone.vanished_since = kNow;
    add_subject(gaps, evil, evil, std::move(failed));
    add_subject(gaps, evil + "2", evil, std::move(unknown));
    add_subject(gaps, evil + "3", evil, std::move(gone));
    return gaps;
}

} // namespace

Snapshot hostile_snapshot() {
    const std::string evil = "a\"b\\c\n</style><script>alert(1)</script>\xff\xfe\xed\xa0\x80{subject}'&\x01";
    Snapshot snapshot = empty_snapshot();
    auto config = std::make_shared<core::Config>();
    config->alert_labels = {{"team", evil}, {"bad-name", "x"}, {"__reserved", "x"}};
    config->instance = evil;
    config->runbook_base = "javascript:alert(1)//" + evil;
    config->dashboard_url = evil;
    auto scenario = std::make_shared<core::ScenarioSnapshot>();
    scenario->scenario = {.name = evil, .description = evil, .asset = evil, .rto = 1s, .by = evil, .explains = {evil}};
    scenario->groups = {{evil, {core::ScenarioState::active, kNow, 1, 1, {evil}, {evil}}, {}}};
    scenario->groups[0].outages.running = core::Outage{kNow - 1h, {}, evil};
    scenario->groups[0].outages.past = {core::Outage{kNow - 2h, kNow - 1h, evil}};
    scenario->readiness =
        core::Readiness{core::VerdictState::unknown, {{.asset = evil, .from = evil, .blocks = {evil}}}};
    snapshot.scenarios = {scenario};
    auto validation = std::make_shared<core::ValidationSnapshot>();
    validation->validation = {
        .name = evil, .description = evil, .asset = evil, .after = {evil}, .steps = {{.check = evil}}};
    validation->memory.running =
        core::ValidationRun{.id = evil, .cause = evil, .began_at = kNow, .steps = {{.check = evil, .detail = evil}}};
    validation->memory.last = validation->memory.running;
    validation->memory.last->aborted = evil;
    snapshot.validations = {validation};
    snapshot.config = config;
    CheckSnapshot broken = check(evil, evil, evil);
    auto configured = std::make_shared<Check>(*broken.check);
    configured->labels = {{"asset", "mine"}, {evil, evil}, {"ok", evil}};
    broken.check = configured;
    CheckMemory& remembered = memory_of(broken);
    remembered.failure = Failure{FailureKind::bad_answer, evil};
    remembered.last_failure = PastFailure{{FailureKind::bad_answer, evil}, kNow - kHour, kNow - 1min};
    const RecoveryPoints points = hostile_points(evil);
    Reachability reachability{.target = evil, .state = ReachState::down, .detail = evil};
    reachability.certificate = Certificate{.not_after = kNow, .fault = evil, .subject = evil};
    Replication replication;
    replication.followers = {{.name = evil, .lag = 1s}, {.name = evil, .lag = 2s}};
    Assertions assertions;
    assertions.assertions = {{.name = evil, .expected = evil, .actual = evil}, {.name = evil, .expected = evil}};
    Measurement measurement{.name = evil, .value = std::numeric_limits<double>::infinity(), .unit = evil};
    LogArchive archive{.failing_detail = evil, .last_segment = evil, .gaps = {{evil, evil, 1}}, .system_id = evil};
    SubjectMemory memory = seen({points, points, reachability, reachability, replication, assertions, measurement,
                                 measurement, archive, Fingerprint{.name = evil, .value = evil}});
    memory.failure = Failure{FailureKind::bad_answer, evil};
    memory.last_failed_job = FailedJob{kNow, evil, evil};
    memory.failing_assertions = {{evil, evil, evil, {}, kNow}};
    memory.fingerprints = {{evil, evil, kNow, evil, kNow}};
    memory.exercises = {{.id = evil,
                         .exercise = evil,
                         .outcome = ExerciseOutcome::failed,
                         .ended_at = kNow,
                         .link = "javascript:alert(1)//" + evil,
                         .message = evil}};
    add_subject(broken, evil, evil, std::move(memory));
    broken.alerts = {
        make_alert(RuleId::endpoint_down, evil, evil, evil, AlertState::firing, Priority::p1, evil, *config)};
    broken.alerts.front().finding.raw_priority = Priority::p3;
    broken.alerts.front().finding.lowered_by = evil;
    add(snapshot.checks, std::move(broken));
    add(snapshot.checks, hostile_gaps(evil));
    AssetSnapshot asset_snapshot = asset(evil, evil, VerdictState::unrecoverable, {evil}, {evil});
    asset_snapshot.asset.asset_class = evil;
    asset_snapshot.asset.labels = {{"class", evil}, {"1st", evil}};
    asset_snapshot.due = {{evil, kNow}, {evil, kNow}};
    add(snapshot.assets, std::move(asset_snapshot));
    count_alerts(snapshot);
    snapshot.status = Status::major_outage;
    return snapshot;
}

Snapshot huge_snapshot(std::size_t checks) {
    Snapshot snapshot = empty_snapshot();
    snapshot.config = sample_config();
    for (std::size_t i = 0; i < checks; ++i) {
        const std::string asset_name = fmt::format("asset-{}", i / 10);
        CheckSnapshot one = check(fmt::format("check-number-{}", i), asset_name, "files");
        RecoveryPoints points;
        points.method = "file";
        points.count = 7;
        points.points = {{.id = "x", .data_at = kNow - 3h, .ended_at = kNow - 3h}};
        add_subject(one, "series", asset_name, seen({points}));
        add(snapshot.checks, std::move(one));
        if (i % 10 == 0)
            add(snapshot.assets, asset(asset_name, "", VerdictState::recoverable, {}, {}));
    }
    return snapshot;
}

void check_golden(const std::string& name, const std::string& text) {
    const std::filesystem::path path = source_folder() / "tests/golden" / name;
    if (const char* accept = std::getenv("RECOVERD_ACCEPT_GOLDEN"); accept && std::string{accept} == "1") {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    INFO("after a wanted change: tools/accept-golden, and read the diff");
    CHECK(text == bytes.str());
}

Ran shell(const std::string& command, const std::string& input) {
    std::string file = std::filesystem::temp_directory_path() / "recoverd-input-XXXXXX";
    const int fd = mkstemp(file.data());
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    close(fd);
    FILE* const pipe = popen(("timeout 60 " + command + " < " + file + " 2>&1").c_str(), "r");
    REQUIRE(pipe);
    Ran ran{};
    std::array<char, 4096> chunk{};
    for (std::size_t got = 0; (got = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
        ran.output.append(chunk.data(), got);
    ran.status = WEXITSTATUS(pclose(pipe));
    std::filesystem::remove(file);
    return ran;
}

} // namespace recoverd::test
