// SPDX-License-Identifier: Apache-2.0
#include "agent/outcome.hpp"

#include "core/config/values.hpp"
#include "io/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <random>

namespace recoverd::agent {

namespace {

using core::Time;

constexpr std::array<std::string_view, 14> kMembers{
    "id",    "asset",       "kind",        "exercise", "outcome", "started_at", "ended_at",
    "depth", "rpo_seconds", "rto_seconds", "link",     "message", "size_bytes", "backup_type"};

/// Bytes. Such a name becomes a label.
constexpr std::size_t kMaxName = 256;

/// Collects every mistake instead of stopping at the first.
class Reader {
  public:
    Reader(const io::Json& json, Time now) : json_(json), now_(now) {}

    Outcome read() {
        Outcome outcome;
        for (const auto& [name, value] : json_.object())
            if (std::ranges::find(kMembers, name) == kMembers.end())
                mistakes_.push_back(fmt::format("unknown member '{}'", name));
        text("id", outcome.id, kMaxName);
        text("asset", outcome.asset);
        kind(outcome.kind);
        text("exercise", outcome.exercise, kMaxName);
        text("link", outcome.link);
        text("message", outcome.message);
        text("backup_type", outcome.backup_type, kMaxName);
        named("outcome", outcome.outcome);
        time("started_at", outcome.started_at);
        time("ended_at", outcome.ended_at);
        depth(outcome.depth);
        seconds("rpo_seconds", outcome.rpo);
        seconds("rto_seconds", outcome.rto);
        size(outcome.size_bytes);
        require(outcome);
        return outcome;
    }
    std::vector<std::string> take_mistakes() { return std::move(mistakes_); }

  private:
    template <class Read>
    void attempt(std::string_view name, Read&& read) {
        const io::Json& value = json_[name];
        if (!value)
            return;
        try {
            read(value);
        } catch (const io::BadDocument& bad) {
            mistakes_.emplace_back(bad.what());
        }
    }
    void text(std::string_view name, std::string& out, std::size_t most = 4'096) {
        attempt(name, [&](const io::Json& value) {
            out = value.text();
            if (out.size() > most)
                mistakes_.push_back(fmt::format("{}: longer than {} bytes", name, most));
        });
    }
    template <class E>
    void named(std::string_view name, E& out) {
        attempt(name, [&](const io::Json& value) {
            if (const auto found = core::from_name<E>(value.text()))
                out = *found;
            else
                mistakes_.push_back(fmt::format("{}: expected one of {}, found '{}'", name,
                                                fmt::join(core::Names<E>::values, ", "), value.text()));
        });
    }
    void kind(Outcome::Kind& out) {
        attempt("kind", [&](const io::Json& value) {
            if (value.text() == "backup")
                out = Outcome::Kind::backup;
            else if (value.text() != "exercise")
                mistakes_.push_back(fmt::format("kind: expected exercise or backup, found '{}'", value.text()));
        });
    }
    void depth(std::optional<core::Depth>& out) {
        if (json_["depth"])
            named("depth", out.emplace());
    }
    void time(std::string_view name, std::optional<Time>& out) {
        attempt(name, [&](const io::Json& value) {
            out = value.time();
            if (*out > now_ + kMaxAhead)
                mistakes_.push_back(fmt::format("{}: {} is more than 2 minutes ahead of {}", name, value.text(),
                                                core::config::format_time(now_)));
        });
    }
    void seconds(std::string_view name, std::optional<core::Duration>& out) {
        // Ten years: what is longer was meant in another unit.
        constexpr double kMax = 10 * 365.25 * 86'400;
        attempt(name, [&](const io::Json& value) {
            const double number = value.number();
            if (!(number >= 0 && number <= kMax))
                mistakes_.push_back(fmt::format("{}: expected seconds from 0 to {:.0f}, found {}", name, kMax, number));
            else
                out = core::from_seconds(number);
        });
    }
    void size(std::optional<std::uint64_t>& out) {
        attempt("size_bytes", [&](const io::Json& value) { out = value.natural(); });
    }
    void require(const Outcome& outcome) {
        if (!json_["asset"])
            mistakes_.emplace_back("asset: missing");
        else if (outcome.asset.empty())
            mistakes_.emplace_back("asset: expected a name, found ''");
        if (!json_["outcome"])
            mistakes_.emplace_back("outcome: missing");
        if (outcome.kind == Outcome::Kind::exercise && outcome.exercise.empty())
            mistakes_.emplace_back("exercise: missing");
        if (outcome.started_at && outcome.ended_at && *outcome.ended_at < *outcome.started_at)
            mistakes_.emplace_back("ended_at: before started_at");
    }

