// SPDX-License-Identifier: Apache-2.0
// Backups of PostgreSQL servers that Barman keeps. Each server is a subject, with its backups and jobs as Barman's
// catalogue tells of them, and with what `barman check` finds.
#include "collectors/barman.hpp"

#include "collectors/all.hpp"
#include "collectors/tool.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string server = "all";
    std::vector<std::string> command{"barman"};
    std::string config;
    bool check = true;
};

constexpr Option<Options> kOptions[] = {
    {"server", &Options::server, "the server to look at, as Barman calls it"},
    {"command", &Options::command, "how Barman is started, for example behind ssh or sudo"},
    {"config", &Options::config, "Barman's configuration file, where it is not in its usual place"},
    {"check", &Options::check, "run `barman check` too, which connects to PostgreSQL"},
};

using Assertions = std::map<std::string, core::Assertion>;

io::Command command(const Options& options, const std::string& word, Duration timeout) {
    io::Command made;
    made.argv = options.command;
    if (!options.config.empty())
        made.argv.insert(made.argv.end(), {"-c", options.config});
    made.argv.insert(made.argv.end(), {"-f", "json", word, options.server});
    made.timeout = timeout;
    return made;
}

/// What `barman check` says of each server.
Task<Result<Assertions>> check_servers(Options options, Run run, Duration until) {
    auto asked = command(options, "check", until - run.world.timers().elapsed());
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), barman_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return understood([&] { return interpret_barman_check(io::Json::parse_lenient(*answer)); });
}

core::Assertion of_server(const Result<Assertions>& checks, const std::string& server) {
    if (!checks)
        return barman_check_unknown(checks.error().detail);
    const auto found = checks->find(server);
    return found != checks->end() ? found->second : barman_check_unknown("barman check says nothing of it");
}

Task<Collected> collect(Options options, Run run) {
    const Duration began = run.world.timers().elapsed();
    auto asked = command(options, "list-backup", run.timeout);
    const bool prefixed = !runs_here(options.command);
    const auto answer = co_await answer_of(run.world, std::move(asked), barman_failure, prefixed);
    if (!answer)
        co_return std::unexpected(answer.error());
    auto servers = interpret_barman(io::Json::parse_lenient(*answer));
    if (!servers)
        co_return std::unexpected(servers.error());
    if (servers->empty())
        co_return core::failed(FailureKind::misconfigured, "expected a server of Barman's, found none that is active");
    Result<Assertions> checks;
    // A fifth of the time is kept in hand, so that a server which does not answer takes nothing from what was listed.
    if (options.check)
        checks = co_await check_servers(options, run, began + run.timeout * 4 / 5);
    Seen seen;
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
         .access = "to run `barman -f json list-backup all` and `barman -f json check all` as Barman's own "
                   "user. By a key that can do no more, command = [\"ssh\", \"-i\", "
                   "\"/etc/recoverd/barman.key\", \"barman@localhost\", \"barman\"], and in "
                   "~barman/.ssh/authorized_keys `restrict,command=\"case $SSH_ORIGINAL_COMMAND in 'barman -f "
                   "json list-backup all'|'barman -f json check all') exec $SSH_ORIGINAL_COMMAND;; esac; exit "
                   "126\" ssh-ed25519 KEY recoverd`. By sudo, command = [\"sudo\", \"-nu\", \"barman\", "
                   "\"barman\"], and in /etc/sudoers.d/recoverd `recoverd ALL=(barman) NOPASSWD: "
                   "/usr/bin/barman -f json list-backup all, /usr/bin/barman -f json check all`; not from the "
                   "unit that is shipped, whose NoNewPrivileges=yes stops sudo",
         .resource = Resource::process,
         .every = std::chrono::minutes{5},
         .timeout = std::chrono::minutes{1}},
        kOptions, collect, {.check = check});
}

} // namespace recoverd::collectors
