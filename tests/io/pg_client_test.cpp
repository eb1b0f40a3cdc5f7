// SPDX-License-Identifier: Apache-2.0
// The client against real servers: those that answer, and all the ways in which they do not.
#include "io/pg_client.hpp"

#include "tests/io/fake_names.hpp"
#include "tests/support/postgres_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using io::FailureKind;
using io::PgAnswer;
using io::PgRequest;
using Clock = std::chrono::steady_clock;

std::size_t open_sockets() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        count += std::filesystem::read_symlink(entry.path(), gone).string().starts_with("socket:") ? 1U : 0U;
    }
    return count;
}

/// A listener that accepts and then says what it likes.
class Listener {
  public:
    explicit Listener(std::string words = {}) : words_(std::move(words)) {
        ++alive;
        accept();
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Listener() {
        --alive;
        loop_.stop();
        thread_.join();
    }
    /// Their ends of connections are sockets of this process too.
    static inline int alive = 0;
    unsigned short port() const { return acceptor_.local_endpoint().port(); }

  private:
    void accept() {
        acceptor_.async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
            if (error)
                return;
            if (!words_.empty())
                asio::write(socket, asio::buffer(words_));
            sockets_.push_back(std::move(socket));
            accept();
        });
    }

    std::string words_;
    asio::io_context loop_;
    asio::ip::tcp::acceptor acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}};
    std::vector<asio::ip::tcp::socket> sockets_;
    std::thread thread_;
};

/// Runs one query on a loop of its own; fails when the loop was held up for half a second, or a socket stayed open.
io::Result<PgAnswer> query(PgRequest request) {
    asio::io_context loop;
    std::optional<io::Result<PgAnswer>> answer;
    const auto sockets = open_sockets();
    asio::co_spawn(loop, io::pg_query(std::move(request)), [&](std::exception_ptr error, io::Result<PgAnswer> result) {
        REQUIRE_FALSE(error);
        answer = std::move(result);
    });
    Clock::duration longest{};
    while (!answer) {
        asio::steady_timer tick(loop, 10ms);
        tick.async_wait([](asio::error_code) {});
        const auto before = Clock::now();
        loop.run_one();
        longest = std::max(longest, Clock::now() - before);
    }
    CHECK(longest < 500ms);
    loop.restart();
    loop.poll();
    if (Listener::alive == 0)
        CHECK(open_sockets() == sockets);
    return std::move(*answer);
}

PgRequest request(std::string dsn, std::vector<std::string> statements, core::Duration timeout = 10s) {
    PgRequest made;
    made.dsn = std::move(dsn);
    made.statements = std::move(statements);
    made.timeout = timeout;
    return made;
}

#define NEED_POSTGRES()                                                                                                \
    if (!test::PostgresServer::available())                                                                            \
    SKIP("PostgreSQL 15 is not installed")

} // namespace

TEST_CASE("a dsn is described without credentials, and what it may not hold is named") {
    CHECK(io::pg_target("host=db1 user=recoverd") == "db1:5432");
    CHECK(io::pg_target("postgresql://recoverd@db1:5433,db2/orders?target_session_attrs=primary") ==
          "db1:5433,db2:5432");
    CHECK(io::pg_target("host=/run/postgresql") == "/run/postgresql:5432");
    CHECK(io::pg_target("hostaddr=10.0.0.1 port=6432") == "10.0.0.1:6432");
    CHECK(io::pg_target("host=mydb1,db1,mydb1") == "mydb1:5432,db1:5432");
    CHECK(io::pg_target("host=db1,db2 target_session_attrs=prefer-standby") == "db1:5432,db2:5432");
    for (const std::string dsn : {"host=db1 password=geheim", "postgresql://u:geheim@db1", "host=db1 geheim",
                                  "service=orders", "host=a,b,c port=1,2", "host=db1 no_such_option=geheim"}) {
        const auto target = io::pg_target(dsn);
        REQUIRE_FALSE(target);
        CHECK(target.error().kind == FailureKind::misconfigured);
        CHECK_THAT(target.error().detail, !ContainsSubstring("geheim"));
    }
}

TEST_CASE("nobody listening is unreachable, over TCP and over a socket") {
    const auto tcp = query(request("host=127.0.0.1 port=1", {"SELECT 1"}));
    REQUIRE_FALSE(tcp);
    CHECK(tcp.error().kind == FailureKind::unreachable);
    CHECK_THAT(tcp.error().detail, ContainsSubstring("127.0.0.1") && ContainsSubstring("Connection refused"));
    const auto socket = query(request("host=/nowhere", {"SELECT 1"}));
    REQUIRE_FALSE(socket);
    CHECK(socket.error().kind == FailureKind::unreachable);
    CHECK_THAT(socket.error().detail, ContainsSubstring("No such file or directory"));
}

