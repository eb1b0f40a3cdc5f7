// SPDX-License-Identifier: Apache-2.0
// What holds for every collector, asked of each in collectors::all(). A new collector adds one row to
// minimal_options() and is asked the same.
#include "collectors/all.hpp"
#include "tests/collectors/contributing_example.hpp"
#include "tests/collectors/garbage.hpp"
#include "tests/collectors/good_news.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

using namespace recoverd;
using namespace recoverd::collectors;
using test::Everywhere;
using test::Garbage;
namespace config = recoverd::core::config;

namespace {

config::Node list(const std::vector<std::string>& words) {
    config::Array array;
    for (const auto& word : words)
        array.push_back({word, {}});
    return {array, {}};
}

config::Node text(std::string value) { return {std::move(value), {}}; }

/// One that every run can open.
config::Node secret() { return {config::Table{{"env", {}, text("SECRET")}}, {}}; }

/// Two, of which the second needs what the first was told.
config::Node http_steps() {
    const config::Node first{config::Table{{"name", {}, text("first")},
                                           {"url", {}, text("http://app.example:8080/first")},
                                           {"take", {}, {config::Table{{"id", {}, text("/0/name")}}, {}}}},
                             {}};
    const config::Node second{
        config::Table{{"name", {}, text("second")}, {"url", {}, text("http://app.example:8080/{id}")}}, {}};
    return {config::Array{first, second}, {}};
}

/// `http` as it is asked for with steps.
Kind http_in_steps() {
    Kind made = http();
    made.name = "http in steps";
    return made;
}

struct Minimal {
    std::string_view collector;
    std::vector<std::pair<std::string, config::Node>> options;
};

/// The least that each collector must be told.
const std::vector<Minimal>& minimal_options() {
    static const std::vector<Minimal> rows{
        {"aiven", {{"project", text("shop")}, {"token", secret()}}},
        {"barman", {}},
        {"borg", {}},
        {"dns", {{"name", text("shop.example")}}},
        {"exec", {{"command", list({"check_something"})}}},
        {"files", {{"path", text("/backups/*.dump")}}},
        {"git", {{"origin", text("https://git.example/orders.git")}, {"mirror", text("/srv/git/orders.git")}}},
        {"github_actions", {{"repository", text("example/orders")}, {"workflow", text("restore.yml")}}},
        {"http", {{"url", text("http://app.example:8080/healthz")}}},
        {"http in steps", {{"steps", http_steps()}}},
        {"icmp", {{"address", text("db.example")}}},
        {"kafka", {{"brokers", list({"kafka1.example:9092", "kafka2.example:9092"})}}},
        {"kubernetes", {{"server", text("https://k8s.example:6443")}, {"token", secret()}}},
        {"loki", {{"url", text("http://loki.example:3100")}, {"query", text("sum(rate({job=\"api\"}[5m]))")}}},
        {"outcome", {}},
        {"patroni", {{"urls", list({"http://node1.example:8008", "http://node2.example:8008"})}}},
        {"pgbackrest", {}},
        {"pgbouncer", {{"dsn", text("host=pooler.example port=6432 dbname=pgbouncer")}}},
        {"postgresql", {{"dsn", text("host=db.example dbname=postgres")}}},
        {"postgresql_validation", {{"dsn", text("host=db.example dbname=orders")}}},
        {"prometheus", {{"url", text("http://prometheus.example:9090")}, {"query", text("max(up)")}}},
        // [row]
        {"proxmox_backup", {{"repository", text("watcher@pbs@pbs.example:store1")}}},
        // [/row]
        {"restic", {}},
        {"s3", {{"bucket", text("backups")}, {"region", text("eu-central-1")}, {"instance_metadata", {true, {}}}}},
        {"systemd_unit", {{"unit", text("backup.service")}}},
        {"tcp", {{"address", text("db.example:5432")}}},
        {"tempo", {{"url", text("http://tempo.example:3200")}, {"fresh_within", text("5m")}}},
        {"terraform_state", {{"address", text("https://state.example/infra")}}},
        {"tls", {{"address", text("db.example:443")}}},
        {"valkey", {{"address", text("cache.example:6379")}}},
        {"vault", {{"address", text("https://vault.example:8200")}}},
        {"vault_snapshot", {{"path", text("/backups/vault-*.snap")}}},
        {"walg", {}},
    };
    return rows;
}

config::Table minimal(const Kind& kind) {
    for (const Minimal& row : minimal_options())
        if (row.collector == kind.name) {
            config::Table table;
            for (const auto& [key, node] : row.options)
                table.push_back({key, {}, node});
            return table;
        }
    throw std::runtime_error(fmt::format("collector '{}' has no row in minimal_options()", kind.name));
}

/// Those that are listed, the other form of `http`, and the one of CONTRIBUTING.md, which shall not show what the
/// others may not do.
const std::vector<Kind>& asked() {
    static const std::vector<Kind> kinds = [] {
        std::vector<Kind> made{all().begin(), all().end()};
        made.push_back(http_in_steps());
        made.push_back(proxmox_backup());
        return made;
    }();
    return kinds;
}

config::Place place(const Kind& kind) { return {"check.x", fmt::format("collector '{}'", kind.name), {}}; }

Compiled compiled(const Kind& kind) {
    config::Diagnostics diagnostics;
    Compiled made = kind.compile(minimal(kind), place(kind), {}, diagnostics);
    for (const auto& diagnostic : diagnostics.all())
        UNSCOPED_INFO(config::format(diagnostic));
    REQUIRE(diagnostics.all().empty());
    return made;
}

/// Is it one that looks, or one that is told?
bool looks(const Kind& kind) { return kind.every > Duration{0}; }

Run a_run(const Kind& kind, test::FakeWorld& world, std::string cursor = {}) {
    world.secrets = {{"SECRET", "of the test"}};
    return {world, kind.timeout, std::move(cursor), world.timers().now(), "x"};
}

/// What `world` makes of one run of `kind`; fails the test when it takes longer than it may.
Collected look(const Kind& kind, asio::io_context& ioc, test::FakeWorld& world, std::string cursor = {}) {
    const Duration began = world.timers().elapsed();
    Collected seen = test::run(ioc, world.timers(), compiled(kind).collect(a_run(kind, world, std::move(cursor))));
    CHECK(world.timers().elapsed() - began <= kind.timeout);
    return seen;
}

/// No answer, or one that says of nothing that it is well.
bool learned_nothing_good(const Collected& seen) {
    if (!seen)
        return true;
    return std::ranges::all_of(seen->subjects, [](const SubjectReport& subject) {
        const bool down = std::ranges::all_of(subject.evidence, [](const Evidence& evidence) {
            const auto* reach = std::get_if<core::Reachability>(&evidence);
            return reach && reach->state != core::ReachState::up;
        });
        return subject.failure || (down && !subject.evidence.empty());
    });
}

template <class Answer>
void answer_all(test::FakeWorld& world, Answer answer) {
    world.on_http = [answer](const auto&) { return answer(std::type_identity<io::HttpAnswer>{}); };
    world.on_run = [answer](const auto&) { return answer(std::type_identity<io::Finished>{}); };
    world.on_postgres = [answer](const auto&) { return answer(std::type_identity<io::PgAnswer>{}); };
    world.on_connect = [answer](const auto&) { return answer(std::type_identity<io::Connected>{}); };
    world.on_dns = [answer](const auto&) { return answer(std::type_identity<io::DnsAnswer>{}); };
    world.on_ping = [answer](const auto&) { return answer(std::type_identity<io::Pinged>{}); };
    world.on_resp = [answer](const auto&) { return answer(std::type_identity<io::RespAnswer>{}); };
    world.on_unit = [answer](const auto&) { return answer(std::type_identity<io::UnitState>{}); };
    world.on_worker = [answer](const auto&, const auto&) { return answer(std::type_identity<io::Finished>{}); };
}

/// Is it good by the words of whoever answers, whatever they are?
struct BelievesAnything {
    std::string_view collector;
    EvidenceKind kind;
    std::string_view why;
};

constexpr BelievesAnything kBelieve[] = {
    {"dns", EvidenceKind::reachability, "an answer that holds a record is all that is asked"},
    {"exec", EvidenceKind::assertions, "a plug-in that ends with 0 says that it holds, in words of its own"},
    {"http", EvidenceKind::reachability, "without expectations, status 200 is all that is asked"},
    {"http in steps", EvidenceKind::reachability, "without expectations, two times status 200 and a value are all"},
    {"icmp", EvidenceKind::reachability, "an echo that came back is all that is asked"},
    {"pgbackrest", EvidenceKind::recovery_points, "one of the random texts is a document of its own: whole, an answer"},
    {"tcp", EvidenceKind::reachability, "a connection is all that is asked"},
    {"tls", EvidenceKind::reachability, "a handshake, and no fault of the certificate, is all that is asked"},
};

bool may_believe(const Kind& kind, EvidenceKind evidence) {
    return std::ranges::any_of(
        kBelieve, [&](const BelievesAnything& row) { return row.collector == kind.name && row.kind == evidence; });
}

/// What is good in `seen` and should not be: none of it was told.
void expect_no_good_news(const Kind& kind, const Collected& seen) {
    for (const auto& [evidence, words] : test::good_news(seen)) {
        CAPTURE(words);
        CHECK(may_believe(kind, evidence));
    }
}

void refuse_all(test::FakeWorld& world, FailureKind kind) {
    answer_all(world,
               [kind]<class T>(std::type_identity<T>) -> Result<T> { return core::failed(kind, "as the test says"); });
}

} // namespace

