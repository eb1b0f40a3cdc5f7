// SPDX-License-Identifier: Apache-2.0
// What the worker reads of files by itself: their names, their first and last bytes, lists of checksums.
#include "tests/fuzz/fuzz.hpp"
#include "worker/files/formats.hpp"
#include "worker/files/named_time.hpp"
#include "worker/files/pattern.hpp"
#include "worker/files/proof.hpp"

#include <algorithm>

namespace recoverd::fuzz {

using namespace worker::files;

namespace {

void name(std::string_view bytes) {
    const std::string_view name = bytes.substr(0, 255); // as long as file systems let them be
    const auto time = find_time(name);
    if (time)
        must(time->begin < time->end && time->end <= name.size(), "a time stands in its name", name);
    for (const NameTime zone : {NameTime::local, NameTime::utc, NameTime::ignored})
        must(data_time(time, kNow, zone) <= kNow, "data is not newer than its last write", name);
    static const Pattern kPattern = parse_pattern("/b/{subject}-*.dump").value();
    const std::string subject{kPattern.segments.back().subject_of(std::string{name}, time)};
    must(subject.empty() || name.starts_with(subject), "a subject is what the name begins with", name);
    format_named(name);
}

void checksums(std::string_view bytes) {
    for (const std::size_t digits : {32U, 64U, 128U})
        for (const auto& [file, hex] : parse_checksums(bytes, digits)) {
            must(hex.size() == digits, "a checksum has its length", hex);
            must(std::ranges::all_of(hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }),
                 "a checksum is in lower case", hex);
            must(!file.contains('/'), "a checksum is of a file in its folder", file);
        }
}

} // namespace

void fuzz(std::string_view bytes) {
    name(bytes);
    checksums(bytes);
    const std::string_view head = bytes.substr(0, 512);
    carries_checksum(format_of(head), head);
    sql_text_fault(head, bytes.substr(bytes.size() / 2));
    if (const auto pattern = parse_pattern(bytes))
        for (const Segment& segment : pattern->segments)
            segment.subject_of(std::string{bytes.substr(0, 255)}, std::nullopt);
}

} // namespace recoverd::fuzz
