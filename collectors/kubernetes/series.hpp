// SPDX-License-Identifier: Apache-2.0
// Series of backups that are objects: CloudNativePG's, by the cluster they are of.
#pragma once

#include "collectors/kubernetes/postgres_clusters.hpp"

#include <map>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

struct AllSeries {
    std::map<std::string, core::RecoveryPoints> series;
    /// Clusters that were listed themselves, not only a Backup of them.
    std::map<std::string, PostgresCluster> clusters;
    /// By cluster the names of Backups in its own object store, which deletes them after a while.
    std::map<std::string, std::set<std::string>> stored;
    /// ScheduledBackups of which a Backup has not come to its end.
    std::set<std::string> unfinished;

    /// CloudNativePG: a Backup, and a Cluster, which may have none.
    void read_backup(const io::Json& backup);
    void read_cluster(const io::Json& cluster, Time now);
    /// Forgets the Backups and keeps the clusters, whose list comes before.
    void forget_backups();
    /// `selected`: only of the clusters that are there; Backups need not bear their labels, and may be of others.
    void report(Time now, bool selected, std::vector<SubjectReport>& out) const;
    /// What their operator says of the clusters themselves. `backups_known`: are failed ones told by `report`?
    void report_clusters(bool backups_known, std::vector<SubjectReport>& out) const;
};

/// Sorted, counted and cut, as evidence has to be.
void finish(core::RecoveryPoints& points, std::string_view method);

} // namespace recoverd::collectors::kubernetes_parts
