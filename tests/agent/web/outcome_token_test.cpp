// SPDX-License-Identifier: Apache-2.0
#include "agent/web/outcome_token.hpp"

#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using agent::OutcomeToken;
using core::config::SecretRef;

namespace {

struct Told {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::vector<std::string> warnings;
    OutcomeToken token{world, [this](const std::string& why) { warnings.push_back(why); }};

    asio::cancellation_signal cancel;

    Told() { asio::co_spawn(ioc, token.run(), asio::bind_cancellation_slot(cancel.slot(), asio::detached)); }
    ~Told() {
        cancel.emit(asio::cancellation_type::terminal);
        ioc.restart();
        ioc.poll();
    }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;
    void use(const SecretRef& ref) {
        token.use(ref);
        asio::co_spawn(ioc, token.read(), asio::detached);
    }
    void pass(core::Duration duration) {
        ioc.restart();
        world.timers().advance(duration);
    }
};

const SecretRef kFile{SecretRef::Source::file, "/etc/token"};
const SecretRef kOther{SecretRef::Source::env, "TOKEN"};

} // namespace

TEST_CASE("without a token in the configuration there is none") {
    Told told;
    told.pass(OutcomeToken::kReadEvery * 3);
    CHECK(told.token.get().empty());
    CHECK(told.warnings.empty());
}

TEST_CASE("a token that cannot be read is no token, and is said once") {
    Told told;
    told.use(kFile);
    told.pass(OutcomeToken::kReadEvery * 3);
    CHECK(told.token.get().empty());
    CHECK(told.warnings.size() == 1);
}

TEST_CASE("a token that changes counts without a reload, and one that vanishes counts no longer") {
    Told told;
    told.world.secrets["/etc/token"] = "one";
    told.use(kFile);
    told.pass(core::Duration{1'000});
    CHECK(told.token.get() == "one");
    told.world.secrets["/etc/token"] = "two";
    told.pass(OutcomeToken::kReadEvery * 2);
    CHECK(told.token.get() == "two");
    told.world.secrets.clear();
    told.pass(OutcomeToken::kReadEvery * 2);
    CHECK(told.token.get().empty());
    CHECK(told.warnings.size() == 1);
}

TEST_CASE("after a reload the old token does not count any more, not even while the new one is being read") {
    Told told;
    told.world.secrets["/etc/token"] = "one";
    told.world.secrets["TOKEN"] = "other";
    told.use(kFile);
    told.pass(core::Duration{1'000});
    told.use(kOther);
    CHECK(told.token.get().empty());
    told.pass(core::Duration{1'000});
    CHECK(told.token.get() == "other");
}
