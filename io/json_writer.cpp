// SPDX-License-Identifier: Apache-2.0
#include "io/json.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace recoverd::io {

namespace {

void append_quoted(std::string& out, std::string_view text) {
    // Most of what is written are our own names and numbers.
    const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
    if (plain)
        out.append(1, '"').append(text).append(1, '"');
    else
        out += json_quote(text);
}

} // namespace

void JsonWriter::separate() {
    if (comma_)
        out_ += ',';
    comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
    separate();
    out_ += '{';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    out_ += '}';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    separate();
    out_ += '[';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    out_ += ']';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_quoted(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_quoted(out_, text);
    return *this;
}

JsonWriter& JsonWriter::value(bool boolean) { return raw(boolean ? "true" : "false"); }

JsonWriter& JsonWriter::value(std::int64_t number) {
    separate();
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), number);
    return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
    separate();
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), number);
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    if (!std::isfinite(number))
        return null();
    separate();
    // The shortest text that reads back as the same number.
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), number);
    return *this;
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

} // namespace recoverd::io
