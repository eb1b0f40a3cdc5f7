// SPDX-License-Identifier: Apache-2.0
// How long an object is on its way to where it is replicated to, over several looks: no service tells it.
#include "tests/collectors/s3/bucket.hpp"

#include "collectors/s3.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using namespace std::chrono_literals;
using collectors::s3_parts::Pending;
using core::Duration;
using core::FollowerState;
using test::kStart;

namespace {

std::vector<std::pair<std::string, std::string>> status(const std::string& replication) {
    // As of a large upload, which began hours ago.
    return {{"last-modified", "Sat, 21 Nov 2026 20:00:00 GMT"},
            {"etag", "\"e\""},
            {"x-amz-replication-status", replication}};
}

/// A bucket whose rule replicates all of it, asked again and again.
struct Replicated : test::Bucket {
    explicit Replicated(core::config::Table what) : options(std::move(what)) {
        options.push_back(test::entry("replicas", test::list({"dr"})));
        on("GET ?versioning", 200, test::data("s3/versioning-enabled.xml"));
        on("GET ?replication", 200,
           "<ReplicationConfiguration><Rule><Status>Enabled</Status><Filter/><Destination><Bucket>arn:aws:s3:::dr"
           "</Bucket></Destination></Rule></ReplicationConfiguration>");
    }

    /// The newest version of `state`, and how far it has come.
    void newest(const std::string& version, const std::string& replication) {
        on("GET ?versions", 200,
           test::versions(test::version("state", version, "2026-11-21T20:00:00Z", 12, true) +
                          test::version("state", "v0", "2026-11-20T20:00:00Z", 12, false)));
        on("HEAD state@" + version, 200, "", status(replication));
    }

    core::Follower at(Duration time) {
        later = time;
        const auto seen = look(options);
        REQUIRE(seen);
        cursor = seen->cursor;
        return test::evidence<core::Replication>(test::subject(seen, "")).followers.at(0);
    }

    /// In whole minutes; an answer takes milliseconds.
    std::optional<std::chrono::minutes> behind(Duration time) {
        const core::Follower follower = at(time);
        if (!follower.lag)
            return std::nullopt;
        return std::chrono::floor<std::chrono::minutes>(*follower.lag);
    }

    std::vector<std::string> heads() const {
        std::vector<std::string> urls;
        for (const io::HttpRequest& request : requests)
            if (request.verb == "HEAD")
                urls.push_back(request.url.substr(std::string_view{"http://s3.example/backups/"}.size()));
        return urls;
    }

    core::config::Table options;
};

collectors::S3Newest told(const std::string& replication) {
    collectors::s3_parts::Attributes head;
    head.replication = replication;
    return {.head = std::optional{head}};
}

} // namespace

TEST_CASE("an object is on its way since a look first saw it so, however long ago its upload began") {
    Replicated s3({test::text("key", "state")});
    s3.newest("v1", "PENDING");
    CHECK(s3.at(0s).lag == Duration{0});
    CHECK(s3.behind(5min) == 5min);
    CHECK(s3.behind(20min) == 20min);
    CHECK(s3.heads().size() == 1);
    s3.newest("v1", "COMPLETED");
    CHECK(s3.at(25min).state == FollowerState::streaming);
    s3.newest("v2", "PENDING");
    CHECK(s3.behind(24h) == 0min);
    CHECK(s3.heads().size() == 1);
    CHECK(s3.behind(24h + 10min) == 10min);
}

TEST_CASE("new versions that are on their way as well do not begin anew while one before them is") {
    Replicated s3({test::text("key", "state")});
    s3.newest("v1", "PENDING");
    CHECK(s3.behind(0min) == 0min);
    s3.newest("v2", "PENDING");
    CHECK(s3.behind(10min) == 10min);
    CHECK(s3.heads() == std::vector<std::string>{"state?versionId=v2", "state?versionId=v1"});
    s3.newest("v3", "PENDING");
    CHECK(s3.behind(20min) == 20min);
    // Whoever could not be asked has not arrived.
    s3.on("HEAD state@v1", 403, "");
    CHECK(s3.behind(30min) == 30min);
    // Nor has who failed, or is gone; then it is v3 that is waited for.
    s3.on("HEAD state@v1", 404, "");
    CHECK(s3.behind(40min) == 40min);
    s3.newest("v4", "PENDING");
    CHECK(s3.behind(50min) == 50min);
    CHECK(s3.heads() == std::vector<std::string>{"state?versionId=v4", "state?versionId=v3"});
    s3.on("HEAD state@v3", 200, "", status("FAILED"));
    CHECK(s3.behind(60min) == 60min);
    s3.newest("v4", "COMPLETED");
    CHECK(s3.at(70min).lag == Duration{0});
}

