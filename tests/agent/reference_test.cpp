// SPDX-License-Identifier: Apache-2.0
// docs/reference.md, the man pages and the completions are what the program's tables say. `tools/accept-golden` writes
// them again; the diff is then reviewed.
#include "agent/commands/all.hpp"
#include "agent/completions/all.hpp"
#include "agent/reference.hpp"
#include "agent/reference/declared_arguments.hpp"
#include "agent/reference/roff.hpp"
#include "collectors/all.hpp"
#include "core/rules/table.hpp"
#include "exporters/prometheus/table.hpp"
#include "tests/agent/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

using namespace recoverd;

namespace {

struct Generated {
    const char* path;
    std::string (*text)();
};

constexpr Generated kGenerated[] = {
    {"docs/reference.md", agent::reference_markdown},
    {"packaging/man/recoverd.1", agent::recoverd_1},
    {"packaging/man/recoverd.toml.5", agent::recoverd_toml_5},
    {"packaging/completions/recoverd.bash", agent::bash_completion},
    {"packaging/completions/recoverd.fish", agent::fish_completion},
    {"packaging/completions/_recoverd", agent::zsh_completion},
};

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

std::string in_roff(std::string_view words) {
    std::string out;
    for (const char c : words)
        out += c == '-' ? std::string{"\\-"} : std::string(1, c);
    return out;
}

} // namespace

TEST_CASE("every generated document is what the tables of the program say") {
    for (const Generated& document : kGenerated) {
        const std::string generated = document.text();
        const auto path = test::kRoot / document.path;
        if (const char* accept = std::getenv("RECOVERD_ACCEPT_GOLDEN"); accept && std::string_view{accept} == "1")
            std::ofstream{path} << generated;
        const std::string written = test::text_of(path);
        CAPTURE(document.path);
        INFO("written | generated: " << first_difference(written, generated));
        INFO("when the change is meant: tools/accept-golden");
        CHECK(static_cast<bool>(written == generated));
    }
}

TEST_CASE("every command and every one of its arguments is in the man page and in each completion") {
    const std::string man = agent::recoverd_1();
    const std::string shells[] = {agent::bash_completion(), agent::fish_completion(), agent::zsh_completion()};
    for (const agent::Command& command : agent::all_commands()) {
        const std::string last{command.name.substr(command.name.rfind(' ') + 1)};
        for (const std::string& shell : shells)
            CHECK(shell.contains(last));
        for (const agent::DeclaredArgument& argument : agent::arguments_of(command)) {
            CAPTURE(command.name, argument.name);
            CHECK(man.contains(in_roff(argument.form())));
            if (argument.is_named())
                for (const std::string& shell : shells)
                    CHECK(shell.contains(argument.name));
            for (const std::string& choice : argument.choices)
                for (const std::string& shell : shells)
                    CHECK(shell.contains(choice));
        }
    }
}

TEST_CASE("a man page says what is meant, whatever roff would make of it") {
    agent::Roff page{"thing", 1, "does things"};
    page.heading(2, "What it is");
    page.paragraph(
        ".first is no request, nor is\n'this'; `--out=C:\\dir` [is said](twice.md) of [one] `code` and of a ` alone");
    page.table({"key", "type", "default", "what"});
    page.row({"`every`", "duration", "`\"1m\"`", "how often"});
    page.row({"`name`", "string", "required", "what it is called"});
    page.row({"`last`", "", "", "neither"});
    const std::string text = page.take();
    CHECK(text.substr(text.find(".TH")) == R"(.TH THING 1 "" recoverd
.SH NAME
thing \- does things
.SH "WHAT IT IS"
.PP
\&.first is no request, nor is
\(aqthis\(aq; \fB\-\-out=C:\edir\fP is said of [one] \fBcode\fP and of a \(ga alone
.TP
\fBevery\fP
how often
(duration, default \fB\(dq1m\(dq\fP)
.TP
\fBname\fP
what it is called
(string, required)
.TP
\fBlast\fP
neither
)");
}

TEST_CASE("the reference leaves out no rule, no metric, no collector and none of its options") {
    const std::string page = agent::reference_markdown();
    const auto names = [&](std::string_view name) { return page.contains("`" + std::string{name} + "`"); };
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
