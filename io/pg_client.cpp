// SPDX-License-Identifier: Apache-2.0
// libpq on the loop. What blocks in it is kept away: it is never given a name to resolve (`hostaddr` stands beside
// `host`, which certificates are still checked against), no GSS negotiation unless the dsn asks, no PQcancel (a
// statement that hangs is ended by its statement_timeout, and we leave). libpq sends with MSG_NOSIGNAL: no SIGPIPE.
#include "io/pg_client.hpp"

#include "io/resolve.hpp"

#include <asio/error.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace recoverd::io {

int PgTable::column(std::string_view name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

namespace {

using core::Duration;
using core::failed;
// Waits of seconds: a suspend may make one longer, never wrong.
using Clock = std::chrono::steady_clock;
using Settings = std::map<std::string, std::string>;

constexpr auto kReadable = asio::posix::descriptor_base::wait_read;
constexpr auto kWritable = asio::posix::descriptor_base::wait_write;
constexpr std::size_t kMaxRows = 10'000;
constexpr std::size_t kMaxBytes = std::size_t{8} << 20U;
constexpr std::size_t kMaxPlaces = 16;

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using ResultSet = std::unique_ptr<PGresult, Clear>;

Duration left(Clock::time_point until) {
    return std::max(Duration{0}, std::chrono::duration_cast<Duration>(until - Clock::now()));
}

/// Waits for libpq's socket; false when the time is up. The descriptor is given back before anything else
/// happens: libpq closes and replaces its socket as it likes, often under the same number.
Task<bool> ready(int socket, asio::posix::descriptor_base::wait_type what, Clock::time_point until) {
    struct Borrowed {
        asio::posix::stream_descriptor descriptor;
        ~Borrowed() { descriptor.release(); }
    };
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, until);
    Borrowed borrowed{asio::posix::stream_descriptor(executor, socket)};
    auto group = asio::experimental::make_parallel_group(
        [&](auto token) { return borrowed.descriptor.async_wait(what, std::move(token)); },
        [&](auto token) { return timer.async_wait(std::move(token)); });
    const auto [order, socket_error, timer_error] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw asio::system_error(asio::error::operation_aborted);
    co_return order[0] == 0;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    while (true) {
        const auto comma = list.find(',', from);
        parts.push_back(list.substr(from, comma - from));
        if (comma == std::string::npos)
            return parts;
        from = comma + 1;
    }
}

bool is_socket(const std::string& host) { return host.empty() || host.front() == '/' || host.front() == '@'; }

/// What libpq said, in one line: without where in the server's source it was said, and without the password.
std::string words(std::string_view text, const Secret& password = {}) {
    std::string line;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
        if (part.empty() || part.starts_with("LOCATION:"))
            continue;
        line += line.empty() ? "" : "; ";
        line += part;
    }
    if (!password.empty())
        for (auto at = line.find(password.reveal()); at != std::string::npos; at = line.find(password.reveal()))
            line.replace(at, password.reveal().size(), "");
    return line.substr(0, 400);
}

/// The SQLSTATE in a message of verbosity `verbose`: "FATAL:  28P01: password …"; the first word is translated.
std::string_view sqlstate_in(std::string_view text) {
    constexpr std::string_view kCode = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (auto at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        const auto code = text.substr(at + 3, 5);
        if (code.size() == 5 && code.find_first_not_of(kCode) == std::string_view::npos &&
            text.substr(at + 8, 2) == ": ")
            return code;
    }
    return {};
}

Result<Settings> parse(const std::string& dsn) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(dsn.c_str(), &complaint),
                                                                               &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> freed(complaint, &PQfreemem);
    // Its complaints quote the dsn, and who mistypes one may have mistyped it around a password.
    if (!options)
        return failed(FailureKind::misconfigured, "expected a connection string or URI that libpq can read");
    Settings settings;
    for (const auto* option = options.get(); option->keyword; ++option)
        if (option->val && *option->val)
            settings[option->keyword] = option->val;
    if (settings.contains("password"))
        return failed(FailureKind::misconfigured,
                      "expected no password, found one\nhint: write it as password = { file = \"…\" }");
    if (settings.contains("service"))
        return failed(FailureKind::misconfigured,
                      "expected a host, found a service\nhint: write the service's host, port and user here");
    if (!settings.contains("host") && !settings.contains("hostaddr"))
        if (const char* host = std::getenv("PGHOST"))
            settings["host"] = host;
    return settings;
}

