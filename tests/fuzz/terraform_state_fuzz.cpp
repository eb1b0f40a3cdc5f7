// SPDX-License-Identifier: Apache-2.0
// A state's bytes as the worker reads them, in pieces; what the worker tells of them; a lock, DynamoDB's items; a
// cursor.
#include "collectors/terraform_state.hpp"
#include "collectors/terraform_state/dynamodb.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "worker/terraform_state/state.hpp"

namespace recoverd::fuzz {

namespace {

worker::terraform_state::State read(std::string_view bytes, std::size_t piece) {
    return worker::terraform_state::read_state([&] {
        const std::string_view next = bytes.substr(0, piece);
        bytes.remove_prefix(next.size());
        return next;
    });
}

void worker_reads(std::string_view bytes) {
    const auto whole = read(bytes, bytes.size() + 1);
    const auto pieces = read(bytes, 3);
    must(whole.fault == pieces.fault && whole.serial == pieces.serial && whole.resources == pieces.resources,
         "a state is the same however it comes in pieces", whole.fault);
    must(whole.fault.empty() || whole.fault.size() < 300, "a fault is a few words", whole.fault);
    must(whole.fault.empty() || !whole.serial, "of what is no state nothing is told", whole.fault);
    must(whole.lineage.size() <= 64, "a lineage is a short word", whole.lineage);
}

void collector_reads(std::string_view bytes) {
    io::Finished finished;
    finished.status = 0;
    finished.out = bytes;
    try {
        auto state = collectors::read_terraform_answer(finished);
        if (!state)
            return must_be_sound(state.error());
        state->digest = "9e107d9d372bb6826bd81d3542a419d6";
        collectors::TerraformCursor cursor;
        core::Seen seen;
        for (int looks = 0; looks < 2; ++looks)
            if (auto report = collectors::interpret_terraform({}, *state, cursor, "", kNow))
                seen.subjects = {std::move(*report)};
        seen.cursor = collectors::write_terraform_cursor(cursor);
        must(collectors::read_terraform_cursor(seen.cursor) == cursor, "what is remembered is read again", seen.cursor);
        must_be_sound(seen);
    } catch (const io::BadDocument&) {
    }
}

void table_reads(std::string_view bytes) {
    try {
        if (const auto info = collectors::read_item(bytes, "states/infra.tfstate", "Info"))
            collectors::read_terraform_lock(*info, std::nullopt);
    } catch (const io::BadDocument& bad) {
        must_be_sound(core::Failure{core::FailureKind::bad_answer, bad.what()});
    }
    io::HttpAnswer answer;
    answer.status = 400;
    answer.body = bytes;
    must_be_sound(collectors::item_failure(answer, "GetItem from DynamoDB table 'locks'"));
    const auto digest = collectors::read_digest(bytes);
    must(!digest || digest->size() == 32, "a digest is 32 digits");
}

} // namespace

void fuzz(std::string_view bytes) {
    worker_reads(bytes);
    collector_reads(bytes);
    collectors::read_terraform_lock(bytes, kNow);
    collectors::read_terraform_cursor(bytes);
    table_reads(bytes);
}

} // namespace recoverd::fuzz
