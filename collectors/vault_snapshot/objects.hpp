// SPDX-License-Identifier: Apache-2.0
// Snapshots that are objects in a bucket: what a listing says of them, and which of them were read and proven. Nobody
// else includes it, tests and fuzzers aside.
#pragma once

#include "collectors/s3/listing.hpp"
#include "core/evidence.hpp"
#include "io/json.hpp"

#include <map>
#include <string>
#include <vector>

namespace recoverd::collectors {

struct SnapshotObject {
    std::string key;
    std::string etag;
    std::uint64_t size_bytes = 0;
    core::Time modified;
};

/// Those of a page that are snapshots. Throws io::BadDocument for a key that no service takes.
std::vector<SnapshotObject> snapshots_of(s3_parts::Page page);

struct ProvenObject {
    std::string etag;
    /// What is wrong with it, or empty.
    std::string fault;

    bool operator==(const ProvenObject&) const = default;
};

/// What is known of objects from run to run.
struct KnownObjects {
    /// Was there ever one?
    bool any = false;
    /// By key: those that were read.
    std::map<std::string, ProvenObject, std::less<>> proven;

    const ProvenObject* find(const SnapshotObject& object) const;
    bool operator==(const KnownObjects&) const = default;
};
KnownObjects read_known_objects(const io::Json& json);
void write(io::JsonWriter& out, const KnownObjects& known);

/// Oldest first.
void sort_objects(std::vector<SnapshotObject>& objects);
/// The newest, where it was not read yet, is not empty and is not encrypted by its name; else null.
const SnapshotObject* object_to_prove(const std::vector<SnapshotObject>& sorted, const KnownObjects& known);
/// Forgets what was proven of objects that are gone.
core::RecoveryPoints points_of_objects(const std::vector<SnapshotObject>& sorted, KnownObjects& known);

} // namespace recoverd::collectors
