// SPDX-License-Identifier: Apache-2.0
// Whole files, as people write them. tests/data/config/bad_X.toml must say exactly what bad_X.expected holds;
// RECOVERD_ACCEPT=1 writes what was said, to be read in the diff.
#include "agent/config/load.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <unistd.h>

using namespace recoverd;
using namespace std::chrono_literals;
using agent::load;
using agent::Loaded;

namespace {

const std::filesystem::path kData = test::source_folder() / "tests/data/config";

// Stand-ins with the options that the public contract fixes, so that these files do not change with a collector.
struct BackupOptions {
    std::string stanza;
    std::vector<std::string> command{"pgbackrest"};
    std::string config;
    core::config::SecretRef password;
};
constexpr core::config::Option<BackupOptions> kBackupOptions[] = {
    {"stanza", &BackupOptions::stanza, "the stanza"},
    {"command", &BackupOptions::command, "argv"},
    {"config", &BackupOptions::config, "its configuration"},
    {"password", &BackupOptions::password, "its passphrase"},
};

struct ProbeOptions {
    std::string url;
    std::string verb = "GET";
    core::Labels headers;
    std::optional<core::config::Size> max_size;
};
constexpr core::config::Option<ProbeOptions> kProbeOptions[] = {
    {"url", &ProbeOptions::url, "what to ask", core::config::Need::required},
    {"verb", &ProbeOptions::verb, "how to ask", core::config::Need::optional, "GET|HEAD|POST"},
    {"headers", &ProbeOptions::headers, "what to send along"},
    {"max_size", &ProbeOptions::max_size, "how much to read"},
};

struct OutcomeOptions {
    std::string exercise;
    std::optional<core::Duration> cadence;
};
constexpr core::config::Option<OutcomeOptions> kOutcomeOptions[] = {
    {"exercise", &OutcomeOptions::exercise, "its name"},
    {"cadence", &OutcomeOptions::cadence, "how often"},
};

template <class Options>
collectors::Task<collectors::Collected> sees_nothing(Options /*options*/, collectors::Run /*run*/) {
    co_return core::Seen{};
}

std::span<const collectors::Kind> kinds() {
    using enum core::EvidenceKind;
    using collectors::kind;
    static const std::vector<collectors::Kind> all{
        kind<BackupOptions>({.name = "pgbackrest", .brings = {recovery_points, log_archive}, .every = 5min},
                            kBackupOptions, sees_nothing<BackupOptions>,
                            {.brings =
                                 [](const BackupOptions& options) {
                                     if (options.stanza == "standbys")
                                         return std::vector{replication, assertions};
                                     return options.stanza == "log" ? std::vector{log_archive}
                                                                    : std::vector<core::EvidenceKind>{};
                                 }}),
        kind<ProbeOptions>({.name = "http", .brings = {reachability}, .probes = true, .every = 15s, .timeout = 10s},
                           kProbeOptions, sees_nothing<ProbeOptions>,
                           {.target = [](const ProbeOptions& options) { return options.url; }}),
        kind<OutcomeOptions>({.name = "outcome", .brings = {exercise, recovery_points}, .every = core::Duration{0}},
                             kOutcomeOptions, sees_nothing<OutcomeOptions>),
    };
    return all;
}

/// Everything said about a file, with names of files as seen from the folder of the data.
std::string said_about(const std::filesystem::path& file, std::span<const collectors::Kind> known = kinds()) {
    std::string out;
    const Loaded loaded = load(file.string(), known);
    for (const auto& diagnostic : loaded.diagnostics.all())
        out += core::config::format(diagnostic) + "\n";
    const std::string folder = kData.string() + "/";
    for (std::size_t at = out.find(folder); at != std::string::npos; at = out.find(folder, at))
        out.erase(at, folder.size());
    return out;
}

std::string content(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::filesystem::path> files_named(std::string_view prefix) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{kData})
        if (entry.path().filename().string().starts_with(prefix) && entry.path().extension() == ".toml")
            files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

const core::Check& check_named(const Loaded& loaded, std::string_view name) {
    for (const auto& check : loaded.config->checks)
        if (check->name == name)
            return *check;
    throw std::runtime_error("no check " + std::string{name});
}

Loaded good(const std::string& name) {
    ::setenv("RECOVERD_TEST_NODE", "node-7", 1);
    Loaded loaded = load((kData / name).string(), kinds());
    std::string said;
    for (const auto& diagnostic : loaded.diagnostics.all())
        said += core::config::format(diagnostic) + "\n";
    INFO(said);
    REQUIRE(said.empty());
    REQUIRE(loaded.collectors.size() == loaded.config->checks.size());
    return loaded;
}

} // namespace