    const io::Json& json_;
    Time now_;
    std::vector<std::string> mistakes_;
};

} // namespace

std::string made_up_id() {
    std::random_device source;
    return fmt::format("{:08x}{:08x}", source(), source());
}

std::expected<Outcome, std::vector<std::string>> read_outcome(std::string_view body, Time now) {
    try {
        const io::Json json = io::Json::parse(body);
        Reader reader{json, now};
        Outcome outcome = reader.read();
        if (auto mistakes = reader.take_mistakes(); !mistakes.empty())
            return std::unexpected(std::move(mistakes));
        if (outcome.id.empty())
            outcome.id = made_up_id();
        return outcome;
    } catch (const io::BadDocument& bad) {
        return std::unexpected(std::vector<std::string>{bad.what()});
    }
}

std::string to_json(const Outcome& outcome) {
    io::JsonWriter out;
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty())
            out.field(name, value);
    };
    const auto time = [&](std::string_view name, const std::optional<Time>& value) {
        if (value)
            out.field(name, core::config::format_time(*value));
    };
    out.begin_object();
    text("id", outcome.id);
    text("asset", outcome.asset);
    out.field("kind", outcome.kind == Outcome::Kind::backup ? "backup" : "exercise");
    text("exercise", outcome.exercise);
    out.field("outcome", core::name_of(outcome.outcome));
    time("started_at", outcome.started_at);
    time("ended_at", outcome.ended_at);
    if (outcome.depth)
        out.field("depth", core::name_of(*outcome.depth));
    if (outcome.rpo)
        out.field("rpo_seconds", core::to_seconds(*outcome.rpo));
    if (outcome.rto)
        out.field("rto_seconds", core::to_seconds(*outcome.rto));
    text("link", outcome.link);
    text("message", outcome.message);
    if (outcome.size_bytes)
        out.field("size_bytes", *outcome.size_bytes);
    text("backup_type", outcome.backup_type);
    out.end_object();
    return out.take();
}

namespace {

/// When it ended. A reporter's clock may be ahead of ours: what nobody told did not end before it began.
Time end_of(const Outcome& outcome, Time now) {
    return outcome.ended_at.value_or(std::max(now, outcome.started_at.value_or(now)));
}

core::Exercise to_exercise(const Outcome& outcome, Time now) {
    core::Exercise exercise;
    exercise.id = outcome.id;
    exercise.exercise = outcome.exercise;
    exercise.outcome = outcome.outcome;
    exercise.started_at = outcome.started_at;
    exercise.ended_at = outcome.ended_at;
    if (outcome.is_start() && !exercise.started_at)
        exercise.started_at = now;
    if (!outcome.is_start())
        exercise.ended_at = end_of(outcome, now);
    exercise.depth = outcome.depth.value_or(core::Depth::exists);
    exercise.rpo = outcome.rpo;
    exercise.rto = outcome.rto;
    exercise.link = outcome.link;
    exercise.message = outcome.message;
    return exercise;
}

/// How far back they go is not told (by former releases it was): what a job made may long be deleted.
core::RecoveryPoints known_points(const core::CheckMemory& memory) {
    core::RecoveryPoints known{.method = "reported", .tells_jobs = core::Told::yes};
    if (const auto at = memory.subjects.find(""); at != memory.subjects.end())
        for (const auto& evidence : *at->second.evidence)
            if (const auto* points = std::get_if<core::RecoveryPoints>(&evidence))
                known = *points;
    known.oldest_at.reset();
    return known;
}

void add_point(core::RecoveryPoints& points, const Outcome& outcome, Time now) {
    core::RecoveryPoint point;
    point.id = outcome.id;
    point.ended_at = end_of(outcome, now);
    point.data_at = outcome.started_at.value_or(point.ended_at);
    point.size_bytes = outcome.size_bytes;
    point.backup_type = outcome.backup_type;
    if (outcome.started_at)
        point.duration = point.ended_at - *outcome.started_at;
    // Told again, because it could not be recorded, it is one backup still.
    if (std::erase_if(points.points, [&](const auto& known) { return known.id == outcome.id; }) > 0 && points.count > 0)
        --points.count;
    points.points.push_back(std::move(point));
    std::ranges::sort(points.points, {}, &core::RecoveryPoint::ended_at);
    if (points.points.size() > core::kMaxPoints)
        points.points.erase(points.points.begin());
    ++points.count;
}

/// Jobs of different types that run beside each other; the oldest gives way to what never ends.
constexpr std::size_t kMaxRunning = 16;

/// Of each type one job at a time: whatever was running of it has now ended, or this is its successor. Who tells no
/// type has only one.
void drop_ended(std::vector<core::BackupJob>& jobs, const Outcome& outcome) {
    std::erase_if(jobs, [&](const core::BackupJob& job) {
        return job.state != core::JobState::running || job.backup_type == outcome.backup_type ||
               job.backup_type.empty() || outcome.backup_type.empty();
    });
}

core::RecoveryPoints to_points(const Outcome& outcome, const core::CheckMemory& memory, Time now) {
    core::RecoveryPoints points = known_points(memory);
    drop_ended(points.jobs, outcome);
    switch (outcome.outcome) {
    case core::ExerciseOutcome::passed:
        add_point(points, outcome, now);
        break;
    case core::ExerciseOutcome::started:
        points.jobs.push_back(
            {core::JobState::running, outcome.backup_type, outcome.started_at.value_or(now), {}, outcome.message});
        if (points.jobs.size() > kMaxRunning)
            points.jobs.erase(points.jobs.begin());
        break;
    case core::ExerciseOutcome::failed:
    case core::ExerciseOutcome::aborted:
        points.jobs.push_back(
            {core::JobState::failed, outcome.backup_type, outcome.started_at, end_of(outcome, now), outcome.message});
        break;
    }
    return points;
}

} // namespace

core::Report to_report(const Outcome& outcome, const core::CheckMemory& memory, Time now) {
    core::SubjectReport subject;
    if (outcome.kind == Outcome::Kind::exercise) {
        subject.subject = outcome.exercise;
        subject.evidence.emplace_back(to_exercise(outcome, now));
    } else {
        subject.evidence.emplace_back(to_points(outcome, memory, now));
    }
    core::Seen seen;
    seen.complete = false;
    seen.subjects.push_back(std::move(subject));
    core::Report report;
    report.looked_at = now;
    report.result = std::move(seen);
    return report;
}

} // namespace recoverd::agent
