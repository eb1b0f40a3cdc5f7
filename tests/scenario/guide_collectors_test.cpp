// SPDX-License-Identifier: Apache-2.0
// Rows of the guide that rest on an option of packaging/config/resilience-guide.toml: its own checks look at a scripted
// world, by their collectors, so that an option which is not there, or asks for something else, shows here.
#include "tests/scenario/guide_cluster.hpp"
#include "tests/scenario/guide_watch.hpp"
#include "tests/support/pg_answers.hpp"
#include "tests/support/replies.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

using namespace recoverd;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

using test::Script;

struct Asked {
    std::string_view id;
    std::string_view check;
    Script well;
    Script ill;
    /// Between the last good look and the first bad one, and between two looks.
    core::Duration later;
    core::Duration every;
    std::string_view alert;
    /// Whose alert it is, where it is not the check's own.
    std::string_view scenario = {};
};

// --- Valkey, PgBouncer --------------------------------------------------------------------------------------------

void replace(std::string& text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    INFO(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
}

/// A server with an append-only file and one replica, changed as a test says.
Script valkey(std::string_view from = {}, std::string_view to = {}) {
    return [from, to](test::FakeWorld& world) {
        io::RespValue info = test::replies(test::data("valkey/aof-valkey.resp")).at(0);
        replace(info.text, "connected_slaves:0",
                "connected_slaves:1\r\nslave0:ip=10.0.3.12,port=6379,state=online,offset=0,lag=0");
        if (!from.empty())
            replace(info.text, from, to);
        world.on_resp = [info](const io::RespRequest&) { return io::RespAnswer{{info}}; };
    };
}

/// What its console said once; clients have waited for so many seconds.
Script pooler(std::string_view captured, std::string_view waited = {}) {
    return [captured, waited](test::FakeWorld& world) {
        io::PgAnswer answer = test::pg_answer(test::data(fmt::format("pgbouncer/{}.json", captured)));
        if (io::PgTable& pools = answer.tables.at(0); !waited.empty())
            pools.rows.at(0).at(static_cast<std::size_t>(pools.column("maxwait"))) = std::string{waited};
        world.on_postgres = [answer](const io::PgRequest&) { return answer; };
    };
}

// --- S3 -----------------------------------------------------------------------------------------------------------

std::string versioning(std::string_view status) {
    return fmt::format("<VersioningConfiguration><Status>{}</Status></VersioningConfiguration>", status);
}

std::string lifecycle(int days) {
    return fmt::format("<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix></Prefix></Filter><Status>Enabled"
                       "</Status><NoncurrentVersionExpiration><NoncurrentDays>{}</NoncurrentDays>"
                       "</NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
                       days);
}

std::string lock(std::string_view mode) {
    return fmt::format("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
                       "<Mode>{}</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
                       mode);
}

std::string encryption(std::string_view algorithm) {
    return fmt::format(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{}"
        "</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        algorithm);
}

/// The bucket as the file asks for it, but for what a test says of it. What is not told here is unknown.
Script bucket(std::map<std::string, std::string> changed = {}) {
    return [changed = std::move(changed)](test::FakeWorld& world) {
        std::map<std::string, std::string> says{
            {"versions",
             "<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>shop-terraform</Name>"
             "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Version><Key>prod/terraform.tfstate"
             "</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-20T02:00:00Z</LastModified>"
             "<ETag>&quot;e&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Version>"
             "</ListVersionsResult>"},
            {"versioning", versioning("Enabled")},
            {"object-lock", lock("COMPLIANCE")},
            {"lifecycle", lifecycle(90)},
            {"encryption", encryption("aws:kms")},
            {"publicAccessBlock", test::data("s3/public-access-block.xml")}};
        for (const auto& [setting, document] : changed)
            says.insert_or_assign(setting, document);
        world.on_http = [says](const io::HttpRequest& request) {
            io::HttpAnswer answer;
            answer.status = 501;
            answer.body = "<Error><Code>NotImplemented</Code></Error>";
            for (const auto& [setting, document] : says)
                if (request.url.contains("?" + setting + "=") || request.url.contains("&" + setting + "=")) {
                    answer.status = 200;
                    answer.body = document;
                }
            return answer;
        };
    };
}

// --- Git ----------------------------------------------------------------------------------------------------------

std::string refs(int main) {
    return fmt::format("ref: refs/heads/main\tHEAD\n{0:040x}\tHEAD\n{0:040x}\trefs/heads/main\n", main);
}

/// Its main branch at the origin and in the mirror, what merge-base says of it, and what fsck ends with.
Script repository(int origin, int mirror, int merge_base = 0, int fsck = 0) {
    return [=](test::FakeWorld& world) {
        world.on_run = [=](const io::Command& command) {
            const auto runs = [&](std::string_view word) {
                return std::ranges::find(command.argv, word) != command.argv.end();
            };
            if (runs("ls-remote"))
                return test::exited(refs(command.argv.back().starts_with("https:") ? origin : mirror));
            if (runs("merge-base"))
                return test::exited("", merge_base);
            if (runs("fsck"))
                return test::exited("", fsck, fsck == 0 ? "" : test::data("git/fsck-corrupt.err"));
            if (runs("for-each-ref"))
                return test::exited(fmt::format("{:040x}\trefs/heads/main\n", mirror));
            if (runs("rev-list"))
                return test::exited("commit x\n1700000000\n");
            return runs("grep") ? test::exited("", 1) : test::exited(runs("rev-parse") ? "false\n" : "");
        };
    };
}

// --- Kubernetes ---------------------------------------------------------------------------------------------------

Script application(std::string_view health) {
    return test::kubernetes_lists(
        {{"applications", fmt::format(R"({{"metadata": {{"name": "shop", "namespace": "argocd"}},
                        "status": {{"health": {{"status": "{}"}}, "sync": {{"status": "Synced"}}}}}})",
                                      health)}});
}

