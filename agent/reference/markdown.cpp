// SPDX-License-Identifier: Apache-2.0
#include "agent/reference/markdown.hpp"

#include <fmt/format.h>

#include <iterator>

namespace recoverd::agent {

namespace {

/// `cell` without what would end it.
std::string escaped(std::string_view cell) {
    std::string out;
    for (const char c : cell) {
        if (c == '|')
            out += '\\';
        out += c;
    }
    return out;
}

} // namespace

/// What follows a table begins behind an empty line.
void Markdown::end_table() {
    if (!out_.ends_with("\n\n"))
        out_ += '\n';
}

void Markdown::heading(int level, std::string_view words) {
    end_table();
    fmt::format_to(std::back_inserter(out_), "{} {}\n\n", std::string(static_cast<std::size_t>(level), '#'), words);
}

void Markdown::paragraph(std::string_view words) {
    end_table();
    fmt::format_to(std::back_inserter(out_), "{}\n\n", words);
}

void Markdown::list(const std::vector<std::string>& items) {
    end_table();
    for (const std::string& item : items)
        fmt::format_to(std::back_inserter(out_), "- {}\n", item);
    out_ += '\n';
}

void Markdown::example(std::string_view text) { paragraph(fmt::format("```\n{}\n```", text)); }

void Markdown::table(std::initializer_list<std::string_view> names) {
    end_table();
    std::string rule;
    for (const std::string_view name : names) {
        fmt::format_to(std::back_inserter(out_), "| {} ", name);
        rule += "|---";
    }
    fmt::format_to(std::back_inserter(out_), "|\n{}|\n", rule);
}

void Markdown::row(std::initializer_list<std::string> cells) {
    for (const std::string& cell : cells)
        fmt::format_to(std::back_inserter(out_), "| {} ", escaped(cell));
    out_ += "|\n";
}

std::string Markdown::take() {
    while (out_.ends_with("\n\n"))
        out_.pop_back();
    return std::move(out_);
}

} // namespace recoverd::agent
