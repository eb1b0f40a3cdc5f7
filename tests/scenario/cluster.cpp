// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/cluster.hpp"

#include "io/json.hpp"
#include "tests/support/pg_answers.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace recoverd::scenario {

namespace {

using core::Duration;
using core::Time;
using namespace std::chrono_literals;

/// That of tests/data/postgresql/settled.json.
constexpr std::uint64_t kSystemId = 7'710'962'351'039'351'529;

std::string segment_name(std::uint64_t number) {
    return fmt::format("00000001{:08X}{:08X}", number / 256, number % 256);
}

std::uint64_t seconds(Time at) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

std::string fraction(Time at) { return fmt::format("{}.{:03}", seconds(at), at.time_since_epoch().count() % 1'000); }

void set(io::PgTable& table, std::string_view column, std::optional<std::string> value) {
    table.rows.at(0).at(static_cast<std::size_t>(table.column(column))) = std::move(value);
}

} // namespace

void Cluster::live_until(Time now) {
    while (now_ + 1min <= now)
        minute();
}

void Cluster::minute() {
    now_ += 1min;
    if (writing)
        write(700'000);
    if (archive_timeout > Duration{0} && written_since_switch_ && now_ - switched_at_ >= archive_timeout)
        finish_segment();
    if (backing_up || backup_began_ != Time{})
        back_up();
    archive();
}

void Cluster::write(std::uint64_t bytes) {
    ++transactions_;
    written_since_switch_ = true;
    const std::uint64_t segment = current_segment();
    if ((position_ + bytes) / kSegmentBytes != segment)
        finish_segment();
    else
        position_ += bytes;
}

void Cluster::finish_segment() {
    waiting_[current_segment()] = now_;
    position_ = (current_segment() + 1) * kSegmentBytes + 40;
    written_since_switch_ = false;
    switched_at_ = now_;
}

void Cluster::archive() {
    while (!waiting_.empty()) {
        const std::uint64_t oldest = waiting_.begin()->first;
        if (archiving == Archiving::hanging)
            return;
        if (archiving == Archiving::failing) {
            ++failures_;
            last_failed_at_ = now_;
            return;
        }
        if (archiving == Archiving::good)
            stored_[oldest] = now_;
        last_archived_ = oldest;
        last_archived_at_ = now_;
        waiting_.erase(oldest);
    }
}

/// pgBackRest waits for the segments of a backup, so one that finds the archive broken leaves nothing.
void Cluster::back_up() {
    if (backup_began_ == Time{}) {
        if (now_ < backup_due_)
            return;
        backup_due_ += 24h;
        if (archiving != Archiving::good)
            return;
        finish_segment();
        backup_began_ = now_;
        backup_first_ = current_segment();
        return;
    }
    if (now_ - backup_began_ < kBackupTakes)
        return;
    const std::uint64_t last = current_segment();
    finish_segment();
    if (archiving == Archiving::good) {
        backups_.push_back({backup_began_, now_, backup_first_, last, backups_made_++ % 7 == 0});
        expire();
    }
    backup_began_ = Time{};
}

/// Keeps the newest two fulls and what hangs on them, and the WAL from there on.
void Cluster::expire() {
    std::size_t fulls = 0;
    for (std::size_t i = backups_.size(); i-- > 0;)
        if (backups_[i].full && ++fulls == 2) {
            backups_.erase(backups_.begin(), backups_.begin() + static_cast<std::ptrdiff_t>(i));
            break;
        }
    stored_.erase(stored_.begin(), stored_.lower_bound(backups_.front().first_segment));
}

core::Result<io::PgAnswer> Cluster::answer(const io::PgRequest& /*request*/, Time now) {
    live_until(now);
    if (!server_listens)
        return core::failed(core::FailureKind::unreachable, "connection to db1 failed: Connection refused");
    static const std::string settled = test::data("postgresql/settled.json");
    io::PgAnswer answer = test::pg_answer(settled);
    io::PgTable& server = answer.tables.at(0);
    set(server, "horizon", fmt::format("{0}:{0}:", transactions_));
    set(server, "insert_position", std::to_string(position_));
    const std::uint64_t in_segment = position_ % kSegmentBytes;
    set(server, "flush_position", std::to_string(in_segment <= 40 ? position_ - in_segment : position_));
    io::PgTable& archiver = answer.tables.at(1);
    const auto named = [](std::uint64_t segment) {
        return segment > 0 ? std::optional{segment_name(segment)} : std::nullopt;
    };
    const auto at = [](Time moment) { return moment != Time{} ? std::optional{fraction(moment)} : std::nullopt; };
    set(archiver, "last_archived_wal", named(last_archived_));
    set(archiver, "last_archived_time", at(last_archived_at_));
    set(archiver, "last_failed_time", at(last_failed_at_));
    set(archiver, "last_failed_wal", failures_ > 0 ? named(current_segment() - 1) : std::nullopt);
    set(archiver, "failed_count", std::to_string(failures_));
    std::string waiting = fmt::format("<row>\n  <count>{}</count>\n", waiting_.size());
    if (!waiting_.empty())
        waiting += fmt::format("  <first>{}.ready</first>\n  <since>{}</since>\n",
                               segment_name(waiting_.begin()->first), fraction(waiting_.begin()->second));
    set(archiver, "waiting", waiting + "</row>\n\n");
    if (standby_follows)
        answer.tables.at(2).rows.push_back({"b", "streaming", std::nullopt, std::nullopt,
                                            writing ? std::optional<std::string>{"0.2"} : std::nullopt, "0"});
    for (auto& row : answer.tables.at(5).rows)
        if (row.at(0) == "fsync")
            row.at(1) = row.at(2) = "on";
    return answer;
}

std::string Cluster::label(std::size_t backup) const {
    const auto name = [&](std::size_t i) {
        return fmt::format("{:%Y%m%d-%H%M%S}{}", fmt::gmtime(static_cast<std::time_t>(seconds(backups_[i].began))),
                           backups_[i].full ? 'F' : 'D');
    };
    if (backups_[backup].full)
        return name(backup);
    std::size_t full = backup;
    while (!backups_[full].full)
        --full;
    return name(full) + "_" + name(backup);
}

std::string Cluster::info() const {
    io::JsonWriter out;
    if (!stanza_exists) {
        out.begin_array().end_array();
        return out.take();
    }
    const auto readable = [&](int repo) { return repo == 1 || second_is_readable; };
    const auto database = [&](int repo) {
        out.key("database").begin_object().field("id", std::uint64_t{1}).field("repo-key", std::uint64_t(repo));
        out.end_object();
    };
    out.begin_array().begin_object().key("archive").begin_array();
    for (int repo = 1; repo <= repositories; ++repo)
        if (readable(repo) && !stored_.empty()) {
            out.begin_object();
            database(repo);
            out.field("id", "15-1").field("max", segment_name(stored_.rbegin()->first));
            out.field("min", segment_name(stored_.begin()->first)).end_object();
        }
    out.end_array().key("backup").begin_array();
    for (std::size_t i = 0; i < backups_.size(); ++i)
        for (int repo = 1; repo <= repositories; ++repo) {
            if (!readable(repo))
                continue;
            const Backup& backup = backups_[i];
            out.begin_object();
            out.key("archive").begin_object().field("start", segment_name(backup.first_segment));
            out.field("stop", segment_name(backup.last_segment)).end_object();
            database(repo);
            out.key("error").value(false);
            out.key("info").begin_object().field("size", std::uint64_t{20'000'000'000});
            out.key("repository").begin_object().field("delta", std::uint64_t{400'000'000}).end_object().end_object();
            out.field("label", label(i));
            if (!backup.full) {
                std::size_t full = i;
                while (!backups_[full].full)
                    --full;
                out.field("prior", label(full)).key("reference").begin_array().value(label(full)).end_array();
            }
            out.key("timestamp").begin_object().field("start", seconds(backup.began));
            out.field("stop", seconds(backup.ended)).end_object();
            out.field("type", backup.full ? "full" : "diff").end_object();
        }
    out.end_array().key("db").begin_array();
    for (int repo = 1; repo <= repositories; ++repo)
        if (readable(repo))
            out.begin_object()
                .field("id", std::uint64_t{1})
                .field("repo-key", std::uint64_t(repo))
                .field("system-id", kSystemId)
                .field("version", "15")
                .end_object();
    out.end_array().field("name", "orders").key("repo").begin_array();
    for (int repo = 1; repo <= repositories; ++repo) {
        const bool fine = readable(repo);
        const std::uint64_t code = !fine ? 99 : backups_.empty() ? 2 : 0;
        out.begin_object().field("cipher", "none").field("key", std::uint64_t(repo)).key("status").begin_object();
        out.field("code", code);
        out.field("message", fine ? "ok" : "[PathOpenError] unable to list file info for path: [13] Permission denied");
        out.end_object().end_object();
    }
    out.end_array().key("status").begin_object().field("code", std::uint64_t(second_is_readable ? 0 : 4));
    out.key("lock").begin_object().key("backup").begin_object().key("held").value(backup_began_ != Time{});
    out.end_object().end_object().field("message", "ok").end_object().end_object().end_array();
    return out.take();
}

std::string Cluster::listing(const std::string& path) const {
    io::JsonWriter out;
    out.begin_object().key(".").begin_object().field("type", "path").end_object();
    const std::string directory = path.substr(path.rfind('/') + 1);
    std::string last;
    for (const auto& [number, at] : stored_) {
        const std::string name = segment_name(number);
        if (directory == "15-1" && name.substr(0, 16) != last) {
            last = name.substr(0, 16);
            out.key(last).begin_object().field("type", "path").end_object();
        } else if (name.starts_with(directory)) {
            out.key(name + "-41f22a65a8b7bc0d188dda622dc00c8e1915e6d3.lz4").begin_object().field("type", "file");
            out.field("size", std::uint64_t{72'357}).field("time", seconds(at)).end_object();
        }
    }
    out.end_object();
    return out.take();
}

core::Result<io::Finished> Cluster::answer(const io::Command& command, Time now) {
    live_until(now);
    const auto asked = [&](std::string_view word) { return std::ranges::find(command.argv, word); };
    if (asked("info") != command.argv.end())
        return test::exited(info());
    const auto list = asked("repo-ls");
    if (list == command.argv.end())
        throw std::runtime_error("asked for something else than info and repo-ls");
    return test::exited(listing(*(list + 1)));
}

} // namespace recoverd::scenario
