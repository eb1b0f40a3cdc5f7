// SPDX-License-Identifier: Apache-2.0
// A Valkey or Redis server by its own account: saves, append-only file, replication, cluster, settings; or a sentinel
// and the masters it watches. What became of the files afterwards it does not know: that is for the collector of
// whatever copies them.
#include "collectors/valkey.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/valkey/parts.hpp"
#include "io/client_options.hpp"
#include "io/connection.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using namespace vk;

struct Options {
    std::string address;
    std::string username;
    SecretRef password;
    std::optional<core::config::Node> tls;
    std::string expect_role = "any";
    std::vector<std::string> replicas;
    core::Labels settings;
    std::optional<std::int64_t> min_keys;
};

constexpr Option<Options> kOptions[] = {
    {"address", &Options::address, "host:port of a server or of a sentinel", Need::required},
    {"username", &Options::username, "user of the server's ACL; the default user when left out"},
    {"password", &Options::password, "password of that user"},
    {"tls", &Options::tls,
     "speak TLS: { ca_file, cert_file, key_file, server_name, insecure_skip_verify }, {} to trust what the system "
     "does"},
    {"expect_role", &Options::expect_role, "what the server must be", Need::optional, "primary|replica|any"},
    {"replicas", &Options::replicas,
     "replicas that must follow it, each by address:port or address, as the primary or the sentinel shows them"},
    {"settings", &Options::settings,
     "settings and the values they must have: { maxmemory-policy = \"noeviction\", appendonly = \"yes\" }; besides "
     "these two and maxmemory they need CONFIG GET"},
    {"min_keys", &Options::min_keys, "keys that a sound dataset never falls below: after a flush there are none"},
};

/// The only reply that all need.
Result<Info> read_info(const io::RespAnswer& first) {
    const io::RespValue& reply = first.replies.empty() ? io::RespValue{} : first.replies.front();
    if (reply.is_error())
        return std::unexpected(refusal(reply.text));
    Info info{text_of(reply, "INFO")};
    // Then all it tells is of the time before.
    if (info.flag("loading"))
        return core::failed(
            FailureKind::refused,
            fmt::format("LOADING: the server is reading its dataset from disk, {} % of it",
                        info.natural("loading_total_bytes").value_or(0) == 0
                            ? std::string{"?"}
                            : io::printable(info.find("loading_loaded_perc").value_or("?").substr(0, 8))));
    return info;
}

core::Measurement keys_of(const ValkeyExpected& expected, const Server& server) {
    core::Measurement keys{.name = "keys", .value = static_cast<double>(server.keys), .unit = "keys"};
    if (expected.min_keys)
        keys.below = static_cast<double>(*expected.min_keys);
    return keys;
}

SubjectReport report_of(const ValkeyExpected& expected, const Server& server, const Info& info,
                        const io::RespAnswer& first, const io::RespAnswer& more, Cursor& cursor, Time now) {
    SubjectReport report;
    core::RecoveryPoints points = interpret_saves(server, info, cursor, now);
    core::LogArchive log = interpret_append_only(info, cursor, points, now);
    report.evidence.emplace_back(std::move(points));
    report.evidence.emplace_back(std::move(log));
    report.evidence.emplace_back(interpret_replication(expected, server, info, cursor, now));
    core::Assertions assertions = interpret_assertions(expected, server, info, first.replies);
    if (server.cluster) {
        const io::RespValue& cluster = more.replies.at(0);
        if (cluster.is_error())
            report.failure = refusal(cluster.text);
        else
            add_cluster(Info{text_of(cluster, "CLUSTER INFO")}, assertions);
    }
    report.evidence.emplace_back(std::move(assertions));
    report.evidence.emplace_back(keys_of(expected, server));
    return report;
}

} // namespace

std::vector<io::RespCommand> valkey_commands(const ValkeyExpected& expected) {
    std::vector<io::RespCommand> commands{{"INFO"}};
    for (const std::string& setting : asked_settings(expected))
        commands.push_back({"CONFIG", "GET", setting});
    return commands;
}

Result<std::vector<io::RespCommand>> valkey_more(const io::RespAnswer& first) {
    const auto info = read_info(first);
    if (!info)
        return std::unexpected(info.error());
    const Server server = read_server(*info, Time{});
    if (server.sentinel)
        return sentinel_commands(*info);
    if (server.cluster)
        return std::vector<io::RespCommand>{{"CLUSTER", "INFO"}};
    return std::vector<io::RespCommand>{};
}