/// One place to try.
struct Place {
    std::string host;
    /// Numeric; empty for a socket.
    std::string address;
    std::string port;
    std::string session_attrs;
};

std::string describe(const Place& place) {
    const std::string& name = place.host.empty() ? place.address : place.host;
    return fmt::format("{}:{}", name.empty() ? "local socket" : name, place.port.empty() ? "5432" : place.port);
}

/// The hosts as the dsn lists them, not yet resolved.
Result<std::vector<Place>> listed(const Settings& settings) {
    const auto list = [&](const char* key) {
        const auto found = settings.find(key);
        return found == settings.end() ? std::vector<std::string>{} : split(found->second);
    };
    const auto hosts = list("host");
    const auto addresses = list("hostaddr");
    const auto ports = list("port");
    const auto count = std::max({std::size_t{1}, hosts.size(), addresses.size()});
    if ((!hosts.empty() && !addresses.empty() && hosts.size() != addresses.size()) ||
        (ports.size() > 1 && ports.size() != count))
        return failed(FailureKind::misconfigured,
                      fmt::format("expected as many ports and addresses as hosts, found {} hosts, {} addresses "
                                  "and {} ports",
                                  hosts.size(), addresses.size(), ports.size()));
    std::vector<Place> places(count);
    for (std::size_t i = 0; i < count; ++i) {
        places[i].host = i < hosts.size() ? hosts[i] : "";
        places[i].address = i < addresses.size() ? addresses[i] : "";
        places[i].port = ports.empty() ? "" : ports[ports.size() == 1 ? 0 : i];
        if (settings.contains("target_session_attrs"))
            places[i].session_attrs = settings.at("target_session_attrs");
    }
    // libpq goes over its list twice for this one; we hand it one place at a time.
    if (places.front().session_attrs == "prefer-standby") {
        std::vector<Place> standbys = places;
        for (Place& place : standbys)
            place.session_attrs = "standby";
        for (Place& place : places)
            place.session_attrs = "any";
        places.insert(places.begin(), standbys.begin(), standbys.end());
    }
    return places;
}

/// Every address of every host, in order. Fails only when no host has any.
Task<Result<std::vector<Place>>> resolved(std::vector<Place> hosts, Clock::time_point until) {
    std::vector<Place> places;
    Failure last;
    const auto is_known = [](const Place& host) { return is_socket(host.host) || !host.address.empty(); };
    auto names = std::ranges::count_if(hosts, std::not_fn(is_known));
    for (const Place& host : hosts) {
        if (is_known(host)) {
            places.push_back(host);
            continue;
        }
        // One that hangs leaves the others their share, and the last one time to connect to them.
        auto addresses = co_await resolve(host.host, left(until) / (names-- + (hosts.size() > 1 ? 1 : 0)));
        if (!addresses) {
            last = std::move(addresses.error());
            continue;
        }
        for (std::string& address : *addresses) {
            places.push_back(host);
            places.back().address = std::move(address);
        }
    }
    if (places.empty())
        co_return std::unexpected(last);
    places.resize(std::min(places.size(), kMaxPlaces));
    co_return places;
}

Connection start(Settings settings, const Place& place, const Secret& password) {
    settings["host"] = place.host;
    settings["hostaddr"] = place.address;
    settings["port"] = place.port;
    settings["target_session_attrs"] = place.session_attrs;
    settings.try_emplace("fallback_application_name", "recoverd");
    settings.try_emplace("gssencmode", "disable");
    settings["client_encoding"] = "UTF8";
    std::vector<const char*> keys;
    std::vector<const char*> values;
    const auto add = [&](const std::string& key, const std::string& value) {
        if (value.empty())
            return;
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    };
    for (const auto& [key, value] : settings)
        add(key, value);
    static const std::string kPassword = "password";
    add(kPassword, password.reveal());
    keys.push_back(nullptr);
    values.push_back(nullptr);
    Connection connection(PQconnectStartParams(keys.data(), values.data(), 0));
    if (!connection)
        throw std::bad_alloc();
    // Only verbose messages carry the SQLSTATE of a connection that was refused.
    PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
    PQsetNoticeReceiver(connection.get(), [](void*, const PGresult*) {}, nullptr);
    return connection;
}

