// SPDX-License-Identifier: Apache-2.0
// A check that somebody asks to look: when it does, when it does not, and when the answer comes.
#include "agent/agent.hpp"

#include "agent/configuration.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/agent/no_disk.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

using namespace recoverd;
using namespace std::chrono_literals;

namespace {

using Answers = std::vector<agent::AskedRuns::Answer>;

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): both outlive the loop
io::Task<void> ask(agent::Agent& agent, std::string check, Answers& answers) {
    agent::AskedRuns::Answer answer = co_await agent.ask_to_look(std::move(check));
    answers.push_back(std::move(answer));
}

std::string hourly(std::size_t checks) {
    std::string config = "[asset.orders]\n";
    for (std::size_t i = 0; i < checks; ++i)
        config += fmt::format("[check.a{}]\ncollector = \"http\"\nurl = \"http://shop{}.example/\"\nasset = "
                              "\"orders\"\nevery = \"1h\"\ntimeout = \"30s\"\n",
                              i, i);
    return config;
}

/// An agent with one check an hour, which has looked once.
struct Site {
    explicit Site(std::size_t checks = 1) : Site(hourly(checks), nullptr) {}
    Site(const std::string& config, std::function<core::Result<io::Finished>(const io::Command&)> program) {
        folder.write("recoverd.toml", config);
        world.on_run = std::move(program);
        world.on_http = [](const io::HttpRequest&) { return io::HttpAnswer{}; };
        agent.start({}, agent::make_setup(agent::load(folder.path("recoverd.toml")), {}));
        asio::co_spawn(loop, agent.run(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
        world.timers().advance(1min);
    }
    ~Site() {
        // Nobody may sleep any more when the timers go.
        asio::co_spawn(loop, agent.stop(), asio::detached);
        cancel.emit(asio::cancellation_type::terminal);
        world.timers().advance(agent::AskedRuns::kPatience);
    }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    void press(std::string check = "a0") {
        asio::co_spawn(loop, ask(agent, std::move(check), answers), asio::detached);
    }
    /// The status of the newest answer; 0 while there are not so many.
    int status(std::size_t of) const { return answers.size() == of ? answers.back().status : 0; }

    test::Folder folder;
    asio::io_context loop;
    test::FakeWorld world{loop};
    test::NoDisk disk;
    agent::Agent agent{world, disk, agent::Admission::kUsual, {}};
    asio::cancellation_signal cancel;
    Answers answers;
};

} // namespace

TEST_CASE("what is not there is not run, nor what is only told") {
    Site site;
    site.press("other");
    site.world.timers().advance(1ms);
    CHECK(site.status(1) == 404);
    const std::size_t asked = site.world.asked.size();
    // Outcomes of an asset are a check that never looks; it is there once something was reported.
    asio::co_spawn(site.loop, site.agent.record_outcome(R"({"asset":"orders","exercise":"drill","outcome":"passed"})"),
                   asio::detached);
    site.world.timers().advance(1s);
    site.press("orders/outcomes");
    site.world.timers().advance(1ms);
    CHECK(site.status(2) == 400);
    CHECK(site.world.asked.size() == asked);
}

TEST_CASE("the answer comes when what was learned can be seen") {
    Site site;
    const auto before = site.agent.snapshot().get()->checks[0].memory->last_run;
    site.press();
    site.world.timers().advance(1s);
    REQUIRE(site.status(1) == 200);
    CHECK(site.answers[0].memory->last_run == site.agent.snapshot().get()->checks[0].memory->last_run);
    CHECK(site.answers[0].memory->last_run > before);
}

TEST_CASE("a run that goes on is not joined by another, and one that takes long is not waited for") {
    Site site;
    site.world.hangs = [](const std::string&) { return true; };
    site.press();
    site.world.timers().advance(1s);
    const std::size_t asked = site.world.asked.size();
    site.press();
    site.world.timers().advance(1s);
    CHECK(site.status(1) == 409);
    site.world.timers().advance(agent::AskedRuns::kPatience);
    CHECK(site.status(2) == 202);
    // It looks still, until its timeout.
    site.press();
    site.world.timers().advance(1s);
    CHECK(site.status(3) == 409);
    CHECK(site.world.asked.size() == asked);
}

TEST_CASE("a check is not asked again at once, however often the button is pressed") {
    Site site;
    const std::size_t asked = site.world.asked.size();
    site.press();
    site.world.timers().advance(1s);
    REQUIRE(site.status(1) == 200);
    site.press();
    site.world.timers().advance(1s);
    REQUIRE(site.status(2) == 429);
    CHECK(site.answers[1].again_in > 0s);
    CHECK(site.answers[1].again_in <= agent::AskedRuns::kAgainAfter);
    CHECK(site.world.asked.size() == asked + 1);
    site.world.timers().advance(agent::AskedRuns::kAgainAfter);
    site.press();
    site.world.timers().advance(1s);
    CHECK(site.status(3) == 200);
    CHECK(site.world.asked.size() == asked + 2);
}

TEST_CASE("only so many are waited for at a time") {
    Site site{agent::AskedRuns::kMostAtOnce + 1};
    site.world.hangs = [](const std::string&) { return true; };
    for (std::size_t i = 0; i <= agent::AskedRuns::kMostAtOnce; ++i)
        site.press(fmt::format("a{}", i));
    site.world.timers().advance(1s);
    CHECK(site.status(1) == 429);
}

TEST_CASE("a check that leaves the configuration while it is asked leaves nobody waiting for ever") {
    Site site;
    site.world.hangs = [](const std::string&) { return true; };
    site.press();
    site.world.timers().advance(1s);
    site.folder.write("recoverd.toml", "[asset.orders]\n");
    site.agent.configure(agent::make_setup(agent::load(site.folder.path("recoverd.toml")), {}));
    site.world.timers().advance(agent::AskedRuns::kPatience);
    CHECK(site.status(1) == 202);
}

TEST_CASE("what is forgotten while somebody's look runs is shown by the next one") {
    Site site{
        "[asset.orders]\n[check.a0]\ncollector = \"exec\"\ncommand = [\"true\"]\nasset = \"orders\"\nevery = \"1h\"\n",
        [](const io::Command&) { return test::exited("OK - all is well\n"); }};
    const auto is_seen = [&] { return site.agent.engine().check("a0")->memory->subjects.contains(""); };
    REQUIRE(is_seen());
    site.world.latency = 3s;
    site.press();
    site.world.timers().advance(1s);
    CHECK(site.agent.forget("a0/") == 1);
    site.world.timers().advance(4s);
    REQUIRE(site.status(1) == 200);
    CHECK_FALSE(is_seen());
    site.world.timers().advance(agent::AskedRuns::kAgainAfter);
    site.press();
    site.world.timers().advance(5s);
    REQUIRE(site.status(2) == 200);
    CHECK(is_seen());
}

TEST_CASE(
    "whoever asks after a repair has a repository proven anew, and one in which nothing was found just looked at") {
    bool damaged = true;
    const auto restic = [&damaged](const io::Command& command) -> core::Result<io::Finished> {
        const auto has = [&](const char* word) { return std::ranges::find(command.argv, word) != command.argv.end(); };
        if (has("snapshots"))
            return test::exited(test::data("restic/snapshots.json"));
        if (has("check") && damaged)
            return test::exited("", 1, test::data("restic/check-gone.txt"));
        return test::exited("");
    };
    Site site{"[asset.orders]\n[check.a0]\ncollector = \"restic\"\nasset = \"orders\"\nverify = \"listed\"\n"
              "every = \"1h\"\n",
              restic};
    const auto proofs = [&] {
        return std::ranges::count_if(site.world.asked,
                                     [](const std::string& line) { return line.ends_with(" check"); });
    };
    const auto newest = [&] {
        core::PointState state = core::PointState::bad;
        for (const core::Evidence& one : *site.answers.back().memory->subjects.at("db1:/srv/orders").evidence)
            if (const auto* found = std::get_if<core::RecoveryPoints>(&one))
                state = found->points.back().state;
        return state;
    };
    REQUIRE(proofs() == 1);
    damaged = false;
    // The proof counts for a day, and so does what it found.
    site.world.timers().advance(150min);
    CHECK(proofs() == 1);
    site.press();
    site.world.timers().advance(1s);
    REQUIRE(site.status(1) == 200);
    CHECK(proofs() == 2);
    CHECK(newest() == core::PointState::good);
    site.world.timers().advance(agent::AskedRuns::kAgainAfter);
    site.press();
    site.world.timers().advance(1s);
    REQUIRE(site.status(2) == 200);
    CHECK(proofs() == 2);
    CHECK(newest() == core::PointState::good);
}
