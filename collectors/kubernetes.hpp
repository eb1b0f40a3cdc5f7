// SPDX-License-Identifier: Apache-2.0
// What lists of the Kubernetes API mean; for tests and fuzzers.
#pragma once

#include "collectors/kubernetes/api.hpp"
#include "collectors/kubernetes/chaos.hpp"
#include "collectors/kubernetes/controllers.hpp"
#include "collectors/kubernetes/cursor.hpp"
#include "collectors/kubernetes/jobs.hpp"
#include "collectors/kubernetes/nodes.hpp"
#include "collectors/kubernetes/objects.hpp"
#include "collectors/kubernetes/pods.hpp"
#include "collectors/kubernetes/requirements.hpp"
#include "collectors/kubernetes/scheduled_backups.hpp"
#include "collectors/kubernetes/series.hpp"
#include "collectors/kubernetes/volume_snapshots.hpp"

namespace recoverd::collectors::kubernetes_parts {

/// What the options ask for beyond what is there.
struct Expected {
    /// The API server's URL.
    std::string target;
    std::string of_namespace;
    std::string selector;
    JobsAre jobs;
    std::vector<std::string> require;
    std::optional<std::int64_t> max_restarts;
    std::optional<std::int64_t> max_oom_kills;
};

/// Everything that was read in one run; of each list either all or why not.
struct Facts {
    AllPods pods;
    AllNodes nodes;
    std::map<std::string, AllControllers> controllers;
    AllJobs jobs;
    Protection protection;
    AllVelero velero;
    AllSeries postgres;
    AllScheduledBackups scheduled_backups;
    AllSnapshots snapshots;
    AllChaos chaos;
    /// Objects that are a subject each, by the resource's full name.
    std::map<std::string, std::vector<SubjectReport>> objects;
    /// By the resource's full name: those that were read to their end, with nothing, and why others were not. What is
    /// done without is not among them.
    std::map<std::string, std::optional<Failure>> lists;

    bool has(const Resource& resource) const;
    /// Was it asked for, and not to be had?
    bool failed(const Resource& resource) const;
};

/// Is a list that `failure` keeps back as good as one that nobody asked for? `cursor`: what the last run left.
bool done_without(const Resource& resource, const Failure& failure, std::string_view cursor);

/// Where the objects of `resource` go; `facts` outlives it.
Reader reader_of(const Resource& resource, const Expected& expected, Time now, Facts& facts);

void report_workloads(const Expected& expected, const Facts& facts, const Cursor& cursor, Time now,
                      std::vector<SubjectReport>& out);

/// What was learned of the API server as a whole.
struct Server {
    std::optional<Duration> latency;
    std::optional<core::Certificate> certificate;
    /// Does it not accept the credentials?
    bool locked_out = false;
};

/// `cursor`: what the last run left.
Collected interpret_kubernetes(const Expected& expected, const Facts& facts, const Server& server,
                               std::string_view cursor, Time now);

} // namespace recoverd::collectors::kubernetes_parts
