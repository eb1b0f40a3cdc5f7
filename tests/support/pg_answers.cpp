// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pg_answers.hpp"

#include "io/json.hpp"

namespace recoverd::test {

std::string to_json(const io::PgAnswer& answer) {
    std::string out = "{\"server_version\": " + std::to_string(answer.server_version) + ", \"tables\": [";
    const char* between = "\n";
    for (const io::PgTable& table : answer.tables) {
        // A table a line: readable, and a difference shows where it is.
        io::JsonWriter line;
        line.begin_object().key("columns").begin_array();
        for (const std::string& column : table.columns)
            line.value(column);
        line.end_array().key("rows").begin_array();
        for (const auto& row : table.rows) {
            line.begin_array();
            for (const auto& value : row)
                value ? line.value(*value) : line.null();
            line.end_array();
        }
        line.end_array().field("sqlstate", table.sqlstate).field("error", table.error).end_object();
        out += between + line.take();
        between = ",\n";
    }
    return out + "\n]}\n";
}

io::PgAnswer pg_answer(std::string_view json) {
    const io::Json document = io::Json::parse(json);
    io::PgAnswer answer;
    answer.server_version = static_cast<int>(document["server_version"].integer());
    for (const io::Json& described : document["tables"].items()) {
        io::PgTable& table = answer.tables.emplace_back();
        for (const io::Json& column : described["columns"].items())
            table.columns.push_back(column.text());
        for (const io::Json& line : described["rows"].items()) {
            auto& row = table.rows.emplace_back();
            for (const io::Json& value : line.items())
                row.push_back(value.null() ? std::nullopt : std::optional(value.text()));
        }
        table.sqlstate = described["sqlstate"].text();
        table.error = described["error"].text();
    }
    return answer;
}

} // namespace recoverd::test