TEST_CASE("every collector is listed once, by name") {
    REQUIRE_FALSE(all().empty());
    CHECK(std::ranges::is_sorted(all(), std::ranges::less_equal{}, &Kind::name));
    for (const Kind& kind : all())
        CHECK(find(kind.name) == &kind);
    CHECK_FALSE(find("no such collector"));
}

TEST_CASE("every collector describes itself") {
    for (const Kind& kind : asked()) {
        CAPTURE(kind.name);
        CHECK_FALSE(kind.summary.empty());
        CHECK_FALSE(kind.access.empty());
        CHECK_FALSE(kind.brings.empty());
        CHECK(kind.timeout > Duration{0});
        CHECK((kind.timeout < kind.every || !looks(kind)));
        for (const auto& option : kind.options) {
            CAPTURE(option.key);
            CHECK_FALSE(option.help.empty());
            CHECK_FALSE(option.type.empty());
            CHECK_FALSE(option.help.ends_with('.'));
        }
    }
}

TEST_CASE("what a collector must be allowed can be pasted, where somebody has to allow it") {
    // These ask what everybody may ask, are told in words all that there is to tell, or run what somebody else wrote.
    constexpr std::array<std::string_view, 13> kInWords{
        "dns",        "exec",           "http",         "http in steps", "icmp",  "loki", "outcome",
        "prometheus", "proxmox_backup", "systemd_unit", "tcp",           "tempo", "tls"};
    for (const Kind& kind : asked()) {
        CAPTURE(kind.name, kind.access);
        CHECK(std::ranges::count(kind.access, '`') % 2 == 0);
        if (std::ranges::find(kInWords, kind.name) == kInWords.end())
            CHECK(kind.access.contains('`'));
    }
}

