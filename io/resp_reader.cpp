// SPDX-License-Identifier: Apache-2.0
#include "io/resp_reader.hpp"

#include "io/connection.hpp"
#include "io/json.hpp"

#include <charconv>
#include <fmt/format.h>

namespace recoverd::io {

namespace {

constexpr std::size_t kDeepest = 8;
constexpr std::int64_t kMostItems = 50'000;
// Of status lines, errors and lengths; a server's own longest error has some 300 bytes.
constexpr std::size_t kLongestLine = 16'384;

} // namespace

void RespReader::feed(std::string_view bytes) {
    if (bytes_.size() + bytes.size() > most_)
        throw BadDocument(fmt::format("expected at most {} bytes, found more", most_));
    bytes_ += bytes;
}

void RespReader::bad(const std::string& wanted, std::string_view found) const {
    throw BadDocument(fmt::format("byte {}: expected {}, found '{}'", at_, wanted, printable(found.substr(0, 60))));
}

std::int64_t RespReader::number(std::string_view digits) const {
    std::int64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end)
        bad("a whole number", digits);
    return value;
}

std::optional<std::string_view> RespReader::line() {
    const std::string_view rest = std::string_view{bytes_}.substr(at_);
    const auto size = rest.find("\r\n");
    if (size == std::string_view::npos && rest.size() <= kLongestLine)
        return std::nullopt;
    if (size > kLongestLine)
        bad(fmt::format("the end of a line within {} bytes", kLongestLine), rest);
    end_ = at_ + size + 2;
    return rest.substr(0, size);
}

std::optional<RespValue> RespReader::bulk(std::string_view length) {
    const std::int64_t size = number(length);
    if (size == -1)
        return RespValue{};
    if (size < 0 || static_cast<std::size_t>(size) > most_)
        bad(fmt::format("a length of at most {}", most_), length);
    const std::string_view rest = std::string_view{bytes_}.substr(end_);
    const auto wanted = static_cast<std::size_t>(size);
    if (rest.size() < wanted + 2)
        return std::nullopt;
    if (rest.substr(wanted, 2) != "\r\n")
        bad("the end of a bulk string", rest.substr(wanted));
    end_ += wanted + 2;
    return RespValue{.kind = RespValue::Kind::text, .text = std::string{rest.substr(0, wanted)}};
}

void RespReader::begin_list(std::int64_t count) {
    if (count > kMostItems - items_ || open_.size() >= kDeepest)
        bad(fmt::format("at most {} items, {} deep", kMostItems, kDeepest), fmt::format("*{}", count));
    items_ += count;
    open_.push_back({.list = {.kind = RespValue::Kind::list}, .missing = count});
}

std::optional<RespValue> RespReader::scalar() {
    const auto found = line();
    if (!found)
        return std::nullopt;
    const std::string_view rest = found->empty() ? *found : found->substr(1);
    switch (found->empty() ? '\0' : found->front()) {
    case '+':
        return RespValue{.kind = RespValue::Kind::text, .text = std::string{rest}};
    case '-':
        return RespValue{.kind = RespValue::Kind::error, .text = std::string{rest}};
    case ':':
        return RespValue{.kind = RespValue::Kind::integer, .integer = number(rest)};
    case '$':
        return bulk(rest);
    case '*':
        break;
    default:
        bad("a reply of RESP", *found);
    }
    const std::int64_t count = number(rest);
    if (count < -1)
        bad("the number of items", rest);
    if (count == -1)
        return RespValue{};
    if (count == 0)
        return RespValue{.kind = RespValue::Kind::list};
    begin_list(count);
    at_ = end_;
    return scalar();
}

std::optional<RespValue> RespReader::next() {
    while (auto value = scalar()) {
        at_ = end_;
        for (;;) {
            if (open_.empty())
                return value;
            Open& list = open_.back();
            list.list.items.push_back(std::move(*value));
            if (--list.missing > 0)
                break;
            value = std::move(list.list);
            open_.pop_back();
        }
    }
    return std::nullopt;
}

std::string encode(const RespCommand& command) {
    std::string bytes = fmt::format("*{}\r\n", command.size());
    for (const std::string& word : command)
        bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
    return bytes;
}

} // namespace recoverd::io
