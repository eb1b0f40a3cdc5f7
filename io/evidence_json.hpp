// SPDX-License-Identifier: Apache-2.0
// Evidence, reports and memory as JSON: one form for the store, the API, the worker and `exec` programs.
// A line of evidence: {"subject":"orders/repo1","kind":"recovery_points", …fields as in core/evidence.hpp…}.
// Times are RFC 3339, durations are seconds (numbers), enumerations are their names, absent optionals are left out.
#pragma once

#include "core/memory.hpp"
#include "core/report.hpp"
#include "io/json.hpp"

namespace recoverd::io {

void write(JsonWriter& out, const core::Evidence& evidence);
/// Throws BadDocument. Unknown members are passed over.
core::Evidence read_evidence(const Json& json);

/// One line per piece of evidence, and one {"subject":…,"failure":{…}} per failed subject; the last line is
/// {"complete":true|false,"cursor":…}.
std::string to_lines(const core::Seen& seen);
/// Throws BadDocument with the line's number. Without a last line the list counts as incomplete.
core::Seen from_lines(std::string_view lines);

std::string to_json(const core::CheckMemory& memory);
core::CheckMemory read_memory(const Json& json);

} // namespace recoverd::io
