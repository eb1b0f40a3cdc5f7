// SPDX-License-Identifier: Apache-2.0
// The sections of the status page, in its order. What is worst comes first in each, so that nothing bad is cut off
// while good is shown; what is cut off is in the API.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/page/plots.hpp"

#include <string>

namespace recoverd::exporters::page {

void write_alert(std::string& out, const core::Alert& alert, const core::Config& config, core::Time now);
void write_alerts(std::string& out, const core::Snapshot& snapshot, core::Time now);
/// Those that hold or cannot be told first, with their outages and what is left of their time.
void write_scenarios(std::string& out, const core::Snapshot& snapshot, core::Time now);
/// One asset as an item of a list. `root`: the way to `/`.
void write_asset(std::string& out, const core::AssetSnapshot& snapshot, const Backups& backups, core::Time now,
                 std::string_view root);
void write_assets(std::string& out, const core::Snapshot& snapshot, core::Time now);
/// Checks that know nothing, then what others do not know: subjects that failed or are missing, expectations of which
/// nobody can tell. Nothing is green only because nobody looked.
void write_blind(std::string& out, const core::Snapshot& snapshot, core::Time now);
/// Those that run, then those whose last run did not pass, then the rest.
void write_validations(std::string& out, const core::Snapshot& snapshot, core::Time now);
/// What is due when, overdue first.
void write_exercises(std::string& out, const core::Snapshot& snapshot, core::Time now);

} // namespace recoverd::exporters::page
