// SPDX-License-Identifier: Apache-2.0
// What comes in: the worker's words, a lock's, and our own from the last run.
#include "collectors/collector.hpp"
#include "collectors/terraform_state.hpp"
#include "collectors/worker_answer.hpp"
#include "core/config/values.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors {

namespace {

std::string text_or_empty(const io::Json& json) { return json ? json.text() : std::string{}; }

std::optional<std::uint64_t> natural_or_nothing(const io::Json& json) {
    return json ? std::optional(json.natural()) : std::nullopt;
}

std::optional<core::Time> time_or_nothing(const io::Json& json) {
    return json ? std::optional(json.time()) : std::nullopt;
}

} // namespace

core::Result<TerraformState> read_terraform_answer(const io::Finished& finished) {
    const auto answer = worker_answer(finished);
    if (!answer)
        return std::unexpected(answer.error());
    const auto json = io::Json::parse(*answer);
    TerraformState state;
    state.missing = json["missing"] && json["missing"].boolean();
    state.fault = text_or_empty(json["fault"]);
    if (json["modified_at"])
        state.modified_at = json["modified_at"].time();
    if (const auto& lock = json["lock"]; !lock.absent()) {
        state.locked = core::told(!lock.null());
        if (!lock.null())
            state.lock = read_terraform_lock(lock["info"].text(), lock["modified_at"].time());
    }
    if (!state.known())
        return state;
    state.sha256 = json["sha256"].text();
    state.md5 = json["md5"].text();
    state.encrypted = json["encrypted"].boolean();
    state.serial = natural_or_nothing(json["serial"]);
    state.lineage = text_or_empty(json["lineage"]);
    state.resources = natural_or_nothing(json["resources"]);
    return state;
}

TerraformLock read_terraform_lock(std::string_view text, std::optional<core::Time> modified_at) {
    const auto created = understood([&] { return io::Json::parse_lenient(text)["Created"].time(); });
    return {created ? std::optional(*created) : modified_at};
}

TerraformCursor read_terraform_cursor(std::string_view text) {
    return io::read_remembered(text, [](const io::Json& json) {
        TerraformCursor read;
        for (const auto& [subject, state] : json.object()) {
            TerraformKept& kept = read[subject];
            kept.lineage = text_or_empty(state["lineage"]);
            kept.serial = natural_or_nothing(state["serial"]);
            kept.sha256 = text_or_empty(state["sha256"]);
            kept.last = natural_or_nothing(state["last"]);
            kept.resources = natural_or_nothing(state["resources"]);
            kept.fewer = natural_or_nothing(state["fewer"]).value_or(0);
            kept.lock_seen = state["lock_seen"] && state["lock_seen"].boolean();
            kept.held_since = time_or_nothing(state["held_since"]);
            kept.stale = state["stale"] && state["stale"].boolean();
            kept.differing = text_or_empty(state["differing"]);
            kept.differs_since = time_or_nothing(state["differs_since"]);
        }
        return read;
    });
}

std::string write_terraform_cursor(const TerraformCursor& cursor) {
    io::JsonWriter out;
    out.begin_object();
    for (const auto& [subject, kept] : cursor) {
        out.key(subject).begin_object();
        out.field("lineage", kept.lineage).field("sha256", kept.sha256);
        if (kept.serial)
            out.field("serial", *kept.serial);
        if (kept.last)
            out.field("last", *kept.last);
        if (kept.resources)
            out.field("resources", *kept.resources);
        if (kept.held_since)
            out.field("held_since", core::config::format_time(*kept.held_since)).field("stale", kept.stale);
        if (kept.differs_since)
            out.field("differing", kept.differing)
                .field("differs_since", core::config::format_time(*kept.differs_since));
        out.field("fewer", kept.fewer).field("lock_seen", kept.lock_seen).end_object();
    }
    out.end_object();
    return out.take();
}

} // namespace recoverd::collectors