TEST_CASE("every collector rejects an option that it does not know, and names the one that was meant") {
    for (const Kind& kind : asked()) {
        for (const auto& option : kind.options) {
            CAPTURE(kind.name, option.key);
            config::Table table = minimal(kind);
            table.push_back({std::string{option.key} + "x", {}, text("y")});
            config::Diagnostics diagnostics;
            kind.compile(table, place(kind), {}, diagnostics);
            REQUIRE(diagnostics.has_mistakes());
            CHECK(std::ranges::any_of(diagnostics.all(), [&](const auto& diagnostic) {
                return diagnostic.hint.contains(fmt::format("'{}'", option.key));
            }));
        }
    }
}

TEST_CASE("every collector says which options it cannot do without") {
    for (const Kind& kind : asked()) {
        CAPTURE(kind.name);
        config::Diagnostics diagnostics;
        kind.compile({}, place(kind), {}, diagnostics);
        const bool needs =
            std::ranges::any_of(kind.options, [](const auto& option) { return option.need == config::Need::required; });
        if (needs)
            CHECK(diagnostics.has_mistakes());
    }
}

TEST_CASE("every collector ends in time when the world never answers") {
    for (const Kind& kind : asked()) {
        CAPTURE(kind.name);
        asio::io_context ioc;
        test::FakeWorld world{ioc};
        world.latency = core::kDay;
        const Collected seen = look(kind, ioc, world);
        if (!looks(kind)) {
            REQUIRE(seen);
            CHECK(*seen == Seen{{}, false, {}});
            continue;
        }
        CHECK(learned_nothing_good(seen));
        if (kind.probes) {
            REQUIRE(seen);
            CHECK_FALSE(seen->subjects.empty());
        } else {
            REQUIRE_FALSE(seen);
            CHECK(seen.error().kind == FailureKind::timed_out);
        }
    }
}

