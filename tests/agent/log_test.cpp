// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include "io/json.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::agent {

namespace {

constexpr std::string_view kTime = "2026-11-22T03:00:00Z";

/// A value, and how it stands on a line of either format.
struct Row {
    std::string value;
    std::string logfmt;
    std::string json;
};

const Row kRows[] = {
    {"orders", "orders", R"("orders")"},
    {"/var/lib/recoverd", "/var/lib/recoverd", R"("/var/lib/recoverd")"},
    {"", R"("")", R"("")"},
    {"two words", R"("two words")", R"("two words")"},
    {"a=b", R"("a=b")", R"("a=b")"},
    {R"(say "no")", R"("say \"no\"")", R"("say \"no\"")"},
    {R"(C:\dump)", R"("C:\\dump")", R"("C:\\dump")"},
    {"one\ntwo", R"("one\ntwo")", R"("one\ntwo")"},
    {"tab\there", R"("tab\there")", R"("tab\there")"},
    {"caf\xc3\xa9", "\"caf\xc3\xa9\"", "\"caf\xc3\xa9\""},
};

} // namespace

TEST_CASE("a line of the log is one line, and every value on it can be read back") {
    for (const Row& row : kRows) {
        INFO(row.value);
        const std::string logfmt =
            log_line(LogFormat::logfmt, kTime, LogLevel::warn, "cannot read", {{"what", row.value}});
        CHECK(logfmt == "time=2026-11-22T03:00:00Z level=warn msg=\"cannot read\" what=" + row.logfmt);
        const std::string json = log_line(LogFormat::json, kTime, LogLevel::warn, "cannot read", {{"what", row.value}});
        CHECK(json == R"({"time":"2026-11-22T03:00:00Z","level":"warn","msg":"cannot read","what":)" + row.json + "}");
        CHECK(io::Json::parse(json)["what"].text() == row.value);
        CHECK(!logfmt.contains('\n'));
    }
}

TEST_CASE("a line of the log has its level by name, and its message as a value like others") {
    CHECK(log_line(LogFormat::logfmt, kTime, LogLevel::debug, "stopped", {}) ==
          "time=2026-11-22T03:00:00Z level=debug msg=stopped");
    CHECK(log_line(LogFormat::json, kTime, LogLevel::error, "no \"way\"", {{"a", "1"}, {"b", "2"}}) ==
          R"({"time":"2026-11-22T03:00:00Z","level":"error","msg":"no \"way\"","a":"1","b":"2"})");
    CHECK(log_line(LogFormat::journal, kTime, LogLevel::info, "stopped", {}) ==
          log_line(LogFormat::logfmt, kTime, LogLevel::info, "stopped", {}));
}

TEST_CASE("an entry of the journal has a line for people, and each value as a field of its own as it is") {
    CHECK(journal_entry(LogLevel::error, "state cannot be written", {{"error", "disk\nfull"}, {"check", "orders"}}) ==
          std::vector<std::string>{R"(MESSAGE=state cannot be written error="disk\nfull" check=orders)", "PRIORITY=3",
                                   "SYSLOG_IDENTIFIER=recoverd", "RECOVERD_ERROR=disk\nfull", "RECOVERD_CHECK=orders"});
    const std::pair<LogLevel, const char*> priorities[] = {{LogLevel::debug, "PRIORITY=7"},
                                                           {LogLevel::info, "PRIORITY=6"},
                                                           {LogLevel::warn, "PRIORITY=4"},
                                                           {LogLevel::error, "PRIORITY=3"}};
    for (const auto& [level, field] : priorities)
        CHECK(journal_entry(level, "stopped", {})[1] == field);
}

} // namespace recoverd::agent
