// SPDX-License-Identifier: Apache-2.0
#include "worker/files/formats.hpp"

#include <array>
#include <utility>

namespace recoverd::worker::files {

namespace {

using namespace std::string_view_literals;

struct Magic {
    Format format;
    std::size_t at;
    std::string_view bytes;
};

constexpr Magic kMagics[] = {
    {Format::gzip, 0, "\x1f\x8b"sv},
    {Format::zstd, 0, "\x28\xb5\x2f\xfd"sv},
    {Format::xz, 0,
     "\xfd"
     "7zXZ\0"sv},
    {Format::bzip2, 0, "BZh"sv},
    {Format::lz4, 0, "\x04\x22\x4d\x18"sv},
    {Format::zip, 0, "PK\x03\x04"sv},
    {Format::zip, 0, "PK\x05\x06"sv},
    {Format::sqlite, 0, "SQLite format 3\0"sv},
    {Format::pg_custom, 0, "PGDMP"sv},
    {Format::tar, 257, "ustar"sv},
};

constexpr std::pair<std::string_view, Format> kEndings[] = {
    {".gz", Format::gzip}, {".tgz", Format::gzip}, {".zst", Format::zstd},  {".tzst", Format::zstd},
    {".xz", Format::xz},   {".txz", Format::xz},   {".bz2", Format::bzip2}, {".lz4", Format::lz4},
    {".zip", Format::zip}, {".tar", Format::tar},
};

/// How dump programs begin, and what they write last when they came to their end.
constexpr std::pair<std::string_view, std::string_view> kSqlDumps[] = {
    {"-- PostgreSQL database dump", "PostgreSQL database dump complete"},
    {"-- PostgreSQL database cluster dump", "PostgreSQL database cluster dump complete"},
    {"-- MySQL dump", "-- Dump completed"},
    {"-- MariaDB dump", "-- Dump completed"},
};

} // namespace

Format format_of(std::string_view head) {
    for (const auto& magic : kMagics)
        if (head.size() >= magic.at + magic.bytes.size() && head.substr(magic.at, magic.bytes.size()) == magic.bytes)
            return magic.format;
    for (const auto& [begins, ends] : kSqlDumps)
        if (head.substr(0, 200).contains(begins))
            return Format::sql_text;
    return Format::unknown;
}

Format format_named(std::string_view name) {
    for (const auto& [ending, format] : kEndings)
        if (name.ends_with(ending))
            return format;
    return Format::unknown;
}

std::string_view name_of(Format format) {
    constexpr std::array<std::string_view, 11> kNames{"unknown", "gzip", "zstd",   "xz",      "bzip2",   "lz4",
                                                      "tar",     "zip",  "SQLite", "pg_dump", "SQL text"};
    return kNames[static_cast<std::size_t>(std::to_underlying(format))];
}

bool is_passed_over(std::string_view head) {
    return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50U &&
           head.substr(1, 3) == "\x2a\x4d\x18"sv;
}

bool carries_checksum(Format format, std::string_view head) {
    switch (format) {
    case Format::gzip:
    case Format::bzip2:
    case Format::zip:
        return true;
    case Format::zstd: // RFC 8878, 3.1.1.1.1: bit 2 of the frame header's descriptor
        return head.size() > 4 && (static_cast<unsigned char>(head[4]) & 0x04U) != 0;
    case Format::xz: // the .xz format, 2.1.1.2: the check's kind in the low half of the second flag byte
        return head.size() > 7 && (static_cast<unsigned char>(head[7]) & 0x0fU) != 0;
    default:
        return false;
    }
}

std::string sql_text_fault(std::string_view head, std::string_view tail) {
    for (const auto& [begins, ends] : kSqlDumps)
        if (head.substr(0, 200).contains(begins) && !tail.contains(ends))
            return std::string{"truncated SQL dump: expected '"} + std::string{ends} + "' at its end";
    return {};
}

} // namespace recoverd::worker::files
