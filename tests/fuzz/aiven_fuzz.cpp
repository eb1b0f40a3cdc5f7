// SPDX-License-Identifier: Apache-2.0
// Aiven's documents: {"services": …, "backups": {NAME: …}, "topics": {NAME: …}, "topic": {"NAME/TOPIC": …}, "plans":
// {TYPE: …}, "cursor": text}; what is left out was not to be had.
#include "collectors/aiven.hpp"

#include "collectors/aiven/parts.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

using collectors::AivenAnswers;
using collectors::AivenExpected;

AivenAnswers::ByName by_name(const io::Json& documents) {
    AivenAnswers::ByName named;
    if (documents)
        for (const auto& [name, document] : documents.object())
            named.insert_or_assign(name, document ? core::Result<io::Json>{document}
                                                  : core::failed(core::FailureKind::refused, "not to be had"));
    return named;
}

void interpret(const AivenExpected& expected, const AivenAnswers& answers, std::string_view cursor, core::Time now) {
    for (const auto& questions : collectors::aiven_questions(expected, answers.services))
        must(!questions.service.empty(), "whoever is asked has a name");
    const auto seen = collectors::interpret_aiven(expected, answers, cursor, now);
    if (!seen)
        return must_be_sound(seen.error());
    must_be_sound(*seen);
    const auto kept = collectors::aiven_parts::read_cursor(seen->cursor);
    must(collectors::aiven_parts::write_cursor(kept) == seen->cursor, "what is remembered is read again", seen->cursor);
    const auto again = collectors::interpret_aiven(expected, answers, seen->cursor, now + std::chrono::hours{1});
    must(again.has_value(), "the same documents are understood again");
    must_be_sound(*again);
}

AivenExpected expectations(bool demanding) {
    AivenExpected expected;
    expected.api_url = "https://api.aiven.io/v1";
    expected.project = "shop";
    if (!demanding)
        return expected;
    expected.services = {"orders-pg", "events-kafka", "missing"};
    expected.pitr = false;
    expected.partitions = true;
    expected.retention = std::chrono::hours{168};
    expected.min_insync_replicas = 2;
    expected.user_config = {{"valkey_persistence", "rdb"}, {"pg.idle", "1"}};
    expected.termination_protection = true;
    expected.disaster_recovery_role = "active";
    return expected;
}

} // namespace

void fuzz(std::string_view bytes) {
    const std::string line = collectors::aiven_parts::said(bytes);
    must(line.size() <= 203 && !line.contains('\n'), "what is said is one short line", line);
    collectors::aiven_parts::read_cursor(bytes);
    try {
        const io::Json document = io::Json::parse(bytes);
        AivenAnswers answers;
        answers.services = document["services"];
        answers.backups = by_name(document["backups"]);
        answers.topics = by_name(document["topics"]);
        answers.topic = by_name(document["topic"]);
        answers.plans = by_name(document["plans"]);
        const io::Json& cursor = document["cursor"];
        for (const bool demanding : {true, false})
            interpret(expectations(demanding), answers, cursor.is_text() ? cursor.text() : std::string{}, kNow);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