/// Why a connection did not come about. `reached`: somebody accepted it at first.
Failure why_not(const PGconn* connection, bool reached, const Secret& password) {
    const std::string said = words(PQerrorMessage(connection), password);
    const auto has = [&](std::string_view part) { return said.contains(part); };
    if (!sqlstate_in(said).empty())
        return {FailureKind::refused, said};
    if (!reached)
        return {said.starts_with("connection to server") ? FailureKind::unreachable : FailureKind::misconfigured, said};
    if (has("expected authentication request") || has("invalid response to SSL negotiation"))
        return {FailureKind::bad_answer, said};
    if (has("closed the connection unexpectedly") || has("could not receive data") || has("could not send"))
        return {FailureKind::unreachable, said};
    return {FailureKind::refused, said};
}

Task<Result<Connection>> connect(Settings settings, Place place, Secret password, Duration share) {
    const auto until = Clock::now() + share;
    Connection connection = start(std::move(settings), place, password);
    auto next = PQstatus(connection.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    bool reached = false;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED)
            co_return std::unexpected(why_not(connection.get(), reached, password));
        const auto what = next == PGRES_POLLING_READING ? kReadable : kWritable;
        const bool in_time = co_await ready(PQsocket(connection.get()), what, until);
        if (!in_time)
            co_return failed(FailureKind::timed_out,
                             fmt::format("{}: not connected within {} ms ({})", describe(place), share.count(),
                                         reached ? "it accepts, but says nothing" : "nobody accepts"));
        reached = PQstatus(connection.get()) != CONNECTION_STARTED;
        next = PQconnectPoll(connection.get());
    }
    // Also keeps PQfinish from waiting until a hung server has taken our good-bye.
    PQsetnonblocking(connection.get(), 1);
    co_return connection;
}

/// One connection on which things are asked until `until`.
struct Session {
    Connection connection;
    std::string place;
    Clock::time_point until;
    Duration timeout;
    /// Of the request: at most this long per statement, and for a lock.
    Duration statement_timeout{0};
    Duration lock_timeout{0};
    /// What the server warned of while it committed.
    std::string warning;
    std::size_t rows = 0;
    std::size_t bytes = 0;
};

Failure lost(const Session& session) {
    const std::string said = words(PQerrorMessage(session.connection.get()));
    return {FailureKind::unreachable, fmt::format("{}: connection lost: {}", session.place, said)};
}

Failure too_late(const Session& session) {
    return {FailureKind::timed_out, fmt::format("{}: no answer within {} ms", session.place, session.timeout.count())};
}

/// Adds one result to `table`; false when there is too much of it.
bool absorb(Session& session, const PGresult* result, PgTable& table) {
    const int columns = PQnfields(result);
    if (table.columns.empty())
        for (int c = 0; c < columns; ++c)
            table.columns.emplace_back(PQfname(result, c));
    for (int r = 0; r < PQntuples(result); ++r) {
        auto& row = table.rows.emplace_back();
        for (int c = 0; c < columns; ++c) {
            if (PQgetisnull(result, r, c)) {
                row.emplace_back();
                continue;
            }
            const auto size = static_cast<std::size_t>(PQgetlength(result, r, c));
            session.bytes += size;
            row.emplace_back(std::string(PQgetvalue(result, r, c), size));
        }
        if (++session.rows > kMaxRows || session.bytes > kMaxBytes)
            return false;
    }
    return true;
}