/// One that is ready for weeks yet, and was not to be renewed before next week; which somebody asked for all the same.
Script certificate(bool renewal_failed) {
    return test::kubernetes_lists(
        {{"certificates",
          fmt::format(R"({{"metadata": {{"name": "orders", "namespace": "shop"}}, "spec": {{}}, "status": {{
                        "notBefore": "2026-10-01T00:00:00Z", "notAfter": "2026-12-30T00:00:00Z",
                        "renewalTime": "2026-11-30T00:00:00Z",
                        "conditions": [{{"type": "Ready", "status": "True"}}{}]}}}})",
                      renewal_failed ? R"(, {"type": "Issuing", "status": "False", "reason": "Failed",
                        "message": "order is invalid"})"
                                     : "")}});
}

// ------------------------------------------------------------------------------------------------------------------

std::vector<Asked> rows() {
    return {
        {"RL1", "workloads", test::shop_cluster(), test::shop_cluster({.has_liveness_probe = false}), 1min, 1min,
         "P2 AssertionFailed"},
        {"FM1", "workloads", test::shop_cluster(), test::shop_cluster({.web_ready = false}), 1min, 1min,
         "P2 EndpointDown"},
        {"FM1", "workloads", test::shop_cluster(), test::shop_cluster({.restarts = 6}), 1min, 1min,
         "P3 MeasurementOutOfRange"},
        {"FM1", "workloads", test::shop_cluster(), test::shop_cluster({.was_killed_for_memory = true}), 1min, 1min,
         "P3 MeasurementOutOfRange"},
        {"RL6", "workloads", test::shop_cluster(), test::shop_cluster({.was_killed_for_memory = true}), 1min, 1min,
         "P3 MeasurementOutOfRange"},
        {"RR1", "workloads", test::shop_cluster(), test::shop_cluster({.web_ready = false}), 1min, 1min,
         "P1 RtoExceeded", "pod"},
        {"FM2", "nodes", test::shop_cluster(), test::shop_cluster({.node_ready = false}), 1min, 1min,
         "P2 EndpointDown"},
        {"RR2", "nodes", test::shop_cluster(), test::shop_cluster({.node_ready = false}), 1min, 1min, "P1 RtoExceeded",
         "node"},
        {"BM4", "valkey", valkey(), valkey("aof_enabled:1", "aof_enabled:0"), 1min, 1min, "P2 AssertionFailed"},
        {"RL4", "valkey", valkey(), valkey("ip=10.0.3.12", "ip=10.0.3.99"), 1min, 1min, "P2 ReplicaMissing"},
        {"RL2", "postgresql-pooler", pooler("idle"), pooler("paused"), 1min, 1min, "P3 AssertionFailed"},
        {"RL7", "postgresql-pooler", pooler("idle"), pooler("waiting", "14"), 1min, 1min, "P1 RtoExceeded",
         "pool-exhausted"},
        {"BM5", "terraform-bucket", bucket(), bucket({{"versioning", versioning("Suspended")}}), 1min, 1min,
         "P2 AssertionFailed"},
        {"BM5", "terraform-bucket", bucket(), bucket({{"lifecycle", lifecycle(30)}}), 1min, 1min, "P2 AssertionFailed"},
        {"BM5", "terraform-bucket", bucket(), bucket({{"encryption", encryption("AES256")}}), 1min, 1min,
         "P2 AssertionFailed"},
        {"DR1", "terraform-bucket", bucket(), bucket({{"object-lock", lock("GOVERNANCE")}}), 1min, 1min,
         "P2 AssertionFailed"},
        {"BM6", "git-mirror", repository(2, 2), repository(3, 2), 1min, 30min, "P2 BackupTooOld"},
        {"BM6", "git-mirror", repository(2, 2), repository(3, 3, 1), 1min, 1min, "P2 AssertionFailed"},
        {"BV4", "git-mirror", repository(2, 2), repository(2, 2, 0, 1), days{31}, 1min, "P4 BackupCorrupt"},
        {"RL5", "certificates", certificate(false), certificate(true), 1min, 1min, "P3 EndpointDegraded"},
        {"RL7", "certificates", certificate(false), certificate(true), 1min, 1min, "P2 ScenarioActive", "certificate"},
        {"RL6", "deployments", application("Healthy"), application("Degraded"), 1min, 1min, "P2 EndpointDown"},
        {"RL6", "deployments", application("Healthy"), application("Degraded"), 1min, 15s, "P2 ScenarioActive",
         "bad-deploy"},
        {"RL6", "deployments", application("Healthy"), application("Missing"), 1min, 1min, "P1 RtoExceeded",
         "bad-deploy"},
    };
}

