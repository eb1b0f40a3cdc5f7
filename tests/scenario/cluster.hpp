// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL primary with a standby and pgBackRest's repositories, as their answers tell of them: captured documents
// whose figures live and move with the tick clock.
#pragma once

#include "tests/support/fake_world.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace recoverd::scenario {

enum class Archiving {
    good,
    /// archive_command fails.
    failing,
    /// It never comes back.
    hanging,
    /// archive_command = /bin/true
    lying,
};

class Cluster {
  public:
    explicit Cluster(core::Time born) : now_(born) {}

    /// Everything up to `now` has happened.
    void live_until(core::Time now);

    core::Result<io::PgAnswer> answer(const io::PgRequest& request, core::Time now);
    core::Result<io::Finished> answer(const io::Command& command, core::Time now);

    /// Does somebody write, a little each minute?
    bool writing = true;
    /// One transaction, now.
    void write_row() { write(1'000); }
    /// As pg_switch_wal() does.
    void end_segment() { finish_segment(); }
    /// Zero: never.
    core::Duration archive_timeout{0};
    Archiving archiving = Archiving::good;
    bool standby_follows = true;
    bool backing_up = true;
    bool server_listens = true;
    bool stanza_exists = true;
    int repositories = 1;
    bool second_is_readable = true;
    /// A segment that somebody removed from the repositories.
    void lose_segment(std::uint64_t number) { stored_.erase(number); }
    std::uint64_t current_segment() const { return position_ / kSegmentBytes; }

  private:
    static constexpr std::uint64_t kSegmentBytes = std::uint64_t{16} << 20U;
    static constexpr core::Duration kBackupTakes = std::chrono::minutes{12};

    struct Backup {
        core::Time began;
        core::Time ended;
        std::uint64_t first_segment;
        std::uint64_t last_segment;
        bool full;
    };

    void minute();
    void write(std::uint64_t bytes);
    void finish_segment();
    void archive();
    void back_up();
    void expire();
    std::string label(std::size_t backup) const;
    std::string info() const;
    std::string listing(const std::string& path) const;

    core::Time now_;
    std::uint64_t position_ = kSegmentBytes + 40;
    std::uint64_t transactions_ = 700;
    bool written_since_switch_ = false;
    core::Time switched_at_ = now_;
    /// Finished and not archived, with when each was finished.
    std::map<std::uint64_t, core::Time> waiting_;
    std::uint64_t last_archived_ = 0;
    core::Time last_archived_at_;
    std::uint64_t failures_ = 0;
    core::Time last_failed_at_;
    /// What the repositories hold, with when it was stored.
    std::map<std::uint64_t, core::Time> stored_;
    std::vector<Backup> backups_;
    core::Time backup_due_ = now_;
    core::Time backup_began_;
    std::uint64_t backup_first_ = 0;
    int backups_made_ = 0;
};

} // namespace recoverd::scenario
