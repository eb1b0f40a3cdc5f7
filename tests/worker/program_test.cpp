// SPDX-License-Identifier: Apache-2.0
// The worker as a program: what comes in on stdin and goes out on stdout.
#include "io/evidence_json.hpp"
#include "tests/places.hpp"
#include "tests/worker/folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <tuple>

using namespace recoverd;
using namespace recoverd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Said {
    int status = -1;
    std::string out;
};

Said worker_says(const std::string& job, const std::string& input) {
    Folder f;
    const std::string given = f.write("input", input);
    FILE* pipe = ::popen(((build_folder() / "worker").string() + " " + job + " <" + given).c_str(), "r");
    REQUIRE(pipe);
    Said said;
    char block[4096];
    for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, pipe)) > 0;)
        said.out.append(block, got);
    said.status = WEXITSTATUS(::pclose(pipe));
    return said;
}

} // namespace

TEST_CASE("the worker answers with evidence as lines that the agent reads") {
    Folder f;
    f.write("orders-1.dump", "x");
    const auto said = worker_says("files", "{\"path\": " + io::json_quote(f / "{subject}-*.dump") + "}");
    INFO(said.out);
    CHECK(said.status == 0);
    const auto seen = io::from_lines(said.out);
    CHECK(seen.complete);
    CHECK_FALSE(seen.cursor.empty());
    CHECK(points(seen, "orders").count == 1);
}

TEST_CASE("the worker says in one line why it learned nothing") {
    for (const auto& [job, input, expected] : std::vector<std::tuple<std::string, std::string, std::string>>{
             {"files", R"({"path": "/does/not/exist/*.dump"})", R"({"failure":{"kind":"unreachable")"},
             {"files", R"({"path": 5})", R"({"failure":{"kind":"misconfigured","detail":"worker: $.path)"},
             {"files", "", R"({"failure":{"kind":"misconfigured")"},
             {"kafka", R"({"brokers": ["127.0.0.1:1"], "time_limit": 1})", R"({"failure":{"kind":"refused")"},
             {"nonsense", "{}", R"({"failure":{"kind":"misconfigured","detail":"worker: expected the name)"},
             {"", "{}", R"({"failure":{"kind":"misconfigured")"},
         }) {
        const auto said = worker_says(job, input);
        INFO(said.out);
        CHECK(said.status == 1);
        CHECK_THAT(said.out, ContainsSubstring(expected));
        CHECK(std::ranges::count(said.out, '\n') == 1);
    }
}
