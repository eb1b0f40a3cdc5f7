// SPDX-License-Identifier: Apache-2.0
// What WAL-G prints, written by hand in the form that its source gives it, and one look at a WAL-G that prints it.
#pragma once

#include "collectors/walg.hpp"

#include "core/config/values.hpp"
#include "tests/collectors/one_look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::test::walg {

inline std::string backup(const std::string& name, const std::string& finished, const std::string& more = {}) {
    return fmt::format(
        R"({{"backup_name": "{}", "time": "2026-11-22T02:59:00Z", "wal_file_name": "{}", "storage_name": "default",)"
        R"( "start_time": "2026-11-20T02:00:00.25Z", "finish_time": "{}", "date_fmt": "%Y-%m-%dT%H:%M:%S.%fZ",)"
        R"( "hostname": "db1", "data_dir": "/srv/pg", "pg_version": 150015, "start_lsn": 838860840,)"
        R"( "finish_lsn": 838861184, "is_permanent": false, "system_identifier": 7507672962298572862{}}})",
        name, name.substr(5, 24), finished, more);
}

inline std::string list(std::initializer_list<std::string> backups) {
    std::string text;
    for (const std::string& one : backups)
        text += (text.empty() ? "" : ",") + one;
    return "[" + text + "]";
}

inline const std::string kFull = backup("base_000000010000000000000032", "2026-11-20T02:10:00Z",
                                        R"(, "uncompressed_size": 4000000, "compressed_size": 1000000)");
inline const std::string kDelta =
    backup("base_000000010000000000000036_D_000000010000000000000032", "2026-11-21T02:10:00Z");
inline const std::string kDeltaOfDelta =
    backup("base_00000001000000000000003A_D_000000010000000000000036", "2026-11-22T02:10:00Z");

inline std::string permanent(std::string text) {
    const std::string from = R"("is_permanent": false)";
    return text.replace(text.find(from), from.size(), R"("is_permanent": true)");
}

inline std::string row(const std::string& first, const std::string& last, int count, const std::string& status) {
    return fmt::format(
        R"({{"timeline_id": 1, "start_segment": "{}", "end_segment": "{}", "segments_count": {}, "status": "{}"}})",
        first, last, count, status);
}

inline std::string
verified(const std::string& integrity, const std::string& rows, const std::string& timeline = "OK",
         const std::string& details = R"({"current_timeline_id": 1, "highest_storage_timeline_id": 1})") {
    return fmt::format(
        R"({{"integrity": {{"status": "{}", "details": {}}}, "timeline": {{"status": "{}", "details": {}}}}})",
        integrity, rows, timeline, details);
}

inline const std::string kFound = row("000000010000000000000032", "000000010000000000000040", 15, "FOUND");

inline collectors::WalgBackups backups(const std::string& text) {
    return collectors::interpret_walg_backups(io::Json::parse(text));
}

inline collectors::WalgVerified verify(const std::string& text,
                                       const collectors::WalgBackups& beside = backups(list({kFull}))) {
    return collectors::interpret_walg_verify(io::Json::parse(text), beside);
}

inline std::string segment(const std::string& last_digits, const std::string& timeline = "00000001") {
    return timeline + "00000000000000" + last_digits;
}

inline std::string part(const char* first, const char* last, int count, const char* status,
                        const char* timeline = "00000001") {
    return row(segment(first, timeline), segment(last, timeline), count, status);
}

inline core::Time at(std::string_view text) { return core::config::parse_time(text).value(); }

/// One look at a WAL-G that answers so.
inline collectors::Collected look(const core::Result<io::Finished>& listed, const core::Result<io::Finished>& checked,
                                  std::vector<std::string>* asked = nullptr, const std::string& cursor = {},
                                  core::Duration later = {}) {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.on_run = [&](const io::Command& command) {
        const bool lists = std::ranges::find(command.argv, "backup-list") != command.argv.end();
        return lists ? listed : checked;
    };
    collectors::Collected seen = test::look(ioc, world, "walg", {}, cursor, std::chrono::minutes{1}, later);
    if (asked)
        *asked = world.asked;
    return seen;
}

} // namespace recoverd::test::walg