void look_six_times(test::GuideWatch& watch, std::string_view check, const Script& script, core::Duration every) {
    script(watch.world);
    for (int looks = 0; looks < 6; ++looks) {
        watch.look(std::string{check});
        watch.pass(every);
    }
}

} // namespace

namespace recoverd {

test::Ids test::ids_by_collectors() {
    Ids ids;
    for (const Asked& row : rows())
        ids.emplace(row.id);
    return ids;
}

} // namespace recoverd

TEST_CASE("what the guide's configuration asks of a system is what its collector finds missing there") {
    const agent::Loaded loaded = test::load_guide();
    for (const Asked& row : rows()) {
        CAPTURE(row.id, row.check, row.alert, row.scenario);
        test::GuideWatch watch{loaded};
        const auto fires = [&] {
            return row.scenario.empty() ? watch.fires(row.alert, "check", row.check)
                                        : watch.fires(row.alert, "scenario", row.scenario);
        };
        look_six_times(watch, row.check, row.well, row.every);
        CHECK_FALSE(fires());
        watch.pass(row.later);
        look_six_times(watch, row.check, row.ill, row.every);
        CHECK(fires());
    }
}

TEST_CASE("a pool that somebody paused on purpose is no pool that is exhausted") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    look_six_times(watch, "postgresql-pooler", pooler("paused"), 1min);
    CHECK_FALSE(watch.fires("P2 ScenarioActive", "scenario", "pool-exhausted"));
}

TEST_CASE("an API server that answers only in part is no certificate that was not renewed") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    look_six_times(watch, "certificates", certificate(false), 1min);
    for (int looks = 0; looks < 6; ++looks) {
        watch.learn("certificates", "apiserver",
                    {core::Reachability{.target = "apiserver", .state = core::ReachState::degraded}});
        watch.pass(1min);
    }
    CHECK(watch.fires("P3 EndpointDegraded", "check", "certificates"));
    CHECK_FALSE(watch.fires("P2 ScenarioActive", "scenario", "certificate"));
}

TEST_CASE("a rollout that takes its time is no bad deploy, and wakes nobody") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    look_six_times(watch, "deployments", application("Healthy"), 15s);
    look_six_times(watch, "deployments", application("Progressing"), 1min);
    CHECK_FALSE(watch.fires("P2 ScenarioActive", "scenario", "bad-deploy"));
    CHECK(watch.pages().empty());
}
