// SPDX-License-Identifier: Apache-2.0
// Text with `{variable}` in it, and what is put there: encoded for the place where it stands, so that no value that an
// answer gave can be more than a value.
#pragma once

#include "io/secret.hpp"

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::http_parts {

/// Of a variable. It may be a token or a password: nobody is told of it.
struct Value {
    io::Secret text;
    /// A number, true or false: JSON takes it without quotes.
    bool bare = false;
};
using Values = std::map<std::string, Value, std::less<>>;

/// Where a text goes, and so what a value in it must be encoded for.
enum class Filling : std::uint8_t { url, header, json, form };

/// A letter or '_', then letters, digits and '_'.
bool is_variable(std::string_view name);

class Template {
  public:
    Template() = default;
    explicit Template(std::string text);

    const std::string& text() const { return text_; }
    /// Those that it wants, in its order.
    std::vector<std::string> variables() const;
    /// Every variable has a value. The error says which value cannot stand there, and not what it is.
    std::expected<std::string, std::string> filled(Filling filling, const Values& values) const;

  private:
    struct Piece {
        /// Before the variable; of the last piece, which has none, the rest.
        std::string text;
        std::string variable;
    };

    std::string text_;
    std::vector<Piece> pieces_;
};

/// `text` without what could give a value away: of URLs only their hosts, of values only their names.
std::string without_values(std::string text, const Values& values);
/// Does `text` hold one of them?
bool gives_away(std::string_view text, const Values& values);

} // namespace recoverd::collectors::http_parts
