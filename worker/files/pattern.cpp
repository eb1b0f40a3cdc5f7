// SPDX-License-Identifier: Apache-2.0
#include "worker/files/pattern.hpp"

#include <fmt/format.h>

#include <fnmatch.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

constexpr std::string_view kSubject = "{subject}";
constexpr std::string_view kWildcards = "*?[";

bool has_wildcards(std::string_view text) { return text.find_first_of(kWildcards) != std::string_view::npos; }

bool fits(const std::string& pattern, const char* name) { return ::fnmatch(pattern.c_str(), name, FNM_NOESCAPE) == 0; }

/// Where in `name` the subject may begin: behind each text that `before` fits.
std::vector<std::size_t> beginnings(const std::string& before, const std::string& name) {
    if (!has_wildcards(before)) {
        if (name.starts_with(before))
            return {before.size()};
        return {};
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (fits(before, name.substr(0, i).c_str()))
            found.push_back(i);
    return found;
}

/// Where the subject may end that begins at `begin`, shortest first.
std::vector<std::size_t> ends(const std::string& after, const std::string& name, std::size_t begin) {
    std::vector<std::size_t> found;
    if (!has_wildcards(after)) {
        if (name.size() > begin + after.size() && name.ends_with(after))
            found.push_back(name.size() - after.size());
        return found;
    }
    const char first = has_wildcards(after.substr(0, 1)) ? '\0' : after.front();
    for (std::size_t end = begin + 1; end <= name.size(); ++end)
        if ((!first || (end < name.size() && name[end] == first)) && fits(after, name.c_str() + end))
            found.push_back(end);
    return found;
}

std::size_t choose(const std::vector<std::size_t>& candidates, const std::string& after, const std::string& name,
                   std::size_t begin, const std::optional<NamedTime>& time) {
    if (time && time->begin > begin)
        for (auto end = candidates.rbegin(); end != candidates.rend(); ++end)
            if (*end <= time->begin)
                return *end;
    const std::size_t lead = std::min(after.find_first_of(kWildcards), after.size());
    for (const std::size_t end : candidates)
        if (end + lead < name.size() && name[end + lead] >= '0' && name[end + lead] <= '9')
            return end;
    return candidates.back();
}

} // namespace

bool Segment::matches(const std::string& name) const {
    if (name.starts_with('.') && !before.starts_with('.'))
        return false;
    if (literal)
        return name == before;
    if (has_subject)
        return !subject_of(name, find_time(name)).empty();
    return fits(before, name.c_str());
}

std::string_view Segment::subject_of(const std::string& name, const std::optional<NamedTime>& time) const {
    if (name.starts_with('.') && !before.starts_with('.'))
        return {};
    for (const std::size_t begin : beginnings(before, name)) {
        const auto candidates = ends(after, name, begin);
        if (candidates.empty())
            continue;
        const std::size_t end = candidates.size() == 1 ? candidates[0] : choose(candidates, after, name, begin, time);
        return std::string_view{name}.substr(begin, end - begin);
    }
    return {};
}

core::Result<Pattern> parse_pattern(std::string_view text) {
    using core::FailureKind;
    if (!text.starts_with('/'))
        return core::failed(FailureKind::misconfigured,
                            fmt::format("path: expected an absolute path, found '{}'", text));
    Pattern pattern;
    pattern.text = text;
    for (std::size_t at = 1; at <= text.size();) {
        const std::size_t slash = std::min(text.find('/', at), text.size());
        const std::string_view name = text.substr(at, slash - at);
        at = slash + 1;
        if (name.empty() || name == ".")
            continue;
        if (name == "..")
            return core::failed(FailureKind::misconfigured, fmt::format("path: expected no '..', found '{}'", text));
        Segment segment;
        const std::size_t subject = name.find(kSubject);
        segment.has_subject = subject != std::string_view::npos;
        segment.before = name.substr(0, subject);
        if (segment.has_subject)
            segment.after = name.substr(subject + kSubject.size());
        segment.any_depth = name == "**";
        segment.literal = !segment.has_subject && !has_wildcards(name);
        if (segment.any_depth && pattern.any_depth)
            return core::failed(FailureKind::misconfigured,
                                fmt::format("path: expected one ** at most, found '{}'", text));
        if ((segment.has_subject && pattern.has_subject) || segment.after.contains(kSubject))
            return core::failed(FailureKind::misconfigured,
                                fmt::format("path: expected one {{subject}} at most, found '{}'", text));
        pattern.has_subject |= segment.has_subject;
        pattern.any_depth |= segment.any_depth;
        pattern.segments.push_back(std::move(segment));
    }
    if (pattern.segments.empty() || pattern.segments.back().any_depth)
        return core::failed(FailureKind::misconfigured,
                            fmt::format("path: expected names of files at its end, found '{}'", text));
    return pattern;
}

} // namespace recoverd::worker::files