TEST_CASE("an option that libpq does not take is the dsn's fault") {
    const auto answer = query(request("host=127.0.0.1 port=1 sslmode=perhaps", {}));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::misconfigured);
}

TEST_CASE("a port that accepts and says nothing times out, and leaves time for the next host") {
    const Listener silent;
    const auto begun = Clock::now();
    const auto answer = query(request(fmt::format("host=127.0.0.1 port={}", silent.port()), {"SELECT 1"}, 300ms));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::timed_out);
    CHECK(Clock::now() - begun < 2s);
    NEED_POSTGRES();
    const test::PostgresServer server;
    const auto second = query(request(
        fmt::format("host=127.0.0.1,127.0.0.1 port={},{} user=postgres dbname=postgres", silent.port(), server.port()),
        {"SELECT 1"}, 2s));
    CHECK(second);
}

TEST_CASE("of two hosts one whose name server hangs leaves the other the time to be found and asked, in either order") {
    test::FakeNames names;
    names.hang("hangs.test");
    names.add("answers.test", "127.0.0.1");
    for (const char* dsn : {"host=hangs.test,answers.test port=1", "postgresql://answers.test:1,hangs.test:1/orders"}) {
        CAPTURE(dsn);
        const auto answer = query(request(dsn, {"SELECT 1"}, 3s));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FailureKind::unreachable);
        CHECK_THAT(answer.error().detail, ContainsSubstring("127.0.0.1") && ContainsSubstring("Connection refused"));
    }
}

TEST_CASE("something that is no PostgreSQL is a bad answer") {
    const Listener web("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    const auto answer = query(request(fmt::format("host=127.0.0.1 port={}", web.port()), {"SELECT 1"}));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FailureKind::bad_answer);
}

TEST_CASE("answers come as text, NULL apart from empty, and one statement's failure stays its own") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    for (const std::string& dsn : {server.dsn(), server.tcp_dsn(),
                                   fmt::format("host=localhost port={} user=postgres "
                                               "dbname=postgres",
                                               server.port())}) {
        const auto answer = query(request(
            dsn, {"SELECT 1 AS one, NULL AS nothing, '' AS empty", "SELECT no_such_column", "SELECT 2; SELECT 3",
                  "SELEKT", "SELECT g FROM generate_series(1, 1000) g", "CREATE TABLE t ()",
                  "SELECT current_setting('transaction_read_only'), current_setting('application_name')"}));
        REQUIRE(answer);
        CHECK(answer->server_version / 10000 == test::PostgresServer::version());
        REQUIRE(answer->tables.size() == 7);
        CHECK(answer->tables[0].columns == std::vector<std::string>{"one", "nothing", "empty"});
        CHECK(answer->tables[0].column("empty") == 2);
        CHECK(answer->tables[0].column("other") == -1);
        REQUIRE(answer->tables[0].rows.size() == 1);
        CHECK(answer->tables[0].rows[0] == std::vector<std::optional<std::string>>{"1", std::nullopt, ""});
        CHECK(answer->tables[1].sqlstate == "42703");
        CHECK_THAT(answer->tables[1].error, ContainsSubstring("no_such_column"));
        CHECK(answer->tables[2].sqlstate == "42601");
        CHECK(answer->tables[3].sqlstate == "42601");
        CHECK(answer->tables[4].rows.size() == 1000);
        CHECK(answer->tables[5].sqlstate == "25006");
        CHECK(answer->tables[6].rows[0] == std::vector<std::optional<std::string>>{"on", "recoverd"});
    }
}

TEST_CASE("a statement that leaves the transaction does not make later ones writable") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    const auto answer = query(request(server.dsn(), {"COMMIT", "CREATE TABLE t ()"}));
    CHECK_FALSE(answer);
    CHECK(server.sql("SELECT to_regclass('t') IS NULL") == "t");
}

TEST_CASE("a statement is ended by the server before our patience is, and the rest is still asked") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    const auto answer = query(request(server.dsn(), {"SELECT pg_sleep(60)", "SELECT 1"}, 2s));
    REQUIRE(answer);
    CHECK(answer->tables[0].sqlstate == "57014");
    CHECK(answer->tables[1].rows.size() == 1);
    server.await("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recoverd'", "0");
}

