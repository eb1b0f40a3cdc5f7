// SPDX-License-Identifier: Apache-2.0
// Small plots of an asset's backups over time, as SVG within the page: how old the newest was, and how large each is.
#pragma once

#include "core/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::exporters::page {

struct BackupMark {
    core::Time at;
    std::optional<std::uint64_t> bytes;
};

/// Of the one series of an asset that has the most good points: others would be drawn over it.
struct Backups {
    /// Oldest first.
    std::vector<BackupMark> marks;
    /// From where on the newest is too old.
    std::optional<core::Duration> threshold;
    /// Between which sizes (bytes) the newest is as large as usual; nothing where there is no measure.
    std::optional<std::pair<double, double>> usual;
};

using BackupsByAsset = std::map<std::string, Backups, std::less<>>;
BackupsByAsset backups_by_asset(const core::Snapshot& snapshot);
const Backups& backups_of(const BackupsByAsset& all, std::string_view asset);

/// Nothing while there are fewer than three.
void write_plots(std::string& out, const Backups& backups, core::Time now);

} // namespace recoverd::exporters::page
