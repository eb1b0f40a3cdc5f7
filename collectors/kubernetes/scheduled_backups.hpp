// SPDX-License-Identifier: Apache-2.0
// CloudNativePG's ScheduledBackups: whether they still make Backups. What those are worth is told of their cluster.
#pragma once

#include "collectors/kubernetes/series.hpp"

namespace recoverd::collectors::kubernetes_parts {

struct ScheduledBackup {
    /// The cluster's subject.
    std::string cluster;
    bool suspended = false;
    /// When the operator looked at it for the first time or made a Backup; nothing before that.
    std::optional<Time> looked_at;
    std::optional<Time> scheduled;
    /// Told with the first Backup and with each further one.
    std::optional<Time> next;
    std::string error;
};

/// What it is compared with.
struct PostgresLists {
    const AllSeries& postgres;
    bool clusters_known = false;
    bool backups_known = false;
    /// Are the clusters only those that the option `selector` selects?
    bool selected = false;
};

struct AllScheduledBackups {
    std::map<std::string, ScheduledBackup> schedules;

    /// Throws BadDocument.
    void read(const io::Json& object);
    void report(const PostgresLists& lists, Time now, std::vector<SubjectReport>& out) const;
};

} // namespace recoverd::collectors::kubernetes_parts
