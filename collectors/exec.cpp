// SPDX-License-Identifier: Apache-2.0
// Runs a program of the user's: a Nagios plug-in as it is, or one that prints evidence as JSON lines. Never through a
// shell; a pipeline belongs into a script. Reading performance data is in nagios_perfdata.cpp.
#include "collectors/exec.hpp"

#include "collectors/all.hpp"
#include "collectors/nagios_perfdata.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

#include <array>

namespace recoverd::collectors {

namespace {

struct Options {
    std::vector<std::string> command;
    std::string format = "nagios";
};

constexpr Option<Options> kOptions[] = {
    {"command", &Options::command, "the program and its arguments; no shell is in between", Need::required},
    {"format", &Options::format,
     "nagios: the exit status is the verdict (0 good, 1 P3, 2 P2, anything else no answer); json: lines of evidence",
     Need::optional, "nagios|json"},
};

constexpr std::array kAny{EvidenceKind::recovery_points, EvidenceKind::log_archive,  EvidenceKind::replication,
                          EvidenceKind::exercise,        EvidenceKind::reachability, EvidenceKind::assertions,
                          EvidenceKind::fingerprint,     EvidenceKind::measurement};

/// Lines of evidence may be of any kind; a plug-in's status and numbers are no witness of backups.
std::vector<EvidenceKind> brings(const Options& options) {
    if (options.format == "json")
        return {kAny.begin(), kAny.end()};
    return {EvidenceKind::assertions, EvidenceKind::measurement};
}

Failure no_answer(const io::Finished& finished, std::string_view said) {
    if (!finished.status)
        return {FailureKind::bad_answer, fmt::format("the program was ended by signal {}", finished.signal)};
    const std::string words = said.empty() ? io::last_words(finished.err) : std::string{said};
    // 126 and 127 are what env, sudo and shells give for a program that cannot be started.
    const bool not_started = *finished.status == 126 || *finished.status == 127;
    return {not_started ? FailureKind::misconfigured : FailureKind::bad_answer,
            fmt::format("the program ended with status {}: {}", *finished.status, words.empty() ? "no words" : words)};
}

Task<Collected> collect(Options options, Run run) {
    io::Command command;
    command.argv = options.command;
    command.timeout = run.timeout;
    const auto finished = co_await run.world.run(std::move(command));
    if (!finished)
        co_return std::unexpected(finished.error());
    co_return options.format == "json" ? interpret_lines(*finished) : interpret_nagios(*finished);
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    if (!options.command.empty() && options.command.front().empty())
        diagnostics.mistake(place.at, place.path, "expected a program as the first word of 'command', found ''");
}

} // namespace

Result<Seen> interpret_nagios(const io::Finished& finished) {
    NagiosOutput output = read_nagios_output(finished.out);
    if (!finished.status || *finished.status < 0 || *finished.status > 2)
        return std::unexpected(no_answer(finished, output.text));

    static constexpr std::array<const char*, 3> kWords{"OK", "WARNING", "CRITICAL"};
    core::Assertion verdict;
    verdict.name = "status";
    verdict.expected = kWords[0];
    verdict.actual = kWords.at(static_cast<std::size_t>(*finished.status));
    verdict.compare = core::Compare::verdict;
    verdict.verdict = core::told(*finished.status == 0);
    if (*finished.status == 1)
        verdict.priority = core::Priority::p3;
    if (*finished.status == 2)
        verdict.priority = core::Priority::p2;
    verdict.detail = std::move(output.text);
    if (!output.passed_over.empty())
        verdict.detail += fmt::format(" (performance data passed over: {})", output.passed_over);

    SubjectReport report;
    report.evidence.emplace_back(core::Assertions{{std::move(verdict)}});
    for (core::Measurement& measurement : output.measurements) {
        // What it calls good is not out of range. Not every plug-in writes ranges as the guidelines have them:
        // check_swap's "770" is what must be left.
        if (*finished.status == 0)
            measurement = {.name = std::move(measurement.name), .value = measurement.value, .unit = measurement.unit};
        report.evidence.emplace_back(std::move(measurement));
    }
    Seen seen;
    seen.subjects.push_back(std::move(report));
    return seen;
}

Result<Seen> interpret_lines(const io::Finished& finished) {
    if (finished.status != 0)
        return std::unexpected(no_answer(finished, {}));
    Seen seen = io::from_lines(finished.out);
    if (seen.subjects.empty() && !seen.complete)
        return core::failed(FailureKind::bad_answer, "expected lines of evidence on stdout, found none");
    return seen;
}

Kind exec() {
    return kind<Options>({.name = "exec",
                          .summary = "a Nagios plug-in, or a program that prints evidence as JSON lines",
                          .brings = {kAny.begin(), kAny.end()},
                          .access = "what the program needs; it runs as the agent's user",
                          .resource = Resource::process},
                         kOptions, collect, {.check = check, .brings = brings});
}

} // namespace recoverd::collectors
