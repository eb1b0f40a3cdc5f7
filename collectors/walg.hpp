// SPDX-License-Identifier: Apache-2.0
// What WAL-G says of the backups and the WAL of one PostgreSQL cluster. Pure: tests feed it documents.
#pragma once

#include "core/report.hpp"
#include "io/json.hpp"
#include "io/process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors {

struct WalgBackups {
    core::RecoveryPoints points;
    /// The oldest moment from which WAL leads on.
    std::optional<core::Time> wal_from;
    /// Where all are permanent: the segment that begins there. Nobody misses what is gone before it.
    std::string wal_from_segment;
    /// Of the newest backup; empty when it is not told.
    std::string system_id;
};

/// `wal-g backup-list --detail --json`. Throws io::BadDocument.
WalgBackups interpret_walg_backups(const io::Json& list);

struct WalgVerified {
    core::LogArchive archive;
    core::Assertion timeline;
};

/// `wal-g wal-verify integrity timeline --json`, beside the backups from which one would go on. Throws
/// io::BadDocument.
WalgVerified interpret_walg_verify(const io::Json& verified, const WalgBackups& backups);

/// Why there is no answer; `prefixed`: behind ssh or the like.
std::optional<core::Failure> walg_failure(const io::Finished& finished, bool prefixed);

} // namespace recoverd::collectors
