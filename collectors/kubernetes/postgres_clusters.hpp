// SPDX-License-Identifier: Apache-2.0
// CloudNativePG's Clusters, as their operator says that they are. Whether a standby follows it does not say; who wants
// to know asks PostgreSQL.
#pragma once

#include "collectors/kubernetes/words.hpp"

namespace recoverd::collectors::kubernetes_parts {

struct PostgresCluster {
    /// Nothing of one that was hibernated on purpose.
    std::optional<core::Reachability> reach;
    /// Is it so new that nothing of it need serve yet?
    bool is_new = false;
    /// Whether WAL is archived; nothing where nobody configured an archive or a plug-in that may be one, of which the
    /// operator says True all the same. Not known while the last failure is so young that it is being tried again.
    std::optional<core::Assertion> archiving;
    /// Whether the last backup succeeded; nothing before the first one and while one runs.
    std::optional<core::Assertion> last_backup;
    std::optional<Failure> failure;
    /// For how long the cluster's own object store keeps what is needed to go back; nothing where that is not said
    /// here.
    std::optional<Duration> retention;
};

/// Throws BadDocument.
PostgresCluster read_postgres_cluster(const io::Json& cluster, Time now);

/// `failed_backup`: a backup that failed is told anyway, and is not said twice.
SubjectReport report_of_cluster(const std::string& subject, const PostgresCluster& cluster, bool failed_backup);

} // namespace recoverd::collectors::kubernetes_parts
