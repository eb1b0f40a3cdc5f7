// SPDX-License-Identifier: Apache-2.0
// Chaos experiments as exercises: that one ran to its end is told; whether what it broke was borne is told by who
// watches that meanwhile.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>

namespace recoverd::collectors::kubernetes_parts {

/// A run of Chaos Mesh: an experiment or a Workflow.
struct ChaosRun {
    std::string subject;
    /// The Schedule's subject that began it, or empty.
    std::string schedule;
    core::Exercise run;
    /// Does it say itself what it stands for?
    bool named = false;
    /// Why it is not known how it is.
    std::optional<Failure> failure;
    /// What it broke and cannot mend: nothing when there is no such thing, or why not.
    std::string stuck;
};

/// What of a Workflow's nodes went wrong.
struct ChaosNodes {
    std::string aborted;
    /// One that was not to be ended by its deadline.
    std::string cut_off;
};

struct ChaosSchedule {
    bool paused = false;
    std::string exercise;
    /// Rather than experiments. What those of a Workflow have to mend is not looked at.
    bool of_workflows = false;
};

struct ChaosLists {
    /// Without all experiments nobody knows whether one of a Schedule has something left to mend.
    bool experiments_known = false;
    /// Without the nodes nobody knows how a Workflow ended.
    bool nodes_known = false;
    /// Without the Schedules nobody knows what their runs stand for.
    bool schedules_known = false;
    /// Are the Schedules only those that the option `selector` selects? What they begin bears no labels of theirs.
    bool selected = false;
};

struct AllChaos {
    /// By the resource's full name.
    std::map<std::string, std::vector<ChaosRun>> runs;
    std::map<std::string, ChaosSchedule> schedules;
    /// By the Workflow's subject.
    std::map<std::string, ChaosNodes> nodes;

    /// `kind`: podchaos, networkchaos …; `exercise`: what stands for itself when it does not say so. Throws
    /// BadDocument.
    static std::optional<ChaosRun> read_experiment(const io::Json& experiment, std::string_view kind,
                                                   const std::string& exercise, Time now);
    static ChaosRun read_workflow(const io::Json& workflow, const std::string& exercise);
    void read_schedule(const io::Json& schedule);
    void read_node(const io::Json& node);
    void report(const ChaosLists& lists, std::vector<SubjectReport>& out) const;
};

/// Litmus': one object for all runs of an experiment in an engine.
SubjectReport read_chaos_result(const io::Json& result, const std::string& exercise);

/// What every run of Chaos Mesh says of itself: its id, the Schedule that began it, and what it stands for, which may
/// be left open.
ChaosRun begun_run(const io::Json& object, std::string subject, const std::string& exercise);
/// Of one that has no beginning.
Failure not_begun();

} // namespace recoverd::collectors::kubernetes_parts
