// SPDX-License-Identifier: Apache-2.0
// What is posted to the web reaches the agent, and is answered only once it is on disk.
#include "agent/web/web_sources.hpp"

#include "io/json.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>

#include <list>

using namespace recoverd;

namespace {

class Disk final : public agent::Store {
  public:
    agent::Stored load() override { return {}; }
    io::Task<core::Result<void>> commit(agent::Batch batch) override {
        if (refuses)
            co_return core::failed(core::FailureKind::refused, "disk full");
        for (agent::StateRow& row : batch.rows)
            rows[row.name] = row.memory;
        log.insert(log.end(), batch.log.begin(), batch.log.end());
        co_return core::Result<void>{};
    }
    io::Task<core::Result<std::optional<agent::OutcomeRow>>> find_outcome(std::string /*asset*/, std::string /*id*/,
                                                                          std::string /*phase*/) override {
        co_return std::optional<agent::OutcomeRow>{};
    }
    io::Task<core::Result<std::vector<agent::LogRow>>> find_log(core::HistoryOf /*of*/, std::string name,
                                                                std::size_t most) override {
        if (refuses)
            co_return core::failed(core::FailureKind::refused, "input/output error");
        if (hangs) {
            const auto executor = co_await asio::this_coro::executor;
            asio::steady_timer& wait = waiting.emplace_back(executor, asio::steady_timer::time_point::max());
            asio::error_code woken;
            co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        std::vector<agent::LogRow> found;
        for (auto row = log.rbegin(); row != log.rend() && found.size() < most; ++row)
            if (row->asset == name)
                found.push_back(*row);
        co_return found;
    }
    std::uint64_t size_bytes() const override { return 0; }

    /// Those who ask for history go on.
    void go_on() {
        hangs = false;
        for (asio::steady_timer& wait : waiting)
            wait.cancel();
    }

    bool refuses = false;
    bool hangs = false;
    std::list<asio::steady_timer> waiting;
    std::map<std::string, std::string> rows;
    std::vector<agent::LogRow> log;
};

struct Site {
    test::Folder folder;
    asio::io_context loop;
    test::FakeWorld world{loop};
    Disk disk;
    agent::Agent agent{world, disk, agent::Admission::kUsual, {}};
    exporters::WebSources sources =
        agent::web_sources({loop, agent, [] { return exporters::AgentFacts{}; }, [] { return std::string{}; },
                            [] { return std::string{}; },
                            [this](io::Task<void> task) { asio::co_spawn(loop, std::move(task), asio::detached); },
                            [](std::function<void(std::optional<std::string>)>) -> io::Task<void> { co_return; }});

