// SPDX-License-Identifier: Apache-2.0
// A folder of its own per test, with backups in it that are good, or broken in a chosen way.
#pragma once

#include "core/report.hpp"
#include "worker/files/job.hpp"

#include <string>
#include <utility>
#include <vector>

namespace recoverd::test {

class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

    /// Writes a file whose mtime lies `age` back.
    std::string write(const std::string& name, const std::string& bytes, core::Duration age = std::chrono::hours{1});
    void make(const std::string& name);
    void link(const std::string& target, const std::string& name);
    void set_age(const std::string& name, core::Duration age);

  private:
    std::string path_;
};

std::string read_bytes(const std::string& path);

/// While it is there, this is what `pg_restore` does: lines of sh without a PATH. The dump is "$2".
class PgRestore {
  public:
    explicit PgRestore(const std::string& lines);
    ~PgRestore();
    PgRestore(const PgRestore&) = delete;
    PgRestore& operator=(const PgRestore&) = delete;

  private:
    Folder folder_;
    std::string path_before_;
};

enum class Pack : std::uint8_t { none, gzip, zstd, xz, bzip2 };
/// A tar archive with files of these names and contents.
std::string tar(const std::vector<std::pair<std::string, std::string>>& files, Pack pack = Pack::none);
std::string zip(const std::vector<std::pair<std::string, std::string>>& files);
/// One stream without an archive in it.
std::string packed(const std::string& content, Pack pack);
/// Bytes that do not compress well, always the same.
std::string noise(std::size_t size);

/// Time stands still but for what is slept; counted from the real time, as files have it.
struct HandClock {
    core::Time now;
    core::Duration slept{0};
    /// Called during each sleep.
    std::function<void()> meanwhile;

    HandClock();
    worker::files::Clock clock();
};

/// One run of the files job.
core::Result<core::Seen> look(const worker::files::Options& options);
core::Seen seen_by(const worker::files::Options& options);
/// The recovery points of this subject; fails the test when there are none.
core::RecoveryPoints points(const core::Seen& seen, const std::string& subject = "");

} // namespace recoverd::test
