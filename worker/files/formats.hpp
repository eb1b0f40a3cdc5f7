// SPDX-License-Identifier: Apache-2.0
// What single formats can tell of themselves. Each answers with the deepest proof that it made, whatever was asked.
#pragma once

#include "worker/files/reading.hpp"

#include <string>
#include <string_view>

namespace recoverd::worker::files {

enum class Format : std::uint8_t { unknown, gzip, zstd, xz, bzip2, lz4, tar, zip, sqlite, pg_custom, sql_text };

/// By the first bytes; `head` should be 512 of them.
Format format_of(std::string_view head);
/// What a name's ending promises (unknown when nothing).
Format format_named(std::string_view name);
std::string_view name_of(Format format);
/// Does it begin with a frame that readers pass over (RFC 8878, 3.1.2)? pzstd puts one before each of its own;
/// libarchive knows no stream by it.
bool is_passed_over(std::string_view head);
/// Does this one carry a checksum of its content? zstd and xz may be told to leave it out.
bool carries_checksum(Format format, std::string_view head);

/// Unpacks to the end and lists what is inside.
Proof prove_stream(Source& file, Format format, bool checksummed);

/// Takes a tar's members one after the other. Each function says what is wrong, or nothing; then no more is read.
class Members {
  public:
    virtual ~Members() = default;
    virtual std::string begin(const std::string& name, bool is_file) = 0;
    virtual std::string take(std::span<const char> bytes) = 0;
};
/// Reads a tar to its end, and `source` with it: what is wrong, or empty.
std::string read_tar(Source& source, Members& members);
/// Lists by the directory at its end, and reads each member against its CRC when `deep`.
Proof prove_zip(const std::string& path, bool deep, Budget& budget, ReadAt how = ::pread);
/// The header's size against the file's, the schema; all pages when `deep`.
Proof prove_sqlite(const std::string& path, std::uint64_t size, bool deep, const Budget& budget);
/// pg_restore lists it; when `deep` it also reads the data, whose loss it tells, though pg_dump writes no checksums.
/// Without pg_restore, or with one that is too old for the file, nothing is said.
Proof prove_pg_dump(const std::string& path, bool deep, const Budget& budget);
/// Does a dump in SQL text have its last line? Empty when it has, or is of a program we do not know.
std::string sql_text_fault(std::string_view head, std::string_view tail);

} // namespace recoverd::worker::files
