// SPDX-License-Identifier: Apache-2.0
#include "agent/reference/roff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace recoverd::agent {

namespace {

/// Text as it is meant, whatever roff would make of it.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '\\':
            out += "\\e";
            break;
        // A plain one is a hyphen, which nobody can paste into a shell.
        case '-':
            out += "\\-";
            break;
        case '\'':
            out += "\\(aq";
            break;
        case '"':
            out += "\\(dq";
            break;
        case '`':
            out += "\\(ga";
            break;
        case '^':
            out += "\\(ha";
            break;
        case '~':
            out += "\\(ti";
            break;
        default:
            out += c;
        }
    }
    return out;
}

/// Where the inner part of the `code` or the [text](link) that begins here ends; npos when it is neither.
std::size_t end_of_inner(std::string_view words) {
    if (words.front() == '`')
        return words.find('`', 1);
    const auto end = words.find_first_of("[]", 1);
    return end != words.npos && words.substr(end).starts_with("](") ? end : words.npos;
}

/// [text](link) leaves text, and `code` becomes bold.
std::string inline_roff(std::string_view words) {
    std::string out;
    while (!words.empty()) {
        const auto mark = std::min(words.find_first_of("`["), words.size());
        out += escaped(words.substr(0, mark));
        words.remove_prefix(mark);
        if (words.empty())
            break;
        const auto end = end_of_inner(words);
        const std::string_view inner = words.substr(1, end == words.npos ? 0 : end - 1);
        if (end == words.npos) {
            out += escaped(words.substr(0, 1));
            words.remove_prefix(1);
        } else if (words.front() == '`') {
            out += fmt::format("\\fB{}\\fP", escaped(inner));
            words.remove_prefix(end + 1);
        } else {
            out += escaped(inner);
            words.remove_prefix(std::min(words.find(')', end), words.size() - 1) + 1);
        }
    }
    return out;
}

/// Lines that begin with what roff takes for a request are kept from it.
std::string lines(std::string_view roff) {
    std::string out;
    bool at_start = true;
    for (const char c : roff) {
        if (at_start && (c == '.' || c == '\''))
            out += "\\&";
        out += c;
        at_start = c == '\n';
    }
    return out;
}

std::string upper(std::string_view words) {
    std::string out{words};
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

/// What a cell between the first and the last adds: "default 1m", but "list" and "required" speak for themselves.
std::string remark(std::string_view column, std::string_view cell) {
    if (column == "type" || cell == "required")
        return std::string{cell};
    return fmt::format("{} {}", column, cell);
}

} // namespace

Roff::Roff(std::string_view name, int section, std::string_view summary) {
    out_ = fmt::format(".\\\" Generated from the tables of the program; `tools/accept-golden` writes it again.\n"
                       ".TH {} {} \"\" recoverd\n.SH NAME\n{} \\- {}\n",
                       upper(name), section, escaped(name), escaped(summary));
}

void Roff::heading(int level, std::string_view words) {
    if (level <= 2)
        fmt::format_to(std::back_inserter(out_), ".SH \"{}\"\n", inline_roff(upper(words)));
    else
        fmt::format_to(std::back_inserter(out_), ".SS \"{}\"\n", inline_roff(words));
}

void Roff::paragraph(std::string_view words) {
    fmt::format_to(std::back_inserter(out_), ".PP\n{}\n", lines(inline_roff(words)));
}

void Roff::list(const std::vector<std::string>& items) {
    for (const std::string& item : items)
        fmt::format_to(std::back_inserter(out_), ".IP \\(bu 2\n{}\n", lines(inline_roff(item)));
}

void Roff::example(std::string_view text) {
    fmt::format_to(std::back_inserter(out_), ".PP\n.RS 4\n.EX\n{}\n.EE\n.RE\n", lines(escaped(text)));
}

void Roff::table(std::initializer_list<std::string_view> names) { columns_.assign(names.begin(), names.end()); }

void Roff::row(std::initializer_list<std::string> cells) {
    const std::string* const cell = cells.begin();
    std::string remarks;
    for (std::size_t i = 1; i + 1 < cells.size(); ++i)
        if (!cell[i].empty())
            remarks += fmt::format("{}{}", remarks.empty() ? "" : ", ", remark(columns_.at(i), cell[i]));
    fmt::format_to(std::back_inserter(out_), ".TP\n{}\n{}\n", lines(inline_roff(cell[0])),
                   lines(inline_roff(cell[cells.size() - 1])));
    if (!remarks.empty())
        fmt::format_to(std::back_inserter(out_), "({})\n", inline_roff(remarks));
}

} // namespace recoverd::agent
