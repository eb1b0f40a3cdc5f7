// SPDX-License-Identifier: Apache-2.0
// Packed streams, tar and zip, by libarchive.
#include "worker/files/formats.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <fmt/format.h>

#include <cerrno>
#include <memory>

namespace recoverd::worker::files {

namespace {

struct FreeArchive {
    void operator()(archive* a) const { archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, FreeArchive>;

/// Enough for the last lines of a dump, whatever comments follow.
constexpr std::size_t kTail = 4096;

la_ssize_t read_source(archive* a, void* client, const void** buffer) {
    auto& source = *static_cast<Source*>(client);
    const auto bytes = source.next();
    if (bytes.empty() && (source.exhausted() || !source.fault().empty())) {
        archive_set_error(a, EIO, "%s", source.fault().c_str());
        return ARCHIVE_FATAL;
    }
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
}

la_int64_t seek_source(archive* /*a*/, void* client, la_int64_t offset, int whence) {
    const std::int64_t at = static_cast<SeekableSource&>(*static_cast<Source*>(client)).seek(offset, whence);
    return at < 0 ? ARCHIVE_FATAL : at;
}

/// What went through: whether it was only one stream of bytes, how it began and ended.
struct Content {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    std::string head;
    std::string tail;
    std::string fault;
    /// Was some of it passed over, because it is encrypted or packed in a way that this libarchive does not know?
    bool unread = false;
};

void take(Content& content, const char* bytes, std::size_t size) {
    content.bytes += size;
    if (content.head.size() < kTail)
        content.head.append(bytes, std::min(size, kTail - content.head.size()));
    content.tail.append(bytes + (size > kTail ? size - kTail : 0), std::min(size, kTail));
    if (content.tail.size() > kTail)
        content.tail.erase(0, content.tail.size() - kTail);
}

std::string words(archive* a, std::string_view otherwise) {
    const char* error = archive_error_string(a);
    return error && *error ? error : std::string{otherwise};
}

/// Reads all entries and all their data; stops at the first thing that is not right.
Content read_all(archive* a, bool deep) {
    Content content;
    for (;;) {
        archive_entry* entry = nullptr;
        const int header = archive_read_next_header(a, &entry);
        if (header == ARCHIVE_EOF)
            return content;
        if (header != ARCHIVE_OK && header != ARCHIVE_WARN) {
            content.fault = words(a, "unreadable");
            return content;
        }
        ++content.entries;
        const bool one_stream = archive_format(a) == ARCHIVE_FORMAT_RAW;
        const bool encrypted = archive_entry_is_data_encrypted(entry) != 0;
        content.unread = content.unread || encrypted;
        if (!one_stream && (!deep || encrypted)) {
            if (archive_read_data_skip(a) < ARCHIVE_WARN) {
                content.fault = words(a, "unreadable");
                return content;
            }
            continue;
        }
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        int result = ARCHIVE_OK;
        while ((result = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK)
            if (one_stream)
                take(content, static_cast<const char*>(block), size);
        if (result != ARCHIVE_EOF) {
            content.fault = words(a, "unreadable");
            // Windows packs large files by method 9 (deflate64).
            if (content.fault.starts_with("Unsupported ZIP compression method")) {
                content.fault.clear();
                content.unread = true;
            }
            return content;
        }
    }
}

/// `zstd --long=31` wants 2 GiB where libarchive's decoder stops at 128 MiB, and xz may be told to want more than its
/// 1 GiB: that it cannot be unpacked here is no word against it.
bool wants_more_memory(std::string_view fault) {
    return fault.contains("requires too much memory") || fault.contains("Out of memory") ||
           fault.contains("Cannot allocate memory");
}

/// One member's bytes in their order.
std::string read_member(archive* a, Members& members) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    la_int64_t expected = 0;
    for (;;) {
        const int result = archive_read_data_block(a, &block, &size, &offset);
        if (result == ARCHIVE_EOF)
            return {};
        if (result != ARCHIVE_OK)
            return words(a, "unreadable");
        if (offset != expected)
            return "a file with holes";
        expected += static_cast<la_int64_t>(size);
        if (auto fault = members.take({static_cast<const char*>(block), size}); !fault.empty())
            return fault;
    }
}

std::string read_members(archive* a, Members& members) {
    for (;;) {
        archive_entry* entry = nullptr;
        const int header = archive_read_next_header(a, &entry);
        if (header == ARCHIVE_EOF)
            return {};
        if (header != ARCHIVE_OK && header != ARCHIVE_WARN)
            return words(a, "unreadable");
        const char* name = archive_entry_pathname(entry);
        const bool is_file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
        if (auto fault = members.begin(name ? name : "", is_file); !fault.empty())
            return fault;
        if (auto fault = read_member(a, members); !fault.empty())
            return fault;
    }
}

} // namespace

std::string read_tar(Source& source, Members& members) {
    const Archive a{archive_read_new()};
    archive_read_support_format_tar(a.get());
    std::string fault = archive_read_open(a.get(), &source, nullptr, read_source, nullptr) == ARCHIVE_OK
                            ? read_members(a.get(), members)
                            : words(a.get(), "unreadable");
    // tar ends before the file does; what is left still has its checksum.
    while (fault.empty() && !source.next().empty())
        ;
    return source.fault().empty() ? fault : source.fault();
}

Proof prove_stream(Source& file, Format format, bool checksummed) {
    std::unique_ptr<Source> unpacked;
    if (format == Format::gzip)
        unpacked = std::make_unique<GzipSource>(file);
    Source& source = unpacked ? *unpacked : file;

    // One by one: "all" would also start other programs for exotic filters.
    const Archive a{archive_read_new()};
    archive_read_support_filter_zstd(a.get());
    archive_read_support_filter_xz(a.get());
    archive_read_support_filter_bzip2(a.get());
    archive_read_support_filter_lz4(a.get());
    archive_read_support_format_tar(a.get());
    archive_read_support_format_raw(a.get());
    archive_read_support_format_empty(a.get());
    Content content;
    if (archive_read_open(a.get(), &source, nullptr, read_source, nullptr) == ARCHIVE_OK)
        content = read_all(a.get(), false);
    else
        content.fault = words(a.get(), "unreadable");
    // tar ends before the file does; what is left still has its checksum.
    while (content.fault.empty() && !source.next().empty())
        ;
    if (source.exhausted() || file.exhausted())
        return unfinished();
    const std::string fault = !source.fault().empty() ? source.fault() : content.fault;
    if (wants_more_memory(fault))
        return {};
    if (!fault.empty())
        return bad(fmt::format("{}: {}", name_of(format), fault));
    if (content.entries == 0 ||
        (content.entries == 1 && content.bytes == 0 && archive_format(a.get()) == ARCHIVE_FORMAT_RAW))
        return bad(fmt::format("{}: nothing is inside", name_of(format)));
    if (const auto cut = sql_text_fault(content.head, content.tail); !cut.empty())
        return bad(cut);
    return {checksummed ? core::Depth::checksummed : core::Depth::listed, core::PointState::good, {}, true};
}

Proof prove_zip(const std::string& path, bool deep, Budget& budget, ReadAt how) {
    SeekableSource file(path, budget, how);
    Source& source = file;
    const Archive a{archive_read_new()};
    archive_read_support_format_zip_seekable(a.get());
    archive_read_set_seek_callback(a.get(), seek_source);
    Content content;
    if (archive_read_open(a.get(), &source, nullptr, read_source, nullptr) == ARCHIVE_OK)
        content = read_all(a.get(), deep);
    else
        content.fault = words(a.get(), "unreadable");
    // Of what it cannot read libarchive says that the archive is truncated, or none.
    if (!file.fault().empty())
        return unreadable(file.fault());
    if (file.exhausted() || (!content.fault.empty() && archive_errno(a.get()) == ENOMEM))
        return unfinished();
    if (!content.fault.empty())
        return bad(fmt::format("zip: {}", content.fault));
    if (content.entries == 0)
        return bad("zip: nothing is inside");
    const bool whole = deep && !content.unread;
    return {whole ? core::Depth::checksummed : core::Depth::listed, core::PointState::good, {}, true};
}

} // namespace recoverd::worker::files
