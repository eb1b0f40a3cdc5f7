// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/options.hpp"

#include "collectors/git/call.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::git_parts {

namespace {

using core::config::Diagnostics;
using core::config::Place;

void check_repository(const std::string& url, std::string_view key, const Place& place, Diagnostics& diagnostics) {
    const std::string path = fmt::format("{}.{}", place.path, key);
    if (url.starts_with('-') || url.find("::") < url.find('/'))
        diagnostics.mistake(place.at, path, fmt::format("expected a URL or an absolute path, found '{}'", url));
    else if (is_http(url) && url.find('@') < url.find('/', url.find("://") + 3))
        diagnostics.mistake(place.at, path, "expected a URL without credentials",
                            "they belong in the file that `credentials` names");
    else if (!url.contains(':') && !url.empty() && !url.starts_with('/'))
        diagnostics.mistake(place.at, path, fmt::format("expected a URL or an absolute path, found '{}'", url));
}

} // namespace

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_repository(options.origin, "origin", place, diagnostics);
    check_repository(options.mirror, "mirror", place, diagnostics);
    if (options.mirror.empty() && !options.clone && !options.origin.empty())
        diagnostics.mistake(place.at, place.path,
                            "expected a 'mirror' to compare with, or 'clone = true', found neither");
    if (is_bundle(options.mirror) && !options.clone)
        diagnostics.mistake(place.at, place.path, "expected 'clone = true' with a bundle",
                            "its list of refs says nothing of the rest of it");
    if (options.origin == options.mirror && !options.origin.empty())
        diagnostics.mistake(place.at, place.path + ".mirror", "expected another repository than the origin");
    // git hands it to a shell.
    const bool plain =
        options.credentials.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                              "/._-@") == std::string::npos;
    if (!plain || (!options.credentials.empty() && options.credentials.front() != '/'))
        diagnostics.mistake(
            place.at, place.path + ".credentials",
            fmt::format("expected an absolute path of plain characters, found '{}'", options.credentials));
    if (options.exercise.empty())
        diagnostics.mistake(place.at, place.path + ".exercise", "expected a name, found nothing");
    if (!options.scratch.starts_with('/'))
        diagnostics.mistake(place.at, place.path + ".scratch",
                            fmt::format("expected an absolute path, found '{}'", options.scratch));
}

} // namespace recoverd::collectors::git_parts
