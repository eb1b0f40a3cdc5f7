// SPDX-License-Identifier: Apache-2.0
#include "collectors/exec.hpp"

#include "collectors/all.hpp"
#include "collectors/nagios_perfdata.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

const core::Assertion& verdict(const Result<Seen>& seen) {
    return std::get<core::Assertions>(seen->subjects.at(0).evidence.at(0)).assertions.at(0);
}

std::vector<core::Measurement> measured(const std::string& out) { return read_nagios_output(out).measurements; }

} // namespace

TEST_CASE("a plug-in's exit status is its verdict, with the priority it asks for") {
    struct Case {
        int status;
        core::Told holds;
        std::optional<core::Priority> priority;
        const char* actual;
    };
    for (const auto& [status, holds, priority, actual] :
         {Case{0, core::Told::yes, std::nullopt, "OK"}, Case{1, core::Told::no, core::Priority::p3, "WARNING"},
          Case{2, core::Told::no, core::Priority::p2, "CRITICAL"}}) {
        const auto seen = interpret_nagios(test::exited("DISK: 3% free | '/'=97%;80;90\n", status));
        REQUIRE(seen);
        CHECK(verdict(seen).compare == core::Compare::verdict);
        CHECK(verdict(seen).verdict == holds);
        CHECK(verdict(seen).priority == priority);
        CHECK(verdict(seen).actual == actual);
        CHECK(verdict(seen).detail == "DISK: 3% free");
        CHECK(seen->subjects.at(0).evidence.size() == 2);
    }
}

TEST_CASE("what a plug-in calls good is not out of range, whatever its performance data say") {
    const auto measured_with = [](int status) {
        const std::string out = "SWAP OK - 100% free (3852 MB out of 3852 MB) |swap=3852MB;770;385;0;3852\n";
        const auto seen = interpret_nagios(test::exited(out, status));
        return std::get<core::Measurement>(seen->subjects.at(0).evidence.at(1));
    };
    const core::Measurement good = measured_with(0);
    CHECK(good.name == "swap");
    CHECK(good.unit == "bytes");
    CHECK(good.value == Approx(3852.0 * 1024 * 1024));
    CHECK_FALSE(good.above);
    CHECK_FALSE(good.below);
    CHECK(measured_with(1).above == Approx(770.0 * 1024 * 1024));
}

TEST_CASE("a plug-in that does not know, or did not run, is a failure and no verdict") {
    const auto unknown = interpret_nagios(test::exited("UNKNOWN: cannot connect\n", 3));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().kind == FailureKind::bad_answer);
    CHECK_THAT(unknown.error().detail, ContainsSubstring("status 3: UNKNOWN: cannot connect"));
    CHECK(interpret_nagios(test::exited("", 127, "sh: not found")).error().kind == FailureKind::misconfigured);
    CHECK_THAT(interpret_nagios(test::exited("", 4)).error().detail, ContainsSubstring("no words"));
    io::Finished killed;
    killed.signal = 15;
    CHECK_THAT(interpret_nagios(killed).error().detail, ContainsSubstring("signal 15"));
}

TEST_CASE("ranges are read as the guidelines say") {
    CHECK(read_range("10") == NagiosRange{0.0, 10.0, false});
    CHECK(read_range("10:") == NagiosRange{10.0, std::nullopt, false});
    CHECK(read_range("~:10") == NagiosRange{std::nullopt, 10.0, false});
    CHECK(read_range("10:20") == NagiosRange{10.0, 20.0, false});
    CHECK(read_range("@10:20") == NagiosRange{10.0, 20.0, true});
    CHECK(read_range("-5.5:0") == NagiosRange{-5.5, 0.0, false});
    CHECK(read_range(":7") == NagiosRange{0.0, 7.0, false});
    for (const auto* text : {"", "@", "20:10", "1e3", "nan", "inf", "1,5", "a:b", "1:2:3", "--5", "0x10"}) {
        CAPTURE(text);
        CHECK_FALSE(read_range(text));
    }
}

TEST_CASE("performance data become measurements in base units, with the first threshold that is given") {
    const auto seen = measured("OK | time=250ms;500;1000;0; 'free space'=5%;10:;5: size=2KB conns=7;;@10:20 reads=9c");
    REQUIRE(seen.size() == 5);
    CHECK(seen[0].name == "time");
    CHECK(seen[0].unit == "seconds");
    CHECK(seen[0].value == Approx(0.25));
    CHECK(seen[0].above == Approx(0.5));
    CHECK(seen[0].below == Approx(0.0));
    CHECK(seen[0].priority == core::Priority::p3);
    CHECK(seen[1].name == "free space");
    CHECK(seen[1].unit == "ratio");
    CHECK(seen[1].below == Approx(0.1));
    CHECK_FALSE(seen[1].above);
    CHECK(seen[2].unit == "bytes");
    CHECK(seen[2].value == Approx(2'048));
    CHECK_FALSE(seen[2].priority);
    CHECK(seen[3].inverted);
    CHECK(seen[3].priority == core::Priority::p2);
    CHECK(seen[4].unit == "count");
}

TEST_CASE("labels may be quoted, doubled quotes included, and data may go on behind long output") {
    const auto seen = measured("OK - fine | 'it''s = odd'=1\nlong text\nmore text | second=2s\nthird=3\n");
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].name == "it's = odd");
    CHECK(seen[1].name == "second");
    CHECK(seen[2].name == "third");
}

