// SPDX-License-Identifier: Apache-2.0
// What docs/guide.md says of the verdict, held against the code.
#include "core/verdict.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using namespace recoverd::core;

namespace {

std::string section() {
    std::ifstream file{recoverd::test::source_folder() / "docs" / "guide.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    const auto begin = page.find("\n## The verdict\n");
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

/// What stands between backticks, in order.
std::vector<std::string> quoted(const std::string& text) {
    std::vector<std::string> words;
    for (auto at = text.find('`'); at != std::string::npos; at = text.find('`', at + 1)) {
        const auto end = text.find('`', at + 1);
        REQUIRE(end != std::string::npos);
        words.push_back(text.substr(at + 1, end - at - 1));
        at = end;
    }
    return words;
}

} // namespace

TEST_CASE("the guide names every finding that puts an asset at risk, and no other") {
    std::set<std::string> named;
    for (const std::string& word : quoted(section()))
        if (std::ranges::find(rules(), word, &Rule::name) != rules().end())
            named.insert(word);
    std::set<std::string> expected;
    for (const RuleId id : rules_at_risk())
        expected.emplace(rule(id).name);
    CHECK(named == expected);
}

TEST_CASE("the guide's verdicts are the code's, the worst first") {
    std::vector<std::string> named;
    const std::string text = section();
    for (auto at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1))
        named.push_back(text.substr(at + 4, text.find('`', at + 4) - at - 4));
    std::vector<std::string> expected(Names<VerdictState>::values.begin(), Names<VerdictState>::values.end());
    std::ranges::reverse(expected);
    CHECK(named == expected);
}
