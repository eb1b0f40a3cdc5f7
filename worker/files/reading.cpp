// SPDX-License-Identifier: Apache-2.0
#include "worker/files/reading.hpp"

#include <fmt/format.h>

#include <zlib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <system_error>

namespace recoverd::worker::files {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20U;

int open_to_read(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); }

bool is_as_listed(const struct stat& now, const File& file) {
    return static_cast<std::uint64_t>(now.st_size) == file.size && mtime_of(now) == file.mtime;
}

} // namespace

std::string cannot_be_read(int error) {
    return fmt::format("cannot be read: {}", std::generic_category().message(error));
}

FileSource::FileSource(const std::string& path, const std::string& algorithm, Budget& budget)
    : path_(path), fd_(open_to_read(path)), budget_(budget) {
    if (fd_ < 0) {
        fault_ = cannot_be_read(errno);
        return;
    }
    (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
    buffer_.resize(kBlock);
    if (!algorithm.empty())
        digest_ = std::make_unique<Digest>(algorithm);
}

FileSource::~FileSource() {
    if (fd_ < 0)
        return;
    (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd_);
}

std::span<const char> FileSource::next() {
    if (fd_ < 0 || exhausted_ || !fault_.empty())
        return {};
    if (!budget_.allows(0)) {
        exhausted_ = true;
        return {};
    }
    const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
    if (got < 0) {
        fault_ = cannot_be_read(errno);
        return {};
    }
    const auto size = static_cast<std::size_t>(got);
    budget_.spend(size);
    if (digest_)
        digest_->add({buffer_.data(), size});
    return {buffer_.data(), size};
}

bool FileSource::changed(const File& file) const {
    struct stat held{};
    struct stat there{};
    return ::fstat(fd_, &held) != 0 || !is_as_listed(held, file) || ::stat(path_.c_str(), &there) != 0 ||
           !is_as_listed(there, file);
}

std::string FileSource::digest() { return digest_ ? digest_->hex() : std::string{}; }

SeekableSource::SeekableSource(const std::string& path, Budget& budget, ReadAt how)
    : fd_(open_to_read(path)), budget_(budget), how_(how) {
    struct stat seen{};
    if (fd_ < 0 || ::fstat(fd_, &seen) != 0) {
        fault_ = cannot_be_read(errno);
        return;
    }
    size_ = seen.st_size;
    buffer_.resize(kBlock);
}

SeekableSource::~SeekableSource() {
    if (fd_ < 0)
        return;
    (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd_);
}

std::span<const char> SeekableSource::next() {
    // Where a broken archive points is not asked of the disk, which would call it an error.
    if (exhausted_ || !fault_.empty() || at_ >= size_)
        return {};
    if (!budget_.allows(0)) {
        exhausted_ = true;
        return {};
    }
    const ssize_t got = how_(fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(at_));
    if (got < 0) {
        fault_ = cannot_be_read(errno);
        return {};
    }
    const auto size = static_cast<std::size_t>(got);
    budget_.spend(size);
    at_ += got;
    return {buffer_.data(), size};
}

std::int64_t SeekableSource::seek(std::int64_t offset, int whence) {
    const std::int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? at_ : size_;
    if (offset < -from || offset > std::numeric_limits<std::int64_t>::max() - from)
        return -1;
    return at_ = from + offset;
}

struct GzipSource::Inflater {
    Inflater() { ready = inflateInit2(&stream, 15 + 16) == Z_OK; } // 16: gzip, not zlib, around it
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    z_stream stream{};
    bool ready = false;
};

GzipSource::GzipSource(Source& packed)
    : packed_(packed), buffer_(kBlock, '\0'), inflater_(std::make_unique<Inflater>()) {
    if (!inflater_->ready)
        fault_ = "cannot be unpacked: zlib does not start";
}

GzipSource::~GzipSource() = default;

bool GzipSource::refill() {
    z_stream& z = inflater_->stream;
    if (z.avail_in > 0)
        return true;
    const auto bytes = packed_.next();
    // zlib does not write here; its interface is older than const.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    return !bytes.empty();
}

std::span<const char> GzipSource::next() {
    z_stream& z = inflater_->stream;
    z.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    z.avail_out = static_cast<uInt>(buffer_.size());
    while (z.avail_out > 0 && !ended_ && fault_.empty()) {
        if (!refill()) {
            ended_ = true;
            exhausted_ = packed_.exhausted();
            fault_ = packed_.fault();
            if (inside_ && fault_.empty() && !exhausted_)
                fault_ = "truncated gzip: it ends in the middle of a stream";
            break;
        }
        // Behind a member: another one, or padding, which gzip passes over too.
        if (!inside_ && z.total_in > 0) {
            if (*z.next_in != 0x1f) {
                z.avail_in = 0;
                continue;
            }
            inflateReset(&z);
        }
        inside_ = true;
        const int result = inflate(&z, Z_NO_FLUSH);
        if (result == Z_STREAM_END)
            inside_ = false;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            fault_ = fmt::format("corrupt gzip: {}", z.msg ? z.msg : "unreadable stream");
    }
    return {buffer_.data(), buffer_.size() - z.avail_out};
}

} // namespace recoverd::worker::files