TEST_CASE("an undetermined value is no measurement, and nothing wrong either") {
    const auto output = read_nagios_output("OK | a=U;1;2 b=1");
    CHECK(output.measurements.size() == 1);
    CHECK(output.passed_over.empty());
}

TEST_CASE("bad performance data are passed over and said, and never spoil the verdict") {
    for (const auto* bad : {"x", "x=", "x=abc", "x=1e5", "x=NaN", "x=1,5", "x=5parsecs", "=5", "x=1;nonsense", "'x=1",
                            "'x'", "x==1", "x=.", "x=-"}) {
        CAPTURE(bad);
        const auto seen = interpret_nagios(test::exited(fmt::format("fine | good=1 {}\n", bad), 0));
        REQUIRE(seen);
        CHECK(verdict(seen).verdict == core::Told::yes);
        CHECK_THAT(verdict(seen).detail, ContainsSubstring("performance data passed over: '"));
        CHECK(seen->subjects.at(0).evidence.size() == 2);
    }
    const auto twice = read_nagios_output("fine | a=1 a=2");
    CHECK(twice.measurements.size() == 1);
    CHECK(twice.passed_over == "'a=2'");
}

TEST_CASE("a plug-in that tells very much is cut short, and says so") {
    std::string out = "fine |";
    for (int i = 0; i < 1'000; ++i)
        out += fmt::format(" m{}={}", i, i);
    const auto output = read_nagios_output(out);
    CHECK(output.measurements.size() == 200);
    CHECK_THAT(output.passed_over, ContainsSubstring("and 797 more"));
    CHECK(read_nagios_output(std::string(100'000, 'x')).text.size() == 500);
    CHECK(read_nagios_output("bell\a and \x1b[31mred").text == "bell  and  [31mred");
    CHECK(read_nagios_output("").text.empty());
}

TEST_CASE("a program may print evidence as JSON lines") {
    const auto seen =
        interpret_lines(test::exited(R"({"subject":"db","kind":"measurement","name":"lag","value":3,"unit":"seconds"})"
                                     "\n"
                                     R"({"complete":true})"
                                     "\n"));
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(seen->subjects[0].subject == "db");
    CHECK(std::get<core::Measurement>(seen->subjects[0].evidence.at(0)).value == Approx(3));
}

TEST_CASE("a program that printed nothing, broke off or ended badly has told nothing") {
    CHECK_FALSE(interpret_lines(test::exited("")));
    CHECK_FALSE(interpret_lines(test::exited(R"({"complete":true})", 1, "disk is full")));
    CHECK_THAT(interpret_lines(test::exited("", 1, "disk is full\n")).error().detail,
               ContainsSubstring("status 1: disk is full"));
    CHECK_THROWS_AS(interpret_lines(test::exited(R"({"subject":"db","kind":"measure)")), io::BadDocument);
}

TEST_CASE("exec: the words of the command reach the program as they are") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::vector<std::string> argv;
    world.on_run = [&](const io::Command& command) -> core::Result<io::Finished> {
        argv = command.argv;
        CHECK(command.timeout == std::chrono::seconds{10});
        return test::exited("OK");
    };
    core::config::Array words{{std::string{"check_x"}, {}}, {std::string{"$(reboot); a b"}, {}}};
    core::config::Diagnostics diagnostics;
    const auto compiled =
        find("exec")->compile({{"command", {}, {words, {}}}}, {"check.x", "collector 'exec'", {}}, {}, diagnostics);
    REQUIRE(diagnostics.all().empty());
    const auto seen = test::run(ioc, world.timers(),
                                compiled.collect(Run{world, std::chrono::seconds{10}, {}, world.timers().now(), "x"}));
    REQUIRE(seen);
    CHECK(argv == std::vector<std::string>{"check_x", "$(reboot); a b"});
}

TEST_CASE("a plug-in is no witness of backups, and a program that prints evidence may be one of anything") {
    const auto brings = [](std::string format) {
        core::config::Array words{{std::string{"check_x"}, {}}};
        core::config::Diagnostics diagnostics;
        const core::config::Table table{{"command", {}, {words, {}}}, {"format", {}, {std::move(format), {}}}};
        return find("exec")->compile(table, {"check.x", "collector 'exec'", {}}, {}, diagnostics).brings;
    };
    CHECK(brings("nagios") == std::vector{core::EvidenceKind::assertions, core::EvidenceKind::measurement});
    CHECK(brings("json") == find("exec")->brings);
}
