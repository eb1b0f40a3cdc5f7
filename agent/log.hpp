// SPDX-License-Identifier: Apache-2.0
// Structured log lines on stderr or to the journal: a message, and named values beside it. Never a secret: a Secret
// cannot become a string.
#pragma once

#include "core/names.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::agent {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { logfmt, json, journal };

} // namespace recoverd::agent

namespace recoverd::core {

template <>
struct Names<agent::LogLevel> {
    static constexpr std::array<std::string_view, 4> values{"debug", "info", "warn", "error"};
};
template <>
struct Names<agent::LogFormat> {
    static constexpr std::array<std::string_view, 3> values{"logfmt", "json", "journal"};
};

} // namespace recoverd::core

namespace recoverd::agent {

/// May be called again; until then info and worse go to stderr as logfmt.
void set_up_log(LogLevel level, LogFormat format);

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;
/// Any thread.
void log(LogLevel level, std::string_view message, LogFields fields = {});

/// One line without its end, as `format` writes it (journal: as logfmt), for tests.
std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                     LogFields fields);
/// The fields of one entry of the journal, NAME=value each, for tests.
std::vector<std::string> journal_entry(LogLevel level, std::string_view message, LogFields fields);

} // namespace recoverd::agent