TEST_CASE("every bad configuration is told exactly what is wrong with it") {
    ::unsetenv("RECOVERD_TEST_MISSING");
    const auto files = files_named("bad_");
    REQUIRE(files.size() > 20);
    for (const auto& file : files) {
        auto expected = file;
        expected.replace_extension(".expected");
        const std::string said = said_about(file);
        if (std::getenv("RECOVERD_ACCEPT"))
            std::ofstream{expected} << said;
        INFO(file.filename());
        CHECK_FALSE(said.empty());
        CHECK(said == content(expected));
    }
}

TEST_CASE("a file that has no place, as a link to itself and a pipe have none, is a mistake and ends nothing") {
    const auto link = std::filesystem::temp_directory_path() / fmt::format("recoverd-link-{}.toml", ::getpid());
    std::filesystem::create_symlink(link, link);
    const Loaded loaded = load(link.string(), kinds());
    std::filesystem::remove(link);
    REQUIRE(loaded.diagnostics.has_mistakes());
    CHECK(loaded.diagnostics.all().front().message == fmt::format("there is no file '{}'", link.string()));
}

TEST_CASE("a file with twenty mistakes is told all twenty at once") {
    const Loaded loaded = load((kData / "bad_twenty.toml").string(), kinds());
    std::set<std::uint32_t> lines;
    for (const auto& diagnostic : loaded.diagnostics.all())
        if (diagnostic.severity == core::config::Severity::mistake)
            lines.insert(diagnostic.at.line);
    // Each line with a mistake says so in a comment.
    std::set<std::uint32_t> marked;
    std::ifstream in{kData / "bad_twenty.toml"};
    std::uint32_t number = 1;
    for (std::string line; std::getline(in, line); ++number)
        if (line.ends_with("# mistake"))
            marked.insert(number);
    CHECK(marked.size() == 20);
    CHECK(lines == marked);
    CHECK(loaded.collectors.empty());
}

TEST_CASE("the example of the contract compiles to what it promises") {
    const Loaded loaded = good("good_contract.toml");
    const core::Config& config = *loaded.config;
    const core::Asset& asset = config.assets.at("orders-db");
    CHECK(asset.objectives.rpo == 1h);
    CHECK(asset.objectives.since == core::Time{std::chrono::sys_days{std::chrono::year{2025} / 3 / 1}});
    CHECK(asset.objectives.retention == 7 * core::kDay);
    CHECK(config.severity == std::array<std::string, 4>{"page", "critical", "warning", "info"});
    CHECK(config.alert_labels == core::Labels{{"team", "platform"}});
    CHECK(loaded.alertmanager.urls == std::vector<std::string>{"http://alertmanager.monitoring:9093"});
    REQUIRE(config.maintenance.size() == 1);
    CHECK(config.maintenance[0].to - config.maintenance[0].from == 4h);
    CHECK(config.exercises == std::vector<core::PlannedExercise>{{.name = "restore-test",
                                                                  .asset = "orders-db",
                                                                  .cadence = 7 * core::kDay,
                                                                  .told_in = core::Scope::cluster}});
}

TEST_CASE("an exercise that a check waits for is told to agents of that check's scope") {
    const Loaded loaded = good("good_told.toml");
    std::map<std::string, std::optional<core::Scope>> told;
    for (const core::PlannedExercise& planned : loaded.config->exercises)
        told[planned.name] = planned.told_in;
    CHECK(told.size() == 4);
    CHECK(told["drill"] == core::Scope::node);
    CHECK(told["restore-test"] == core::Scope::cluster);
    // Somebody of both scopes waits for it.
    CHECK(told["failover"] == core::Scope::cluster);
    CHECK_FALSE(told["game-day"]);
}

