// SPDX-License-Identifier: Apache-2.0
// Asks a Vault or OpenBao server over its HTTP API how it is, and through it the raft cluster that it belongs to.
// Snapshots that are files are for `vault_snapshot`.
#include "collectors/vault.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;

struct Options {
    std::string address;
    SecretRef token;
    std::vector<std::string> peers;
    std::optional<std::int64_t> failure_tolerance;
    std::vector<std::string> auto_snapshots;
    std::optional<Node> tls;
    std::string proxy;
};

constexpr Option<Options> kOptions[] = {
    {"address", &Options::address, "URL of one server's API, as in VAULT_ADDR; each server is a check of its own",
     Need::required},
    {"token", &Options::token, "without it only health and seal are looked at"},
    {"peers", &Options::peers,
     "ids of the raft servers that must be there; when left out all that were ever seen, so name them once one was "
     "removed for good"},
    {"failure_tolerance", &Options::failure_tolerance,
     "raft servers that may fail while the cluster goes on, at least, as autopilot counts them; any when left out"},
    {"auto_snapshots", &Options::auto_snapshots, "names of configurations of automated snapshots (Vault Enterprise)"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

std::string target(const Options& options) {
    const std::string bare = io::bare_url(options.address);
    return bare.substr(0, bare.find_last_not_of('/') + 1);
}

void check_names(const std::vector<std::string>& names, std::string_view key, const Place& place,
                 Diagnostics& diagnostics) {
    for (const std::string& name : names)
        if (name.empty() || std::ranges::count(names, name) > 1)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key),
                                fmt::format("expected each name once, found '{}'", name));
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_url(options.address, place.inside("address"), diagnostics);
    check_names(options.peers, "peers", place, diagnostics);
    check_names(options.auto_snapshots, "auto_snapshots", place, diagnostics);
    constexpr std::string_view kInPath = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (const std::string& name : options.auto_snapshots)
        if (name.find_first_not_of(kInPath) != std::string::npos)
            diagnostics.mistake(place.at, place.path + ".auto_snapshots",
                                fmt::format("expected letters, digits, '-', '_' and '.', found '{}'", name));
    if (options.failure_tolerance && *options.failure_tolerance < 0)
        diagnostics.mistake(place.at, place.path + ".failure_tolerance", "expected 0 or more");
    const bool asks = !options.peers.empty() || options.failure_tolerance || !options.auto_snapshots.empty();
    if (asks && !options.token)
        diagnostics.mistake(place.at, place.path,
                            "expected token beside peers, failure_tolerance and auto_snapshots, found none");
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

/// Whoever promises backups and has no configuration of snapshots named is to hear that nobody looks at them.
std::vector<EvidenceKind> brings(const Options& options) {
    std::vector<EvidenceKind> kinds{EvidenceKind::reachability, EvidenceKind::fingerprint};
    if (options.token)
        kinds.push_back(EvidenceKind::replication);
    if (options.failure_tolerance)
        kinds.push_back(EvidenceKind::assertions);
    if (!options.auto_snapshots.empty())
        kinds.push_back(EvidenceKind::recovery_points);
    return kinds;
}

VaultExpected expectations(const Options& options) {
    return {.target = target(options),
            .has_token = static_cast<bool>(options.token),
            .peers = options.peers,
            .failure_tolerance = options.failure_tolerance,
            .auto_snapshots = options.auto_snapshots};
}

/// Asks one thing after the other, each with its share of the time that is left.
class Asking {
  public:
    Asking(Options options, Run run, io::Secret token, Duration until)
        : options_(std::move(options)),
          run_(std::move(run)),
          token_(std::move(token)),
          until_(until),
          questions_(4 + static_cast<Duration::rep>(options_.auto_snapshots.size())) {}

    io::HttpRequest request(std::string_view path, bool with_token) {
        Diagnostics checked_already;
        io::HttpRequest asked;
        asked.url = fmt::format("{}/v1/{}", target(options_), path);
        // Without it an agent that stands before Vault may refuse, against requests that a page had a browser make.
        asked.headers.emplace_back("X-Vault-Request", "true");
        if (options_.tls)
            asked.tls = io::read_tls(*options_.tls, "tls", checked_already);
        asked.proxy = options_.proxy;
        if (with_token && options_.token) {
            asked.auth.header_name = "X-Vault-Token";
            asked.auth.header_value = token_;
        }
        const Duration left = until_ - run_.world.timers().elapsed();
        asked.timeout = std::max(Duration{1}, left / std::max<Duration::rep>(1, questions_--));
        return asked;
    }

  private:
    Options options_;
    Run run_;
    io::Secret token_;
    Duration until_;
    Duration::rep questions_;
};

VaultAnswers first_answer(Result<io::HttpAnswer> health) {
    return {.health = std::move(health), .seal_status = {}, .leader = {}, .raft = {}, .auto_snapshots = {}};
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    io::Secret token;
    if (options.token) {
        auto opened = co_await run.world.secret(options.token);
        if (!opened)
            co_return std::unexpected(std::move(opened.error()));
        token = std::move(*opened);
    }
    const VaultExpected expected = expectations(options);
    Asking asking(options, run, std::move(token), until);
    io::HttpRequest health = asking.request("sys/health", false);
    health.want_certificate = health.url.starts_with("https:");
    auto told = co_await run.world.http(std::move(health));
    VaultAnswers answers = first_answer(std::move(told));
    if (answers.health && answers.health->status != 0) {
        io::HttpRequest request = asking.request("sys/seal-status", false);
        answers.seal_status = co_await run.world.http(std::move(request));
    }
    const VaultQuestions questions = vault_questions(expected, answers, run.now);
    if (questions.leader) {
        io::HttpRequest request = asking.request("sys/leader", false);
        answers.leader = co_await run.world.http(std::move(request));
    }
    if (questions.raft) {
        io::HttpRequest request = asking.request("sys/storage/raft/autopilot/state", true);
        answers.raft = co_await run.world.http(std::move(request));
    }
    if (questions.auto_snapshots) {
        for (const std::string& name : expected.auto_snapshots) {
            io::HttpRequest request = asking.request("sys/storage/raft/snapshot-auto/status/" + name, true);
            auto answer = co_await run.world.http(std::move(request));
            answers.auto_snapshots.push_back(std::move(answer));
        }
    }
    co_return interpret_vault(expected, answers, run.cursor, run.now);
}

} // namespace

Kind vault() {
    return kind<Options>(
        {.name = "vault",
         .summary = "health, seal, raft peers and automated snapshots of Vault or OpenBao",
         .brings = {EvidenceKind::reachability, EvidenceKind::fingerprint, EvidenceKind::replication,
                    EvidenceKind::assertions, EvidenceKind::recovery_points},
         .access = "to connect to the API; for the raft peers a token whose policy holds "
                   "`path \"sys/storage/raft/autopilot/state\" { capabilities = [\"read\"] }`, and for automated "
                   "snapshots `path \"sys/storage/raft/snapshot-auto/status/*\" { capabilities = [\"read\"] }`. "
                   "recoverd does not renew it: make it periodic and have Vault Agent write it into a file. Raft is "
                   "asked of Vault 1.7 and OpenBao 2.0 or newer",
         .probes = true,
         .every = Duration{30'000},
         .timeout = Duration{10'000}},
        kOptions, collect, {.check = check, .target = target, .brings = brings});
}

} // namespace recoverd::collectors
