// SPDX-License-Identifier: Apache-2.0
// WAL-G's documents: {"backups": its list, "verified": what wal-verify says}.
#include "collectors/walg.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    core::Seen seen;
    try {
        const io::Json document = io::Json::parse(bytes);
        const auto backups = collectors::interpret_walg_backups(document["backups"]);
        seen.subjects.push_back({.subject = "", .evidence = {backups.points}});
        auto verified = collectors::interpret_walg_verify(document["verified"], backups);
        seen.cursor = collectors::follow_walg_waiting(verified, bytes, kNow);
        must(seen.cursor.empty() == verified.oldest_waiting.empty(), "what waits is remembered", seen.cursor);
        seen.cursor = collectors::follow_walg_waiting(verified, seen.cursor, kNow + std::chrono::minutes{5});
        must(verified.archive.waiting_since.value_or(kNow) <= kNow, "what waits began to before", seen.cursor);
        seen.subjects[0].evidence.emplace_back(std::move(verified.archive));
        seen.subjects[0].evidence.emplace_back(core::Assertions{{std::move(verified.timeline)}});
    } catch (const io::BadDocument&) {
    }
    must_be_sound(seen);
}

} // namespace recoverd::fuzz
