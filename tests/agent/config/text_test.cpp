// SPDX-License-Identifier: Apache-2.0
// What `/config` shows, of a file as people write it and with the collectors there really are.
#include "agent/config/text.hpp"

#include "agent/configuration.hpp"
#include "io/gzip.hpp"
#include "tests/agent/commands/typed.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdlib>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view kText = R"(instance = "${RECOVERD_TEST_INSTANCE}"
runbook_url = "https://user:hunter2@wiki.example/"

[policy]
backup_too_old = { over = "2h", priority = "P2" }

[class.gold]
backup_every = "1h"

[class.gold.policy]
backup_stuck = false

[defaults]
labels = { team = "platform" }

[defaults.http]
every = "30s"

[asset.orders]
class = "gold"

[check.shop]
collector = "http"
asset = "orders"
url = "https://shop.example/healthz"

[check.dumps]
collector = "files"
asset = "orders"
path = "/b/orders-*.dump"

[[scenario]]
name = "shop-down"
checks = ["shop"]

[[scenario]]
name = "front-down"
checks = ["shop"]

[[exercise]]
name = "failover"
asset = "orders"
cadence = "30d"

[[validation]]
name = "after-recovery"
asset = "orders"
after = ["shop-down"]
step = [{ check = "shop", priority = "P1" }]

[[maintenance]]
assets = ["orders"]
from = 2026-12-01T22:00:00Z
to = 2026-12-02T02:00:00Z

[alertmanager]
urls = ["http://am:hunter2@alertmanager:9093"]
auth = { bearer = { file = "/run/secrets/am" } }

[outcomes]
token = { file = "/run/secrets/outcomes" }
)";

} // namespace

TEST_CASE("every section is shown with who wrote it, and no secret nor what came from the environment") {
    ::setenv("RECOVERD_TEST_INSTANCE", "hunter2", 1);
    const test::Folder folder;
    folder.write("recoverd.toml", std::string{kText});
    const std::string file = folder.path("recoverd.toml");
    const agent::Configuration read = agent::read_configuration(file, {});
    for (const auto& diagnostic : read.loaded.diagnostics.all())
        UNSCOPED_INFO(core::config::format(diagnostic));
    REQUIRE_FALSE(read.loaded.diagnostics.has_mistakes());
    const std::string text = io::gunzip(read.text);
    INFO(text);
    CHECK(text.starts_with("instance = \"${RECOVERD_TEST_INSTANCE}\""));
    CHECK_FALSE(text.contains("hunter2"));
    for (const char* line :
         {"\n[policy]\nbackup_too_old = { over = \"2h\", priority = \"P2\" }", "\n[class.gold]\nbackup_every = \"1h\"",
          "\npolicy = { backup_stuck = false }", "\n[defaults]\nlabels = { team = \"platform\" }",
          "\n[defaults.http]\nevery = \"30s\"", "\n[[scenario]]\nname = \"shop-down\"",
          "\n[[scenario]]\nname = \"front-down\"", "\n[[exercise]]\nname = \"failover\"",
          "\nstep = [{ check = \"shop\", priority = \"P1\" }]", "\n[[maintenance]]\nassets = [\"orders\"]",
          "\nurls = [\"http://am:***@alertmanager:9093\"]", "\nauth = { bearer = { file = \"/run/secrets/am\" } }",
          "\n[outcomes]\ntoken = { file = \"/run/secrets/outcomes\" }", "\n[asset.orders]\n", "\n[check.shop]\n"})
        CHECK_THAT(text, ContainsSubstring(line));
    const auto at = std::ranges::count(kText.substr(0, kText.find("failover")), '\n') + 1;
    CHECK_THAT(text, ContainsSubstring("name = \"failover\"  # exercise at " + file + ":" + std::to_string(at) + "\n"));
    // The daemon keeps the text alone.
    CHECK(read.loaded.origins.empty());
    CHECK(read.loaded.other_sections.empty());
}

TEST_CASE("of a configuration without other sections only assets and checks are shown") {
    const test::Folder folder;
    folder.write("recoverd.toml", "[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\n");
    const agent::Configuration read = agent::read_configuration(folder.path("recoverd.toml"), {});
    CHECK(io::gunzip(read.text).starts_with("[check.a]\n"));
}
