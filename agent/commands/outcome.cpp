// SPDX-License-Identifier: Apache-2.0
// `recoverd outcome …`: an exercise or a job tells the daemon how it went; `-- COMMAND` is run, watched and told of.
// COMMAND's status always is ours: watching a backup must not be what breaks it.
#include "agent/commands/all.hpp"
#include "agent/report/child.hpp"
#include "agent/report/reporter.hpp"
#include "core/config/values.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <expected>
#include <optional>

namespace recoverd::agent {

namespace {

/// sysexits(3), EX_TEMPFAIL: kept, to be sent later.
constexpr int kSpooled = 75;

struct Options {
    DaemonAddress daemon;
    std::string spool = "/var/lib/recoverd/spool";
    bool flush = false;
    std::string id;
    std::string asset;
    std::string kind = "exercise";
    std::string exercise;
    std::string outcome;
    std::string started_at;
    std::string ended_at;
    std::string depth;
    std::string rpo;
    std::string rto;
    std::string link;
    std::string message;
    std::string size;
    std::string backup_type;
    std::vector<std::string> command;
    /// What stood before COMMAND made no sense, and that was said.
    bool mistaken = false;
};

void declare(Arguments& arguments, Options& options) {
    arguments.option("asset", options.asset, "The asset it was about");
    arguments.option("kind", options.kind, "exercise or backup");
    arguments.option("exercise", options.exercise, "What the configuration calls the exercise");
    arguments.option("outcome", options.outcome, "started, passed, failed or aborted; COMMAND's own when there is one");
    arguments.option("id", options.id, "Names the run, to report its start and its end; made up when left out");
    arguments.option("started-at", options.started_at, "RFC 3339, or seconds since 1970");
    arguments.option("ended-at", options.ended_at, "RFC 3339, or seconds since 1970; now when left out");
    arguments.option("depth", options.depth,
                     "How deep the proof goes: exists, listed, checksummed, restored, queried or smoke_tested");
    arguments.option("rpo", options.rpo, "The measured loss, as 4m or in seconds");
    arguments.option("rto", options.rto, "The measured recovery time, as 20m or in seconds");
    arguments.option("link", options.link, "Where to read more, such as the run's page");
    arguments.option("message", options.message, "One line for people");
    arguments.option("size", options.size, "The backup's size, as 10GiB or in bytes");
    arguments.option("backup-type", options.backup_type, "full, incremental …");
    declare_address(arguments, options.daemon);
    arguments.option("spool", options.spool, "Folder for reports while the daemon is away");
    arguments.flag("flush", options.flush, "Send what is spooled, and nothing else");
    arguments.rest(options.command,
                   "COMMAND to run and to report: its start, its end, how it ended. Its status is returned",
                   &options.mistaken);
}

core::Time now() { return std::chrono::time_point_cast<core::Duration>(std::chrono::system_clock::now()); }

std::optional<double> plain_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    return number;
}

/// The options as a body to post, so that one reader knows what makes sense.
class BodyWriter {
  public:
    explicit BodyWriter(const Options& options) : options_(options) {}

    std::string write() {
        out_.begin_object();
        text("id", options_.id);
        text("asset", options_.asset);
        text("kind", options_.kind);
        text("exercise", options_.exercise);
        text("outcome", options_.command.empty() ? options_.outcome : "started");
        time("started_at", "started-at", options_.started_at);
        time("ended_at", "ended-at", options_.ended_at);
        text("depth", options_.depth);
        seconds("rpo_seconds", "rpo", options_.rpo);
        seconds("rto_seconds", "rto", options_.rto);
        text("link", options_.link);
        text("message", options_.message);
        size();
        text("backup_type", options_.backup_type);
        out_.end_object();
        return out_.take();
    }
    std::vector<std::string> take_mistakes() { return std::move(mistakes_); }

  private:
    void text(std::string_view name, const std::string& value) {
        if (!value.empty())
            out_.field(name, value);
    }
    void time(std::string_view name, std::string_view flag, const std::string& value) {
        if (value.empty())
            return;
        const auto read = core::config::parse_time(as_rfc3339(value));
        if (read)
            out_.field(name, core::config::format_time(*read));
        else
            mistakes_.push_back(fmt::format("--{}: {}", flag, read.error()));
    }
    static std::string as_rfc3339(const std::string& value) {
        const auto seconds = plain_number(value);
        const bool possible = seconds && *seconds <= core::to_unix_seconds(core::kNever);
        return possible ? core::config::format_time(core::Time{core::from_seconds(*seconds)}) : value;
    }
    void seconds(std::string_view name, std::string_view flag, const std::string& value) {
        if (value.empty())
            return;
        if (const auto number = plain_number(value)) {
            out_.field(name, *number);
            return;
        }
        if (const auto read = core::config::parse_duration(value))
            out_.field(name, core::to_seconds(*read));
        else
            mistakes_.push_back(fmt::format("--{}: {}", flag, read.error()));
    }
    void size() {
        if (options_.size.empty())
            return;
        if (const auto read =
                core::config::parse_size(plain_number(options_.size) ? options_.size + "B" : options_.size))
            out_.field("size_bytes", *read);
        else
            mistakes_.push_back(fmt::format("--size: {}", read.error()));
    }

