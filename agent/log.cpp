// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include "core/config/values.hpp"
#include "io/json.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace recoverd::agent {

namespace {

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<LogFormat> chosen{LogFormat::logfmt};

/// spdlog brings the sink, its lock and its flushing; what stands on a line is ours.
spdlog::logger& sink() {
    static const auto logger = [] {
        auto made = std::make_shared<spdlog::logger>("recoverd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *logger;
}

/// A value as logfmt wants it: quoted when it holds anything but plain characters.
std::string logfmt_value(std::string_view value) {
    const bool plain = !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
    return plain ? std::string{value} : io::json_quote(value);
}

std::string logfmt_fields(LogFields fields) {
    std::string text;
    for (const auto& [name, value] : fields)
        text += fmt::format(" {}={}", name, logfmt_value(value));
    return text;
}

int syslog_priority(LogLevel level) {
    constexpr std::array kPriorities{7, 6, 4, 3};
    return kPriorities[static_cast<std::size_t>(level)];
}

void send_to_journal(LogLevel level, std::string_view message, LogFields fields) {
    std::vector<std::string> entry = journal_entry(level, message, fields);
    std::vector<iovec> parts;
    parts.reserve(entry.size());
    for (auto& field : entry)
        parts.push_back({field.data(), field.size()});
    ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

} // namespace

std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                     LogFields fields) {
    if (format == LogFormat::json) {
        io::JsonWriter out;
        out.begin_object().field("time", time).field("level", core::name_of(level)).field("msg", message);
        for (const auto& [name, value] : fields)
            out.field(name, value);
        out.end_object();
        return out.take();
    }
    return fmt::format("time={} level={} msg={}{}", time, core::name_of(level), logfmt_value(message),
                       logfmt_fields(fields));
}

std::vector<std::string> journal_entry(LogLevel level, std::string_view message, LogFields fields) {
    // journalctl shows the message alone, unless it is asked for more.
    std::vector<std::string> entry{fmt::format("MESSAGE={}{}", message, logfmt_fields(fields)),
                                   fmt::format("PRIORITY={}", syslog_priority(level)), "SYSLOG_IDENTIFIER=recoverd"};
    for (const auto& [name, value] : fields) {
        std::string upper{name};
        std::ranges::transform(upper, upper.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        entry.push_back(fmt::format("RECOVERD_{}={}", upper, value));
    }
    return entry;
}

void set_up_log(LogLevel level, LogFormat format) {
    threshold = level;
    chosen = format;
}

void log(LogLevel level, std::string_view message, LogFields fields) {
    if (level < threshold.load(std::memory_order_relaxed))
        return;
    const LogFormat format = chosen.load(std::memory_order_relaxed);
    if (format == LogFormat::journal) {
        send_to_journal(level, message, fields);
        return;
    }
    const auto now = std::chrono::time_point_cast<core::Duration>(std::chrono::system_clock::now());
    sink().info(log_line(format, core::config::format_time(now), level, message, fields));
}

} // namespace recoverd::agent