TEST_CASE("policies merge key by key: built-in, policy, class, asset, check, subject") {
    const Loaded loaded = good("good_contract.toml");
    using enum core::RuleId;
    const core::Check& check = check_named(loaded, "orders-backup");
    REQUIRE(check.policy[backup_too_old].steps.size() == 2);
    CHECK(check.policy[backup_too_old].steps[0].over == 5400.0);
    CHECK(check.policy[backup_too_old].steps[1].priority == core::Priority::p1);
    CHECK(check.policy[backup_too_old].origin == "class.gold");
    CHECK_FALSE(check.policy.enabled(backup_size_anomaly));
    CHECK(check.policy[pitr_lag_high].origin == "policy");
    CHECK(check.policy.hold(evidence_missing) == 10min);
    // What a class switched off is on again where somebody gives a threshold.
    CHECK(check.policy.enabled(pitr_window_short));
    REQUIRE(check.subjects.size() == 1);
    CHECK(check.subjects[0].match == "*/repo2");
    CHECK_FALSE(check.policy.overlaid(check.subjects[0].policy).enabled(backup_too_old));
    // For subjects of another asset, what the check says itself is kept apart.
    CHECK_FALSE(check.own_policy[backup_too_old].enabled.has_value());
    CHECK(check.own_policy.hold(evidence_missing) == 10min);
}

TEST_CASE("an entry of for_each fills its placeholders into every string and leaves other braces alone") {
    const Loaded loaded = good("good_for_each.toml");
    CHECK(loaded.config->checks.size() == 4);
    const core::Check& db1 = check_named(loaded, "web-db1");
    CHECK(db1.target == "https://db1.example:8443/health?q={job}");
    CHECK(db1.labels == core::Labels{{"host", "db1.example"}, {"team", "data"}});
    CHECK(check_named(loaded, "backup-of-a").asset == "{subject}");
    CHECK(check_named(loaded, "backup-of-a").asset_map.at("orders") == "orders-db");
}

TEST_CASE("a file_sd document makes one check per target, with the target's labels") {
    const Loaded loaded = good("good_targets.toml");
    CHECK(loaded.config->checks.size() == 3);
    const core::Check& one = check_named(loaded, "edge-a.example_8443_health");
    CHECK(one.target == "https://a.example:8443/health");
    CHECK(one.labels == core::Labels{{"env", "prod"}, {"team", "edge"}});
    CHECK(check_named(loaded, "edge-b.example_80").target == "http://b.example:80");
    // Watching the file is the agent's business; it has to know which.
    CHECK(std::ranges::any_of(loaded.files, [](const auto& file) { return file.ends_with("targets.json"); }));
}

TEST_CASE("defaults fill in what a check leaves out, the collector's before the common ones") {
    const Loaded loaded = good("good_defaults.toml");
    const core::Check& plain = check_named(loaded, "plain");
    CHECK(plain.every == 2min);
    CHECK(plain.failures == 5);
    CHECK(plain.labels == core::Labels{{"team", "web"}, {"tier", "edge"}});
    CHECK(plain.location.zone == "a");
    CHECK(plain.location.region == "north");
    CHECK(plain.scope == core::Scope::node);
    CHECK(check_named(loaded, "own").every == 1h);
    CHECK(check_named(loaded, "backups").every == 20min);
}

TEST_CASE("a check that looks more often than its collector's timeout allows gets a shorter one quietly") {
    const Loaded loaded = good("good_defaults.toml");
    CHECK(check_named(loaded, "often").every == 5s);
    CHECK(check_named(loaded, "often").timeout == 4500ms);
}

