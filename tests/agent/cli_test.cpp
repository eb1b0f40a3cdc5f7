// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/all.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

using namespace recoverd::agent;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Options {
    bool loud = false;
    std::string output = "text";
    std::vector<std::string> listen{"127.0.0.1:9754"};
    std::vector<std::string> names;
    std::vector<std::string> argv;
};

void declare(Arguments& arguments, Options& options) {
    arguments.flag("loud", options.loud, "Be loud");
    arguments.option("output", options.output, "The form", {"text", "json"});
    arguments.options("web.listen-address", options.listen, "Where to listen");
    arguments.positionals("NAME", options.names, "Which");
    arguments.rest(options.argv, "The command to run");
}

int run(const Options& options, Console& console) {
    fmt::print(console.out, "{} {} [{}] [{}] [{}] {}", options.loud, options.output, fmt::join(options.listen, " "),
               fmt::join(options.names, " "), fmt::join(options.argv, " "), console.config_file);
    return 7;
}

struct Ended {
    int code;
    std::string out;
    std::string err;
};

Ended started(std::vector<std::string> words, std::span<const Command> commands) {
    char* out = nullptr;
    char* err = nullptr;
    std::size_t out_size = 0;
    std::size_t err_size = 0;
    Console console;
    console.out = open_memstream(&out, &out_size);
    console.err = open_memstream(&err, &err_size);
    const int code = run_command_line(std::move(words), commands, console);
    std::fclose(console.out);
    std::fclose(console.err);
    Ended ended{code, {out, out_size}, {err, err_size}};
    std::free(out);
    std::free(err);
    return ended;
}

Ended started(std::vector<std::string> words) {
    const Command commands[] = {command<Options>("go", "Goes", declare, run),
                                command<Options>("config go", "Goes too", declare, run)};
    return started(std::move(words), commands);
}

} // namespace

TEST_CASE("a command gets its flags, options, names and what stands after the dashes, and its exit code is kept") {
    const auto ended = started({"go", "--loud", "--output", "json", "--web.listen-address=a:1", "--web.listen-address",
                                "unix:/b", "one", "two", "--config.file", "x.toml", "--", "cmd", "--loud", "--"});
    CHECK(ended.code == 7);
    CHECK(ended.out == "true json [a:1 unix:/b] [one two] [cmd --loud --] x.toml");
}

TEST_CASE("what was not given stays at its default") {
    CHECK(started({"config", "go"}).out == "false text [127.0.0.1:9754] [] [] /etc/recoverd/recoverd.toml");
}

TEST_CASE("arguments that make no sense end with a code that no check uses, and say why") {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {}, {"config"}, {"stop"}, {"go", "--lout"}, {"go", "--output", "yaml"}, {"go", "--output"}}) {
        INFO(fmt::format("{}", fmt::join(words, " ")));
        const auto ended = started(words);
        CHECK(ended.code == kUsageError);
        CHECK(ended.out.empty());
        CHECK_THAT(ended.err, ContainsSubstring("recoverd: ") && ContainsSubstring("--help"));
    }
}

TEST_CASE("a command that there is not is named, with the one that may be meant") {
    const auto said = [](std::vector<std::string> words) { return started(std::move(words), all_commands()).err; };
    CHECK(said({"stats"}) == "recoverd: expected a command, found 'stats'\nhint: did you mean 'status'?\n");
    CHECK(said({"config", "chek"}) ==
          "recoverd: expected a command of 'config', found 'chek'\nhint: did you mean 'check'?\n");
    CHECK(said({"frobnicate"}) ==
          "recoverd: expected a command, found 'frobnicate'\nhint: `recoverd --help` lists the commands\n");
    CHECK(said({"config"}) ==
          "recoverd: expected a command of 'config', found none\nhint: `recoverd config --help` lists the commands\n");
    CHECK(said({}) == "recoverd: expected a command, found none\nhint: `recoverd --help` lists the commands\n");
}

TEST_CASE("a value that there is not is said with its option and what may be chosen") {
    CHECK(started({"go", "--output", "loud"})
              .err.starts_with("recoverd: --output: expected one of text, json, found 'loud'\n"));
}

TEST_CASE("an argument that is missing is called what the help calls it") {
    const std::vector<std::string> words{"explain"};
    CHECK(started(words, all_commands()).err.starts_with("recoverd: expected NAME, found none\n"));
}

TEST_CASE("what a command runs for another is not for one whose arguments are mistaken, unless it asks for it") {
    const auto ended = started({"go", "--lout", "--", "cmd"});
    CHECK(ended.code == kUsageError);
    CHECK(ended.out.empty());
    CHECK(ended.err.starts_with("recoverd: the following argument was not expected: --lout\n"));
}

TEST_CASE("help is for every command, on standard output, and a success") {
    for (const Command& each : all_commands()) {
        std::vector<std::string> words;
        const auto space = each.name.find(' ');
        words.emplace_back(each.name.substr(0, space));
        if (space != std::string_view::npos)
            words.emplace_back(each.name.substr(space + 1));
        words.emplace_back("--help");
        INFO(each.name);
        const auto ended = started(words, all_commands());
        CHECK(ended.code == 0);
        CHECK(ended.err.empty());
        CHECK_THAT(ended.out, ContainsSubstring("--config.file") && ContainsSubstring(std::string{each.summary}));
    }
}

TEST_CASE("the version tells what was built") {
    const auto ended = started({"--version"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, ContainsSubstring("recoverd, version " RECOVERD_VERSION) && ContainsSubstring("compiler: "));
}

TEST_CASE("a collector that does not exist is a failure") {
    const auto ended = started({"collectors", "no-such-thing"}, all_commands());
    CHECK(ended.code == kFailed);
    CHECK(ended.err == "recoverd: there is no collector 'no-such-thing'\n");
}

TEST_CASE("of an option given twice the last one counts, so that a unit's arguments can be overridden") {
    const std::vector<Command> commands{command<Options>("show", "Show", declare, run)};
    const Ended ended =
        started({"show", "--output=json", "--output=text", "--config.file=a", "--config.file=b"}, commands);
    CHECK(ended.code == 7);
    CHECK(ended.out == "false text [127.0.0.1:9754] [] [] b");
}
