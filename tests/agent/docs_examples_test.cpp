// SPDX-License-Identifier: Apache-2.0
// Every example of a configuration that people may copy is one that the agent takes: each ```toml block of the
// documents is loaded, and none is marked as something else.
#include "agent/config/load.hpp"
#include "agent/setup.hpp"
#include "collectors/all.hpp"
#include "tests/agent/documents.hpp"
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace recoverd;
using namespace std::chrono_literals;
using test::documents;
using test::kRoot;
using test::text_of;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> toml_blocks(const std::string& page) {
    constexpr std::string_view kBegin = "```toml\n";
    std::vector<std::string> blocks;
    for (auto at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at)) {
        at += kBegin.size();
        const auto end = page.find("\n```", at);
        blocks.push_back(page.substr(at, end - at) + "\n");
        at = end;
    }
    return blocks;
}

/// A document of policies alone is no configuration, but a part of one.
std::string completed(std::string block) {
    if (!block.contains("[check."))
        block += "\n[check.any]\ncollector = \"files\"\npath = \"/backup/*.dump\"\n";
    return block;
}

agent::Loaded loaded_from(const std::string& text) {
    const fs::path folder = fs::temp_directory_path() / ("recoverd-example-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    std::ofstream{folder / "recoverd.toml"} << text;
    // Examples that have their targets from a file name it so.
    std::ofstream{folder / "targets.json"} << R"([{"targets": ["https://shop.example/healthz"]}])";
    agent::Loaded loaded = agent::load((folder / "recoverd.toml").string());
    fs::remove_all(folder);
    return loaded;
}

/// The mistakes of `text`, each in a line; empty when there are none.
std::string mistakes_of(const std::string& text) {
    const agent::Loaded loaded = loaded_from(text);
    std::string out;
    for (const auto& diagnostic : loaded.diagnostics.all())
        if (loaded.diagnostics.has_mistakes())
            out += core::config::format(diagnostic) + "\n";
    return out;
}

/// With all that is switched off in it, more than so many lines: a comment has a space behind its #, what is switched
/// off has none.
std::string switched_on(const std::string& sample, std::size_t more_than) {
    std::string all;
    std::size_t count = 0;
    std::istringstream lines{sample};
    for (std::string line; std::getline(lines, line);) {
        const bool off = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        count += off ? 1 : 0;
        all += (off ? line.substr(1) : line) + "\n";
    }
    CHECK(count > more_than);
    return all;
}

/// What such a check of the configuration for Kubernetes sees where nothing is wrong.
std::vector<core::SubjectReport> all_well(const core::Check& check, core::Time now) {
    if (check.collector == "files") {
        std::vector<core::Time> nightly;
        for (int i = 9; i >= 0; --i)
            nightly.push_back(core::fleet::kNow - 1h - i * core::kDay);
        return {core::fleet::points("orders-db", nightly), core::fleet::points("crm", nightly)};
    }
    if (check.collector == "postgresql") {
        const core::LogArchive log{.enabled = core::Told::yes, .newest_at = now, .pending = core::Told::no};
        return {core::SubjectReport{"", {}, {log}, {}}};
    }
    return {core::fleet::reach(core::ReachState::up, check.target)};
}

} // namespace

TEST_CASE("every TOML example in the documents is a configuration that the agent takes") {
    std::size_t loaded = 0;
    for (const fs::path& document : documents())
        for (const std::string& block : toml_blocks(text_of(document))) {
            CAPTURE(document.string(), block);
            CHECK(mistakes_of(completed(block)) == "");
            ++loaded;
        }
    CHECK(loaded >= 50);
}

TEST_CASE("no example in TOML is left out by what stands behind the word") {
    for (const fs::path& document : documents()) {
        CAPTURE(document.string());
        CHECK(!text_of(document).contains("```toml "));
    }
}

