// SPDX-License-Identifier: Apache-2.0
// docs/reference.md is what the program's tables say. `tools/accept-golden` writes it again; the diff is then reviewed.
#include "agent/reference.hpp"
#include "collectors/all.hpp"
#include "core/rules/table.hpp"
#include "exporters/prometheus/table.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

using namespace recoverd;

namespace {

constexpr const char* kPath = RECOVERD_SOURCE_DIR "/docs/reference.md";

std::string text_of(const char* path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The first line in which the two differ, as "written | generated".
std::string first_difference(std::string_view written, std::string_view generated) {
    while (!written.empty() || !generated.empty()) {
        const auto one = written.substr(0, written.find('\n'));
        const auto other = generated.substr(0, generated.find('\n'));
        if (one != other)
            return std::string{one} + " | " + std::string{other};
        written.remove_prefix(std::min(one.size() + 1, written.size()));
        generated.remove_prefix(std::min(other.size() + 1, generated.size()));
    }
    return {};
}

} // namespace

TEST_CASE("the reference is what the tables of the program say") {
    const std::string generated = agent::reference_markdown();
    if (const char* accept = std::getenv("RECOVERD_ACCEPT_GOLDEN"); accept && std::string_view{accept} == "1")
        std::ofstream{kPath} << generated;
    const std::string written = text_of(kPath);
    INFO("written | generated: " << first_difference(written, generated));
    INFO("when the change is meant: tools/accept-golden");
    CHECK(static_cast<bool>(written == generated));
}

TEST_CASE("the reference leaves out no rule, no metric, no collector and none of its options") {
    const std::string page = agent::reference_markdown();
    const auto names = [&](std::string_view name) { return page.find("`" + std::string{name} + "`") != page.npos; };
    for (const auto& rule : core::rules())
        CHECK(names(rule.key));
    for (const auto& metric : exporters::metrics())
        CHECK(names(metric.name));
    for (const auto& kind : collectors::all()) {
        CHECK(names(kind.name));
        for (const auto& option : kind.options) {
            CAPTURE(kind.name, option.key);
            CHECK(names(option.key));
        }
    }
}

TEST_CASE("no cell of the reference breaks its table") {
    const std::string page = agent::reference_markdown();
    std::size_t columns = 0;
    std::size_t rows = 0;
    for (std::size_t begin = 0; begin < page.size();) {
        const std::size_t end = page.find('\n', begin);
        const std::string line = page.substr(begin, end - begin);
        begin = end + 1;
        if (!line.starts_with('|')) {
            columns = 0;
            continue;
        }
        std::size_t bars = 0;
        for (std::size_t i = 0; i < line.size(); ++i)
            bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
        columns = columns == 0 ? bars : columns;
        CAPTURE(line);
        CHECK(bars == columns);
        ++rows;
    }
    CHECK(rows > 100);
}
