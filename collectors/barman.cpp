// SPDX-License-Identifier: Apache-2.0
// Backups of PostgreSQL servers that Barman keeps. Each server is a subject, with its backups and jobs as Barman's
// catalogue tells of them, and with what `barman check` finds.
#include "collectors/barman.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

/// Barman's word for every server that it has.
constexpr std::string_view kAll = "all";

struct Options {
    std::string server{kAll};
    std::vector<std::string> command{"barman"};
    std::string config;
    bool check = true;
};

constexpr Option<Options> kOptions[] = {
    {"server", &Options::server, "the server to look at, as Barman calls it; `all` are those that are active"},
    {"command", &Options::command, "how Barman is started, for example behind ssh or sudo"},
    {"config", &Options::config, "Barman's configuration file, where it is not in its usual place"},
    {"check", &Options::check, "run `barman check` too, which connects to PostgreSQL"},
};

using Assertions = std::map<std::string, core::Assertion>;

io::Command command(const Options& options, std::initializer_list<std::string> words, Duration timeout) {
    io::Command made;
    made.argv = options.command;
    if (!options.config.empty())
        made.argv.insert(made.argv.end(), {"-c", options.config});
    made.argv.insert(made.argv.end(), {"-f", "json"});
    made.argv.insert(made.argv.end(), words);
    made.timeout = timeout;
    return made;
}

/// What `barman check` says of each server.
Task<Result<Assertions>> check_servers(Options options, Run run, Duration until) {
    auto asked = command(options, {"check", options.server}, until - run.world.timers().elapsed());
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), barman_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return understood([&] { return interpret_barman_check(io::Json::parse_lenient(*answer)); });
}

/// Of a server that somebody gave up nobody expects a new backup. Where Barman does not say which these are (a key that
/// may not ask), what it last said holds for a day, and without that all of them count.
Task<BarmanInactive> inactive_servers(Options options, Run run, Duration until) {
    const Duration left = until - run.world.timers().elapsed();
    // Half of what is left: `check` is asked after it.
    auto asked = command(options, {"list-server"}, std::max(left / 2, Duration{1}));
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), barman_failure, prefixed);
    if (answer) {
        auto told = understood([&] { return interpret_barman_inactive(io::Json::parse_lenient(*answer)); });
        if (told)
            co_return BarmanInactive{std::move(*told), run.now};
    }
    co_return read_barman_inactive(run.cursor, run.now);
}

core::Assertion of_server(const Result<Assertions>& checks, const std::string& server) {
    if (!checks)
        return barman_check_unknown(checks.error().detail);
    const auto found = checks->find(server);
    return found != checks->end() ? found->second : barman_check_unknown("barman check says nothing of it");
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    auto asked = command(options, {"list-backup", options.server}, run.timeout);
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), barman_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    auto servers = interpret_barman(io::Json::parse_lenient(*answer));
    if (!servers)
        co_return std::unexpected(servers.error());
    // A fifth of the time is kept in hand, so that a server which does not answer takes nothing from what was listed.
    const Duration until = began + run.timeout * 4 / 5;
    BarmanInactive inactive;
    if (options.server == kAll && !servers->empty())
        inactive = co_await inactive_servers(options, run, until);
    std::erase_if(*servers, [&](const auto& server) { return inactive.servers.contains(server.first); });
    if (servers->empty())
        co_return core::failed(FailureKind::misconfigured, "expected a server of Barman's, found none that is active");
    Result<Assertions> checks;
    if (options.check)
        checks = co_await check_servers(options, run, until);
    Seen seen;
    seen.cursor = write_barman_inactive(inactive);
    for (auto& [server, points] : *servers) {
        SubjectReport report{.subject = server, .evidence = {std::move(points)}};
        if (options.check)
            report.evidence.emplace_back(core::Assertions{{of_server(checks, server)}});
        seen.subjects.push_back(std::move(report));
    }
    co_return seen;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_command(options.command, "barman", place, diagnostics);
    if (options.server.empty() || options.server.front() == '-')
        diagnostics.mistake(place.at, place.path + ".server",
                            fmt::format("expected the name of a server, found '{}'", options.server));
}

} // namespace

Kind barman() {
    return kind<Options>(
        {.name = "barman",
         .summary = "backups of every PostgreSQL server that Barman keeps, its jobs and its checks",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::assertions},
         .access =
             "to run `barman -f json list-backup all`, `barman -f json list-server` and `barman -f json check all` "
             "as Barman's own user. By a key that can do no more, command = [\"ssh\", \"-i\", "
             "\"/etc/recoverd/barman.key\", \"barman@localhost\", \"barman\"], and in "
             "~barman/.ssh/authorized_keys `restrict,command=\"case $SSH_ORIGINAL_COMMAND in 'barman -f "
             "json list-backup all'|'barman -f json list-server'|'barman -f json check all') exec "
             "$SSH_ORIGINAL_COMMAND;; esac; exit 126\" ssh-ed25519 KEY recoverd`. By sudo, command = [\"sudo\", "
             "\"-nu\", \"barman\", \"barman\"], and in /etc/sudoers.d/recoverd `recoverd ALL=(barman) NOPASSWD: "
             "/usr/bin/barman -f json list-backup all, /usr/bin/barman -f json list-server, /usr/bin/barman -f "
             "json check all`; not from the unit that is shipped, whose NoNewPrivileges=yes stops sudo",
         .resource = Resource::process,
         .every = std::chrono::minutes{5},
         .timeout = std::chrono::minutes{1}},
        kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
