// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/state.hpp"

#include "collectors/collector.hpp"
#include "core/config/values.hpp"

#include <algorithm>

namespace recoverd::collectors::git_parts {

namespace {

constexpr std::size_t kMaxBehind = 500;
/// A network that was away for a moment is back before anybody is told that nothing is known.
constexpr Duration kRetry = std::chrono::minutes{10};
/// What is damaged is mended within hours, and nobody should wait a month until that is seen.
constexpr Duration kMended = std::chrono::hours{1};
constexpr int kSooner = 8;

std::optional<Time> optional_time(const io::Json& json) { return json ? std::optional{json.time()} : std::nullopt; }

Behind read_behind(const io::Json& json) { return {json["copy"].text(), optional_time(json["synced_at"])}; }

Proof read_proof(const io::Json& json) {
    Proof proof;
    proof.tried_at = optional_time(json["tried_at"]);
    if (const io::Json& failure = json["failure"]) {
        const auto kind = core::from_name<core::FailureKind>(failure["kind"].text());
        if (!kind)
            failure["kind"].bad("a kind of failure");
        proof.failure = Failure{*kind, failure["detail"].text()};
    }
    proof.tried = json["tried"].text();
    proof.errors = json["errors"].text();
    proof.digest = json["digest"].text();
    proof.passed_at = optional_time(json["passed_at"]);
    proof.took = Duration{json["took_ms"].integer()};
    proof.oldest_at = optional_time(json["oldest_at"]);
    proof.lfs_pointers = json["lfs_pointers"].natural();
    if (json["lfs_missing"])
        proof.lfs_missing = json["lfs_missing"].natural();
    proof.lfs_detail = json["lfs_detail"].text();
    return proof;
}

void write_time(io::JsonWriter& out, std::string_view key, const std::optional<Time>& time) {
    if (time)
        out.field(key, core::config::format_time(*time));
}

void write_behind(io::JsonWriter& out, const Behind& behind) {
    out.begin_object().field("copy", behind.copy);
    write_time(out, "synced_at", behind.synced_at);
    out.end_object();
}

void write_proof(io::JsonWriter& out, const Proof& proof) {
    out.begin_object();
    write_time(out, "tried_at", proof.tried_at);
    if (proof.failure) {
        out.key("failure").begin_object();
        out.field("kind", core::name_of(proof.failure->kind)).field("detail", proof.failure->detail);
        out.end_object();
    }
    out.field("tried", proof.tried).field("errors", proof.errors).field("digest", proof.digest);
    write_time(out, "passed_at", proof.passed_at);
    out.field("took_ms", std::int64_t{proof.took.count()});
    write_time(out, "oldest_at", proof.oldest_at);
    out.field("lfs_pointers", proof.lfs_pointers);
    if (proof.lfs_missing)
        out.field("lfs_missing", *proof.lfs_missing);
    out.field("lfs_detail", proof.lfs_detail);
    out.end_object();
}

} // namespace

bool Proof::due(Time now, Duration every) const {
    // A clock that was set back may not put it off for longer than it was meant to.
    if (!tried_at || *tried_at > now)
        return true;
    if (failure)
        every = std::min(every / kSooner, kRetry);
    else if (!errors.empty())
        every = std::min(every / kSooner, kMended);
    return now - *tried_at >= every;
}

void Proof::found(std::string words) {
    errors = words.empty() ? "no words" : std::move(words);
    failure.reset();
    digest.clear();
}

void State::see_origin(const Refs& refs, Time now) {
    const std::string digest = refs.digest();
    if (digest == origin && changed_at)
        changed_at = std::min(*changed_at, now);
    else
        changed_at = now;
    origin = digest;
}

void State::see_copy(const std::vector<Difference>& lacks, Time now) {
    if (looked_at)
        looked_at = std::min(*looked_at, now);
    const auto before = std::exchange(behind, {});
    const auto others_before = std::exchange(others, {});
    for (const Difference& one : lacks) {
        Behind found{one.copy, looked_at};
        const auto known = before.find(one.name);
        // Where nothing moved, it is as far behind as it was; what moved was brought up to date since the last look.
        if (known != before.end() ? known->second.copy == one.copy : others_before.has_value())
            found.synced_at = known != before.end() ? known->second.synced_at : others_before->synced_at;
        if (behind.size() < kMaxBehind)
            behind.emplace(one.name, std::move(found));
        else if (!others)
            others = Behind{"", found.synced_at};
        else // Nothing is the earliest of all.
            others->synced_at = std::min(others->synced_at, found.synced_at);
    }
    looked_at = now;
}

std::optional<Time> State::copy_is_of(Time now) const {
    std::optional<Time> moment = now;
    for (const auto& [name, one] : behind)
        moment = std::min(moment, one.synced_at);
    if (others)
        moment = std::min(moment, others->synced_at);
    return moment;
}

State read_state(std::string_view text, const std::string& of) {
    State fresh;
    fresh.of = of;
    if (text.empty())
        return fresh;
    auto read = understood([&] {
        const io::Json json = io::Json::parse(text);
        State state;
        state.of = json["of"].text();
        state.looked_at = optional_time(json["looked_at"]);
        state.origin = json["origin"].text();
        state.changed_at = optional_time(json["changed_at"]);
        for (const auto& [name, one] : json["behind"].object())
            state.behind.emplace(name, read_behind(one));
        if (json["others"])
            state.others = read_behind(json["others"]);
        for (const auto& [name, oid] : json["anchors"].object())
            state.anchors.emplace(name, oid.text());
        for (const auto& [name, lost] : json["lost"].object())
            state.lost.emplace(name, Lost{lost["oid"].text(), lost["how"].text(), lost["since"].time()});
        state.proof = read_proof(json["proof"]);
        return state;
    });
    // One that another version wrote costs a clone, and since when the copy lags.
    return read && read->of == of ? std::move(*read) : fresh;
}

std::string write_state(const State& state) {
    io::JsonWriter out;
    out.begin_object().field("of", state.of);
    write_time(out, "looked_at", state.looked_at);
    out.field("origin", state.origin);
    write_time(out, "changed_at", state.changed_at);
    out.key("behind").begin_object();
    for (const auto& [name, one] : state.behind) {
        out.key(name);
        write_behind(out, one);
    }
    out.end_object();
    if (state.others) {
        out.key("others");
        write_behind(out, *state.others);
    }
    out.key("anchors").begin_object();
    for (const auto& [name, oid] : state.anchors)
        out.field(name, oid);
    out.end_object().key("lost").begin_object();
    for (const auto& [name, lost] : state.lost) {
        out.key(name).begin_object().field("oid", lost.oid).field("how", lost.how);
        out.field("since", core::config::format_time(lost.since)).end_object();
    }
    out.end_object().key("proof");
    write_proof(out, state.proof);
    out.end_object();
    return out.take();
}

} // namespace recoverd::collectors::git_parts
