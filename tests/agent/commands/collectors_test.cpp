// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/commands/typed.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sstream>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::Folder;
using test::typed;

namespace {

using Lines = std::vector<std::string>;

/// Of the roles that were printed: their kinds, where they are, and what they are about.
Lines roles_in(const std::string& printed) {
    Lines lines;
    std::istringstream in{printed};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("kind: ") || line.starts_with("  namespace: ") || line.contains("resources: "))
            lines.push_back(line.substr(line.find_first_not_of(' ')));
    return lines;
}

test::Ended rbac(const std::vector<std::string>& more) {
    std::vector<std::string> words{"collectors", "kubernetes", "--rbac"};
    words.insert(words.end(), more.begin(), more.end());
    return typed(words);
}

} // namespace

TEST_CASE("roles for what is typed cover what is required, and nothing outside of the namespace") {
    const auto shop = rbac({"--watch", "deployments", "--require", "poddisruptionbudget", "--require",
                            "horizontalpodautoscaler", "--namespace", "shop"});
    CHECK(shop.code == 0);
    CHECK(roles_in(shop.out) == Lines{"kind: Role", "namespace: shop", R"(resources: ["deployments"])",
                                      R"(resources: ["horizontalpodautoscalers"])",
                                      R"(resources: ["poddisruptionbudgets"])", "kind: RoleBinding",
                                      "namespace: shop"});
    CHECK(shop.out.contains(R"(verbs: ["list"])"));
    CHECK_FALSE(shop.out.contains("\"get\""));
}

TEST_CASE("roles for something that no check could watch or require are refused in the words of a check") {
    struct Row {
        std::vector<std::string> words;
        const char* complaint;
    };
    for (const auto& [words, complaint] :
         {Row{{"--watch", "podz"}, "kubernetes.watch: expected each once of pods, nodes,"},
          Row{{"--require", "probes"}, "kubernetes.require: expected each once of readiness_probe,"},
          Row{{"--watch", "nodes", "--require", "poddisruptionbudget"},
              "expected deployments or statefulsets in watch"},
          Row{{"--namespace", "../shop"}, "kubernetes.namespace: expected lower-case letters"}}) {
        INFO(complaint);
        const auto refused = rbac(words);
        CHECK(refused.code == 1);
        CHECK(refused.out.empty());
        CHECK_THAT(refused.err, ContainsSubstring(complaint));
    }
    CHECK(typed({"collectors", "files", "--rbac"}).code == 1);
}

TEST_CASE("roles for a configuration are what its checks need together: each thing once, as narrow as may be") {
    const Folder folder;
    folder.write("recoverd.toml", R"(
[check.shop]
collector = "kubernetes"
namespace = "shop"
watch = ["pods", "nodes", "deployments"]
require = ["poddisruptionbudget"]

[check.jobs-of-shop]
collector = "kubernetes"
namespace = "shop"
watch = ["pods", "jobs", "cronjobs"]

[check.jobs]
collector = "kubernetes"
watch = ["jobs"]

[check."chaos-{name}"]
collector = "kubernetes"
namespace = "{name}"
watch = ["litmus"]
for_each = [{ name = "a" }, { name = "b" }]

[check.site]
collector = "http"
url = "http://shop.example/"
)");
    const auto ended = rbac({"--config.file", folder.path("recoverd.toml")});
    CHECK(ended.err.empty());
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, StartsWith("# For the checks of kubernetes in " + folder.path("recoverd.toml") + ".\n"));
    CHECK(roles_in(ended.out) == Lines{"kind: ClusterRole",
                                       R"(resources: ["nodes"])",
                                       R"(resources: ["jobs"])",
                                       "kind: ClusterRoleBinding",
                                       "kind: Role",
                                       "namespace: a",
                                       R"(resources: ["chaosresults"])",
                                       "kind: RoleBinding",
                                       "namespace: a",
                                       "kind: Role",
                                       "namespace: b",
                                       R"(resources: ["chaosresults"])",
                                       "kind: RoleBinding",
                                       "namespace: b",
                                       "kind: Role",
                                       "namespace: shop",
                                       R"(resources: ["pods"])",
                                       R"(resources: ["deployments"])",
                                       R"(resources: ["cronjobs"])",
                                       R"(resources: ["poddisruptionbudgets"])",
                                       "kind: RoleBinding",
                                       "namespace: shop"});
}

TEST_CASE("no roles are printed for a configuration that is wrong, gone or without such a check") {
    const Folder folder;
    folder.write("wrong.toml", "[check.shop]\ncollector = \"kubernetes\"\nwatch = [\"podz\"]\n");
    folder.write("other.toml", "[check.site]\ncollector = \"http\"\nurl = \"http://shop.example/\"\n");
    for (const auto& [name, complaint] : {std::pair{"wrong.toml", "found 'podz'"},
                                          {"gone.toml", "gone.toml"},
                                          {"other.toml", "other.toml has no check of kubernetes"}}) {
        INFO(name);
        const auto ended = rbac({"--config.file", folder.path(name)});
        CHECK(ended.code == 1);
        CHECK(ended.out.empty());
        CHECK_THAT(ended.err, ContainsSubstring(complaint) && ContainsSubstring("\nhint: "));
    }
    // What is typed counts, whatever stands there.
    CHECK(rbac({"--watch", "pods", "--config.file", folder.path("wrong.toml")}).code == 0);
}

TEST_CASE("the roles for the example of a whole company name what it requires and nothing everywhere but nodes") {
    const auto guide =
        rbac({"--config.file", (test::source_folder() / "packaging/config/resilience-guide.toml").string()});
    CHECK(guide.err.empty());
    CHECK(guide.code == 0);
    const Lines roles = roles_in(guide.out);
    REQUIRE(roles.size() > 3);
    CHECK(roles[0] == "kind: ClusterRole");
    CHECK(roles[1] == R"(resources: ["nodes"])");
    CHECK(roles[2] == "kind: ClusterRoleBinding");
    for (const char* needed : {"pods", "deployments", "statefulsets", "poddisruptionbudgets",
                               "horizontalpodautoscalers", "applications", "certificates", "podchaos"})
        CHECK_THAT(guide.out, ContainsSubstring('"' + std::string{needed} + '"'));
}