TEST_CASE("every restore test that is shown proves a restore") {
    std::vector<fs::path> files = documents();
    for (const char* file : {"recoverd.toml", "resilience-guide.toml"})
        files.push_back(kRoot / "packaging/config" / file);
    files.push_back(kRoot / "packaging/kubernetes/overlays/sidecar/recoverd.toml");
    std::size_t shown = 0;
    for (const fs::path& file : files) {
        std::istringstream lines{text_of(file)};
        for (std::string line; std::getline(lines, line);) {
            if (!line.contains("--exercise restore-test"))
                continue;
            CAPTURE(file.string(), line);
            // Without it a run proves that there is a backup.
            CHECK((line.contains("--depth restored") || line.contains("--depth queried")));
            ++shown;
        }
    }
    CHECK(shown >= 6);
}

TEST_CASE("an example with a mistake would be noticed") {
    const auto blocks = toml_blocks("text\n```toml\n[policy]\nbackup_to_old = false\n```\n");
    REQUIRE(blocks.size() == 1);
    CHECK(mistakes_of(completed(blocks.front())).contains("backup_too_old"));
}

TEST_CASE("the README lists every collector, and says of it what the program says") {
    const std::string readme = text_of(kRoot / "README.md");
    for (const collectors::Kind& kind : collectors::all()) {
        CAPTURE(kind.name);
        CHECK(readme.contains(fmt::format("| `{}` | {} |\n", kind.name, kind.summary)));
    }
}

TEST_CASE("two hosts that begin with the same configuration never end each other's alerts") {
    const std::string guide = text_of(kRoot / "docs/guide.md");
    const std::string readme = text_of(kRoot / "README.md");
    for (const std::string& first :
         {text_of(kRoot / "packaging/config/recoverd.toml"), toml_blocks(readme).front(), toml_blocks(guide).front()}) {
        CAPTURE(first);
        const agent::Loaded loaded = loaded_from(first);
        REQUIRE_FALSE(loaded.diagnostics.has_mistakes());
        CHECK(!loaded.config->checks.empty());
        for (const auto& check : loaded.config->checks)
            CHECK(check->scope == core::Scope::node);
    }
}

TEST_CASE("the configuration that is installed is taken, as it is and with everything in it switched on") {
    const std::string sample = text_of(kRoot / "packaging/config/recoverd.toml");
    CHECK(mistakes_of(sample) == "");
    const std::string all = switched_on(sample, 40);
    CHECK(mistakes_of(all) == "");
    for (const collectors::Kind& kind : collectors::all()) {
        CAPTURE(kind.name);
        CHECK(all.contains(fmt::format("collector = \"{}\"\n", kind.name)));
    }
}

TEST_CASE(
    "the configuration for Kubernetes wakes nobody in agents of either scope, with everything in it switched on") {
    ::setenv("RECOVERD_INSTANCE", "node-1", 1);
    const std::string sample = text_of(kRoot / "packaging/kubernetes/base/recoverd.toml");
    CHECK(mistakes_of(sample) == "");
    const std::string all = switched_on(sample, 20);
    CHECK(mistakes_of(all) == "");
    const agent::Loaded loaded = loaded_from(all);
    ::unsetenv("RECOVERD_INSTANCE");
    for (const core::Scope scope : {core::Scope::node, core::Scope::cluster}) {
        CAPTURE(core::name_of(scope));
        core::Time now = core::fleet::kNow;
        core::Engine engine{now};
        const agent::Setup setup = agent::make_setup(loaded, scope);
        CHECK(setup.config->checks.size() >= 2);
        engine.configure(setup.config, now);
        for (int minute = 0; minute < 30; ++minute) {
            for (const auto& check : setup.config->checks)
                engine.learn(check->name, core::fleet::report(now, all_well(*check, now)), now);
            core::fleet::pass(engine, now, 1min);
            CHECK(core::fleet::firing(engine, now).empty());
        }
        // Its dumps are seen on a node, its server by the cluster, which is told of restore tests.
        const core::AssetUnit* orders = engine.asset("orders-db");
        REQUIRE(orders != nullptr);
        CHECK(orders->asset.objectives.backup_every == core::kDay);
        // Which of the nodes that is, if any, the cluster's agent cannot know.
        CHECK(orders->verdict.state ==
              (scope == core::Scope::node ? core::VerdictState::recoverable : core::VerdictState::unknown));
        CHECK((engine.asset("crm") != nullptr) == (scope == core::Scope::node));
    }
}