TEST_CASE("a lock does not hold us") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    server.sql("CREATE TABLE t ()");
    std::thread holder([&] { server.sql("BEGIN; LOCK TABLE t; SELECT pg_sleep(2)"); });
    server.await("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND granted", "1");
    const auto answer = query(request(server.dsn(), {"SELECT * FROM t"}, 2s));
    holder.join();
    REQUIRE(answer);
    CHECK(answer->tables[0].sqlstate == "55P03");
}

TEST_CASE("too much of an answer is a bad answer, soon, and so is COPY") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    for (const char* statement :
         {"SELECT generate_series(1, 100000000)", "SELECT repeat('x', 100000) FROM generate_series(1, 9000)"}) {
        const auto begun = Clock::now();
        const auto answer = query(request(server.dsn(), {statement}));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FailureKind::bad_answer);
        CHECK(Clock::now() - begun < 8s);
    }
    const auto copy = query(request(server.dsn(), {"COPY pg_class TO STDOUT"}));
    REQUIRE_FALSE(copy);
    CHECK(copy.error().kind == FailureKind::misconfigured);
}

TEST_CASE("a console is asked without a transaction, and one statement's failure stays its own") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    PgRequest asked = request(server.dsn(), {"SHOW transaction_read_only", "SHOW NOTHING_SUCH", "SELECT 'x' AS last"});
    asked.console = true;
    const auto answer = query(asked);
    REQUIRE(answer);
    REQUIRE(answer->tables.size() == 3);
    CHECK(answer->tables[0].rows.at(0).at(0) == "off");
    CHECK(answer->tables[1].sqlstate == "42704");
    CHECK(answer->tables[2].columns == std::vector<std::string>{"last"});
    // It may be as wrong about how much it says as any server.
    asked.statements = {"SELECT generate_series(1, 100000000)"};
    const auto begun = Clock::now();
    const auto endless = query(asked);
    REQUIRE_FALSE(endless);
    CHECK(endless.error().kind == FailureKind::bad_answer);
    CHECK(Clock::now() - begun < 8s);
    asked.statements = {"SELECT pg_sleep(60)"};
    asked.timeout = 500ms;
    const auto hangs = query(asked);
    REQUIRE_FALSE(hangs);
    CHECK(hangs.error().kind == FailureKind::timed_out);
}

TEST_CASE("a wrong password is refused in the server's words, without the password") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    server.sql("CREATE ROLE locked LOGIN PASSWORD 'richtig'");
    PgRequest asked = request(server.tcp_dsn("locked"), {"SELECT 1"});
    const auto missing = query(asked);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == FailureKind::refused);
    asked.password = io::Secret{"geheim"};
    const auto wrong = query(asked);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == FailureKind::refused);
    CHECK_THAT(wrong.error().detail,
               ContainsSubstring("28P01: password authentication failed") && !ContainsSubstring("geheim"));
    asked.password = io::Secret{"richtig"};
    CHECK(query(asked));
}

TEST_CASE("a server without free connections, or without TLS where it is required, refuses") {
    NEED_POSTGRES();
    const test::PostgresServer server({"max_connections = 4", "superuser_reserved_connections = 3"});
    server.sql("CREATE ROLE plain LOGIN");
    std::thread holder([&] { server.sql("SET ROLE plain; SELECT pg_sleep(2)"); });
    server.await("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(2)' AND pid <> pg_backend_pid()", "1");
    const auto full = query(request(server.dsn("plain"), {"SELECT 1"}));
    holder.join();
    REQUIRE_FALSE(full);
    CHECK(full.error().kind == FailureKind::refused);
    CHECK_THAT(full.error().detail, ContainsSubstring("53300"));
    const auto tls = query(request(server.tcp_dsn() + " sslmode=require", {"SELECT 1"}));
    REQUIRE_FALSE(tls);
    CHECK(tls.error().kind == FailureKind::refused);
    CHECK_THAT(tls.error().detail, ContainsSubstring("server does not support SSL"));
}

