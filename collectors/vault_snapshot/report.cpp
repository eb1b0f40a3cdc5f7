// SPDX-License-Identifier: Apache-2.0
// What was seen of the files and of the fresh snapshot, as one report.
#include "collectors/vault_snapshot.hpp"
#include "core/config/values.hpp"
#include "io/evidence_json.hpp"
#include "io/remembered.hpp"

#include <algorithm>

namespace recoverd::collectors {

namespace {

/// An attempt that brought nothing is repeated sooner; but a server that reads gigabytes for us is left in peace.
constexpr int kSooner = 8;
constexpr Duration kRetry = std::chrono::hours{1};

FreshSnapshot read_fresh(const io::Json& json) {
    FreshSnapshot fresh;
    if (json["tried_at"])
        fresh.tried_at = json["tried_at"].time();
    if (const io::Json& failure = json["failure"]) {
        const auto kind = core::from_name<FailureKind>(failure["kind"].text());
        if (!kind)
            failure["kind"].bad("a kind of failure");
        fresh.failure = Failure{*kind, failure["detail"].text()};
    }
    if (const io::Json& last = json["last"]) {
        const Evidence evidence = io::read_evidence(last);
        if (const auto* exercise = std::get_if<core::Exercise>(&evidence))
            fresh.last = *exercise;
    }
    return fresh;
}

void write_fresh(io::JsonWriter& out, const FreshSnapshot& fresh) {
    out.begin_object();
    if (fresh.tried_at)
        out.field("tried_at", core::config::format_time(*fresh.tried_at));
    if (fresh.failure) {
        out.key("failure").begin_object();
        out.field("kind", core::name_of(fresh.failure->kind)).field("detail", fresh.failure->detail);
        out.end_object();
    }
    if (fresh.last) {
        out.key("last");
        io::write(out, Evidence{*fresh.last});
    }
    out.end_object();
}

} // namespace

bool FreshSnapshot::due(Time now, Duration every) const {
    // A clock that was set back may not put it off for longer than it was meant to.
    return !tried_at || *tried_at > now || now - *tried_at >= (failure ? std::min(every / kSooner, kRetry) : every);
}

VaultSnapshotCursor read_vault_snapshot_cursor(std::string_view text) {
    // Starting anew costs reading the files once more.
    return io::read_remembered(text, [](const io::Json& json) {
        return VaultSnapshotCursor{json["files"].text(), read_known_objects(json["objects"]),
                                   read_fresh(json["fresh"])};
    });
}

std::string write_vault_snapshot_cursor(const VaultSnapshotCursor& cursor) {
    io::JsonWriter out;
    out.begin_object().field("files", cursor.files).key("objects");
    write(out, cursor.objects);
    out.key("fresh");
    write_fresh(out, cursor.fresh);
    out.end_object();
    return out.take();
}

void take_download(const Collected& answer, Time now, FreshSnapshot& fresh) {
    fresh.tried_at = now;
    fresh.failure.reset();
    if (!answer) {
        fresh.failure = answer.error();
        return;
    }
    for (const SubjectReport& report : answer->subjects)
        for (const Evidence& evidence : report.evidence)
            if (const auto* exercise = std::get_if<core::Exercise>(&evidence)) {
                fresh.last = *exercise;
                return;
            }
    fresh.failure = Failure{FailureKind::bad_answer, "worker: expected what came of a fresh snapshot, found nothing"};
}

std::optional<Failure> take_proof(const Collected& answer, const SnapshotObject& object, KnownObjects& known) {
    FreshSnapshot read;
    take_download(answer, {}, read);
    if (read.failure)
        return read.failure;
    const bool whole = read.last->outcome == core::ExerciseOutcome::passed;
    const std::string& fault = read.last->message;
    known.proven[object.key] = {object.etag, whole ? "" : fault.empty() ? "not a whole snapshot" : fault};
    return std::nullopt;
}

Collected report_vault_snapshot(std::optional<Collected> kept, bool downloads, VaultSnapshotCursor cursor) {
    if (kept && !*kept && !downloads)
        return std::unexpected(kept->error());
    Seen seen;
    if (kept && *kept) {
        seen = std::move(**kept);
        cursor.files = std::exchange(seen.cursor, {});
    }
    if (downloads) {
        // One subject for both: what is kept, and that one more could be made, are of the same Vault.
        auto own = std::ranges::find(seen.subjects, "", &SubjectReport::subject);
        if (own == seen.subjects.end())
            own = seen.subjects.insert(own, SubjectReport{});
        if (cursor.fresh.last)
            own->evidence.emplace_back(*cursor.fresh.last);
        if (kept && !*kept)
            own->failure = kept->error();
        else if (!own->failure)
            own->failure = cursor.fresh.failure;
    }
    seen.cursor = write_vault_snapshot_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