TEST_CASE("every collector takes no for an answer, and says what kind of no it was") {
    for (const Kind& kind : asked()) {
        if (!looks(kind))
            continue;
        for (const auto no : {FailureKind::unreachable, FailureKind::refused, FailureKind::bad_answer}) {
            CAPTURE(kind.name, core::name_of(no));
            asio::io_context ioc;
            test::FakeWorld world{ioc};
            refuse_all(world, no);
            const Collected seen = look(kind, ioc, world);
            CHECK(learned_nothing_good(seen));
            if (!kind.probes) {
                REQUIRE_FALSE(seen);
                CHECK(seen.error().kind == no);
                CHECK_FALSE(seen.error().detail.empty());
            }
        }
    }
}

TEST_CASE("every collector makes an answer or a failure of garbage, is not surprised, and learns nothing good of it") {
    for (const Kind& kind : asked()) {
        std::string cursor;
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(kind.name, seed);
            asio::io_context ioc;
            test::FakeWorld world{ioc, seed};
            const auto garbage = std::make_shared<Garbage>(seed);
            answer_all(world, [garbage](auto type) { return (*garbage)(type); });
            const Collected seen = look(kind, ioc, world, seed % 2 ? cursor : fmt::format("cursor {}", seed));
            expect_no_good_news(kind, seen);
            if (seen) {
                cursor = seen->cursor;
                continue;
            }
            // guarded() says so of an exception that nobody meant: an index out of range, a wrong alternative.
            CHECK_FALSE(seen.error().detail.starts_with("unexpected:"));
            CHECK_FALSE(seen.error().detail.empty());
            CAPTURE(seen.error().detail.substr(0, 200));
            CHECK(seen.error().detail.size() < 2'000);
        }
    }
}