/// Takes what the server says of one query, until it has no more.
Task<Result<PgTable>> answer(Session& session) {
    PGconn* connection = session.connection.get();
    PgTable table;
    while (true) {
        while (PQisBusy(connection)) {
            const bool spoke = co_await ready(PQsocket(connection), kReadable, session.until);
            if (!spoke)
                co_return std::unexpected(too_late(session));
            // The connection is gone; what it said last is still to be had.
            if (!PQconsumeInput(connection))
                break;
        }
        const ResultSet result(PQgetResult(connection));
        if (!result)
            break;
        switch (PQresultStatus(result.get())) {
        case PGRES_SINGLE_TUPLE:
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            if (!absorb(session, result.get(), table))
                co_return failed(FailureKind::bad_answer, fmt::format("{}: expected at most {} rows and {} MiB, found "
                                                                      "more",
                                                                      session.place, kMaxRows, kMaxBytes >> 20U));
            break;
        case PGRES_FATAL_ERROR: {
            const char* code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
            const char* message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
            if (table.error.empty()) {
                table.sqlstate = code ? code : "";
                table.error = words(message ? message : PQresultErrorMessage(result.get()));
            }
            table.rows.clear();
            break;
        }
        default:
            // COPY would go on for ever.
            co_return failed(FailureKind::misconfigured, session.place + ": expected a statement that answers in rows");
        }
    }
    if (PQstatus(connection) == CONNECTION_BAD) {
        // The server's last words beat what libpq makes of the closed socket.
        if (!table.sqlstate.empty())
            co_return failed(FailureKind::refused, fmt::format("{}: {}", session.place, table.error));
        co_return std::unexpected(lost(session));
    }
    co_return table;
}

/// Our own commands go as simple queries, several in one, and so does what a console is asked; foreign statements one
/// by one as prepared ones, which cannot hide a second command behind a semicolon.
Task<Result<PgTable>> ask(Session& session, std::string text, bool own) {
    PGconn* connection = session.connection.get();
    const int sent = own ? PQsendQuery(connection, text.c_str())
                         : PQsendQueryParams(connection, text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
    if (!sent)
        co_return std::unexpected(lost(session));
    // Row by row, or libpq would hold all of an answer before we could say that it is too much.
    PQsetSingleRowMode(connection);
    while (true) {
        const int rest = PQflush(connection);
        if (rest == 0)
            break;
        if (rest < 0)
            co_return std::unexpected(lost(session));
        const bool writable = co_await ready(PQsocket(connection), kWritable, session.until);
        if (!writable)
            co_return std::unexpected(too_late(session));
    }
    co_return co_await answer(session);
}

/// How long the next statement may take, as the server is told it.
std::string limits(const Session& session) {
    const auto shorter = [](Duration::rep wanted, Duration asked) {
        return std::max<Duration::rep>(1, asked > Duration{0} ? std::min(wanted, asked.count()) : wanted);
    };
    const auto statement_ms = shorter(left(session.until).count() * 3 / 4, session.statement_timeout);
    return fmt::format("SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; "
                       "SET LOCAL idle_in_transaction_session_timeout = {}",
                       statement_ms, shorter(statement_ms / 2, session.lock_timeout),
                       std::max<Duration::rep>(1, session.timeout.count()));
}

// Two servers shall write a row the same way, whatever their settings and those of our role.
constexpr std::string_view kOneWay =
    "; SET LOCAL row_security = off; SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; "
    "SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 3; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'";

/// The isolation level is named because a default of `serializable` fails on a standby; the idle timeout (of `limits`)
/// ends the transaction of an agent that was stopped in the middle.
std::string begin(bool snapshot) {
    return fmt::format("BEGIN ISOLATION LEVEL {} READ ONLY{}", snapshot ? "REPEATABLE READ" : "READ COMMITTED",
                       snapshot ? kOneWay : "");
}

Task<Result<PgAnswer>> converse(Session& session, PgRequest request) {
    PgAnswer answers;
    answers.server_version = PQserverVersion(session.connection.get());
    std::string opening = begin(request.snapshot);
    for (std::string& statement : request.statements) {
        std::string preamble = fmt::format("{}; SAVEPOINT recoverd; {}", opening, limits(session));
        const auto prepared = co_await ask(session, std::move(preamble), true);
        if (!prepared)
            co_return std::unexpected(prepared.error());
        if (!prepared->error.empty())
            co_return failed(FailureKind::refused, fmt::format("{}: {}", session.place, prepared->error));
        auto table = co_await ask(session, std::move(statement), false);
        if (!table)
            co_return std::unexpected(table.error());
        opening = table->error.empty() ? "RELEASE SAVEPOINT recoverd" : "ROLLBACK TO SAVEPOINT recoverd";
        answers.tables.push_back(std::move(*table));
    }
    // Ended politely, so that a check every few seconds does not look like a server full of rollbacks. Everything was
    // learned already, so nobody minds how this goes.
    if (!request.statements.empty())
        (void)co_await ask(session, "COMMIT", true);
    co_return answers;
}

/// Keeps what a server warns of, in `*warning`.
void keep_warning(void* warning, const PGresult* result) {
    const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (severity && message && std::string_view{severity} == "WARNING")
        *static_cast<std::string*>(warning) = words(message);
}

/// One statement, committed.
Task<Result<PgTable>> write(Session& session, std::string statement) {
    std::string opening = fmt::format("BEGIN ISOLATION LEVEL READ COMMITTED; {}", limits(session));
    auto table = co_await ask(session, std::move(opening), true);
    if (!table || !table->error.empty())
        co_return table;
    table = co_await ask(session, std::move(statement), false);
    if (!table)
        co_return table;
    // No statement_timeout ends the wait for a synchronous standby. Who cancels it gets a warning, and the commit
    // counts here alone.
    PQsetNoticeReceiver(session.connection.get(), keep_warning, &session.warning);
    auto ended = co_await ask(session, table->error.empty() ? "COMMIT" : "ROLLBACK", true);
    PQsetNoticeReceiver(session.connection.get(), [](void*, const PGresult*) {}, nullptr);
    if (!ended)
        co_return ended;
    if (table->error.empty()) {
        table->error = ended->error.empty() ? session.warning : ended->error;
        table->sqlstate = ended->sqlstate;
    }
    co_return table;
}

Task<Result<PgAnswer>> converse_and_write(Session& session, std::vector<std::string> statements) {
    PgAnswer answers;
    answers.server_version = PQserverVersion(session.connection.get());
    for (std::string& statement : statements) {
        auto table = co_await write(session, std::move(statement));
        if (!table)
            co_return std::unexpected(table.error());
        answers.tables.push_back(std::move(*table));
    }
    co_return answers;
}

Task<Result<PgAnswer>> converse_with_console(Session& session, std::vector<std::string> statements) {
    PgAnswer answers;
    answers.server_version = PQserverVersion(session.connection.get());
    for (std::string& statement : statements) {
        auto table = co_await ask(session, std::move(statement), true);
        if (!table)
            co_return std::unexpected(table.error());
        answers.tables.push_back(std::move(*table));
    }
    co_return answers;
}

} // namespace