TEST_CASE("a stopped process times out; one that is killed in the middle is a lost connection") {
    NEED_POSTGRES();
    test::PostgresServer server;
    ::kill(server.pid(), SIGSTOP);
    const auto begun = Clock::now();
    const auto frozen = query(request(server.tcp_dsn(), {"SELECT 1"}, 500ms));
    CHECK(Clock::now() - begun < 3s);
    ::kill(server.pid(), SIGCONT);
    REQUIRE_FALSE(frozen);
    CHECK(frozen.error().kind == FailureKind::timed_out);
    CHECK_THAT(frozen.error().detail, ContainsSubstring("accepts, but says nothing"));

    const auto ended = query(request(server.dsn(), {"SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())"}));
    REQUIRE_FALSE(ended);
    CHECK(ended.error().kind == FailureKind::refused);
    CHECK_THAT(ended.error().detail, ContainsSubstring("terminating connection due to administrator command"));

    server.stop();
    const auto gone = query(request(server.tcp_dsn(), {"SELECT 1"}));
    REQUIRE_FALSE(gone);
    CHECK(gone.error().kind == FailureKind::unreachable);
}

TEST_CASE("a cancelled query closes its connection at once") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    const Listener silent;
    for (const std::string& dsn : {server.dsn(), fmt::format("host=127.0.0.1 port={}", silent.port())}) {
        const auto sockets = open_sockets();
        asio::io_context loop;
        asio::cancellation_signal cancel;
        bool ended = false;
        asio::co_spawn(loop, io::pg_query(request(dsn, {"SELECT pg_sleep(5)"})),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, io::Result<PgAnswer>) {
                           CHECK(error);
                           ended = true;
                       }));
        loop.run_for(200ms);
        REQUIRE_FALSE(ended);
        cancel.emit(asio::cancellation_type::terminal);
        loop.restart();
        loop.run_for(200ms);
        CHECK(ended);
        CHECK(open_sockets() <= sockets + 2);
    }
}

TEST_CASE("a loop that goes away in the middle of a query takes the connection with it") {
    NEED_POSTGRES();
    const test::PostgresServer server;
    const auto sockets = open_sockets();
    {
        asio::io_context loop;
        asio::co_spawn(loop, io::pg_query(request(server.dsn(), {"SELECT pg_sleep(5)"})),
                       [](std::exception_ptr, io::Result<PgAnswer>) {});
        loop.run_for(200ms);
        CHECK(open_sockets() == sockets + 1);
    }
    CHECK(open_sockets() == sockets);
}

TEST_CASE("what is written is committed, and a server that is read-only by default refuses it") {
    NEED_POSTGRES();
    test::PostgresServer server;
    server.sql("CREATE TABLE t (n int)");
    PgRequest writing = request(server.dsn(), {"INSERT INTO t VALUES (1) RETURNING n", "SELECT n FROM t"});
    writing.writes = true;
    const auto written = query(writing);
    REQUIRE(written);
    CHECK(written->tables.at(0).error.empty());
    CHECK(written->tables.at(1).rows.at(0).at(0) == "1");
    server.set("default_transaction_read_only", "on");
    const auto refused = query(writing);
    REQUIRE(refused);
    CHECK(refused->tables.at(0).sqlstate == "25006");
    CHECK(server.sql("SELECT count(*) FROM t") == "1");
}

TEST_CASE("a commit that no synchronous standby confirms is not answered in time, though this server has it") {
    NEED_POSTGRES();
    test::PostgresServer server;
    server.sql("CREATE TABLE t (n int)");
    server.set("synchronous_standby_names", "nobody");
    PgRequest writing = request(server.dsn(), {"INSERT INTO t VALUES (1) RETURNING n"}, 2s);
    writing.writes = true;
    const auto written = query(writing);
    REQUIRE_FALSE(written);
    CHECK(written.error().kind == core::FailureKind::timed_out);
    server.set("synchronous_standby_names", "");
    server.await("SELECT count(*) FROM t", "1");
}

TEST_CASE("a snapshot is written the same way whatever a role's settings are, and row security hides nothing") {
    NEED_POSTGRES();
    test::PostgresServer server;
    server.sql("CREATE ROLE reader LOGIN");
    server.sql("ALTER ROLE reader SET TimeZone = 'Asia/Tokyo'");
    server.sql("CREATE TABLE t (n int)");
    server.sql("GRANT SELECT ON t TO reader");
    server.sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY");
    PgRequest looking = request(server.dsn("reader"), {"SELECT '2026-01-01 00:00:00+00'::timestamptz AS at",
                                                       "SELECT count(*) FROM public.t", "SELECT 1 AS one"});
    looking.snapshot = true;
    const auto seen = query(looking);
    REQUIRE(seen);
    CHECK(seen->tables.at(0).rows.at(0).at(0) == "2026-01-01 00:00:00+00");
    CHECK_THAT(seen->tables.at(1).error, ContainsSubstring("row-level security"));
    CHECK(seen->tables.at(2).rows.at(0).at(0) == "1");
}

} // namespace recoverd
