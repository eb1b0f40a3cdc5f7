// SPDX-License-Identifier: Apache-2.0
// Which list is read into what.
#include "collectors/kubernetes.hpp"

namespace recoverd::collectors::kubernetes_parts {

namespace {

/// One that is forgotten whole and read object by object.
template <class Into, class Read>
Reader into(Into& into, Read read) {
    return {[&into] { into = {}; }, [&into, read](const io::Json& object) { read(into, object); }};
}

Reader reader_of_controllers(const Resource& resource, Time now, Facts& facts) {
    // "deployments" of "deployment": as a subject has it.
    const std::string kind{resource.name.substr(0, resource.name.size() - 1)};
    return into(facts.controllers[resource.full_name()],
                [kind, now](AllControllers& all, const io::Json& object) { all.read(object, kind, now); });
}

Reader reader_of_jobs(const Resource& resource, const JobsAre& are, Facts& facts) {
    if (resource == kJobs)
        return {[&facts] {
                    facts.jobs.jobs = {};
                    facts.jobs.backups = {};
                },
                [&facts, are](const io::Json& job) { facts.jobs.read_job(job, are); }};
    return {[&facts] { facts.jobs.cronjobs = {}; },
            [&facts, are](const io::Json& cronjob) { facts.jobs.read_cronjob(cronjob, are); }};
}

Reader reader_of_velero(const Resource& resource, const JobsAre& are, Time now, Facts& facts) {
    if (resource == kVeleroBackups)
        return {[&facts] {
                    facts.velero.series = {};
                    facts.velero.series_of = {};
                },
                [&facts](const io::Json& backup) { facts.velero.read_backup(backup); }};
    if (resource == kVeleroRestores)
        return into(facts.velero.restores,
                    [are](AllRestores& all, const io::Json& restore) { all.read(restore, are.exercise, are.depth); });
    if (resource == kVeleroLocations)
        return {[&facts] { facts.velero.locations = {}; },
                [&facts, now](const io::Json& location) { facts.velero.read_location(location, now); }};
    if (resource == kPodVolumeBackups)
        return {[&facts] { facts.velero.unsaved_volumes = {}; },
                [&facts](const io::Json& volume) { facts.velero.read_volume(volume); }};
    return {[&facts] {
                facts.velero.schedules = {};
                facts.velero.schedule_locations = {};
            },
            [&facts](const io::Json& schedule) { facts.velero.read_schedule(schedule); }};
}

Reader reader_of_protection(const Resource& resource, Facts& facts) {
    if (resource == kDisruptionBudgets)
        return {[&facts] { facts.protection.budgets = {}; },
                [&facts](const io::Json& budget) { facts.protection.read_budget(budget); }};
    return {[&facts] { facts.protection.scaled = facts.protection.may_be_none = {}; },
            [&facts](const io::Json& autoscaler) { facts.protection.read_autoscaler(autoscaler); }};
}

Reader reader_of_chaos(const Resource& resource, const std::string& exercise, Time now, Facts& facts) {
    if (resource == kChaosSchedules)
        return {[&facts] { facts.chaos.schedules = {}; },
                [&facts](const io::Json& schedule) { facts.chaos.read_schedule(schedule); }};
    if (resource == kChaosNodes)
        return {[&facts] { facts.chaos.nodes = {}; }, [&facts](const io::Json& node) { facts.chaos.read_node(node); }};
    auto& runs = facts.chaos.runs[resource.full_name()];
    if (resource == kChaosWorkflows)
        return into(runs, [exercise](std::vector<ChaosRun>& all, const io::Json& workflow) {
            all.push_back(AllChaos::read_workflow(workflow, exercise));
        });
    const std::string kind{resource.name};
    return into(runs, [kind, exercise, now](std::vector<ChaosRun>& all, const io::Json& experiment) {
        if (auto run = AllChaos::read_experiment(experiment, kind, exercise, now))
            all.push_back(std::move(*run));
    });
}

/// Clusters come before their backups, and are forgotten with nothing else.
Reader reader_of_postgres(const Resource& resource, Time now, Facts& facts) {
    if (resource == kPostgresClusters)
        return {[&facts] { facts.postgres = {}; },
                [&facts, now](const io::Json& cluster) { facts.postgres.read_cluster(cluster, now); }};
    if (resource == kScheduledBackups)
        return into(facts.scheduled_backups,
                    [](AllScheduledBackups& all, const io::Json& schedule) { all.read(schedule); });
    return {[&facts] { facts.postgres.forget_backups(); },
            [&facts](const io::Json& backup) { facts.postgres.read_backup(backup); }};
}

/// Snapshots come before their contents, and are forgotten with them.
Reader reader_of_snapshots(const Resource& resource, Facts& facts) {
    if (resource == kVolumeSnapshots)
        return into(facts.snapshots, [](AllSnapshots& all, const io::Json& snapshot) { all.read(snapshot); });
    return {[&facts] { facts.snapshots.contents = {}; },
            [&facts](const io::Json& content) { facts.snapshots.read_content(content); }};
}

using Objects = std::vector<SubjectReport>;

Reader reader_of_objects(const Resource& resource, const std::string& exercise, Time now, Facts& facts) {
    Objects& objects = facts.objects[resource.full_name()];
    if (resource == kChaosResults)
        return into(objects,
                    [exercise](Objects& all, const io::Json& one) { all.push_back(read_chaos_result(one, exercise)); });
    if (resource == kApplications)
        return into(objects, [now](Objects& all, const io::Json& one) { all.push_back(read_application(one, now)); });
    return into(objects, [now](Objects& all, const io::Json& one) { all.push_back(read_certificate(one, now)); });
}

} // namespace

Reader reader_of(const Resource& resource, const Expected& expected, Time now, Facts& facts) {
    if (resource == kPods)
        return into(facts.pods, [](AllPods& all, const io::Json& pod) { all.read(pod); });
    if (resource == kNodes)
        return into(facts.nodes, [](AllNodes& all, const io::Json& node) { all.read(node); });
    if (resource == kVolumeSnapshots || resource == kVolumeSnapshotContents)
        return reader_of_snapshots(resource, facts);
    if (resource == kJobs || resource == kCronJobs)
        return reader_of_jobs(resource, expected.jobs, facts);
    if (resource == kDisruptionBudgets || resource == kAutoscalers)
        return reader_of_protection(resource, facts);
    if (resource.group == kVeleroBackups.group)
        return reader_of_velero(resource, expected.jobs, now, facts);
    if (resource == kPostgresClusters || resource == kPostgresBackups || resource == kScheduledBackups)
        return reader_of_postgres(resource, now, facts);
    if (resource.group == "apps")
        return reader_of_controllers(resource, now, facts);
    if (resource.group == kChaosMesh)
        return reader_of_chaos(resource, expected.jobs.exercise, now, facts);
    return reader_of_objects(resource, expected.jobs.exercise, now, facts);
}

} // namespace recoverd::collectors::kubernetes_parts
