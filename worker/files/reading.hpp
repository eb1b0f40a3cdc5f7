// SPDX-License-Identifier: Apache-2.0
// A file read once from its beginning to its end, hashed on the way, within the budget and without filling the page
// cache that others need.
#pragma once

#include "worker/files/digest.hpp"
#include "worker/files/proof.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>

namespace recoverd::worker::files {

/// "cannot be read: Input/output error"
std::string cannot_be_read(int error);

/// Bytes from front to back. What stops it is remembered, so that what reads from it (libarchive) need not tell.
class Source {
  public:
    virtual ~Source() = default;
    /// The next bytes, valid until the next call; none at the end, and none when it stopped.
    virtual std::span<const char> next() = 0;

    /// Why it cannot be read to its end, or empty.
    const std::string& fault() const { return fault_; }
    /// Ended because of the budget.
    bool exhausted() const { return exhausted_; }

  protected:
    std::string fault_;
    bool exhausted_ = false;
};

class FileSource final : public Source {
  public:
    /// `algorithm` as OpenSSL names it; empty for none.
    FileSource(const std::string& path, const std::string& algorithm, Budget& budget);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    std::span<const char> next() override;
    bool opened() const { return fd_ >= 0; }
    /// Was it written to, removed or replaced while it was read? Some formats are read by their path.
    bool changed(const File& file) const;
    /// Lower-case hex of all that was read.
    std::string digest();

  private:
    std::string path_;
    int fd_ = -1;
    Budget& budget_;
    std::string buffer_;
    std::unique_ptr<Digest> digest_;
};

/// As pread(2); tests have one that fails.
using ReadAt = ssize_t (*)(int fd, void* to, std::size_t size, off_t at);

/// A file that is read here and there, as an archive with its directory at the end wants it.
class SeekableSource final : public Source {
  public:
    SeekableSource(const std::string& path, Budget& budget, ReadAt how);
    ~SeekableSource() override;
    SeekableSource(const SeekableSource&) = delete;
    SeekableSource& operator=(const SeekableSource&) = delete;

    std::span<const char> next() override;
    /// Where next() goes on from now, as lseek(2) has it; -1 when there is no such place.
    std::int64_t seek(std::int64_t offset, int whence);

  private:
    int fd_ = -1;
    Budget& budget_;
    ReadAt how_;
    std::string buffer_;
    std::int64_t size_ = 0;
    std::int64_t at_ = 0;
};

/// Unpacks gzip, and checks each member's CRC and length, which libarchive 3.6 passes over.
class GzipSource final : public Source {
  public:
    explicit GzipSource(Source& packed);
    ~GzipSource() override;
    GzipSource(const GzipSource&) = delete;
    GzipSource& operator=(const GzipSource&) = delete;

    std::span<const char> next() override;

  private:
    struct Inflater;

    bool refill();

    Source& packed_;
    std::string buffer_;
    std::unique_ptr<Inflater> inflater_;
    bool inside_ = false;
    bool ended_ = false;
};

} // namespace recoverd::worker::files
