// SPDX-License-Identifier: Apache-2.0
// Random lives of the whole agent: faults, crashes, reloads, full disks, jumping clocks and lost Alertmanagers in
// seeded order. After every step disk, snapshot and Alertmanager must tell the same; at the end of each life everything
// is mended, and then nothing may fire.
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <random>

namespace recoverd::scenario {

namespace {

const std::string kConfigs[] = {
    kSite,
    std::string{kSite} + "labels = { team = \"platform\" }\n",
    std::string{kSite} + "\n[policy]\nendpoint_down = { priority = \"P1\" }\n",
    std::string{kSite} + "\n[check.other]\ncollector = \"tcp\"\naddress = \"127.0.0.1:1\"\n",
    std::string{kSite} +
        "\n[[maintenance]]\nassets = [\"orders\"]\nfrom = 2026-11-22T03:00:00Z\nto = 2026-11-22T09:00:00Z\n",
};

class Life {
  public:
    explicit Life(std::uint64_t seed) : random_(seed), site_(seed) {}

    void step() {
        switch (dice(11)) {
        case 0:
            history_ += "port ";
            site_.listening = !site_.listening;
            break;
        case 1:
            history_ += "worker ";
            site_.hanging = !site_.hanging;
            break;
        case 2:
            history_ += "dump ";
            site_.dumps.write("orders", site_.played.now());
            break;
        case 3:
            history_ += "spoil ";
            site_.dumps.spoil_newest("orders");
            break;
        case 4:
            history_ += "restore ";
            site_.restore(dice(2) != 0 ? "passed" : "failed");
            break;
        case 5:
            history_ += "crash ";
            crash();
            break;
        case 6:
            history_ += "restart ";
            orderly_restart();
            break;
        case 7:
            history_ += "reload ";
            site_.played.reload(kConfigs[dice(std::size(kConfigs))]);
            break;
        case 8:
            history_ += "jump ";
            jump();
            break;
        case 9:
            history_ += "disk ";
            site_.played.disk.full = !site_.played.disk.full;
            break;
        default:
            history_ += "alertmanager ";
            site_.played.alertmanager.away = !site_.played.alertmanager.away;
            break;
        }
        site_.played.pass(Duration{static_cast<Duration::rep>(dice(5'400'000))});
    }

    /// Disk, snapshot and Alertmanager, once all of them can be reached.
    bool books_agree() {
        site_.played.disk.full = false;
        site_.played.alertmanager.away = false;
        // An alert that a crash took to the grave is over when its endsAt is, and a jump of the clock moves that.
        site_.played.pass(5min + kFarthestJump);
        return site_.played.books_agree();
    }

    const std::string& history() const { return history_; }
    std::string books() { return site_.played.books(); }

    std::set<std::string> mended() {
        site_.listening = true;
        site_.hanging = false;
        site_.played.disk.full = false;
        site_.played.alertmanager.away = false;
        site_.played.world.timers().jump(-jumped_);
        // What the wrong clock dated ahead has to come to pass.
        site_.played.pass(kFarthestJump + 1h);
        site_.dumps.write("orders", site_.played.now());
        site_.restore("passed");
        site_.played.pass(1h);
        return site_.played.firing();
    }

  private:
    static constexpr Duration kFarthestJump = 2h;

    std::uint64_t dice(std::uint64_t sides) { return random_() % sides; }

    void crash() {
        site_.played.kill();
        site_.played.pass(Duration{static_cast<Duration::rep>(dice(1'800'000))});
        site_.played.start();
    }
    void orderly_restart() {
        site_.played.terminate();
        site_.played.pass(Duration{static_cast<Duration::rep>(dice(1'800'000))});
        site_.played.start();
    }
    void jump() {
        const Duration by = jumped_ == Duration{0} ? Duration{kFarthestJump} : -jumped_;
        site_.played.world.timers().jump(by);
        jumped_ += by;
    }

    std::mt19937_64 random_;
    Site site_;
    Duration jumped_{0};
    std::string history_;
};

std::uint64_t lives() {
    const char* asked = std::getenv("RECOVERD_LIVES");
    return asked ? std::strtoull(asked, nullptr, 10) : 12;
}

} // namespace

TEST_CASE("random lives end as they should, and the books agree at every step") {
    for (std::uint64_t seed = 1; seed <= lives(); ++seed) {
        Life life{seed};
        for (int step = 1; step <= 12; ++step) {
            life.step();
            if (step % 3 == 0 && !life.books_agree())
                FAIL("life " << seed << ", step " << step << ": " << life.history() << "\n" << life.books());
        }
        INFO("life " << seed << ": " << life.history());
        REQUIRE(life.mended() == std::set<std::string>{});
        REQUIRE(life.books_agree());
    }
}

} // namespace recoverd::scenario
