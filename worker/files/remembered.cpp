// SPDX-License-Identifier: Apache-2.0
#include "worker/files/remembered.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

/// How many bytes of well-formed UTF-8 begin here (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i, unsigned from = 0x80, unsigned to = 0xbf) {
        return byte(i) >= from && byte(i) <= to;
    };
    const unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)
        return continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)
        return continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3)
                   ? 4
                   : 0;
    return 0;
}

RememberedFile read_file(const io::Json& json) {
    RememberedFile file{json["size"].natural(), json["mtime"].integer(), {}};
    if (json["asked"].absent())
        return file;
    RememberedProof known;
    known.asked = core::from_name<core::Depth>(json["asked"].text()).value_or(core::Depth::exists);
    known.proof.depth = core::from_name<core::Depth>(json["depth"].text()).value_or(core::Depth::exists);
    known.proof.state = json["bad"] ? core::PointState::bad : core::PointState::good;
    if (const auto& detail = json["detail"])
        known.proof.detail = detail.text();
    if (const auto& checksum = json["checksum"])
        known.checksum = checksum.text();
    known.proof.finished = !json["unfinished"];
    file.proof = std::move(known);
    return file;
}

void write_file(io::JsonWriter& out, const RememberedFile& file) {
    out.begin_object().field("size", file.size).field("mtime", file.mtime);
    if (const auto& known = file.proof) {
        out.field("asked", core::name_of(known->asked)).field("depth", core::name_of(known->proof.depth));
        if (known->proof.state == core::PointState::bad)
            out.field("bad", true);
        if (!known->proof.detail.empty())
            out.field("detail", known->proof.detail);
        if (!known->checksum.empty())
            out.field("checksum", known->checksum);
        if (!known->proof.finished)
            out.field("unfinished", true);
    }
    out.end_object();
}

} // namespace

const RememberedFile* Remembered::find(const std::string& path) const {
    const auto found = files.find(printable(path));
    return found == files.end() ? nullptr : &found->second;
}

Remembered read_remembered(std::string_view cursor) {
    Remembered remembered;
    if (cursor.empty())
        return remembered;
    try {
        const auto json = io::Json::parse(cursor);
        remembered.looked_at = core::Time{core::Duration{json["looked_at"].integer()}};
        remembered.any_series = json["any_series"].boolean();
        for (const auto& [path, file] : json["files"].object())
            remembered.files.emplace(path, read_file(file));
    } catch (const io::BadDocument&) {
        return {};
    }
    return remembered;
}

std::string write_remembered(const Remembered& remembered) {
    io::JsonWriter out;
    out.begin_object();
    out.field("looked_at", std::int64_t{remembered.looked_at.time_since_epoch().count()});
    out.field("any_series", remembered.any_series);
    out.key("files").begin_object();
    for (const auto& [path, file] : remembered.files) {
        out.key(path);
        write_file(out, file);
    }
    out.end_object().end_object();
    return out.take();
}

std::string printable(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        const std::size_t length = utf8_length(bytes);
        const auto byte = static_cast<unsigned char>(bytes.front());
        if (length == 0 || (length == 1 && (byte < 0x20 || byte == 0x7f))) {
            out += fmt::format("\\x{:02x}", byte);
            bytes.remove_prefix(1);
            continue;
        }
        out += bytes.substr(0, length);
        bytes.remove_prefix(length);
    }
    return out;
}

} // namespace recoverd::worker::files
