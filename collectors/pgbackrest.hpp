// SPDX-License-Identifier: Apache-2.0
// What `pgbackrest info --output=json` says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/wal_archive.hpp"

namespace recoverd::collectors {

/// One repository of one stanza.
struct PgBackRestRepo {
    SubjectReport report;
    std::string stanza;
    std::uint64_t key = 1;
    /// Its newest archive ("15-1"), or empty when there is none to look through.
    std::string archive_id;
    /// The backups that belong to that archive, oldest first.
    std::vector<WalBackup> backups;
};

struct PgBackRestInfo {
    std::vector<PgBackRestRepo> repos;
    bool complete = true;
};

/// `local`: pgBackRest ran on this host by itself, so that its locks are the ones of the host that backs up.
/// A failure when it could not even list its stanzas.
Result<PgBackRestInfo> interpret_pgbackrest(const io::Json& info, bool local, Time now);

/// Why a run of pgBackRest gave no answer, or nothing when it did. `prefixed`: started through ssh or the like.
std::optional<Failure> pgbackrest_failure(const io::Finished& finished, bool prefixed);

} // namespace recoverd::collectors
