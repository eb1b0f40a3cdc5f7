// SPDX-License-Identifier: Apache-2.0
// Snapshots of volumes, by the claim that they are of: what a VolumeSnapshot says of itself, held against the
// VolumeSnapshotContent that it names. Where the two do not point at each other nobody restores anything from it.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>

namespace recoverd::collectors::kubernetes_parts {

/// A point that is told, and the VolumeSnapshot that it is.
struct BoundSnapshot {
    std::string subject;
    std::size_t point = 0;
    std::string of_namespace;
    std::string name;
    std::string uid;
};

struct SnapshotContent {
    /// The VolumeSnapshot that it says it is of.
    std::string of_namespace;
    std::string name;
    std::string uid;
    /// Why nothing can be restored from it, by its own status; empty where something can.
    std::string fault;
};

/// What is wrong with the content of a VolumeSnapshot.
struct SpoiledSnapshot {
    std::string detail;
    /// The two lists are of different moments: one that was deleted in between has lost its content as well, and is not
    /// listed any more at the next look.
    bool doubtful = false;

    bool operator==(const SpoiledSnapshot&) const = default;
};

/// By the VolumeSnapshot's UID.
using SpoiledSnapshots = std::map<std::string, SpoiledSnapshot>;

struct AllSnapshots {
    std::map<std::string, core::RecoveryPoints> series;
    /// By the content's name: more than one where somebody else's is claimed.
    std::multimap<std::string, BoundSnapshot> bound;
    /// By name, of those that a VolumeSnapshot names.
    std::map<std::string, SnapshotContent> contents;

    void read(const io::Json& snapshot);
    /// After all VolumeSnapshots. They live in no namespace: those of others are passed over.
    void read_content(const io::Json& content);
    /// When both lists were read. `before`: what the last such look found.
    SpoiledSnapshots spoiled(const SpoiledSnapshots& before) const;
    /// `wrong`: as the last look found it that could read both lists. `held`: were contents asked for, and is it a
    /// failure if they could not be had?
    void report(const SpoiledSnapshots& wrong, bool held, std::vector<SubjectReport>& out) const;
};

} // namespace recoverd::collectors::kubernetes_parts
