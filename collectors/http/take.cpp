// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/take.hpp"

#include "core/ascii.hpp"
#include "core/config/values.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::http_parts {

namespace {

using core::config::Diagnostics;
using core::config::Entry;
using core::config::Node;
using core::config::Option;
using core::config::Table;
using Taken = std::expected<Value, std::string>;

struct FromText {
    std::string header;
    std::string match;
};
constexpr Option<FromText> kFromText[] = {
    {"header", &FromText::header, "the header whose value is taken; the body when left out"},
    {"match", &FromText::match, "regular expression (RE2, line by line), of which the first group is taken"},
};

void read_match(const std::string& text, const Entry& entry, const std::string& path, Take& take,
                Diagnostics& diagnostics) {
    auto expression = Expression::parse(text, Expression::By::lines);
    if (!expression)
        diagnostics.mistake(entry.node.at, path,
                            fmt::format("expected a regular expression, found '{}': {}", text, expression.error()));
    else
        take.match = std::move(*expression);
    take.match_text = text;
}

Take read_take(const Entry& entry, const std::string& path, Diagnostics& diagnostics) {
    Take take;
    take.variable = entry.key;
    if (!is_variable(entry.key))
        diagnostics.mistake(entry.key_at, path,
                            fmt::format("expected a variable of letters, digits and '_', found '{}'", entry.key));
    if (const std::string* pointer = entry.node.text()) {
        take.pointer = *pointer;
        if (!pointer->starts_with('/'))
            diagnostics.mistake(
                entry.node.at, path, fmt::format("expected a JSON pointer, found '{}'", *pointer),
                fmt::format("write \"/{}\", or {{ header = \"…\" }}, or {{ match = \"…\" }}", *pointer));
    } else if (const Table* table = entry.node.table()) {
        const auto from = core::config::read_options<FromText>(
            *table, {path, "something that a step takes", entry.node.at}, kFromText, {}, diagnostics);
        take.header = core::ascii_lower(from.header);
        if (!from.match.empty())
            read_match(from.match, entry, path, take, diagnostics);
        else if (from.header.empty())
            diagnostics.mistake(entry.node.at, path, "expected 'header' or 'match' or both, found neither");
    } else {
        diagnostics.mistake(
            entry.node.at, path,
            fmt::format("expected a JSON pointer or a table, found {}", core::config::describe(entry.node)));
    }
    return take;
}

Taken from_json(const Take& take, const io::Json& body) {
    const io::Json& found = body.at_pointer(take.pointer);
    if (found.is_text())
        return Value{io::Secret{found.text()}, false};
    if (const auto* truth = std::get_if<bool>(&found.value()))
        return Value{io::Secret{*truth ? "true" : "false"}, true};
    if (const auto* whole = std::get_if<std::int64_t>(&found.value()))
        return Value{io::Secret{std::to_string(*whole)}, true};
    if (const auto* whole = std::get_if<std::uint64_t>(&found.value()))
        return Value{io::Secret{std::to_string(*whole)}, true};
    if (const auto* number = std::get_if<double>(&found.value()))
        return Value{io::Secret{fmt::format("{}", *number)}, true};
    const std::string_view what = found.absent()      ? "nothing"
                                  : found.null()      ? "null"
                                  : found.is_object() ? "an object"
                                                      : "an array";
    return std::unexpected(
        fmt::format("expected text or a number at '{}' for {{{}}}, found {}", take.pointer, take.variable, what));
}

Taken from_text(const Take& take, const io::HttpAnswer& answer) {
    const std::string place = take.header.empty() ? "in the body" : fmt::format("in the header '{}'", take.header);
    const std::string text = take.header.empty() ? answer.body : std::string{answer.header(take.header)};
    if (!take.match)
        return Value{io::Secret{text}, false};
    if (auto found = take.match->first_in(text))
        return Value{io::Secret{std::move(*found)}, false};
    return std::unexpected(fmt::format("expected /{}/ {} for {{{}}}, found {} bytes without it", take.match_text, place,
                                       take.variable, text.size()));
}

Taken checked(const Take& take, Taken taken) {
    if (!taken)
        return taken;
    // It would lead to another place than the one that was meant: DELETE /orders/{id} to all orders.
    if (taken->text.empty())
        return std::unexpected(fmt::format("expected a value for {{{}}}, found an empty one", take.variable));
    if (taken->text.reveal().size() > kLongestValue)
        return std::unexpected(fmt::format("expected a value for {{{}}} of at most {}, found a longer one",
                                           take.variable, core::config::format_size(kLongestValue)));
    return taken;
}

} // namespace

std::vector<Take> read_takes(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    std::vector<Take> takes;
    const Table* table = node.table();
    if (!table)
        diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", core::config::describe(node)),
                            "write take = { id = \"/id\" }");
    for (const Entry& entry : table ? *table : Table{})
        takes.push_back(read_take(entry, fmt::format("{}.{}", path, entry.key), diagnostics));
    return takes;
}

std::expected<void, std::string> take_values(const std::vector<Take>& takes, const io::HttpAnswer& answer,
                                             Values& values) {
    std::optional<io::Json> body;
    for (const Take& take : takes) {
        if (!take.pointer.empty() && !body) {
            if (answer.cut)
                return std::unexpected(fmt::format("expected JSON, found a body beyond {} bytes", answer.body.size()));
            // A body that is no JSON is evidence about the server here, and not a failure to look: so it is caught
            // here.
            try {
                body = io::Json::parse(answer.body);
            } catch (const io::BadDocument& bad) {
                return std::unexpected(std::string{bad.what()});
            }
        }
        auto taken = checked(take, take.pointer.empty() ? from_text(take, answer) : from_json(take, *body));
        if (!taken)
            return std::unexpected(std::move(taken.error()));
        values.insert_or_assign(take.variable, std::move(*taken));
    }
    return {};
}

} // namespace recoverd::collectors::http_parts
