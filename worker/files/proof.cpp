// SPDX-License-Identifier: Apache-2.0
#include "worker/files/proof.hpp"

#include "core/backup_names.hpp"
#include "worker/files/formats.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace recoverd::worker::files {

namespace {

using core::Depth;
using core::PointState;

/// As long as this after a file was written anew, a checksum of its former content may still lie beside it.
constexpr core::Duration kSidecarGrace = std::chrono::hours{1};

core::Time moment(std::int64_t nanoseconds) {
    return core::Time{std::chrono::duration_cast<core::Duration>(std::chrono::nanoseconds{nanoseconds})};
}

/// Empty when it cannot be read.
std::string read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return {};
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(fd, bytes.data(), size, static_cast<off_t>(offset));
    ::close(fd);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

Proof judge_checksum(const Checksum& expected, const std::string& actual, const File& file, const Budget& budget) {
    // MD5 in FIPS mode.
    if (actual.empty())
        return not_proven(fmt::format("this system computes no {}", expected.algorithm));
    if (actual == expected.hex)
        return {Depth::checksummed, PointState::good, {}, true};
    const bool written_later = file.mtime > expected.written;
    if (written_later && budget.now() - moment(file.mtime) < kSidecarGrace)
        return unfinished();
    return bad(fmt::format("its {} is {}, {} says {}{}", expected.algorithm, actual, expected.from, expected.hex,
                           written_later ? "; it was written to after that" : ""));
}

bool is_stream(Format format) {
    return format == Format::gzip || format == Format::zstd || format == Format::xz || format == Format::bzip2 ||
           format == Format::lz4 || format == Format::tar;
}

/// What the file tells of itself. `source` has been read to its end only when it is a stream.
Proof prove_content(const std::string& path, const File& file, Format format, std::string_view head, bool deep,
                    FileSource& source, Budget& budget) {
    if (is_stream(format))
        return prove_stream(source, format, carries_checksum(format, head));
    switch (format) {
    case Format::zip:
        return prove_zip(path, deep, budget);
    case Format::sqlite:
        return prove_sqlite(path, file.size, deep, budget);
    case Format::pg_custom:
        return prove_pg_dump(path, deep, budget);
    case Format::sql_text: {
        constexpr std::size_t kTail = 4096;
        const std::uint64_t from = file.size > kTail ? file.size - kTail : 0;
        const std::string tail = read_at(path, from, kTail);
        if (tail.empty())
            return unreadable("cannot be read: its end");
        const auto cut = sql_text_fault(head, tail);
        // The last line is there: that is no list of its contents.
        return cut.empty() ? Proof{} : bad(cut);
    }
    default:
        return {};
    }
}

/// By what its name promises and its first bytes say.
Proof prove_any(const std::string& path, const File& file, bool deep, FileSource& source, Budget& budget) {
    const std::string head = read_at(path, 0, 512);
    if (head.empty() && file.size > 0)
        return unreadable("cannot be read: its beginning");
    const Format promised = core::is_encrypted(file.name) ? Format::unknown : format_named(file.name);
    Format format = core::is_encrypted(file.name) ? Format::unknown : format_of(head);
    // The oldest form of tar has no mark to know it by.
    if (promised == Format::tar && format == Format::unknown)
        format = Format::tar;
    if (promised == Format::zstd && is_passed_over(head))
        return {};
    // GNU tar opens what is compressed by itself, whatever it is called.
    if (promised == Format::tar && is_stream(format))
        return prove_content(path, file, format, head, deep, source, budget);
    if (promised != Format::unknown && format != promised)
        return bad(fmt::format("named like {}, but it does not begin like that", name_of(promised)));
    return prove_content(path, file, format, head, deep, source, budget);
}

Proof prove_file(const std::string& path, const File& file, bool deep, const std::optional<Checksum>& checksum,
                 Budget& budget, ProveKind of_kind) {
    FileSource source(path, checksum ? checksum->algorithm : "", budget);
    if (!source.opened())
        return not_proven(source.fault());
    Proof proof =
        of_kind && !core::is_encrypted(file.name) ? of_kind(source) : prove_any(path, file, deep, source, budget);
    if (checksum && proof.finished) {
        while (!source.next().empty())
            ;
        if (source.exhausted())
            return unfinished();
        const Proof sum =
            source.fault().empty() ? judge_checksum(*checksum, source.digest(), file, budget) : bad(source.fault());
        if (!sum.finished || sum.state == PointState::bad) {
            proof = sum;
        } else if (proof.state == PointState::good) {
            proof.depth = std::max(proof.depth, sum.depth);
            if (proof.detail.empty())
                proof.detail = sum.detail;
        }
    }
    if (!source.fault().empty())
        return unreadable(source.fault());
    return source.changed(file) ? unfinished() : proof;
}

/// A dump of pg_dump -Fd; of any other folder nothing is known.
Proof prove_folder(const std::string& path, const File& file, bool deep, const Budget& budget) {
    if (::access((path + "/toc.dat").c_str(), R_OK) != 0) {
        if (errno == EACCES)
            return not_proven(cannot_be_read(EACCES));
        return errno == ENOENT || errno == ENOTDIR ? Proof{} : unreadable(cannot_be_read(errno));
    }
    const Proof proof = prove_pg_dump(path, deep, budget);
    struct stat now{};
    // Whoever takes away an old dump takes its parts one by one, and each is missed.
    const bool goes = ::stat(path.c_str(), &now) != 0 || mtime_of(now) > file.mtime;
    return goes && proof.state == PointState::bad ? unfinished() : proof;
}

} // namespace

Proof prove(const std::string& path, const File& file, Depth asked, const std::optional<Checksum>& checksum,
            Budget& budget, ProveKind of_kind) {
    const bool deep = asked >= Depth::checksummed;
    if (!budget.allows(file.size))
        return unfinished();
    Proof proof = file.kind == FileKind::file ? prove_file(path, file, deep, checksum, budget, of_kind)
                                              : prove_folder(path, file, deep, budget);
    proof.depth = std::min(proof.depth, asked);
    return proof;
}

} // namespace recoverd::worker::files
