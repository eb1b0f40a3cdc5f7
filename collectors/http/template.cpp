// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/template.hpp"

#include "io/http.hpp"
#include "io/json.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::http_parts {

namespace {

// A shorter one is found in any text, and is no secret.
constexpr std::size_t kShortestSecret = 4;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Follows JSON to know whether one is inside a string.
class Strings {
  public:
    void pass(std::string_view json) {
        for (const char c : json) {
            if (inside_ && !escaped_ && c == '\\') {
                escaped_ = true;
                continue;
            }
            if (c == '"' && !escaped_)
                inside_ = !inside_;
            escaped_ = false;
        }
    }
    bool inside() const { return inside_; }

  private:
    bool inside_ = false;
    bool escaped_ = false;
};

std::string in_json(const Value& value, bool inside_string) {
    if (value.bare)
        return value.text.reveal();
    std::string quoted = io::json_quote(value.text.reveal());
    return inside_string ? quoted.substr(1, quoted.size() - 2) : quoted;
}

/// A segment "." or ".." leads to another path, also when it is percent-encoded: nobody may be led there by a value.
bool has_dot_segment(std::string_view url) {
    const auto scheme = url.find("://");
    const auto path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
    if (path == std::string_view::npos)
        return false;
    for (std::string_view rest = url.substr(path, std::min(url.find_first_of("?#"), url.size()) - path);
         !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view segment = rest.substr(0, rest.find('/'));
        if (segment == "." || segment == "..")
            return true;
        rest.remove_prefix(segment.size());
    }
    return false;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

/// "http://db1/orders/17?token=x: refused" becomes "http://db1/…: refused".
void drop_paths(std::string& text) {
    for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
        const std::size_t word = std::min(text.find_first_of(" '\n", at), text.size());
        const std::size_t path = std::min(text.find_first_of("/?#", at + 3), word);
        const std::size_t end = word > path && text[word - 1] == ':' ? word - 1 : word;
        if (end > path + 1)
            text.replace(path, end - path, "/…");
    }
}

} // namespace

bool is_variable(std::string_view name) {
    return !name.empty() && is_letter(name.front()) &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Template::Template(std::string text) : text_(std::move(text)) {
    std::size_t done = 0;
    for (std::size_t begin = text_.find('{'); begin != std::string::npos; begin = text_.find('{', begin + 1)) {
        const std::size_t end = text_.find('}', begin);
        if (end == std::string::npos)
            break;
        std::string name = text_.substr(begin + 1, end - begin - 1);
        if (!is_variable(name))
            continue; // JSON is full of braces
        pieces_.push_back({text_.substr(done, begin - done), std::move(name)});
        begin = end;
        done = end + 1;
    }
    pieces_.push_back({text_.substr(done), {}});
}

std::vector<std::string> Template::variables() const {
    std::vector<std::string> names;
    for (const Piece& piece : pieces_)
        if (!piece.variable.empty())
            names.push_back(piece.variable);
    return names;
}

std::expected<std::string, std::string> Template::filled(Filling filling, const Values& values) const {
    std::string out;
    Strings strings;
    for (const auto& [text, variable] : pieces_) {
        out += text;
        strings.pass(text);
        if (variable.empty())
            continue;
        const Value& value = values.find(variable)->second;
        if (filling == Filling::json)
            out += in_json(value, strings.inside());
        else if (filling != Filling::header)
            out += io::percent_encoded(value.text.reveal());
        else if (io::is_field_value(value.text.reveal()))
            out += value.text.reveal();
        else
            return std::unexpected(fmt::format(
                "expected a value for {{{}}} that can stand in a header, found a line break or control character in it",
                variable));
    }
    if (filling == Filling::url && pieces_.size() > 1 && has_dot_segment(out))
        return std::unexpected("expected values that stay in the path of the url, found one that leaves it");
    return out;
}

std::string without_values(std::string text, const Values& values) {
    drop_paths(text);
    for (const auto& [name, value] : values) {
        const std::string& secret = value.text.reveal();
        if (secret.size() < kShortestSecret)
            continue;
        const std::string shown = fmt::format("{{{}}}", name);
        replace_all(text, secret, shown);
        replace_all(text, io::percent_encoded(secret), shown);
    }
    return text;
}

bool gives_away(std::string_view text, const Values& values) {
    return std::ranges::any_of(values, [text](const auto& entry) {
        const std::string& secret = entry.second.text.reveal();
        return text == secret || (secret.size() >= kShortestSecret && text.contains(secret));
    });
}

} // namespace recoverd::collectors::http_parts
