// SPDX-License-Identifier: Apache-2.0
// When the newest of what was found is of. Pure: for tests and fuzzers. All throw io::BadDocument for what is no such
// answer.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"
#include "io/json.hpp"

#include <algorithm>
#include <optional>

namespace recoverd::collectors::queries {

/// Longer than what is allowed, so that an age can be told and not only that it is too high.
constexpr core::Duration look_back(core::Duration allowed) {
    return std::max<core::Duration>(std::chrono::hours{1}, 2 * allowed);
}

using Newest = core::Result<std::optional<core::Time>>;

/// Of the log lines in Loki's answer to a range query.
/// https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time
Newest newest_line(const io::Json& document);

/// Of the traces in Tempo's answer to a search. Of many that match it gives some, whichever it came upon first; a
/// failure when it found none and has not looked at everything.
/// https://grafana.com/docs/tempo/latest/api_docs/#search
Newest newest_trace(const io::Json& document);

} // namespace recoverd::collectors::queries
