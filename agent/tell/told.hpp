// SPDX-License-Identifier: Apache-2.0
// What a running daemon tells, for the commands that show it.
#pragma once

#include "agent/api_client.hpp"
#include "agent/look/look_verdict.hpp"
#include "io/json.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::agent {

/// A document of its API; nothing when it did not answer as it should, which is then said on `console.err`.
std::optional<io::Json> ask_daemon(const ApiClient& client, const std::string& path, Console& console);

/// How bad an alert of the API is: pending, resolved and the watchdog are good, EvidenceMissing is unknown.
Grade grade_of_alert(const io::Json& alert);
/// How bad the verdict of an asset is; what this program does not know is unknown.
Grade grade_of_verdict(const std::string& state);
std::string_view colour_of(Grade grade);

/// Those of some labels that there are, one behind the other.
std::string in_words(const io::Json& labels, std::initializer_list<std::string_view> names);
/// "orders-db orders-backup orders/repo1": what an alert is about.
std::string about(const io::Json& alert);

} // namespace recoverd::agent
