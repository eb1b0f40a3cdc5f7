// SPDX-License-Identifier: Apache-2.0
// `pgbackrest info`, and what pgBackRest says when it fails.
#include "collectors/pgbackrest.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

void interpret(const io::Json& info, bool local) {
    const auto seen = collectors::interpret_pgbackrest(info, local, kNow);
    if (!seen)
        return must_be_sound(seen.error());
    core::Seen all;
    for (const collectors::PgBackRestRepo& repo : seen->repos) {
        all.subjects.push_back(repo.report);
        collectors::segments_per_log(repo.backups);
    }
    must_be_sound(all);
}

} // namespace

void fuzz(std::string_view bytes) {
    for (const bool local : {true, false}) {
        try {
            interpret(io::Json::parse_lenient(bytes), local);
        } catch (const io::BadDocument&) {
        }
        io::Finished finished;
        finished.status = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
        finished.out = finished.err = bytes;
        if (const auto failure = collectors::pgbackrest_failure(finished, local))
            must_be_sound(*failure);
    }
}

} // namespace recoverd::fuzz
