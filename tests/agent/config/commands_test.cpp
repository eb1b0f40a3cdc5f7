// SPDX-License-Identifier: Apache-2.0
// `recoverd config …` as it is typed, with the collectors there really are.
#include "io/json.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>
#include <set>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::typed;

namespace {

const std::string kData = test::source_folder() / "tests/data/config/";

} // namespace

TEST_CASE("config check ends with 1 and tells file, line and column on standard error") {
    const auto ended = typed({"config", "check", kData + "bad_unknown_key.toml"});
    CHECK(ended.code == 1);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, ContainsSubstring("bad_unknown_key.toml:7:1: check.orders-backup: unknown key 'stanzza' for "
                                            "collector 'pgbackrest'\nhint: did you mean 'stanza'?\n"));
}

TEST_CASE("config check of a good file ends with 0, warnings or not") {
    CHECK(typed({"config", "check", "--config.file", kData + "good_contract.toml"}).code == 0);
    const auto ended = typed({"config", "check", kData + "warn_uncovered.toml"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, ContainsSubstring("warning: asset.b: "));
    CHECK_THAT(ended.out, ContainsSubstring("5 assets, 4 checks, no mistakes"));
}

TEST_CASE("config check of a file that is not there says so") {
    const auto ended = typed({"config", "check", "/nonexistent/recoverd.toml"});
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, ContainsSubstring("there is no file '/nonexistent/recoverd.toml'\nhint: "));
}

TEST_CASE("config show tells each value and who said it") {
    const auto ended = typed({"config", "show", "orders-backup", "--config.file", kData + "good_contract.toml"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, ContainsSubstring("[check.orders-backup]\n") && ContainsSubstring("stanza = \"orders\"") &&
                              ContainsSubstring("# check.orders-backup at " + kData + "good_contract.toml:14\n") &&
                              ContainsSubstring("every = \"5m\"") && ContainsSubstring("# built-in\n") &&
                              ContainsSubstring("policy.backup_size_anomaly = false") &&
                              ContainsSubstring("# asset.orders-db\n"));
    CHECK(!ended.out.contains("[asset."));
}

TEST_CASE("config show of a name nobody has suggests the nearest") {
    const auto ended = typed({"config", "show", "order-db", "--config.file", kData + "good_contract.toml"});
    CHECK(ended.code == 1);
    CHECK(ended.err == "recoverd: there is no check and no asset 'order-db'\nhint: did you mean 'orders-db'?\n");
}

TEST_CASE("config show never shows what came from the environment") {
    ::setenv("RECOVERD_TEST_STANZA", "hunter2", 1);
    const auto ended = typed({"config", "show", "--config.file", kData + "good_stanza_from_environment.toml"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, ContainsSubstring("stanza = \"${RECOVERD_TEST_STANZA}\""));
    CHECK(!ended.out.contains("hunter2"));
}

TEST_CASE("the schema is JSON and knows every rule, every section and every collector's options") {
    const auto ended = typed({"config", "schema"});
    REQUIRE(ended.code == 0);
    const auto schema = io::Json::parse(ended.out);
    CHECK(schema.at_pointer("/$defs/check_pgbackrest/properties/stanza/type").text() == "string");
    CHECK(schema.at_pointer("/$defs/check_pgbackrest/properties/every/pattern"));
    CHECK(schema.at_pointer("/$defs/policy/properties/backup_too_old/oneOf"));
    CHECK(schema.at_pointer("/$defs/asset/properties/restore_test_every"));
    CHECK(schema.at_pointer("/properties/maintenance/items/$ref").text() == "#/$defs/maintenance");
    CHECK(schema.at_pointer("/$defs/validation/properties/step/$ref").text() == "#/$defs/step");
    CHECK(schema.at_pointer("/$defs/step/items/properties/check"));
    CHECK(schema.at_pointer("/$defs/threshold/properties/over"));
    // Its address may come out of a `targets_file`.
    CHECK(schema.at_pointer("/$defs/check_tcp/required").items().size() == 1);
    std::set<std::string_view> names;
    for (const auto& [name, definition] : schema["$defs"].object())
        CHECK(names.insert(name).second);
    CHECK_FALSE(schema["additionalProperties"].boolean());
}

TEST_CASE("an interval for looking at the configuration that makes no sense is refused before anything runs") {
    for (const char* interval : {"0s", "999ms", "-1m", "often"}) {
        INFO(interval);
        const auto ended = typed({"run", "--config.check", "--config.auto-reload-interval", interval, "--config.file",
                                  kData + "good_contract.toml"});
        CHECK(ended.code == 64);
        CHECK_THAT(ended.err,
                   ContainsSubstring("recoverd: --config.auto-reload-interval: ") && ContainsSubstring("\nhint: "));
    }
    CHECK(typed({"run", "--config.check", "--config.auto-reload-interval", "30s", "--config.file",
                 kData + "good_contract.toml"})
              .code == 0);
}