TEST_CASE("what comes from the environment is used, but neither shown nor part of the fingerprint") {
    const Loaded loaded = good("good_environment.toml");
    const core::Check& check = check_named(loaded, "web");
    CHECK(check.target == "http://node-7:80/$1/${RECOVERD_TEST_NODE}");
    CHECK(!check.fingerprint.contains("node-7"));
    bool shown = false;
    for (const auto& origin : loaded.origins.at("check.web"))
        if (origin.key == "url") {
            CHECK(origin.value == R"("http://${RECOVERD_TEST_NODE}:80/$1/$${RECOVERD_TEST_NODE}")");
            CHECK(origin.from == "check.web");
            shown = true;
        }
    CHECK(shown);
}

TEST_CASE("the fingerprint is of collector and options alone, in whatever order and wherever they stand") {
    const Loaded loaded = good("good_fingerprint.toml");
    CHECK(check_named(loaded, "one").fingerprint == check_named(loaded, "two").fingerprint);
    CHECK(check_named(loaded, "one").fingerprint != check_named(loaded, "three").fingerprint);
}

TEST_CASE("included files are joined, and the order of their names is the order of their checks") {
    const Loaded loaded = good("good_include.toml");
    REQUIRE(loaded.config->checks.size() == 2);
    CHECK(loaded.config->checks[0]->name == "first");
    CHECK(loaded.config->checks[1]->name == "second");
    CHECK(loaded.config->exercises.size() == 2);
    CHECK(loaded.files.size() == 3);
}

TEST_CASE("a secret that everybody can read is a warning, and is not opened") {
    const auto folder = std::filesystem::temp_directory_path() / "recoverd_load_test";
    std::filesystem::create_directories(folder);
    const auto secret = folder / "password";
    std::ofstream{secret} << "hunter2";
    std::filesystem::permissions(secret, std::filesystem::perms{0644});
    std::ofstream{folder / "recoverd.toml"} << "[check.a]\ncollector = \"pgbackrest\"\npassword = { file = \""
                                            << secret.string() << "\" }\n";
    const Loaded loaded = load((folder / "recoverd.toml").string(), kinds());
    REQUIRE(loaded.diagnostics.all().size() == 1);
    CHECK_FALSE(loaded.diagnostics.has_mistakes());
    CHECK(loaded.diagnostics.all()[0].message ==
          "everybody can read the secret in '" + secret.string() + "' (mode 0644)");
    std::filesystem::permissions(secret, std::filesystem::perms{0000});
    CHECK(load((folder / "recoverd.toml").string(), kinds()).diagnostics.all().empty());
    std::filesystem::remove_all(folder);
}

TEST_CASE("a secret that everybody can read is told of where its path is filled in, once for each place and file") {
    const auto folder = std::filesystem::temp_directory_path() / "recoverd_load_test_open";
    std::filesystem::create_directories(folder);
    for (const char* name : {"a", "b", "shared"}) {
        std::ofstream{folder / name} << "hunter2";
        std::filesystem::permissions(folder / name, std::filesystem::perms{0644});
    }
    std::ofstream{folder / "recoverd.toml"} << R"(
[alertmanager]
urls = ["http://127.0.0.1:9093"]
auth = { bearer = { file = "${RECOVERD_TEST_SECRETS}/shared" } }

[check."backup-{name}"]
collector = "pgbackrest"
stanza = "{name}"
password = { file = "${RECOVERD_TEST_SECRETS}/{name}" }
for_each = [{ name = "a" }, { name = "b" }, { name = "c" }]

[check.other]
collector = "pgbackrest"
password = { file = "${RECOVERD_TEST_SECRETS}/shared" }
)";
    ::setenv("RECOVERD_TEST_SECRETS", folder.c_str(), 1);
    std::vector<std::string> touched;
    const Loaded loaded =
        load((folder / "recoverd.toml").string(), kinds(), [&](const std::string& path) { touched.push_back(path); });
    ::unsetenv("RECOVERD_TEST_SECRETS");
    std::vector<std::string> told;
    for (const auto& diagnostic : loaded.diagnostics.all())
        told.push_back(fmt::format("{} {}: {}", diagnostic.at.line, diagnostic.path, diagnostic.message));
    const auto open = [&](std::string_view where, std::string_view name) {
        return fmt::format("{}: everybody can read the secret in '{}' (mode 0644)", where, (folder / name).string());
    };
    CHECK(told == std::vector{open("4 alertmanager.auth.bearer.file", "shared"),
                              open("9 check.backup-a.password.file", "a"), open("9 check.backup-b.password.file", "b"),
                              open("14 check.other.password.file", "shared")});
    CHECK(std::ranges::count(touched, (folder / "a").string()) == 1);
    std::filesystem::remove_all(folder);
}

