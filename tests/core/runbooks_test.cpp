// SPDX-License-Identifier: Apache-2.0
// Whoever is woken finds a page under the alert's name. What a page advises is for people to judge; that each rule has
// one, and that it has the parts one looks for at night, is held here.
#include "core/rules/table.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

using namespace recoverd::core;
namespace fs = std::filesystem;

namespace {

const fs::path kSource = recoverd::test::source_folder();
const fs::path kFolder = kSource / "docs" / "runbooks";

std::string text_of(const fs::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// What stands between a heading and the next one.
std::string part(const std::string& page, const std::string& heading) {
    const auto begin = page.find("\n## " + heading + "\n\n");
    if (begin == std::string::npos)
        return {};
    const auto text = page.find("\n\n", begin + 1);
    return page.substr(text, page.find("\n## ", text) - text);
}

/// What is said of the agents themselves, by rules of Prometheus.
std::vector<std::string> alerts_about_agents() {
    std::vector<std::string> names;
    std::ifstream file{kSource / "packaging" / "prometheus" / "rules" / "recoverd-agent.yml"};
    constexpr std::string_view kAlert = "- alert: ";
    for (std::string line; std::getline(file, line);)
        if (const auto at = line.find(kAlert); at != std::string::npos)
            names.push_back(line.substr(at + kAlert.size()));
    return names;
}

void check_page(const std::string& name, const std::string& page) {
    CHECK(page.starts_with("# " + name + "\n"));
    for (const char* heading :
         {"What it means", "What was promised", "What to do first", "How it ends", "What it is not"}) {
        CAPTURE(heading);
        CHECK(part(page, heading).size() > 20);
    }
}

} // namespace

TEST_CASE("every alert has a runbook that names its policy key and says what to do first") {
    for (const Rule& rule : rules()) {
        CAPTURE(rule.name);
        const std::string page = text_of(kFolder / (std::string{rule.name} + ".md"));
        check_page(std::string{rule.name}, page);
        CHECK(page.contains("Policy key `" + std::string{rule.key} + "`"));
        CHECK(part(page, "What was promised").contains("```toml\n"));
    }
}

TEST_CASE("every alert about the agents themselves has a runbook of the same form") {
    const auto names = alerts_about_agents();
    CHECK(!names.empty());
    for (const std::string& name : names) {
        CAPTURE(name);
        check_page(name, text_of(kFolder / (name + ".md")));
    }
}

TEST_CASE("no runbook is about an alert that does not exist") {
    std::vector<std::string> known = alerts_about_agents();
    for (const Rule& rule : rules())
        known.emplace_back(rule.name);
    for (const auto& entry : fs::directory_iterator{kFolder}) {
        CAPTURE(entry.path().filename().string());
        CHECK(entry.path().extension() == ".md");
        CHECK(std::ranges::find(known, entry.path().stem().string()) != known.end());
    }
}

TEST_CASE("a runbook that points to another one points to one that is there") {
    for (const auto& entry : fs::directory_iterator{kFolder}) {
        const std::string page = text_of(entry.path());
        for (auto at = page.find("]("); at != std::string::npos; at = page.find("](", at + 2)) {
            const std::string target = page.substr(at + 2, page.find(')', at) - at - 2);
            CAPTURE(entry.path().filename().string(), target);
            // A place within a page stands behind its name.
            CHECK(fs::exists(kFolder / target.substr(0, target.find('#'))));
        }
    }
}
