// SPDX-License-Identifier: Apache-2.0
// What WAL-G says of the backups and the WAL of one PostgreSQL cluster. Pure: tests feed it documents.
#pragma once

#include "core/report.hpp"
#include "io/json.hpp"
#include "io/process.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

struct WalgBackups {
    core::RecoveryPoints points;
    /// The oldest moment from which WAL leads on.
    std::optional<core::Time> wal_from;
    /// Where all are permanent: the segment that begins there. Nobody misses what is gone before it.
    std::string wal_from_segment;
    /// In which the newest begins; empty where its name does not tell.
    std::string newest_segment;
    /// Of the newest backup; empty when it is not told.
    std::string system_id;
};

/// `wal-g backup-list --detail --json`. Throws io::BadDocument.
WalgBackups interpret_walg_backups(const io::Json& list);

struct WalgVerified {
    core::LogArchive archive;
    /// The oldest segment that may still be on its way; empty where all have arrived or are lost.
    std::string oldest_waiting;
    /// The newest that the server has finished; empty where nothing was verified.
    std::string newest_written;
    core::Assertion timeline;
};

/// `wal-g wal-verify integrity timeline --json`, beside the backups from which one would go on. Throws
/// io::BadDocument.
WalgVerified interpret_walg_verify(const io::Json& verified, const WalgBackups& backups);

/// WAL-G does not tell since when a segment waits: what the last looks left (`cursor`) does, to within one of them.
/// Gives what the next look is to know.
std::string follow_walg_waiting(WalgVerified& verified, std::string_view cursor, core::Time now);

/// Why there is no answer; `prefixed`: behind ssh or the like.
std::optional<core::Failure> walg_failure(const io::Finished& finished, bool prefixed);

} // namespace recoverd::collectors