TEST_CASE("where something new comes all the time, what it was before tells that it arrives") {
    Replicated s3({test::text("prefix", "wal/")});
    for (int i = 1; i < 10; ++i) {
        s3.on("GET ?list-type", 200,
              test::objects(test::object(fmt::format("wal%2F{}", i), fmt::format("2026-11-22T00:0{}:00Z", i), 9)));
        s3.on(fmt::format("HEAD wal/{}", i), 200, "", status("PENDING"));
        if (i > 1)
            s3.on(fmt::format("HEAD wal/{}", i - 1), 200, "", status("COMPLETED"));
        const core::Follower follower = s3.at(i * 10min);
        CHECK(follower.state == FollowerState::catching_up);
        CHECK(follower.lag == Duration{0});
    }
    // By its key alone, which needs no s3:GetObjectVersion.
    CHECK(s3.heads() == std::vector<std::string>{"wal/9", "wal/8"});
}

TEST_CASE("an object that is written over is told from what it was by the version that it tells") {
    Replicated s3({test::text("prefix", "latest/")});
    s3.on("GET ?list-type", 200, test::objects(test::object("latest%2Fa", "2026-11-22T00:00:00Z", 9)));
    const auto version = [](const std::string& id) {
        auto headers = status("PENDING");
        headers.emplace_back("x-amz-version-id", id);
        return headers;
    };
    s3.on("HEAD latest/a", 200, "", version("v1"));
    CHECK(s3.behind(0min) == 0min);
    s3.on("HEAD latest/a", 200, "", version("v2"));
    s3.on("HEAD latest/a@v1", 200, "", status("PENDING"));
    CHECK(s3.behind(10min) == 10min);
    s3.on("HEAD latest/a@v1", 200, "", status("COMPLETED"));
    CHECK(s3.behind(20min) == 0min);
}

TEST_CASE("what is not told of the newest leaves since when one before it is on its way as it was") {
    collectors::s3_parts::Entry entry;
    entry.key = "state";
    entry.version_id = "v2";
    const Pending before{"state", "v1", kStart};
    const core::Time now = kStart + 1h;
    for (const char* other : {"", "FAILED", "REPLICA"})
        CHECK(collectors::s3_pending(before, entry, told(other), now) == before);
    CHECK(collectors::s3_pending(before, entry, {}, now) == before);
    CHECK_FALSE(collectors::s3_pending(before, entry, told("COMPLETE"), now));
    CHECK_FALSE(collectors::s3_pending({}, entry, told("FAILED"), now));
    CHECK(collectors::s3_pending({}, entry, told("PENDING"), now) == Pending{"state", "v2", now});
    // A clock that was set back, or a cursor of somebody's.
    const Pending ahead{"state", "v2", now + 24h};
    CHECK(collectors::s3_pending(ahead, entry, told("PENDING"), now) == Pending{"state", "v2", now});
    CHECK_FALSE(collectors::s3_asks_earlier(before, entry, told("COMPLETED")));
    CHECK_FALSE(collectors::s3_asks_earlier({}, entry, told("PENDING")));
    CHECK(collectors::s3_asks_earlier(before, entry, told("PENDING"))->version_id == "v1");
}

TEST_CASE("a check that names no replicas remembers none that is on its way") {
    Replicated s3({test::text("key", "state")});
    s3.newest("v1", "PENDING");
    s3.at(0s);
    CHECK(collectors::s3_parts::read_cursor(s3.cursor).pending.size() == 1);
    const auto seen = s3.look({test::text("key", "state")});
    REQUIRE(seen);
    CHECK(collectors::s3_parts::read_cursor(seen->cursor).pending.empty());
}
