// SPDX-License-Identifier: Apache-2.0
// What the documents tell people to type is there: commands and their options, as they stand in the text and in whole
// blocks of a shell, links between pages, files of the source.
#include "agent/commands/all.hpp"
#include "tests/agent/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

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
    void rest(std::vector<std::string>&, std::string_view, bool*) override {}
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

/// The program's own commands, of which each only says that it has understood.
std::vector<agent::Command> harmless() {
    std::vector<agent::Command> commands = agent::all_commands();
    for (agent::Command& command : commands)
        command.declare = [declare = command.declare](agent::Arguments& arguments) -> agent::Action {
            // The action holds what the arguments are read into.
            return [action = declare(arguments)](agent::Console&) { return action ? 0 : agent::kFailed; };
        };
    return commands;
}

/// What the program itself says against these words after its name; empty when it takes them.
std::string refusal_of(std::vector<std::string> words) {
    char* said = nullptr;
    std::size_t size = 0;
    agent::Console console;
    console.out = console.err = open_memstream(&said, &size);
    const int status = agent::run_command_line(std::move(words), harmless(), console);
    std::fclose(console.out);
    std::string text{said, size};
    std::free(said);
    return status == 0 ? "" : text;
}

/// The commands of one line as a shell would tell them apart, without what they are sent into: quotes are taken off,
/// nothing is expanded.
std::vector<std::vector<std::string>> commands_in(const std::string& line) {
    std::vector<std::vector<std::string>> commands(1);
    std::string word;
    bool is_word = false;
    const auto end_word = [&] {
        if (is_word)
            commands.back().push_back(std::exchange(word, {}));
        is_word = false;
    };
    char quote = 0;
    for (const char c : line) {
        if (quote != 0 ? c == quote : c == '\'' || c == '"') {
            quote = quote != 0 ? '\0' : c;
            is_word = true;
        } else if (quote != 0) {
            word += c;
        } else if (c == '#' && !is_word) {
            break;
        } else if (c == ' ') {
            end_word();
        } else if (c == '|' || c == ';' || c == '&' || c == '>') {
            end_word();
            commands.emplace_back();
        } else {
            word += c;
            is_word = true;
        }
    }
    end_word();
    return commands;
}

/// The arguments of each call of the program among these.
std::vector<std::vector<std::string>> calls_in(const std::string& line) {
    std::vector<std::vector<std::string>> calls;
    for (std::vector<std::string> words : commands_in(line)) {
        const auto program = std::ranges::find_if_not(
            words, [](const std::string& word) { return word == "sudo" || word.contains('='); });
        if (program != words.end() && fs::path{*program}.filename() == "recoverd")
            calls.emplace_back(program + 1, words.end());
    }
    return calls;
}

/// The lines of each ```sh block, those that end with a backslash joined with the next.
std::vector<std::string> shell_lines(const std::string& page) {
    std::vector<std::string> lines;
    std::istringstream in{page};
    bool inside = false;
    bool goes_on = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```")) {
            inside = !inside && line == "```sh";
            continue;
        }
        if (!inside)
            continue;
        const bool continues = line.ends_with('\\');
        if (continues)
            line.pop_back();
        if (goes_on)
            lines.back() += line;
        else
            lines.push_back(line);
        goes_on = continues;
    }
    return lines;
}

/// The documents, and what stands beside the packages.
std::vector<fs::path> everything_to_read() {
    std::vector<fs::path> found = documents();
    for (const auto& entry : fs::recursive_directory_iterator{kRoot / "packaging"})
        if (entry.path().extension() == ".md")
            found.push_back(entry.path());
    return found;
}

} // namespace

TEST_CASE("every call of the program in a block of shell is one that it takes") {
    std::size_t seen = 0;
    for (const fs::path& document : everything_to_read())
        for (const std::string& line : shell_lines(text_of(document)))
            for (const std::vector<std::string>& words : calls_in(line)) {
                CAPTURE(document.string(), line);
                CHECK(refusal_of(words) == "");
                ++seen;
            }
    CHECK(seen >= 7);
}

TEST_CASE("a block of shell is read as a shell reads it, and what the program would refuse is noticed") {
    const auto lines =
        shell_lines("a\n```sh\nrecoverd \\\n  explain a # b\n```\n`recoverd c`\n```toml\nrecoverd d\n```\n");
    REQUIRE(lines == std::vector<std::string>{"recoverd   explain a # b"});
    CHECK(calls_in(lines[0]) == std::vector<std::vector<std::string>>{{"explain", "a"}});
    CHECK(calls_in("sudo A=b build/dev/recoverd status --url='http://a b' > x && recoverd rules").size() == 2);
    CHECK(calls_in("sudo build/dev/recoverd status --url='http://a b'")[0][1] == "--url=http://a b");
    CHECK(calls_in("systemctl reload recoverd").empty());
    CHECK(refusal_of({"explain", "a"}) == "");
    CHECK(refusal_of({"outcome", "--asset", "a", "--", "./job", "--fast"}) == "");
    CHECK(refusal_of({"explain", "a", "--loud"}).contains("--loud"));
    CHECK(refusal_of({"check", "--output=yaml"}) != "");
    CHECK(refusal_of({"remember"}) != "");
    CHECK(refusal_of({"test-alert"}) != "");
}

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
            if (!name.contains("proxmox_backup") && !name.contains("NAME"))
                CHECK(fs::exists(kRoot / name));
        }
}
