// SPDX-License-Identifier: Apache-2.0
// Objects of operators that say of themselves how they are.
#pragma once

#include "collectors/kubernetes/velero_restores.hpp"

#include <map>
#include <set>

namespace recoverd::collectors::kubernetes_parts {

/// Argo CD's: health is reachability; sync, the last operation and errors among its conditions are assertions.
SubjectReport read_application(const io::Json& application, Time now);
/// cert-manager's: until when it holds, and when it is to be renewed.
SubjectReport read_certificate(const io::Json& certificate, Time now);
/// Of one of Velero's backups: volumes whose data it does not hold.
struct UnsavedVolumes {
    std::uint64_t count = 0;
    /// Of one of them: Failed, Canceled, InProgress …
    std::string phase;
};

/// Where backups are kept, and what that is to them.
struct StorageLocation {
    /// Can they be?
    SubjectReport told;
    /// Its phase, where it is told as not Available; else empty.
    std::string wrong;
    /// Is it that of a Schedule that names none?
    bool is_default = false;
};

/// Backups of one Schedule's name in one location ("NAMESPACE/NAME", empty where that is not known). Those that another
/// cluster made there are found by Velero, and bear the name of its Schedule.
struct VeleroSeries {
    std::string subject;
    std::string location;
    /// In the location, rather than made here.
    bool found = false;

    auto operator<=>(const VeleroSeries&) const = default;
};

struct VeleroLists {
    bool backups_known = false;
    /// Without them nobody knows which of the backups hold all their volumes.
    bool volumes_known = false;
    /// Without them nobody knows whether those that were made by hand lie beside series.
    bool schedules_known = false;
    /// Without them nobody knows whether one that a backup names is there.
    bool locations_known = false;
    /// Are those that were listed selected among others?
    bool selected = false;
};

/// Velero's backups by the Schedule that makes them; those that were made by hand together. Beside a Schedule of the
/// same namespace these are no series: nobody makes the next one.
struct AllVelero {
    std::map<VeleroSeries, core::RecoveryPoints> series;
    /// By the backup's "NAMESPACE/NAME".
    std::map<std::string, VeleroSeries> series_of;
    /// By "NAMESPACE/NAME".
    std::map<std::string, StorageLocation> locations;
    std::map<std::string, core::Assertions> schedules;
    /// By the Schedule's subject the location that it names itself; empty where it names none.
    std::map<std::string, std::string> schedule_locations;
    /// By the backup's "NAMESPACE/NAME".
    std::map<std::string, UnsavedVolumes> unsaved_volumes;
    AllRestores restores;

    void read_backup(const io::Json& backup);
    void read_schedule(const io::Json& schedule);
    void read_volume(const io::Json& volume);
    void read_location(const io::Json& location, Time now);
    /// Without one of the lists, which may have failed, nothing is told of what there is.
    void report(const VeleroLists& lists, std::vector<SubjectReport>& out) const;

  private:
    /// The location of Schedules in that namespace that name none; empty where it is not known.
    std::string default_location(std::string_view of_namespace) const;
    /// That of its Schedule, or "…/schedule/NAME@LOCATION" of what was found elsewhere than that puts its own.
    std::string subject_in(const VeleroSeries& one) const;
    void report_series(const VeleroLists& lists, std::vector<SubjectReport>& out) const;
    /// Those ("NAMESPACE/NAME") that any of the backups is in, or will be put in, whether they are there or not.
    std::set<std::string> used_locations() const;
    /// Who selects among backups hears of the places where these are.
    void report_locations(const VeleroLists& lists, std::vector<SubjectReport>& out) const;
    /// That the newest good backup is, as far as one knows, where nobody gets at it.
    std::optional<Failure> why_out_of_reach(const core::RecoveryPoints& points, const std::string& of_namespace) const;
    /// Of backups made by hand: beside a Schedule?
    bool is_beside_schedule(std::string_view subject) const;
};

} // namespace recoverd::collectors::kubernetes_parts
