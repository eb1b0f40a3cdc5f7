// SPDX-License-Identifier: Apache-2.0
// CONTRIBUTING.md shows code that is compiled and tested: each of its blocks of C++ equals what stands between the
// marks of the file it names.
#include "tests/collectors/contributing_example.hpp"
#include "tests/places.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace recoverd;
using namespace recoverd::collectors;
namespace fs = std::filesystem;

namespace {

const fs::path kRoot = test::source_folder();

std::vector<std::string> lines_of(const fs::path& path) {
    std::ifstream file{path};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(std::move(line));
    return lines;
}

/// A row of a table is shown without what it is indented by.
std::string joined(std::span<const std::string> lines) {
    const std::size_t indent = lines.empty() ? 0 : std::min(lines[0].find_first_not_of(' '), lines[0].size());
    std::string out;
    for (const std::string& line : lines)
        out += (line.empty() ? line : line.substr(std::min(indent, line.size()))) + "\n";
    return out;
}

/// The lines of `file` between `// [region]` and `// [/region]`.
std::string region_of(const std::string& file, const std::string& region) {
    const std::vector<std::string> lines = lines_of(kRoot / file);
    const auto marked = [](const std::string& mark) {
        return [mark](const std::string& line) { return line.ends_with("// [" + mark + "]"); };
    };
    const auto begin = std::ranges::find_if(lines, marked(region));
    const auto end = std::ranges::find_if(lines, marked("/" + region));
    if (begin == lines.end() || end == lines.end())
        return "no region '" + region + "' in " + file;
    return joined({begin + 1, end});
}

struct Block {
    /// What the comment above it says, "FILE REGION", or nothing.
    std::string source;
    std::string code;
};

std::vector<Block> cpp_blocks(const fs::path& document) {
    const std::vector<std::string> lines = lines_of(document);
    std::vector<Block> blocks;
    for (auto line = lines.begin(); line != lines.end(); ++line) {
        if (*line != "```cpp")
            continue;
        Block block;
        if (line != lines.begin() && (line - 1)->starts_with("<!-- ") && (line - 1)->ends_with(" -->"))
            block.source = (line - 1)->substr(5, (line - 1)->size() - 9);
        const auto end = std::find(line, lines.end(), "```");
        block.code = joined({line + 1, end});
        blocks.push_back(std::move(block));
        line = end == lines.end() ? end - 1 : end;
    }
    return blocks;
}

} // namespace

TEST_CASE("the code in CONTRIBUTING.md is the code that is compiled") {
    const std::vector<Block> blocks = cpp_blocks(kRoot / "CONTRIBUTING.md");
    CHECK(blocks.size() >= 6);
    for (const Block& block : blocks) {
        CAPTURE(block.source, block.code);
        const auto space = block.source.find(' ');
        REQUIRE(space != std::string::npos);
        CHECK(block.code == region_of(block.source.substr(0, space), block.source.substr(space + 1)));
    }
}

// [test]
TEST_CASE("a snapshot that failed its verification is bad, and one that was not verified only exists") {
    const Seen seen = interpret_proxmox_backup(io::Json::parse(R"([
        {"backup-type": "vm", "backup-id": "100", "backup-time": 1795316400, "size": 4096,
         "verification": {"state": "failed", "upid": "UPID:pbs:1"}},
        {"backup-type": "vm", "backup-id": "100", "backup-time": 1795230000, "size": 4096}])"));
    REQUIRE(seen.subjects.size() == 1);
    CHECK(seen.subjects[0].subject == "vm/100");
    const auto& points = std::get<core::RecoveryPoints>(seen.subjects[0].evidence.at(0)).points;
    REQUIRE(points.size() == 2);
    CHECK(points[0].state == core::PointState::good);
    CHECK(points[0].depth == core::Depth::exists);
    CHECK(points[1].state == core::PointState::bad);
}

TEST_CASE("a snapshot without a time names the place") {
    const auto snapshots = io::Json::parse(R"([{"backup-type": "vm", "backup-id": "100"}])");
    CHECK_THROWS_AS(interpret_proxmox_backup(snapshots), io::BadDocument);
}
// [/test]

TEST_CASE(
    "a snapshot that is being written is incomplete, a verified one is checksummed, and the oldest good one is told") {
    const Seen seen = interpret_proxmox_backup(io::Json::parse(R"([
        {"backup-type": "ct", "backup-id": "7", "backup-time": 1795316400},
        {"backup-type": "ct", "backup-id": "7", "backup-time": 1795230000, "size": 1, "verification": {"state": "ok"}},
        {"backup-type": "ct", "backup-id": "7", "backup-time": 1795140000, "size": 1, "verification": {"state": "failed"}}
        ])"));
    REQUIRE(seen.subjects.size() == 1);
    const auto& points = std::get<core::RecoveryPoints>(seen.subjects[0].evidence.at(0));
    REQUIRE(points.points.size() == 3);
    CHECK(points.points[0].state == core::PointState::bad);
    CHECK(points.points[1].depth == core::Depth::checksummed);
    CHECK(points.points[2].state == core::PointState::incomplete);
    CHECK(points.oldest_at == points.points[1].data_at);
    CHECK(points.count == 3);
}

TEST_CASE("the client is told the password on its stdin, never by an argument or its environment") {
    core::config::Diagnostics diagnostics;
    core::config::Table table{{"repository", {}, {std::string{"watcher@pbs@pbs.example:store1"}, {}}}};
    core::config::Table password{{"env", {}, {std::string{"PBS"}, {}}}};
    table.push_back({"password", {}, {password, {}}});
    const Compiled compiled = proxmox_backup().compile(table, {"check.x", "", {}}, {}, diagnostics);
    REQUIRE(diagnostics.all().empty());
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.secrets = {{"PBS", "hunter2"}};
    io::Command asked;
    world.on_run = [&](const io::Command& command) {
        asked = command;
        return test::exited("[]");
    };
    const Collected seen =
        test::run(ioc, world.timers(), compiled.collect({world, core::Duration{1'000}, {}, test::kStart, "x"}));
    REQUIRE(seen);
    CHECK(seen->subjects.empty());
    CHECK(asked.input == "hunter2");
    CHECK(std::ranges::find(asked.env, std::pair<std::string, std::string>{"PBS_PASSWORD_FD", "0"}) != asked.env.end());
    const auto tells = [](const std::string& word) { return word.contains("hunter2"); };
    CHECK(std::ranges::none_of(asked.argv, tells));
    CHECK(std::ranges::none_of(asked.env, [&](const auto& variable) { return tells(variable.second); }));
}
