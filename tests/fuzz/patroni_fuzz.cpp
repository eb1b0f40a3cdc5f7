// SPDX-License-Identifier: Apache-2.0
// Patroni's documents: {"nodes": [/patroni of each], "cluster": …, "history": …, "cursor": text, "unasked": why some
// member did not answer}; what is left out was not to be had.
#include "collectors/patroni.hpp"
#include "collectors/patroni/cursor.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

core::Result<io::Json> had(const io::Json& document) {
    if (document)
        return document;
    return core::failed(core::FailureKind::unreachable, "not to be had");
}

void interpret(const collectors::PatroniExpected& expected, const collectors::PatroniAnswers& answers,
               std::string_view cursor, core::Time now) {
    const auto seen = collectors::interpret_patroni(expected, answers, cursor, now);
    if (!seen)
        return must_be_sound(seen.error());
    must_be_sound(*seen);
    const auto kept = collectors::patroni_parts::read_cursor(seen->cursor);
    must(collectors::patroni_parts::write_cursor(kept) == seen->cursor, "what is remembered is read again",
         seen->cursor);
    const auto again = collectors::interpret_patroni(expected, answers, seen->cursor, now + std::chrono::minutes{1});
    if (again)
        must_be_sound(*again);
}

} // namespace

void fuzz(std::string_view bytes) {
    try {
        const io::Json document = io::Json::parse(bytes);
        collectors::PatroniAnswers answers{
            document["nodes"].items(), had(document["cluster"]), had(document["history"]), {}};
        if (document["unasked"])
            answers.unasked = core::Failure{core::FailureKind::unreachable, document["unasked"].text()};
        if (answers.nodes.empty())
            return;
        const io::Json& cursor = document["cursor"];
        for (const bool named : {true, false}) {
            collectors::PatroniExpected expected;
            if (named) {
                expected.members = {"node1", "node2"};
                expected.standby_delays = {{"node2", std::chrono::hours{1}}};
            }
            interpret(expected, answers, cursor.is_text() ? cursor.text() : std::string{}, kNow);
        }
    } catch (const io::BadDocument&) {
    }
    collectors::patroni_parts::read_cursor(bytes);
}

} // namespace recoverd::fuzz
