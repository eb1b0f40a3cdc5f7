// SPDX-License-Identifier: Apache-2.0
// What looks at WAL-G leave for the next: since when the oldest segment that has not arrived was known to be written.
#include "collectors/walg.hpp"

#include "core/config/values.hpp"
#include "io/remembered.hpp"

#include <algorithm>
#include <cstddef>

namespace recoverd::collectors {

namespace {

/// Of five minutes each: five hours, of more each second one goes.
constexpr std::size_t kMaxMarks = 64;

/// Up to here the server's WAL was written when it was looked at, by this machine's clock.
struct Mark {
    std::string segment;
    core::Time at;
};

/// Starting anew costs how long it has waited already.
std::vector<Mark> read_cursor(std::string_view text) {
    return io::read_remembered(text, [](const io::Json& json) {
        std::vector<Mark> marks;
        for (const io::Json& mark : json["written"].items())
            marks.push_back({mark["segment"].text(), mark["at"].time()});
        return marks;
    });
}

std::string write_cursor(const std::vector<Mark>& marks) {
    io::JsonWriter out;
    out.begin_object().key("written").begin_array();
    for (const Mark& mark : marks)
        out.begin_object().field("segment", mark.segment).field("at", core::config::format_time(mark.at)).end_object();
    out.end_array().end_object();
    return out.take();
}

} // namespace

std::string follow_walg_waiting(WalgVerified& verified, std::string_view cursor, core::Time now) {
    const std::string& oldest = verified.oldest_waiting;
    if (oldest.empty())
        return {};
    std::vector<Mark> marks = read_cursor(cursor);
    // A clock that was set back, and a server that was, begin anew.
    const auto ahead = [&](const Mark& mark) { return mark.at > now || mark.segment > verified.newest_written; };
    if (std::ranges::any_of(marks, ahead))
        marks.clear();
    // Names sort by timeline, then by position.
    std::erase_if(marks, [&](const Mark& mark) { return mark.segment < oldest; });
    // One that no look knew of before may have been finished a moment ago: each look at a busy server finds such.
    if (!marks.empty())
        verified.archive.waiting_since = marks.front().at;
    if (marks.empty() || marks.back().segment < verified.newest_written)
        marks.push_back({verified.newest_written, now});
    // The oldest is what counts, and stays.
    while (marks.size() > kMaxMarks)
        io::thin_out(marks);
    return write_cursor(marks);
}

} // namespace recoverd::collectors
