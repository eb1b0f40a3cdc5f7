// SPDX-License-Identifier: Apache-2.0
// Documents of real sources (tests/data/) that end too early: the connection broke, the disk was full, somebody killed
// the tool. What is there of them is no part of an answer.
#include "tests/collectors/garbage.hpp"
#include "tests/collectors/good_news.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>

using namespace recoverd;
using namespace std::chrono_literals;
using test::entry;
using test::text;
namespace config = recoverd::core::config;

namespace {

struct Document {
    std::string collector;
    config::Table options;
    std::string bytes;
    /// Is it good news when it is whole, and the answer to every question?
    bool good = true;
};

config::Entry secret(std::string key) {
    return entry(std::move(key), config::Node{config::Table{text("file", "/token")}, {}});
}

std::vector<Document> documents() {
    const std::string walg =
        R"([{"backup_name": "base_000000010000000000000032", "time": "2026-11-20T02:10:00Z", "wal_file_name": )"
        R"("000000010000000000000032", "start_time": "2026-11-20T02:00:00Z", "finish_time": "2026-11-20T02:10:00Z"}])";
    const std::string sample =
        R"({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"job": "api"}, )"
        R"("value": [1795316400, "1"]}]}})";
    return {
        {"aiven", {text("project", "shop"), secret("token")}, test::data("aiven/services.json"), true},
        {"barman", {}, test::data("barman/list.json"), true},
        {"borg", {}, test::data("borg/list.json"), true},
        {"github_actions",
         {text("repository", "example/orders"), text("workflow", "restore.yml")},
         test::data("github_actions/passed.json"),
         false},
        {"patroni", {entry("urls", test::list({"http://node1:8008"}))}, test::data("patroni/cluster-well.json"), false},
        {"pgbackrest", {}, test::data("pgbackrest/info-full-diff-incr.json"), true},
        {"prometheus",
         {text("url", "http://prometheus:9090"), text("query", "max(up)"), entry("above", 10.0)},
         sample,
         true},
        {"restic", {}, test::data("restic/snapshots.json"), true},
        {"s3",
         {text("bucket", "backups"), text("endpoint", "http://s3.example"), text("access_key_id", "AKID"),
          secret("secret_access_key"), entry("versioning", false)},
         test::data("s3/objects-first-page.xml"),
         false},
        {"vault", {text("address", "https://vault:8200")}, test::data("vault/health-active.json"), false},
        {"walg", {}, walg, true},
    };
}

collectors::Collected look(const Document& document, const std::string& answer) {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.secrets["/token"] = "s3cret";
    const test::Everywhere everywhere{answer};
    world.on_http = [&](const auto&) { return everywhere(std::type_identity<io::HttpAnswer>{}); };
    world.on_run = [&](const auto&) { return everywhere(std::type_identity<io::Finished>{}); };
    return test::look(ioc, world, document.collector, document.options, "", 1min, 0s);
}

} // namespace

TEST_CASE("of a document that ends too early nothing is good, wherever it ends") {
    constexpr std::size_t kPlaces = 16;
    for (const Document& document : documents()) {
        const std::string whole = document.bytes.substr(0, document.bytes.find_last_not_of(" \n") + 1);
        for (std::size_t i = 0; i <= kPlaces; ++i) {
            // The last lacks just its end.
            const std::size_t size = std::min(whole.size() * i / kPlaces, whole.size() - 1);
            CAPTURE(document.collector, size, whole.size());
            for (const auto& [kind, words] : test::good_news(look(document, whole.substr(0, size))))
                FAIL_CHECK(words);
        }
        // Else the rest would show nothing.
        CAPTURE(document.collector);
        CHECK(test::good_news(look(document, whole)).empty() != document.good);
    }
}
