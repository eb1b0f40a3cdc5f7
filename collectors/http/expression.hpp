// SPDX-License-Identifier: Apache-2.0
// POSIX extended regular expressions over what a server sent. Not std::regex: its recursion overflows the stack on
// bodies of some 100 KB, which are the other side's to choose.
#pragma once

#include <regex.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace recoverd::collectors::http_parts {

class Expression {
  public:
    enum class For : std::uint8_t { finding, taking };

    /// The error says what is wrong with it, as regcomp has it.
    static std::expected<Expression, std::string> parse(const std::string& source, For use, bool any_case = false);

    bool found_in(const std::string& text) const;
    /// Of an expression for taking: its first group where it is found first, all of it when it has none.
    ///
    /// The C library's time grows with the square of what it searches once it has to tell where a group is, and the
    /// loop waits for it. So the first 64 KiB are searched by pieces of a line, and what is longer than 512 bytes may
    /// not be found.
    std::optional<std::string> first_in(const std::string& text) const;

  private:
    std::optional<std::string> first_between(const std::string& text, std::size_t begin, std::size_t end,
                                             int flags) const;

    std::shared_ptr<const regex_t> compiled_;
};

} // namespace recoverd::collectors::http_parts
