// SPDX-License-Identifier: Apache-2.0
// Velero's Restores as exercises of what they restore from. Each is an object of its own that nobody makes again: they
// are told of the series that their backup is in.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <compare>
#include <map>

namespace recoverd::collectors::kubernetes_parts {

/// What is told together, as the Restores say it.
struct RestoresOf {
    std::string of_namespace;
    std::string backup;
    /// The backup's; empty where it has none, and before Velero has looked at the Restore.
    std::string schedule;
    std::string exercise;

    auto operator<=>(const RestoresOf&) const = default;
};

/// The newest that ended, and the newest that goes on.
struct RestoreRuns {
    std::optional<core::Exercise> ended;
    std::optional<core::Exercise> running;

    void keep(core::Exercise run);
};

/// By the "NAMESPACE/NAME" of a backup the subject of its series.
using SeriesOfBackups = std::map<std::string, std::string>;

struct AllRestores {
    std::map<RestoresOf, RestoreRuns> restores;

    /// `exercise` and `depth`: what those stand for that do not say so, and how deep they prove it; left at the
    /// options' defaults a restore test, as deep as it tells. Throws BadDocument.
    void read(const io::Json& restore, const std::string& exercise, core::Depth depth);
    /// Without the backups nobody knows of what series one is that names no Schedule.
    void report(const SeriesOfBackups& series, bool backups_known, std::vector<SubjectReport>& out) const;
};

} // namespace recoverd::collectors::kubernetes_parts
