// SPDX-License-Identifier: Apache-2.0
// Makes values of the bytes of a RESP2 connection, however they are cut. Knows no socket.
#pragma once

#include "io/resp.hpp"

#include <string>
#include <string_view>

namespace recoverd::io {

/// For one connection. Holds no more than it was fed.
class RespReader {
  public:
    /// More than `most` bytes over its life are refused.
    explicit RespReader(std::size_t most = std::size_t{1} << 20U) : most_(most) {}

    void feed(std::string_view bytes);
    /// The next value, or nothing before all of it has come. Throws BadDocument for what is no RESP2, for lists that
    /// are nested deeper than 8 or have more than 50,000 items altogether, and for too many bytes.
    std::optional<RespValue> next();

  private:
    /// A list of which items are still to come.
    struct Open {
        RespValue list;
        std::int64_t missing = 0;
    };

    std::optional<std::string_view> line();
    std::optional<RespValue> bulk(std::string_view length);
    /// A value without items; a list that has any goes to `open_` instead.
    std::optional<RespValue> scalar();
    void begin_list(std::int64_t count);
    std::int64_t number(std::string_view digits) const;
    [[noreturn]] void bad(const std::string& wanted, std::string_view found) const;

    std::size_t most_;
    std::string bytes_;
    /// Where the value begins that is being read, and where what follows it does.
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    std::vector<Open> open_;
    std::int64_t items_ = 0;
};

/// A command as an array of bulk strings.
std::string encode(const RespCommand& command);

} // namespace recoverd::io
