// SPDX-License-Identifier: Apache-2.0
// Vault's answers: {"health": {"status":…, "body":…}, "seal_status":…, "leader":…, "raft":…, "auto_snapshots": […],
// "cursor": text}; what is left out was not to be had.
#include "collectors/vault.hpp"
#include "collectors/vault/parts.hpp"
#include "collectors/vault_snapshot.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "worker/vault/snapshot_parts.hpp"

namespace recoverd::fuzz {

namespace {

using Answer = core::Result<io::HttpAnswer>;

Answer answer_of(const io::Json& json) {
    if (!json)
        return core::failed(core::FailureKind::unreachable, "not to be had");
    io::HttpAnswer answer;
    answer.status = static_cast<int>(json["status"].integer() % 1000);
    answer.body = json["body"].text();
    return answer;
}

std::optional<Answer> asked(const io::Json& json) {
    return json ? std::optional<Answer>{answer_of(json)} : std::nullopt;
}

void interpret(const collectors::VaultExpected& expected, const collectors::VaultAnswers& answers,
               std::string_view cursor) {
    try {
        collectors::vault_questions(expected, answers, kNow);
        const auto seen = collectors::interpret_vault(expected, answers, cursor, kNow);
        if (!seen)
            return must_be_sound(seen.error());
        must_be_sound(*seen);
        const auto kept = collectors::vault_parts::read_cursor(seen->cursor);
        must(collectors::vault_parts::write_cursor(kept) == seen->cursor, "what is remembered is read again",
             seen->cursor);
    } catch (const io::BadDocument&) {
    }
}

/// meta.json up to the first zero byte, SHA256SUMS behind it.
void snapshot(std::string_view bytes) {
    worker::vault::SnapshotParts parts;
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    parts.small["meta.json"] = bytes.substr(0, end);
    parts.small["SHA256SUMS"] = bytes.substr(std::min(end + 1, bytes.size()));
    parts.small["SHA256SUMS.sealed"] = "sealed";
    parts.sums = {{"meta.json", std::string(64, 'a')}, {"state.bin", std::string(64, 'b')}};
    parts.state_bytes = 5;
    const std::string fault = worker::vault::fault_in(parts);
    parts.sums["state.bin"] = std::string(64, 'c');
    must(!fault.empty() || !worker::vault::fault_in(parts).empty(), "no list of checksums is right for two states",
         bytes);
}

} // namespace

void fuzz(std::string_view bytes) {
    collectors::vault_parts::read_cursor(bytes);
    collectors::read_vault_snapshot_cursor(bytes);
    snapshot(bytes);
    try {
        const io::Json document = io::Json::parse(bytes);
        collectors::VaultAnswers answers{.health = answer_of(document["health"]),
                                         .seal_status = asked(document["seal_status"]),
                                         .leader = asked(document["leader"]),
                                         .raft = asked(document["raft"]),
                                         .auto_snapshots = {}};
        collectors::VaultExpected expected{.target = "http://vault:8200"};
        if (const io::Json& snapshots = document["auto_snapshots"])
            for (const io::Json& one : snapshots.items()) {
                expected.auto_snapshots.push_back(std::to_string(expected.auto_snapshots.size()));
                answers.auto_snapshots.push_back(answer_of(one));
            }
        const io::Json& cursor = document["cursor"];
        for (const bool token : {true, false}) {
            expected.has_token = token;
            interpret(expected, answers, cursor.is_text() ? cursor.text() : std::string{});
        }
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
