// SPDX-License-Identifier: Apache-2.0
#include "collectors/vault_snapshot/objects.hpp"

#include "core/backup_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace recoverd::collectors {

namespace {

constexpr std::size_t kMaxKey = 1024;

/// Others are folders that consoles make, and what lies beside snapshots.
bool is_snapshot(std::string_view key) { return !key.ends_with('/') && !core::is_companion(key); }

/// Without its key nobody can look into it: it is not read.
bool is_sealed(const SnapshotObject& object) { return core::is_encrypted(object.key); }

core::RecoveryPoint point_of(const SnapshotObject& object, const KnownObjects& known) {
    core::RecoveryPoint point;
    point.id = object.key;
    // S3 shows an object once all of it is there.
    point.data_at = point.ended_at = object.modified;
    point.size_bytes = point.stored_bytes = object.size_bytes;
    const bool sealed = is_sealed(object);
    // Former releases read those as well, and found no snapshot in them.
    const ProvenObject* proven = sealed ? nullptr : known.find(object);
    point.encrypted = sealed ? core::Told::yes : core::Told::not_told;
    if (object.size_bytes == 0) {
        point.state = core::PointState::bad;
        point.detail = "it is empty";
    } else if (proven && !proven->fault.empty()) {
        point.state = core::PointState::bad;
        point.detail = proven->fault;
    } else if (proven) {
        point.depth = core::Depth::checksummed;
        // Vault writes nothing into its storage that its barrier has not encrypted.
        point.encrypted = core::Told::yes;
    }
    return point;
}

} // namespace

std::vector<SnapshotObject> snapshots_of(s3_parts::Page page) {
    std::vector<SnapshotObject> snapshots;
    for (s3_parts::Entry& entry : page.entries) {
        if (entry.key.empty() || entry.key.size() > kMaxKey)
            throw io::BadDocument(fmt::format("expected a key of 1 to {} bytes, found {}", kMaxKey, entry.key.size()));
        if (is_snapshot(entry.key))
            snapshots.push_back({std::move(entry.key), std::move(entry.etag), entry.size, entry.last_modified});
    }
    return snapshots;
}

const ProvenObject* KnownObjects::find(const SnapshotObject& object) const {
    const auto found = proven.find(object.key);
    return found != proven.end() && found->second.etag == object.etag ? &found->second : nullptr;
}

KnownObjects read_known_objects(const io::Json& json) {
    KnownObjects known;
    if (!json)
        return known;
    known.any = json["any"].boolean();
    for (const auto& [key, one] : json["proven"].object())
        known.proven.emplace(key, ProvenObject{one["etag"].text(), one["fault"].text()});
    return known;
}

void write(io::JsonWriter& out, const KnownObjects& known) {
    out.begin_object().field("any", known.any).key("proven").begin_object();
    for (const auto& [key, one] : known.proven)
        out.key(key).begin_object().field("etag", one.etag).field("fault", one.fault).end_object();
    out.end_object().end_object();
}

void sort_objects(std::vector<SnapshotObject>& objects) {
    std::ranges::sort(objects, {}, [](const SnapshotObject& one) { return std::tie(one.modified, one.key); });
}

const SnapshotObject* object_to_prove(const std::vector<SnapshotObject>& sorted, const KnownObjects& known) {
    if (sorted.empty() || sorted.back().size_bytes == 0 || is_sealed(sorted.back()) || known.find(sorted.back()))
        return nullptr;
    return &sorted.back();
}

core::RecoveryPoints points_of_objects(const std::vector<SnapshotObject>& sorted, KnownObjects& known) {
    core::RecoveryPoints points;
    points.method = "vault_snapshot";
    points.count = sorted.size();
    KnownObjects kept{known.any || !sorted.empty(), {}};
    const std::size_t first = sorted.size() > core::kMaxPoints ? sorted.size() - core::kMaxPoints : 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const SnapshotObject& object = sorted[i];
        core::RecoveryPoint point = point_of(object, known);
        if (!points.oldest_at && point.state == core::PointState::good)
            points.oldest_at = point.data_at;
        if (i < first)
            continue;
        if (const ProvenObject* proven = known.find(object))
            kept.proven.emplace(object.key, *proven);
        points.points.push_back(std::move(point));
    }
    known = std::move(kept);
    return points;
}

} // namespace recoverd::collectors
