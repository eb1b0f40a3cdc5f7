// SPDX-License-Identifier: Apache-2.0
// `${NAME}` from the environment and `{key}` from an entry of `for_each`, in every string of the document.
#include "core/ascii.hpp"
#include "core/config/compiling.hpp"

#include <algorithm>

namespace recoverd::core::config {

namespace {

/// Shown in place of a secret.
constexpr std::string_view kHidden = "***";

bool is_variable_name(std::string_view name) {
    const auto letter = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    return !name.empty() && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string expanded(const std::string& text, const Position& at, const std::string& path, Compiling& run) {
    std::string out;
    std::size_t done = 0;
    for (std::size_t begin = text.find("${"); begin != std::string::npos; begin = text.find("${", begin + 2)) {
        const std::size_t end = text.find('}', begin);
        const std::string name = end == std::string::npos ? std::string{} : text.substr(begin + 2, end - begin - 2);
        // Anything else with a dollar belongs to whoever reads the string: regular expressions are full of them.
        if (!is_variable_name(name))
            continue;
        const bool meant = begin == done || text[begin - 1] != '$';
        out.append(text, done, begin - done);
        done = end + 1;
        if (!meant) {
            out.append(text, begin + 1, done - begin - 1);
        } else if (const auto value = run.around.environment(name)) {
            out += *value;
        } else {
            run.diagnostics.mistake(at, path, fmt::format("environment variable '{}' is not set", name),
                                    fmt::format("write $${{{}}} when the text itself is meant", name));
        }
    }
    return out.append(text, done);
}

const std::string* original_of(const Position& at, const Compiling& run) {
    const auto found = run.originals.find({at.line, at.column});
    if (found == run.originals.end())
        return nullptr;
    for (const auto& [file, text] : found->second)
        if (file == at.file.get())
            return &text;
    return nullptr;
}

/// What a parameter of a query is called that lets somebody in.
bool is_secret_name(std::string_view name) {
    static constexpr std::string_view kSecret[] = {"token", "key", "secret", "passw", "sig", "auth", "credential"};
    const std::string lower = ascii_lower(name);
    return std::ranges::any_of(kSecret, [&](std::string_view word) { return lower.contains(word); });
}

/// The values of such parameters, where a query or a fragment begins at `at`. Rather too much than too little: a value
/// that nobody encoded may hold anything.
void hide_parameters(std::string& text, std::size_t at) {
    constexpr std::string_view kBlank = " \t\n";
    while (at < text.size() && !kBlank.contains(text[at])) {
        const std::size_t end = std::min(text.find_first_of("&# \t\n", at + 1), text.size());
        const std::size_t equals = text.find('=', at);
        if (equals < end && is_secret_name(std::string_view{text}.substr(at + 1, equals - at - 1))) {
            text.replace(equals + 1, end - equals - 1, kHidden);
            at = equals + 1 + kHidden.size();
        } else {
            at = end;
        }
    }
}

/// The same in a URL, or a path of one, that begins at `begin`.
void hide_parameters_behind(std::string& text, std::size_t begin) {
    const std::size_t at = text.find_first_of("?# \t\n", begin);
    if (at != std::string::npos && (text[at] == '?' || text[at] == '#'))
        hide_parameters(text, at);
}

/// "scheme://user:secret@host", "scheme://host/?token=secret" and libpq's "password=secret": nobody should write them,
/// and somebody will.
std::string without_passwords(std::string text) {
    for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
        const std::size_t end = std::min(text.find_first_of("/?# ", at + 3), text.size());
        const std::size_t host = text.rfind('@', end);
        const std::size_t colon = text.find(':', at + 3);
        if (host != std::string::npos && host > at && colon < host)
            text.replace(colon + 1, host - colon - 1, kHidden);
        hide_parameters_behind(text, at + 3);
    }
    // What begins with a variable is shown as it was written: its scheme may be in there.
    if (text.starts_with('/') || text.starts_with("${"))
        hide_parameters_behind(text, 0);
    constexpr std::string_view kKey = "password=";
    for (std::size_t at = text.find(kKey); at != std::string::npos; at = text.find(kKey, at + 1)) {
        const std::size_t begin = at + kKey.size();
        const bool quoted = begin < text.size() && text[begin] == '\'';
        const std::size_t end = quoted ? text.find('\'', begin + 1) : text.find_first_of(" &", begin);
        text.replace(begin, std::min(end, text.size()) - begin, kHidden);
    }
    return text;
}

void restore(Node& node, const Compiling& run) {
    if (auto* text = std::get_if<std::string>(&node.value)) {
        if (const std::string* original = original_of(node.at, run))
            *text = *original;
        *text = without_passwords(std::move(*text));
    } else if (auto* array = std::get_if<Array>(&node.value)) {
        for (Node& item : *array)
            restore(item, run);
    } else if (auto* table = std::get_if<Table>(&node.value)) {
        for (Entry& entry : *table)
            restore(entry.node, run);
    }
}

} // namespace

void expand_environment(Node& node, const std::string& path, Compiling& run) {
    if (auto* text = std::get_if<std::string>(&node.value)) {
        if (!text->contains("${"))
            return;
        std::string filled = expanded(*text, node.at, path, run);
        run.originals[{node.at.line, node.at.column}].emplace_back(node.at.file.get(), std::exchange(*text, filled));
    } else if (auto* array = std::get_if<Array>(&node.value)) {
        for (Node& item : *array)
            expand_environment(item, fmt::format("{}[{}]", path, &item - array->data()), run);
    } else if (auto* table = std::get_if<Table>(&node.value)) {
        for (Entry& entry : *table)
            expand_environment(entry.node, path.empty() ? entry.key : path + "." + entry.key, run);
    }
}

std::string shown(const Node& node, const Compiling& run) {
    Node copy = node;
    restore(copy, run);
    return canonical(copy);
}

void fill_placeholders(Node& node, const std::map<std::string, std::string>& values) {
    if (auto* text = std::get_if<std::string>(&node.value)) {
        std::string out;
        std::size_t done = 0;
        for (std::size_t begin = text->find('{'); begin != std::string::npos; begin = text->find('{', begin + 1)) {
            const std::size_t end = text->find('}', begin);
            if (end == std::string::npos)
                break;
            const auto value = values.find(text->substr(begin + 1, end - begin - 1));
            if (value == values.end())
                continue;
            out.append(*text, done, begin - done).append(value->second);
            done = end + 1;
        }
        if (done != 0)
            *text = out.append(*text, done);
    } else if (auto* array = std::get_if<Array>(&node.value)) {
        for (Node& item : *array)
            fill_placeholders(item, values);
    } else if (auto* table = std::get_if<Table>(&node.value)) {
        for (Entry& entry : *table)
            fill_placeholders(entry.node, values);
    }
}

} // namespace recoverd::core::config
