// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/expression.hpp"

#include <algorithm>
#include <array>

namespace recoverd::collectors::http_parts {

std::expected<Expression, std::string> Expression::parse(const std::string& source, For use, bool any_case) {
    auto compiled = std::unique_ptr<regex_t, void (*)(regex_t*)>(new regex_t{}, [](regex_t* made) { delete made; });
    const int flags = REG_EXTENDED | (use == For::finding ? REG_NOSUB : 0) | (any_case ? REG_ICASE : 0);
    if (const int error = ::regcomp(compiled.get(), source.c_str(), flags); error != 0) {
        std::array<char, 200> words{};
        ::regerror(error, compiled.get(), words.data(), words.size());
        return std::unexpected(std::string{words.data()});
    }
    Expression expression;
    expression.compiled_ = std::shared_ptr<const regex_t>(compiled.release(), [](const regex_t* made) {
        ::regfree(const_cast<regex_t*>(made));
        delete made;
    });
    return expression;
}

bool Expression::found_in(const std::string& text) const {
    // Bounded by its size, since a body may hold zero bytes.
    regmatch_t bounds{};
    bounds.rm_so = 0;
    bounds.rm_eo = static_cast<regoff_t>(text.size());
    return ::regexec(compiled_.get(), text.c_str(), 1, &bounds, REG_STARTEND) == 0;
}

std::optional<std::string> Expression::first_in(const std::string& text) const {
    constexpr std::size_t kMost = std::size_t{64} << 10U;
    constexpr std::size_t kPiece = 1'024;
    constexpr std::size_t kStep = kPiece / 2; // pieces overlap, so that what lies across their ends is found
    const std::size_t size = std::min(text.size(), kMost);
    for (std::size_t line = 0; line < size;) {
        const std::size_t line_end = std::min(text.find('\n', line), size);
        for (std::size_t begin = line;; begin += kStep) {
            const std::size_t end = std::min(begin + kPiece, line_end);
            const int flags = (begin == line ? 0 : REG_NOTBOL) | (end == line_end ? 0 : REG_NOTEOL);
            if (auto found = first_between(text, begin, end, flags))
                return found;
            if (end == line_end)
                break;
        }
        line = line_end + 1;
    }
    return std::nullopt;
}

std::optional<std::string> Expression::first_between(const std::string& text, std::size_t begin, std::size_t end,
                                                     int flags) const {
    std::array<regmatch_t, 2> found{};
    found[0].rm_so = 0; // elsewhere it would not be where '^' is
    found[0].rm_eo = static_cast<regoff_t>(end - begin);
    if (::regexec(compiled_.get(), text.c_str() + begin, found.size(), found.data(), REG_STARTEND | flags) != 0)
        return std::nullopt;
    const regmatch_t& group = found.at(compiled_->re_nsub > 0 ? 1 : 0);
    if (group.rm_so < 0)
        return std::string{}; // an alternative without the group
    return text.substr(begin + static_cast<std::size_t>(group.rm_so),
                       static_cast<std::size_t>(group.rm_eo - group.rm_so));
}

} // namespace recoverd::collectors::http_parts
