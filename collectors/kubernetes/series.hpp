// SPDX-License-Identifier: Apache-2.0
// Series of backups that are objects: CloudNativePG's, by the cluster they are of, and snapshots of volumes, by the
// claim.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

struct AllSeries {
    std::map<std::string, core::RecoveryPoints> series;
    /// Clusters that were listed themselves, not only a Backup of them.
    std::set<std::string> clusters;
    /// ScheduledBackups of which a Backup has not come to its end.
    std::set<std::string> unfinished;

    /// CloudNativePG: a Backup, and a Cluster, which may have none.
    void read_backup(const io::Json& backup);
    void read_cluster(const io::Json& cluster);
    void read_snapshot(const io::Json& snapshot);
    void report(std::vector<SubjectReport>& out) const;
};

/// Sorted, counted and cut, as evidence has to be.
void finish(core::RecoveryPoints& points, std::string_view method);

} // namespace recoverd::collectors::kubernetes_parts
