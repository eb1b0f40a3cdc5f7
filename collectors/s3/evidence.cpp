// SPDX-License-Identifier: Apache-2.0
// What was found as evidence, per subject.
#include "collectors/s3.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using core::RecoveryPoint;
using s3_parts::Attributes;
using s3_parts::Entry;
using s3_parts::Series;

bool is_archive(std::string_view storage_class) {
    return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

RecoveryPoint point_of(const S3Expected& expected, const Entry& entry) {
    RecoveryPoint point;
    point.id = expected.versions && !entry.version_id.empty() ? entry.version_id : entry.key;
    // Of an object in parts that is when the upload began, on Amazon's: its data is no newer.
    point.data_at = point.ended_at = entry.last_modified;
    point.size_bytes = point.stored_bytes = entry.size;
    if (entry.size < expected.min_size) {
        point.state = core::PointState::bad;
        point.detail = entry.size == 0 ? std::string{"it is empty"}
                                       : fmt::format("{} bytes, expected {} at least", entry.size,
                                                     core::config::format_size(expected.min_size));
    } else if (is_archive(entry.storage_class)) {
        point.detail = fmt::format("in {}: unless it was brought back, reading it takes hours", entry.storage_class);
    }
    return point;
}

/// What only the object itself tells.
void add_head(RecoveryPoint& point, const Entry& entry, const S3Newest& newest) {
    const Attributes* head = newest.attributes();
    if (!head)
        return;
    // That the service does not encrypt it says nothing of who sent it.
    if (!head->encryption.empty())
        point.encrypted = core::Told::yes;
    if (point.state != core::PointState::good)
        return;
    const std::string archive = s3_archive(entry, newest).value_or("");
    point.detail = archive.empty() ? "" : fmt::format("in {}: reading it takes hours", archive);
}

core::RecoveryPoints points_of(const S3Expected& expected, const Series& series, const S3Newest& newest) {
    core::RecoveryPoints points;
    points.method = "s3";
    points.count = series.count;
    points.oldest_at = series.oldest_at;
    const std::vector<Entry> entries = s3_parts::trimmed(series.newest);
    for (const Entry& entry : entries)
        points.points.push_back(point_of(expected, entry));
    if (!points.points.empty()) {
        add_head(points.points.back(), entries.back(), newest);
        if (expected.changes_rarely)
            points.source_changed_at = points.points.back().data_at;
    }
    return points;
}

SubjectReport report_of(const S3Expected& expected, const S3Settings& settings, const Series& series,
                        const S3Newest& newest, const std::optional<s3_parts::Pending>& pending, Time now) {
    SubjectReport report;
    report.location.region = expected.region;
    report.evidence.emplace_back(points_of(expected, series, newest));
    core::Assertions assertions{s3_assertions(expected, settings, series, newest, now)};
    if (!assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    // Nothing there is said as such, and has no replica.
    if (settings.replication && !series.newest.empty()) {
        const std::string& key = s3_parts::newest_of(series).key;
        auto replication = s3_replication(expected, *settings.replication, key, newest, pending, now);
        if (replication)
            report.evidence.emplace_back(std::move(*replication));
        else
            report.failure = std::move(replication.error());
    }
    return report;
}

} // namespace

std::optional<std::string> s3_archive(const Entry& newest, const S3Newest& told) {
    if (const Attributes* head = told.attributes()) {
        if (head->restored)
            return std::string{};
        if (!head->archive_status.empty())
            return head->archive_status;
        return is_archive(head->storage_class) ? head->storage_class : std::string{};
    }
    // Only the object itself tells whether it was brought back, and how deep Amazon has put it by itself.
    if (is_archive(newest.storage_class) || newest.storage_class == "INTELLIGENT_TIERING")
        return std::nullopt;
    return std::string{};
}

Result<Seen> interpret_s3(const S3Expected& expected, const S3Answers& answers, const s3_parts::Cursor& before,
                          Time now) {
    // Nothing to look at is a failure, not a pass; once there was something, its absence is what we saw.
    if (answers.series.empty() && !before.any_series)
        return core::failed(FailureKind::bad_answer,
                            fmt::format("expected objects that the pattern fits below {}, found none",
                                        io::json_quote(expected.prefix.substr(0, 100))));
    Seen seen;
    s3_parts::Cursor after{.any_series = before.any_series};
    for (const auto& [subject, series] : answers.series) {
        // The one without a name is there in any case.
        after.any_series = after.any_series || !subject.empty();
        const auto found = answers.newest.find(subject);
        const S3Newest newest = found == answers.newest.end() ? S3Newest{} : found->second;
        std::optional<s3_parts::Pending> pending;
        if (answers.settings.replication && !series.newest.empty())
            pending = s3_pending(before.find(subject), s3_parts::newest_of(series), newest, now);
        if (pending)
            after.keep(subject, *pending);
        seen.subjects.push_back(report_of(expected, answers.settings, series, newest, pending, now));
        seen.subjects.back().subject = subject;
    }
    seen.cursor = s3_parts::write_cursor(after);
    return seen;
}

} // namespace recoverd::collectors
