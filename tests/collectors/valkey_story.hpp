// SPDX-License-Identifier: Apache-2.0
// What real servers replied (tests/data/valkey/, made by capture beside it), changed here and there into what others
// may say.
#pragma once

#include "collectors/valkey.hpp"
#include "collectors/valkey/parts.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/replies.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::test {

using namespace std::chrono_literals;
using core::Time;

inline constexpr std::array kServers{"redis", "valkey"};

inline io::RespValue captured(const std::string& name, const std::string& server = "valkey") {
    return replies(data(fmt::format("valkey/{}-{}.resp", name, server))).at(0);
}

/// The value of a field of INFO, replaced; an empty one takes the field away.
inline void set(io::RespValue& info, const std::string& field, const std::string& value) {
    const auto at = info.text.find("\n" + field + ":") + 1;
    REQUIRE(at != 0);
    const auto end = info.text.find("\r\n", at);
    info.text.replace(at, end - at, value.empty() ? "gone" : field + ":" + value);
}

inline std::string get(const io::RespValue& info, const std::string& field) {
    return collectors::vk::Info{info.text}.text(field);
}

inline std::string seconds(Time at) { return std::to_string(at.time_since_epoch() / 1s); }

/// A server that a test moves along, looked at every half minute.
struct Story {
    io::RespValue info;
    io::RespAnswer more;
    collectors::ValkeyExpected expected;
    std::string cursor;
    Time started = kStart - 10 * 24h;
    Time now = kStart;

    explicit Story(const std::string& name, const std::string& server = "valkey") : info(captured(name, server)) {}

    core::SubjectReport look() {
        now += 30s;
        set(info, "server_time_usec", std::to_string(now.time_since_epoch() / 1us));
        set(info, "uptime_in_seconds", std::to_string((now - started) / 1s));
        const auto seen = collectors::interpret_valkey(expected, {{info}}, more, cursor, now);
        REQUIRE(seen);
        cursor = seen->cursor;
        REQUIRE(seen->subjects.size() == 1);
        return seen->subjects[0];
    }
    /// A save that ended now and took 4 s.
    void save(int count) {
        set(info, "rdb_last_save_time", seconds(now));
        set(info, "rdb_saves", std::to_string(count));
        set(info, "rdb_last_bgsave_time_sec", "4");
        set(info, "rdb_last_bgsave_status", "ok");
        set(info, "rdb_changes_since_last_save", "0");
    }
    void restart(const std::string& run_id) {
        started = now + 1s;
        set(info, "run_id", run_id);
        set(info, "rdb_last_save_time", seconds(started));
        set(info, "rdb_saves", "0");
        set(info, "rdb_last_bgsave_time_sec", "-1");
        set(info, "rdb_last_bgsave_status", "ok");
        set(info, "rdb_changes_since_last_save", "0");
    }
};

template <class T>
T the(const core::SubjectReport& report) {
    for (const auto& evidence : report.evidence)
        if (const T* found = std::get_if<T>(&evidence))
            return *found;
    FAIL("no such evidence");
    std::abort();
}

inline core::RecoveryPoints points(const core::SubjectReport& report) { return the<core::RecoveryPoints>(report); }

inline std::optional<std::string> actual(const core::SubjectReport& report, std::string_view name) {
    for (const auto& assertion : the<core::Assertions>(report).assertions)
        if (assertion.name == name)
            return assertion.actual;
    return "no such assertion";
}

} // namespace recoverd::test
