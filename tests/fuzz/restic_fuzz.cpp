// SPDX-License-Identifier: Apache-2.0
// `restic snapshots --json`, its locks, what it says when it fails, and the cursor.
#include "collectors/restic.hpp"
#include "collectors/tool.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

void interpret(const io::Json& json, collectors::ResticGroups groups) {
    core::Seen all;
    for (auto& [subject, points] : collectors::interpret_restic(json, groups)) {
        collectors::put_in_order(points);
        collectors::keep_newest(points);
        all.subjects.push_back({.subject = subject, .evidence = {std::move(points)}});
    }
    must_be_sound(all);
}

} // namespace

void fuzz(std::string_view bytes) {
    try {
        const io::Json json = io::Json::parse_lenient(bytes);
        interpret(json, {});
        interpret(json, {.host = false, .paths = false, .tags = true});
        collectors::Verification::read(json);
    } catch (const io::BadDocument&) {
    }
    try {
        collectors::read_restic_locks(bytes, {}, kNow);
    } catch (const io::BadDocument&) {
    }
    io::Finished finished;
    finished.status = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
    finished.err = bytes;
    collectors::restic_errors(finished);
    for (const bool prefixed : {true, false})
        if (const auto failure = collectors::restic_failure(finished, prefixed))
            must_be_sound(*failure);
}

} // namespace recoverd::fuzz
