// SPDX-License-Identifier: Apache-2.0
// Evidence, reports and memory as JSON: one form for the store, the API, the worker and `exec` programs.
// A line of evidence: {"subject":"orders/repo1","kind":"recovery_points", …fields as in core/evidence.hpp…}.
// Times are RFC 3339, durations are seconds (numbers), enumerations are their names, absent optionals are left out.
// What a stranger wrote must tell its times, states, names and values; anything else may be left out. What we stored
// ourselves may lack anything, so that an older store stays readable.
#pragma once

#include "core/lifecycle.hpp"
#include "core/memory.hpp"
#include "core/report.hpp"
#include "io/json.hpp"

namespace recoverd::io {

void write(JsonWriter& out, const core::Evidence& evidence);
/// Throws BadDocument. Unknown members are passed over; points are put in order and cut to the newest 200.
core::Evidence read_evidence(const Json& json);

/// One line per piece of evidence, and one {"subject":…,"failure":{…}} per failed subject; a subject of which nothing
/// was learned is a line with its name alone. The first line of a subject holds its "location", where there is one. The
/// last line is {"complete":true|false,"cursor":…}.
std::string to_lines(const core::Seen& seen);
/// Throws BadDocument with the line's number: "line 2: $.points[0].data_at: expected …". Empty lines are passed over.
/// Without a last line the list counts as incomplete.
core::Seen from_lines(std::string_view lines);

std::string to_json(const core::CheckMemory& memory);
core::CheckMemory read_memory(const Json& json);

/// The outages of a scenario, by group.
std::string to_json(const core::OutageHistories& outages);
core::OutageHistories read_outages(const Json& json);

std::string to_json(const core::ValidationMemory& memory);
core::ValidationMemory read_validation(const Json& json);

/// An array of alerts; their labels are their key.
std::string to_json(const core::Alerts& alerts);
core::Alerts read_alerts(const Json& json);

} // namespace recoverd::io
