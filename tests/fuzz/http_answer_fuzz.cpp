// SPDX-License-Identifier: Apache-2.0
// The body of an answer of HTTP, against what is expected of it; and the statuses that a configuration expects.
#include "collectors/http/expectations.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

collectors::HttpExpectations expectations() {
    collectors::HttpExpectations expected;
    expected.body = collectors::BodyPattern::parse("/\"status\": *\"(up|ok)\"/i").value();
    expected.json = {
        {"/status", {std::string{"ok"}, {}}}, {"/checks/0/lag", {std::int64_t{0}, {}}}, {"/ok", {true, {}}}};
    expected.slow = std::chrono::seconds{1};
    return expected;
}

} // namespace

void fuzz(std::string_view bytes) {
    static const collectors::HttpExpectations kExpected = expectations();
    io::HttpAnswer answer;
    answer.status = 200;
    answer.body = bytes;
    answer.url = "http://db1/health";
    core::Seen seen;
    seen.subjects.emplace_back().evidence.emplace_back(collectors::interpret_http(kExpected, answer));
    must_be_sound(seen);
    if (const auto ranges = collectors::parse_status_ranges(bytes)) {
        must(!ranges->empty(), "a range at least", bytes);
        for (const collectors::StatusRange& range : *ranges)
            must(range.first <= range.last && range.first >= 100 && range.last <= 999, "statuses", bytes);
    }
}

} // namespace recoverd::fuzz
