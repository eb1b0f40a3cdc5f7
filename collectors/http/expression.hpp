// SPDX-License-Identifier: Apache-2.0
// Regular expressions over what a server sent. The loop waits for them and the other side chooses what they search, so
// the time must grow no faster than the text: RE2, as in Prometheus. std::regex overflows the stack on bodies of some
// 100 KB, and glibc took 12 s for `([a-z]+)=([0-9]+)` on a hostile one of 64 KiB.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace re2 {
class RE2;
}

namespace recoverd::collectors::http_parts {

class Expression {
  public:
    /// What `^`, `$` and `.` go by. `text`: all of it, `.` matches line ends as well. `lines`: each line.
    enum class By : std::uint8_t { text, lines };

    /// The error says what is wrong with it, as RE2 has it.
    static std::expected<Expression, std::string> parse(const std::string& source, By by, bool any_case = false);

    bool found_in(const std::string& text) const;
    /// Its first group where it is found first, all of it when it has none.
    std::optional<std::string> first_in(const std::string& text) const;

  private:
    std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace recoverd::collectors::http_parts
