// SPDX-License-Identifier: Apache-2.0
#include "worker/files/remembered.hpp"

#include "io/json.hpp"
#include "io/remembered.hpp"

namespace recoverd::worker::files {

namespace {

RememberedFile read_file(const io::Json& json) {
    RememberedFile file{json["size"].natural(), json["mtime"].integer(), {}, !json["unmeasured"]};
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
    known.proof.unreadable = !json["unread"].absent();
    file.proof = std::move(known);
    return file;
}

void write_file(io::JsonWriter& out, const RememberedFile& file) {
    out.begin_object().field("size", file.size).field("mtime", file.mtime);
    if (!file.size_known)
        out.field("unmeasured", true);
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
        if (known->proof.unreadable)
            out.field("unread", true);
    }
    out.end_object();
}

} // namespace

const RememberedFile* Remembered::find(const std::string& path) const {
    const auto found = files.find(printable(path));
    return found == files.end() ? nullptr : &found->second;
}

Remembered read_remembered(std::string_view cursor) {
    return io::read_remembered(cursor, [](const io::Json& json) {
        Remembered remembered;
        remembered.looked_at = core::Time{core::Duration{json["looked_at"].integer()}};
        remembered.any_series = json["any_series"].boolean();
        for (const auto& [path, file] : json["files"].object())
            remembered.files.emplace(path, read_file(file));
        return remembered;
    });
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

} // namespace recoverd::worker::files