    const Options& options_;
    io::JsonWriter out_;
    std::vector<std::string> mistakes_;
};

std::expected<Outcome, std::vector<std::string>> outcome_of(const Options& options) {
    BodyWriter writer{options};
    const std::string body = writer.write();
    auto mistakes = writer.take_mistakes();
    auto outcome = read_outcome(body, now());
    if (!outcome)
        mistakes.insert(mistakes.end(), outcome.error().begin(), outcome.error().end());
    if (!options.command.empty())
        for (const auto& [flag, value] : {std::pair{"outcome", options.outcome},
                                          {"started-at", options.started_at},
                                          {"ended-at", options.ended_at},
                                          // Said before it runs, it would be no measurement, and hide a slow one.
                                          {"rto", options.rto}})
            if (!value.empty())
                mistakes.push_back(fmt::format("--{}: COMMAND tells it by itself", flag));
    if (!mistakes.empty())
        return std::unexpected(std::move(mistakes));
    return outcome;
}

void print_mistakes(const std::vector<std::string>& mistakes, Console& console) {
    fmt::print(console.err, "recoverd: this cannot be reported\n");
    for (const std::string& mistake : mistakes)
        fmt::print(console.err, "  {}\n", mistake);
    fmt::print(console.err, "hint: `recoverd outcome --help` tells what can be said\n");
}

Outcome ended(Outcome outcome, const Child::Ended& how, const std::string& message) {
    outcome.ended_at = now();
    // The clock may have been set back meanwhile.
    outcome.ended_at = std::max(*outcome.ended_at, *outcome.started_at);
    outcome.outcome = how.status == 0    ? core::ExerciseOutcome::passed
                      : how.asked_to_end ? core::ExerciseOutcome::aborted
                                         : core::ExerciseOutcome::failed;
    if (how.status != 0)
        outcome.message = message.empty() ? how.how : fmt::format("{} ({})", message, how.how);
    return outcome;
}

void print_flush_mistake(Console& console) {
    fmt::print(console.err, "recoverd: --flush sends what is spooled and takes no report\n"
                            "hint: every report sends what is spooled before it\n");
}

/// What COMMAND is reported as; nothing when that makes no sense, which has then been said.
std::optional<Outcome> report_of_command(const Options& options, Console& console) {
    if (options.mistaken) {
        fmt::print(console.err, "recoverd: COMMAND runs all the same, and is not reported\n");
        return std::nullopt;
    }
    if (options.flush) {
        print_flush_mistake(console);
        return std::nullopt;
    }
    auto outcome = outcome_of(options);
    if (outcome)
        return std::move(*outcome);
    print_mistakes(outcome.error(), console);
    return std::nullopt;
}

int run_reported(const Options& options, Console& console) {
    const auto started_at = now();
    auto outcome = report_of_command(options, console);
    Child child{options.command};
    if (outcome) {
        outcome->started_at = started_at;
        // What was measured is told at the end.
        Outcome start = *outcome;
        start.depth.reset();
        start.rpo.reset();
        start.rto.reset();
        start.size_bytes.reset();
        start.message.clear();
        Reporter{ApiClient{options.daemon}, Spool{options.spool}, console}.report(std::move(start));
    }
    const Child::Ended how = child.wait();
    if (!how.ran)
        fmt::print(console.err, "recoverd: {}\n", how.how);
    if (outcome)
        Reporter{ApiClient{options.daemon}, Spool{options.spool}, console}.report(
            ended(std::move(*outcome), how, options.message));
    return how.status;
}

int exit_code(Handed handed) {
    switch (handed) {
    case Handed::recorded:
        return 0;
    case Handed::spooled:
        return kSpooled;
    case Handed::refused:
    case Handed::lost:
        break;
    }
    return kFailed;
}

int run(const Options& options, Console& console) {
    if (!options.command.empty())
        return run_reported(options, console);
    if (options.flush) {
        if (!options.asset.empty() || !options.outcome.empty()) {
            print_flush_mistake(console);
            return kUsageError;
        }
        return exit_code(Reporter{ApiClient{options.daemon}, Spool{options.spool}, console}.flush());
    }
    auto outcome = outcome_of(options);
    if (!outcome) {
        print_mistakes(outcome.error(), console);
        return kUsageError;
    }
    // Who names the run may say the same again, which must then be the same to the letter.
    auto& when = outcome->is_start() ? outcome->started_at : outcome->ended_at;
    if (options.id.empty() && !when)
        when = now();
    const std::string id = outcome->id;
    const Handed handed =
        Reporter{ApiClient{options.daemon}, Spool{options.spool}, console}.report(std::move(*outcome));
    if (handed == Handed::recorded)
        fmt::print(console.out, "recorded run '{}'\n", id);
    return exit_code(handed);
}

} // namespace

Command outcome_command() {
    return command<Options>(
        "outcome", "Report how an exercise or a job went; exit 75 when the report waits in the spool", declare, run);
}

} // namespace recoverd::agent