    Site() {
        folder.write("recoverd.toml",
                     "[asset.orders]\n[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\nasset = \"orders\"\n"
                     "[[validation]]\nname = \"recovery\"\nasset = \"orders\"\nstep = [{ check = \"a\" }]\n");
        agent.start({}, agent::make_setup(agent::load(folder.path("recoverd.toml")), {}));
    }
    io::HttpReply post(const std::function<void(io::HttpIncoming, io::HttpReplier)>& to, std::string body) {
        std::optional<io::HttpReply> got;
        io::HttpIncoming request;
        request.body = std::move(body);
        to(std::move(request), [&](io::HttpReply reply) { got = std::move(reply); });
        loop.restart();
        loop.poll();
        return got.value();
    }
    io::HttpReply report() {
        return post(sources.outcome, R"({"asset":"orders","exercise":"drill","outcome":"failed"})");
    }
};

} // namespace

TEST_CASE("what to forget must be said, and must be there") {
    Site site;
    for (const char* body : {"", "{}", "[]", R"({"subject":""})", R"({"subject":7})", R"({"subject":"a","x":1})"}) {
        INFO(body);
        const auto reply = site.post(site.sources.forget, body);
        CHECK(reply.status == 400);
        CHECK_FALSE(io::Json::parse(reply.body)["errors"].items().empty());
    }
    CHECK(site.post(site.sources.forget, R"({"subject":"orders/outcomes/drill"})").status == 404);
}

TEST_CASE("what is forgotten is gone from the disk when the answer comes, and cannot be forgotten twice") {
    Site site;
    REQUIRE(site.report().status == 201);
    REQUIRE(site.disk.rows.at("orders/outcomes").contains("drill"));
    const auto reply = site.post(site.sources.forget, R"({"subject":"orders/outcomes/drill"})");
    CHECK(reply.status == 200);
    CHECK(reply.body == "{\"forgotten\":1}\n");
    CHECK(!site.disk.rows.at("orders/outcomes").contains("drill"));
    CHECK(site.post(site.sources.forget, R"({"subject":"orders/outcomes/drill"})").status == 404);
}

TEST_CASE("a disk that refuses is told to who reports and to who forgets") {
    Site site;
    REQUIRE(site.report().status == 201);
    site.disk.refuses = true;
    CHECK(site.report().status == 503);
    CHECK(site.post(site.sources.forget, R"({"subject":"drill"})").status == 503);
}

TEST_CASE("what was reported is told as history, and a disk that cannot be read is told as that") {
    Site site;
    REQUIRE(site.report().status == 201);
    core::Result<std::vector<core::Event>> told;
    const auto ask = [&] {
        site.sources.history(core::HistoryOf::asset, "orders", 10, [&](const auto& events) { told = events; });
        site.loop.restart();
        site.loop.poll();
    };
    ask();
    REQUIRE(told);
    REQUIRE(told->size() == 1);
    CHECK(told->front().kind == "outcome");
    CHECK(told->front().name == "drill");
    CHECK(told->front().state == "failed");
    CHECK(told->front().labels.at("asset") == "orders");
    site.disk.log.push_back({core::from_unix_seconds(1), "alert", "{\"state\": 7}", "orders", "", "", "BackupTooOld"});
    ask();
    REQUIRE(told);
    CHECK(told->size() == 1);
    site.disk.refuses = true;
    ask();
    REQUIRE_FALSE(told);
    CHECK(told.error().detail == "input/output error");
}

TEST_CASE("of those who ask what happened a few wait at a time, and the others are turned away at once") {
    Site site;
    REQUIRE(site.report().status == 201);
    site.disk.hangs = true;
    int told = 0;
    int refused = 0;
    const auto go_on = [&] {
        site.loop.restart();
        site.loop.poll();
    };
    const auto ask = [&] {
        site.sources.history(core::HistoryOf::asset, "orders", 10,
                             [&](const auto& events) { ++(events ? told : refused); });
        go_on();
    };
    for (int i = 0; i < 100; ++i)
        ask();
    CHECK(told == 0);
    CHECK(refused > 50);
    CHECK(refused < 100);
    site.disk.go_on();
    go_on();
    CHECK(told + refused == 100);
    const int before = told;
    ask();
    CHECK(told == before + 1);
}

TEST_CASE("a validation that is asked for runs once at a time, and one that is not there does not") {
    Site site;
    CHECK(site.post(site.sources.validate, R"({"subject":"recovery"})").status == 400);
    CHECK(site.post(site.sources.validate, R"({"validation":"other"})").status == 404);
    const auto begun = site.post(site.sources.validate, R"({"validation":"recovery"})");
    CHECK(begun.status == 202);
    const auto* unit = site.agent.engine().validation("recovery");
    CHECK(io::Json::parse(begun.body)["started"].text() == unit->memory.running->id);
    CHECK(site.post(site.sources.validate, R"({"validation":"recovery"})").status == 409);
}

TEST_CASE("a check that is not there is not run, and that is said") {
    Site site;
    const auto reply =
        site.post([&](const io::HttpIncoming&, const io::HttpReplier& later) { site.sources.look("b", later); }, "");
    CHECK(reply.status == 404);
    CHECK(io::Json::parse(reply.body)["errors"][0].text() == "there is no check 'b'");
}

TEST_CASE("an agent that was given something and does not judge is stuck, and is not called healthy") {
    using namespace std::chrono_literals;
    // Nobody runs its keeper here.
    Site site;
    exporters::Web web{site.sources, {}};
    io::HttpIncoming request;
    request.verb = "GET";
    request.path = "/-/healthy";
    const auto status = [&] { return web(request, [](const io::HttpReply&) {})->status; };
    site.world.timers().advance(24h);
    CHECK(status() == 200);
    REQUIRE(site.report().status == 201);
    site.world.timers().advance(29s);
    CHECK(status() == 200);
    site.world.timers().advance(2s);
    CHECK(status() == 503);
}