TEST_CASE("every collector learns nothing good of an answer that is empty, cut off, huge or wrongly encoded") {
    using namespace std::string_literals;
    const std::vector<std::pair<std::string_view, std::string>> broken{
        {"empty", ""},
        {"blank", " \n\n"},
        {"nothing, as JSON", "null"},
        {"cut off", R"([{"name":"a","id":"x","status":{"code":0,"message":"ok"},"backup":[{"label":"2026)"},
        {"cut off, as XML", R"(<?xml version="1.0"?><ListBucketResult><Contents><Key>a</Key><Size>1)"},
        {"huge", std::string(std::size_t{1} << 20U, 'x')},
        {"huge, as JSON", "\"" + std::string(std::size_t{1} << 20U, 'x') + "\""},
        {"nested without an end", std::string(100'000, '[')},
        {"UTF-16", "\xff\xfe[\0{\0\"\0i\0d\0\"\0:\0\"\0x\0\"\0}\0]\0"s},
        {"Latin-1", "[{\"id\":\"caf\xe9\",\"time\":\"2026-11-22T03:00:00Z\"}]"},
        {"gzip", "\x1f\x8b\x08\0\0\0\0\0\0\x03"s},
        {"zeros", std::string(4'096, '\0')},
        {"a page for people", "<!DOCTYPE html><html><body>Please log in</body></html>"},
    };
    for (const Kind& kind : asked())
        for (const auto& [what, text] : broken) {
            CAPTURE(kind.name, what);
            asio::io_context ioc;
            test::FakeWorld world{ioc};
            answer_all(world, Everywhere{text});
            const Collected seen = look(kind, ioc, world);
            expect_no_good_news(kind, seen);
            if (seen)
                continue;
            CHECK_FALSE(seen.error().detail.starts_with("unexpected:"));
            CHECK_FALSE(seen.error().detail.empty());
            CHECK(seen.error().detail.size() < 2'000);
        }
}

TEST_CASE("every collector stops at once when it is cancelled, and leaves nothing waiting") {
    for (const Kind& kind : asked()) {
        if (!looks(kind))
            continue;
        CAPTURE(kind.name);
        asio::io_context ioc;
        test::FakeWorld world{ioc};
        world.latency = core::kDay;
        asio::cancellation_signal cancel;
        bool ended = false;
        bool aborted = false;
        asio::co_spawn(ioc, compiled(kind).collect(a_run(kind, world)),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, const Collected&) {
                           ended = true;
                           try {
                               if (error)
                                   std::rethrow_exception(error);
                           } catch (const asio::system_error& thrown) {
                               aborted = thrown.code() == asio::error::operation_aborted;
                           }
                       }));
        world.timers().advance(std::chrono::milliseconds{100});
        REQUIRE_FALSE(ended);
        cancel.emit(asio::cancellation_type::terminal);
        world.timers().advance(Duration{0});
        CHECK(ended);
        CHECK(aborted);
        CHECK_FALSE(world.timers().next_in());
    }
}

TEST_CASE("two runs of a collector know nothing of each other") {
    for (const Kind& kind : asked()) {
        CAPTURE(kind.name);
        const auto prepare = [](test::FakeWorld& world, bool refuses) {
            const auto garbage = std::make_shared<Garbage>(7);
            if (refuses)
                refuse_all(world, FailureKind::refused);
            else
                answer_all(world, [garbage](auto type) { return (*garbage)(type); });
        };
        std::vector<Collected> alone;
        for (const bool refuses : {true, false}) {
            asio::io_context ioc;
            test::FakeWorld world{ioc};
            prepare(world, refuses);
            alone.push_back(look(kind, ioc, world));
        }
        const Compiled once = compiled(kind);
        asio::io_context ioc;
        test::FakeWorld refusing{ioc};
        test::FakeWorld answering{ioc};
        prepare(refusing, true);
        prepare(answering, false);
        std::vector<std::optional<Collected>> together(2);
        asio::co_spawn(ioc, once.collect(a_run(kind, refusing)),
                       [&](std::exception_ptr, Collected seen) { together[0] = std::move(seen); });
        asio::co_spawn(ioc, once.collect(a_run(kind, answering)),
                       [&](std::exception_ptr, Collected seen) { together[1] = std::move(seen); });
        for (Duration passed{0}; passed <= kind.timeout; passed += Duration{1'000}) {
            refusing.timers().advance(Duration{1'000});
            answering.timers().advance(Duration{1'000});
        }
        REQUIRE(together[0]);
        REQUIRE(together[1]);
        CHECK(*together[0] == alone[0]);
        CHECK(*together[1] == alone[1]);
    }
}
