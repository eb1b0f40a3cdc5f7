// SPDX-License-Identifier: Apache-2.0
// Answers of any kind that a broken or hostile other side could give: random ones, and one text everywhere.
#pragma once

#include "tests/support/fake_world.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace recoverd::test {

using core::Result;

/// From a seed.
class Garbage {
  public:
    explicit Garbage(std::uint64_t seed) : random_(seed) {}

    Result<io::HttpAnswer> operator()(std::type_identity<io::HttpAnswer>) {
        static constexpr std::array<int, 6> kStatus{200, 204, 301, 404, 500, 0};
        io::HttpAnswer answer;
        answer.status = kStatus.at(below(kStatus.size()));
        answer.body = words();
        answer.headers.emplace_back("content-type", words());
        return answer;
    }
    Result<io::Finished> operator()(std::type_identity<io::Finished>) {
        io::Finished finished = exited(words(), static_cast<int>(below(4)), words());
        if (below(8) == 0) {
            finished.status.reset();
            finished.signal = 11;
        }
        return finished;
    }
    Result<io::PgAnswer> operator()(std::type_identity<io::PgAnswer>) {
        io::PgAnswer answer;
        answer.server_version = static_cast<int>(below(200'000));
        answer.tables.resize(below(8));
        for (auto& table : answer.tables) {
            table.columns.resize(below(6), words());
            table.rows.resize(below(4));
            for (auto& row : table.rows)
                row.resize(below(table.columns.size() + 2), below(3) ? std::optional{words()} : std::nullopt);
            if (below(5) == 0)
                table.sqlstate = table.error = words();
        }
        return answer;
    }
    Result<io::Connected> operator()(std::type_identity<io::Connected>) {
        io::Connected connected;
        connected.peer = connected.answer = words();
        if (below(2))
            connected.certificate = core::Certificate{core::kNever, {}, std::nullopt, words(), words()};
        return connected;
    }
    Result<io::DnsAnswer> operator()(std::type_identity<io::DnsAnswer>) {
        io::DnsAnswer answer;
        answer.server = words();
        answer.code = static_cast<int>(below(16));
        answer.records.resize(below(3), {static_cast<std::uint32_t>(below(1U << 31U)), words()});
        return answer;
    }
    Result<io::Pinged> operator()(std::type_identity<io::Pinged>) {
        io::Pinged pinged;
        pinged.address = pinged.trouble = words();
        pinged.sent = static_cast<unsigned>(below(6));
        pinged.trips.resize(below(pinged.sent + 1), std::chrono::microseconds{below(1U << 31U)});
        return pinged;
    }
    Result<io::RespAnswer> operator()(std::type_identity<io::RespAnswer>) {
        io::RespAnswer answer;
        answer.replies.resize(below(4));
        for (auto& reply : answer.replies) {
            reply.kind = static_cast<io::RespValue::Kind>(below(5));
            reply.text = below(2) ? words() : "run_id:x\r\nrole:master\r\n" + words();
            if (reply.kind == io::RespValue::Kind::list)
                reply.items.resize(below(4), {.kind = io::RespValue::Kind::text, .text = words()});
        }
        return answer;
    }
    Result<io::UnitState> operator()(std::type_identity<io::UnitState>) {
        io::UnitState state;
        state.load_state = state.active_state = state.sub_state = state.result = words();
        state.exec_main_status = static_cast<int>(below(256));
        if (below(2))
            state.exec_main_exit = core::kNever;
        return state;
    }

  private:
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_); }

    std::string words() {
        static const std::vector<std::string> kOdd{
            "",
            "\n",
            "null",
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "[{}]",
            R"("text")",
            "1e999",
            "-1",
            "18446744073709551616",
            R"([{"name":1}])",
            R"([{"name":"a","status":{"code":0,"message":"ok"},"backup":[{}],"repo":[{}]}])",
            R"({"subject":"x","kind":"recovery_points"})",
            R"({"subject":"x","kind":"measurement","name":"m","value":"high"})",
            R"({"complete":"perhaps"})",
            "OK | a=b 'c",
            "\xff\xfe\x00garbage",
            std::string(1'000, '['),
            std::string(200'000, 'x'),
            data("pgbackrest/info-read-without-key.json"),
        };
        std::string chosen = kOdd[below(kOdd.size())];
        if (below(3) == 0 && !chosen.empty())
            chosen.resize(below(chosen.size()));
        for (std::size_t i = below(4); i > 0 && !chosen.empty(); --i)
            chosen[below(chosen.size())] = static_cast<char>(below(256));
        return chosen;
    }

    std::mt19937_64 random_;
};

/// The same text, by a server that is sure of it: status 200, exit status 0, every field of every row.
class Everywhere {
  public:
    explicit Everywhere(std::string text) : text_(std::move(text)) {}

    Result<io::HttpAnswer> operator()(std::type_identity<io::HttpAnswer>) const {
        io::HttpAnswer answer;
        answer.status = 200;
        answer.body = text_;
        return answer;
    }
    Result<io::Finished> operator()(std::type_identity<io::Finished>) const { return exited(text_); }
    Result<io::PgAnswer> operator()(std::type_identity<io::PgAnswer>) const {
        io::PgAnswer answer;
        answer.server_version = 150'006;
        answer.tables.resize(8);
        for (auto& table : answer.tables) {
            table.columns = {"name", "value"};
            table.rows = {{text_, text_}};
        }
        return answer;
    }
    Result<io::Connected> operator()(std::type_identity<io::Connected>) const {
        io::Connected connected;
        connected.peer = connected.answer = text_;
        return connected;
    }
    Result<io::DnsAnswer> operator()(std::type_identity<io::DnsAnswer>) const {
        io::DnsAnswer answer;
        answer.server = text_;
        answer.records = {{60, text_}};
        return answer;
    }
    Result<io::Pinged> operator()(std::type_identity<io::Pinged>) const {
        io::Pinged pinged;
        pinged.address = pinged.trouble = text_;
        return pinged;
    }
    Result<io::RespAnswer> operator()(std::type_identity<io::RespAnswer>) const {
        io::RespValue value;
        value.kind = io::RespValue::Kind::text;
        value.text = text_;
        io::RespAnswer answer;
        answer.replies.assign(8, value);
        return answer;
    }
    Result<io::UnitState> operator()(std::type_identity<io::UnitState>) const {
        io::UnitState state;
        state.load_state = state.active_state = state.sub_state = state.result = state.invocation_id = text_;
        state.exec_main_exit = kStart;
        return state;
    }

  private:
    std::string text_;
};

} // namespace recoverd::test
