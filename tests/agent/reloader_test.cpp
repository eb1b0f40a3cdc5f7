// SPDX-License-Identifier: Apache-2.0
// A configuration on a file system that hangs: refused in time, by the name of what hangs, and read again afterwards.
#include "agent/reloader.hpp"

#include "tests/agent/commands/typed.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

using namespace recoverd;
using namespace std::chrono_literals;
using core::Duration;

namespace {

/// By the real clock: a call that nobody waits for and that took longer hangs.
constexpr auto kSlow = 1100ms;

/// A file system that hangs at one of its files while a test says so.
class Disk {
  public:
    agent::Configuration read(const std::string& file, const agent::Touching& touching) {
        touching(file);
        touching("conf.d/remote.toml");
        std::unique_lock lock{mutex_};
        ++readers_;
        goes_on_.wait(lock, [&] { return !hangs_; });
        --readers_;
        return {};
    }
    void hang(bool shall_be) {
        const std::lock_guard lock{mutex_};
        hangs_ = shall_be;
        goes_on_.notify_all();
    }
    int readers() {
        const std::lock_guard lock{mutex_};
        return readers_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable goes_on_;
    bool hangs_ = false;
    int readers_ = 0;
};

struct Site {
    std::shared_ptr<Disk> disk = std::make_shared<Disk>();
    asio::io_context loop;
    test::FakeTimers timers{loop};
    io::BlockingPool pool{2, 2};
    int taken = 0;
    std::vector<std::string> refused;
    std::vector<std::optional<std::string>> answers;
    asio::cancellation_signal cancel;
    agent::Reloader reloader{timers, pool, "recoverd.toml", running(), hooks()};

    ~Site() {
        disk->hang(false);
        cancel.emit(asio::cancellation_type::terminal);
        timers.advance(0ms);
    }
    static agent::Loaded running() {
        agent::Loaded loaded;
        loaded.files = {"recoverd.toml"};
        return loaded;
    }

    agent::Reloader::Hooks hooks() {
        return {[] {}, [this](const agent::Configuration&) { ++taken; },
                [this](const std::string& mistakes) { refused.push_back(mistakes); },
                [disk = disk](const std::string& file, const agent::Touching& touching) {
                    return disk->read(file, touching);
                }};
    }
    void reload() {
        asio::co_spawn(loop,
                       reloader.reload([this](std::optional<std::string> mistakes) { answers.push_back(mistakes); }),
                       asio::detached);
    }
    void watch(Duration interval) {
        asio::co_spawn(loop, reloader.watch(interval),
                       asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
    }
    /// Nothing but one reader that hangs.
    bool rests() const { return pool.busy() == 1 && pool.queued() == 0; }
    /// What threads answer comes when it comes, whatever the fake clock says.
    void until(const std::function<bool()>& so) {
        for (int i = 0; !so() && i < 5'000; ++i) {
            timers.advance(0ms);
            std::this_thread::sleep_for(1ms);
        }
        REQUIRE(so());
    }
};

const std::string kLate = "conf.d/remote.toml: no answer within 30 s\n";
const std::string kStill =
    "conf.d/remote.toml: expected an answer about the configuration, found an earlier call hanging\n";

} // namespace

TEST_CASE("a configuration that hangs is refused in time by the name of its file, and later read again") {
    Site site;
    site.disk->hang(true);
    site.reload();
    site.until([&] { return site.disk->readers() == 1; });
    site.timers.advance(29s);
    CHECK(site.refused.empty());
    site.timers.advance(2s);
    CHECK(site.refused == std::vector{kLate});
    CHECK(site.answers == std::vector<std::optional<std::string>>{kLate});

    std::this_thread::sleep_for(kSlow);
    for (int i = 0; i < 5; ++i)
        site.reload();
    site.until([&] { return site.answers.size() == 6; });
    CHECK(site.answers.back() == kStill);
    CHECK(site.disk->readers() == 1);
    CHECK(site.taken == 0);

    site.disk->hang(false);
    site.until([&] { return site.pool.busy() == 0; });
    site.reload();
    site.until([&] { return site.answers.size() == 7; });
    CHECK(site.answers.back() == std::nullopt);
    CHECK(site.taken == 1);
}

TEST_CASE("who watches the files of a configuration reads it again once it hangs no more") {
    Site site;
    site.disk->hang(true);
    site.watch(1min);
    // The first look reads anew.
    site.timers.advance(1min);
    site.until([&] { return site.disk->readers() == 1; });
    site.timers.advance(30s);
    CHECK(site.refused == std::vector{kLate});
    std::this_thread::sleep_for(kSlow);
    for (int i = 0; i < 5; ++i) {
        site.timers.advance(1min);
        site.until([&] { return site.rests(); });
        site.timers.advance(0ms);
    }
    CHECK(site.refused == std::vector{kLate});
    site.disk->hang(false);
    site.until([&] { return site.pool.busy() == 0; });
    CHECK(site.taken == 0);
    site.timers.advance(1min);
    site.until([&] { return site.taken == 1; });
}

TEST_CASE("whoever reads a configuration says beforehand what is looked at next") {
    const test::Folder folder;
    folder.write("recoverd.toml", "include = [\"conf.d/*.toml\"]\n[outcomes]\ntoken = { file = \"/no/token\" }\n");
    std::filesystem::create_directory(folder.path("conf.d"));
    folder.write("conf.d/a.toml",
                 "[asset.orders]\n[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\nasset = \"orders\"\n");
    std::vector<std::string> touched;
    const auto touching = [&](const std::string& path) { touched.push_back(path); };
    const auto loaded = agent::load(folder.path("recoverd.toml"), collectors::all(), touching);
    CHECK_FALSE(loaded.diagnostics.has_mistakes());
    CHECK(touched == std::vector{folder.path("recoverd.toml"), folder.path("conf.d/*.toml"),
                                 folder.path("conf.d/a.toml"), std::string{"/no/token"}});
}
