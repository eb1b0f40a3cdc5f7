// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/pattern.hpp"

#include "core/config.hpp"

#include <algorithm>
#include <vector>

namespace recoverd::collectors::s3_parts {

namespace {

constexpr std::string_view kSubject = "{subject}";
constexpr std::string_view kWildcards = "*?";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// From where on `pattern` fits the rest of `text`, for all places at once: asking one after the other takes seconds
/// for a thousand keys that somebody chose for it.
std::vector<bool> fits_from(std::string_view pattern, std::string_view text) {
    std::vector<bool> fits(text.size() + 1, false);
    fits.back() = true; // nothing fits nothing
    for (std::size_t p = pattern.size(); p-- > 0;) {
        std::vector<bool> longer(text.size() + 1, false);
        longer.back() = pattern[p] == '*' && fits.back();
        for (std::size_t t = text.size(); t-- > 0;) {
            if (pattern[p] == '*')
                longer[t] = fits[t] || longer[t + 1];
            else
                longer[t] = (pattern[p] == '?' || pattern[p] == text[t]) && fits[t + 1];
        }
        fits = std::move(longer);
    }
    return fits;
}

} // namespace

KeyPattern::KeyPattern(std::string_view key, std::string_view prefix) {
    const std::string whole = key.empty() ? std::string{prefix} + "*" : std::string{key};
    const auto subject = key.empty() ? std::string::npos : whole.find(kSubject);
    has_subject_ = subject != std::string::npos;
    before_ = whole.substr(0, subject);
    if (has_subject_)
        after_ = whole.substr(subject + kSubject.size());
    names_objects_ = !key.empty() && whole.find_first_of(kWildcards) == std::string::npos;
    const bool literal = key.empty() || has_subject_;
    prefix_ = key.empty() ? std::string{prefix}
              : literal   ? before_
                          : before_.substr(0, before_.find_first_of(kWildcards));
}

std::optional<std::string_view> KeyPattern::subject_of(std::string_view key) const {
    if (!key.starts_with(prefix_))
        return std::nullopt;
    if (!has_subject_) {
        // A prefix is no pattern: what stands in it is meant as it stands.
        const bool all_below = before_.size() == prefix_.size() + 1 && before_.ends_with('*');
        return all_below || core::glob_matches(before_, key) ? std::optional{std::string_view{}} : std::nullopt;
    }
    const std::string_view rest = key.substr(prefix_.size());
    const std::vector<bool> fits = fits_from(after_, rest);
    const std::size_t lead = std::min(after_.find_first_of(kWildcards), after_.size());
    std::optional<std::string_view> found;
    for (std::size_t end = 1; end <= rest.size(); ++end) {
        if (!fits[end])
            continue;
        found = rest.substr(0, end);
        if (lead < after_.size() && end + lead < rest.size() && is_digit(rest[end + lead]))
            break;
    }
    return found;
}

} // namespace recoverd::collectors::s3_parts
