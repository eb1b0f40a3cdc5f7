// SPDX-License-Identifier: Apache-2.0
// What the documents tell people to type is there: commands and their options, links between pages, files of the
// source.
#include "agent/commands/all.hpp"
#include "tests/agent/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

using namespace recoverd;
using test::documents;
using test::kRoot;
using test::text_of;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> found_in(const std::string& text, const char* pattern) {
    const std::regex expression{pattern};
    std::vector<std::string> found;
    for (std::sregex_iterator at{text.begin(), text.end(), expression}, end; at != end; ++at)
        found.push_back((*at)[1]);
    return found;
}

/// The names of what a command takes.
class Named : public agent::Arguments {
  public:
    std::set<std::string, std::less<>> names{"help", "config.file"};

    void flag(std::string_view name, bool&, std::string_view) override { names.emplace(name); }
    void option(std::string_view name, std::string&, std::string_view, std::vector<std::string>) override {
        names.emplace(name);
    }
    void options(std::string_view name, std::vector<std::string>&, std::string_view) override { names.emplace(name); }
    void positional(std::string_view, std::string&, std::string_view, bool) override {}
    void positionals(std::string_view, std::vector<std::string>&, std::string_view) override {}
    void rest(std::vector<std::string>&, std::string_view) override {}
};

/// What is wrong with a command line that a document shows; empty when nothing is.
std::string fault_of(const std::string& line) {
    std::istringstream words{line};
    std::string word;
    std::string next;
    words >> word >> next;
    if (!next.starts_with("--") && !(words >> word))
        word.clear();
    for (const agent::Command& command : agent::all_commands()) {
        if (command.name != next && command.name != next + " " + word)
            continue;
        Named named;
        command.declare(named);
        for (const std::string& option : found_in(line.substr(0, line.find(" -- ")), "--([a-z][a-z.-]*)"))
            if (!named.names.contains(option))
                return "no option --" + option;
        return {};
    }
    return next == "--help" || next == "--version" ? "" : "no command " + next;
}

} // namespace

TEST_CASE("every command line in the documents is one that the program knows") {
    std::size_t seen = 0;
    for (const fs::path& document : documents())
        for (const std::string& line : found_in(text_of(document), "`(recoverd [a-z-][^`]*)`")) {
            CAPTURE(document.string(), line);
            CHECK(fault_of(line) == "");
            ++seen;
        }
    CHECK(seen >= 15);
}

TEST_CASE("a command line that the program does not know would be noticed") {
    CHECK(fault_of("recoverd remember x") == "no command remember");
    CHECK(fault_of("recoverd run --loud") == "no option --loud");
    CHECK(fault_of("recoverd config check FILE") == "");
    CHECK(fault_of("recoverd outcome --asset A -- ./job --fast") == "");
}

TEST_CASE("every link between documents leads to a file that is there") {
    std::size_t seen = 0;
    for (const fs::path& document : documents())
        for (const std::string& link : found_in(text_of(document), "\\]\\(([^)#:]+)(?:#[^)]*)?\\)")) {
            CAPTURE(document.string(), link);
            CHECK(fs::exists(document.parent_path() / link));
            ++seen;
        }
    CHECK(seen >= 15);
}

TEST_CASE("every file of the source that a document names is there") {
    for (const fs::path& document : documents())
        for (const std::string& name :
             found_in(text_of(document),
                      "`((?:core|io|collectors|exporters|agent|worker|tests|tools|cmake|systemd|packaging|"
                      "docs)/[A-Za-z0-9_./-]+)`")) {
            CAPTURE(document.string(), name);
            // What CONTRIBUTING.md has people write is not there yet; NAME stands for any.
            if (name.find("proxmox_backup") == std::string::npos && name.find("NAME") == std::string::npos)
                CHECK(fs::exists(kRoot / name));
        }
}