TEST_CASE("a configuration that cannot be read to its end is a mistake, and no empty one") {
    // Opens, and then cannot be read, as on a disk that is bad there.
    const Loaded loaded = load("/proc/self/mem", kinds());
    REQUIRE(loaded.diagnostics.all().size() == 1);
    CHECK(loaded.diagnostics.has_mistakes());
    CHECK(loaded.diagnostics.all()[0].message.contains("cannot read '/proc/self/mem': Input/output error"));
}

TEST_CASE("every variable that a secret is read from is known, those of each entry of for_each too") {
    const auto file = std::filesystem::temp_directory_path() / "recoverd_load_test_secrets.toml";
    std::ofstream{file} << R"(
[alertmanager]
urls = ["http://127.0.0.1:9093"]
auth = { bearer = { env = "ALERTMANAGER_TOKEN" } }

[check."backup-{name}"]
collector = "pgbackrest"
stanza = "${RECOVERD_TEST_STANZA}"
password = { env = "PASSWORD_{name}" }
for_each = [{ name = "a" }, { name = "b" }]
)";
    ::setenv("RECOVERD_TEST_STANZA", "orders", 1);
    const Loaded loaded = load(file.string(), kinds());
    ::unsetenv("RECOVERD_TEST_STANZA");
    std::filesystem::remove(file);
    REQUIRE_FALSE(loaded.diagnostics.has_mistakes());
    const auto names = std::set<std::string>(loaded.secret_variables.begin(), loaded.secret_variables.end());
    CHECK(names.contains("ALERTMANAGER_TOKEN"));
    CHECK(names.contains("PASSWORD_a"));
    CHECK(names.contains("PASSWORD_b"));
    CHECK_FALSE(names.contains("RECOVERD_TEST_STANZA"));
}

TEST_CASE("what a collector finds wrong with an option is told where the option stands") {
    CHECK(said_about(kData / "misplaced.toml", collectors::all()) == content(kData / "misplaced.expected"));
}

TEST_CASE("a scenario that nobody decides, or not often enough, is warned of") {
    CHECK(
        said_about(kData / "warn_scenario.toml") ==
        "warn_scenario.toml:11:10: warning: scenario.checks: no check decides scenario 'cache': whether it holds stays "
        "unknown\n"
        "warn_scenario.toml:15:6: warning: scenario.by: no check that decides scenario 'rack' has a label 'rack'\n"
        "warn_scenario.toml:20:7: warning: scenario.rto: scenario 'pod' may last 2m, and check 'web' looks every 30s "
        "with a timeout of 10s: expected at least 4 looks within its rto\n"
        "warn_scenario.toml:25:12: warning: scenario.recovers: 'orders-*' matches no asset\n");
}

TEST_CASE("an rpo that no agent of one scope can judge is a warning, since others may see something newer") {
    CHECK(said_about(kData / "warn_scopes.toml") ==
          "warn_scopes.toml:1:8: warning: asset.a: checks of scope node and of scope cluster see its backups and its "
          "logs: no agent with --scope judges its rpo\n");
}

TEST_CASE("a promise of an exercise that no agent of one scope can judge is a warning") {
    CHECK(said_about(kData / "warn_keeps.toml") ==
          "warn_keeps.toml:35:10: warning: scenario.checks: checks of scope node decide scenario 'db-primary', and "
          "agents of scope cluster hear of exercise 'database-failover', which keeps it: no agent with --scope judges "
          "that\n");
}

TEST_CASE("objectives that no check can judge are a warning that names them; a proof can always be posted") {
    // Of an asset that is only told outcomes there need be no check at all.
    CHECK(said_about(kData / "warn_no_check.toml") ==
          "warn_no_check.toml:1:8: warning: asset.orders: no check can judge its rpo, retention\n");
    CHECK(said_about(kData / "warn_uncovered.toml") ==
          "warn_uncovered.toml:7:8: warning: asset.b: no check can judge its rpo, pitr_window\n"
          "warn_uncovered.toml:15:8: warning: asset.c: no check can judge its backup_every, rpo, encryption\n"
          "warn_uncovered.toml:25:8: warning: asset.d: no check can judge its backup_every, retention\n"
          // That a job made backups is not that they are still kept.
          "warn_uncovered.toml:36:8: warning: asset.e: no check can judge its retention\n");
}