Result<Seen> interpret_valkey(const ValkeyExpected& expected, const io::RespAnswer& first, const io::RespAnswer& more,
                              std::string_view cursor_text, Time now) {
    const auto commands = valkey_more(first);
    if (!commands)
        return std::unexpected(commands.error());
    if (first.replies.size() != valkey_commands(expected).size() || more.replies.size() != commands->size())
        throw io::BadDocument(fmt::format("expected {} and {} replies, found {} and {}",
                                          valkey_commands(expected).size(), commands->size(), first.replies.size(),
                                          more.replies.size()));
    const Info info{text_of(first.replies.front(), "INFO")};
    const Server server = read_server(info, now);
    if (server.sentinel)
        return interpret_sentinel(expected, info, more.replies);
    Cursor cursor = read_cursor(cursor_text);
    Seen seen;
    seen.subjects.push_back(report_of(expected, server, info, first, more, cursor, now));
    cursor.looked_at = now;
    seen.cursor = write_cursor(cursor);
    return seen;
}

namespace {

ValkeyExpected expectations(const Options& options) {
    ValkeyExpected expected{options.expect_role, options.replicas, options.settings, options.min_keys};
    if (!options.username.empty())
        expected.user = options.username;
    return expected;
}

void check_setting(const std::string& name, const std::string& path, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics) {
    // CONFIG GET would take a pattern, and its first match for the answer.
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") != std::string::npos)
        diagnostics.mistake(place.at, path, fmt::format("expected the name of a setting, found '{}'", name));
    static constexpr std::array kSecret{"requirepass", "masterauth", "primaryauth", "tls-key-file-pass",
                                        "tls-client-key-file-pass"};
    if (std::ranges::find(kSecret, name) != kSecret.end())
        diagnostics.mistake(place.at, path, "expected a setting that may be shown, found a password");
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_address(options.address, place.inside("address"), diagnostics);
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
    if (!options.username.empty() && !options.password)
        diagnostics.mistake(place.at, place.path, "expected password beside username, found none",
                            "write it as password = { file = \"…\" }.");
    for (const auto& [name, value] : options.settings)
        check_setting(name, fmt::format("{}.settings.{}", place.path, name), place, diagnostics);
}

Task<Collected> collect(Options options, Run run) {
    const Duration deadline = run.world.timers().elapsed() + run.timeout;
    const auto password = co_await run.world.secret(options.password);
    if (!password)
        co_return std::unexpected(password.error());
    const ValkeyExpected expected = expectations(options);
    core::config::Diagnostics checked_already;
    io::RespRequest request;
    request.address = options.address;
    request.tls = options.tls.has_value();
    if (options.tls)
        request.tls_options = io::read_tls(*options.tls, "tls", checked_already);
    request.username = options.username;
    request.password = *password;
    request.commands = valkey_commands(expected);
    request.timeout = std::max(Duration{1}, deadline - run.world.timers().elapsed());
    const auto first = co_await run.world.resp(request);
    if (!first)
        co_return std::unexpected(first.error());
    auto commands = valkey_more(*first);
    if (!commands)
        co_return core::failed(commands.error().kind, fmt::format("{}: {}", options.address, commands.error().detail));
    io::RespAnswer more;
    if (!commands->empty()) {
        request.commands = std::move(*commands);
        request.timeout = std::max(Duration{1}, deadline - run.world.timers().elapsed());
        auto answer = co_await run.world.resp(std::move(request));
        if (!answer)
            co_return std::unexpected(answer.error());
        more = std::move(*answer);
    }
    co_return interpret_valkey(expected, *first, more, run.cursor, run.now);
}

} // namespace

Kind valkey() {
    About about{
        .name = "valkey",
        .summary = "saves, append-only file, replication, cluster and sentinels, as a Valkey or Redis tells of itself",
        .brings = {EvidenceKind::recovery_points, EvidenceKind::log_archive, EvidenceKind::replication,
                   EvidenceKind::assertions, EvidenceKind::measurement},
        .access =
            "a user who may ask and can read no key (`ACL SETUSER recoverd on >PASSWORD resetkeys resetchannels "
            "-@all +info +cluster|info`, on a sentinel `ACL SETUSER recoverd on >PASSWORD resetkeys resetchannels "
            "-@all "
            "+info +sentinel|ckquorum +sentinel|slaves`); `settings` may need "
            "+config|get, which shows every setting, passwords included; Redis 6 or newer, any Valkey, older ones with "
            "the one password they have",
        .every = Duration{30'000},
        .timeout = Duration{10'000},
    };
    return kind<Options>(std::move(about), kOptions, collect,
                         {.check = check, .target = [](const Options& options) { return options.address; }});
}

} // namespace recoverd::collectors
