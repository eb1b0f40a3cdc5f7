// SPDX-License-Identifier: Apache-2.0
// `borg list --json`, the names in it, and what Borg logs when it fails.
#include "collectors/borg.hpp"
#include "collectors/tool.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    for (const auto* pattern : {"*", "{subject}-20*"}) {
        try {
            core::Seen all;
            for (auto& [subject, points] : collectors::interpret_borg(io::Json::parse_lenient(bytes), pattern).series) {
                collectors::put_in_order(points);
                collectors::keep_newest(points);
                all.subjects.push_back({.subject = subject, .evidence = {std::move(points)}});
            }
            must_be_sound(all);
        } catch (const io::BadDocument&) {
        }
    }
    const std::string_view name = bytes.substr(0, 256);
    if (const auto series = collectors::borg_series("*a{subject}-*", name))
        must(!series->empty() && name.contains(*series), "a series is part of the name", *series);
    io::Finished finished;
    finished.status = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
    finished.err = bytes;
    collectors::borg_errors(finished);
    for (const bool prefixed : {true, false})
        if (const auto failure = collectors::borg_failure(finished, prefixed))
            must_be_sound(*failure);
}

} // namespace recoverd::fuzz
