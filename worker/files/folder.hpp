// SPDX-License-Identifier: Apache-2.0
// What whoever goes through folders has in common. Only for the files beside this one.
#pragma once

#include "core/failure.hpp"

#include <fmt/format.h>

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace recoverd::worker::files {

inline constexpr unsigned kMaxDepth = 64;

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

inline core::Failure failure_of(int error, const std::string& path, std::string_view what) {
    const bool refused = error == EACCES || error == EPERM;
    return {refused            ? core::FailureKind::refused
            : error == ENOTDIR ? core::FailureKind::misconfigured
                               : core::FailureKind::unreachable,
            fmt::format("{} '{}': {}", what, path, std::generic_category().message(error))};
}

/// What a link to nothing, to itself, or through a file says.
inline bool leads_nowhere(int error) { return error == ENOENT || error == ELOOP || error == ENOTDIR; }

} // namespace recoverd::worker::files