Task<Result<PgAnswer>> pg_query(PgRequest request) {
    const auto until = Clock::now() + request.timeout;
    const auto of_dsn = [](const Failure& failure) {
        return std::unexpected(Failure{failure.kind, "dsn: " + failure.detail});
    };
    const auto settings = parse(request.dsn);
    if (!settings)
        co_return of_dsn(settings.error());
    auto hosts = listed(*settings);
    if (!hosts)
        co_return of_dsn(hosts.error());
    const auto places = co_await resolved(std::move(*hosts), until);
    if (!places)
        co_return std::unexpected(places.error());
    std::optional<Failure> worst;
    for (std::size_t i = 0; i < places->size(); ++i) {
        const Duration share = left(until) / static_cast<Duration::rep>(places->size() - i);
        auto connection = co_await connect(*settings, (*places)[i], request.password, share);
        if (connection) {
            Session session{std::move(*connection),    describe((*places)[i]), until, request.timeout,
                            request.statement_timeout, request.lock_timeout,   {}};
            if (request.console)
                co_return co_await converse_with_console(session, std::move(request.statements));
            if (request.writes)
                co_return co_await converse_and_write(session, std::move(request.statements));
            co_return co_await converse(session, std::move(request));
        }
        // A server that speaks tells more than one that is silent.
        if (!worst || (connection.error().kind == FailureKind::refused && worst->kind != FailureKind::refused))
            worst = std::move(connection.error());
        if (left(until) == Duration{0})
            break;
    }
    co_return std::unexpected(*worst);
}

Result<std::string> pg_target(const std::string& dsn) {
    const auto settings = parse(dsn);
    if (!settings)
        return std::unexpected(settings.error());
    const auto places = listed(*settings);
    if (!places)
        return std::unexpected(places.error());
    std::vector<std::string> names;
    for (const Place& place : *places)
        if (std::string name = describe(place); std::ranges::find(names, name) == names.end())
            names.push_back(std::move(name));
    return fmt::format("{}", fmt::join(names, ","));
}

} // namespace recoverd::io
