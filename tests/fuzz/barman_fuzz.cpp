// SPDX-License-Identifier: Apache-2.0
// `barman -f json list-backup`, `list-server` and `check`, and what Barman says when it fails.
#include "collectors/barman.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    try {
        const auto servers = collectors::interpret_barman(io::Json::parse_lenient(bytes));
        core::Seen all;
        if (servers)
            for (const auto& [server, points] : *servers)
                all.subjects.push_back({.subject = server, .evidence = {points}});
        else
            must_be_sound(servers.error());
        must_be_sound(all);
    } catch (const io::BadDocument&) {
    }
    try {
        core::Seen all;
        for (const auto& [server, check] : collectors::interpret_barman_check(io::Json::parse_lenient(bytes)))
            all.subjects.push_back({.subject = server, .evidence = {core::Assertions{{check}}}});
        must_be_sound(all);
    } catch (const io::BadDocument&) {
    }
    try {
        const collectors::BarmanInactive told{collectors::interpret_barman_inactive(io::Json::parse_lenient(bytes)),
                                              kNow};
        const std::string cursor = collectors::write_barman_inactive(told);
        must(collectors::read_barman_inactive(cursor, kNow) == told, "what is remembered is read again", cursor);
    } catch (const io::BadDocument&) {
    }
    collectors::read_barman_inactive(bytes, kNow);
    io::Finished finished;
    finished.status = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
    finished.err = bytes;
    for (const bool prefixed : {true, false})
        if (const auto failure = collectors::barman_failure(finished, prefixed))
            must_be_sound(*failure);
}

} // namespace recoverd::fuzz
