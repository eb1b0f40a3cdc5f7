// SPDX-License-Identifier: Apache-2.0
#include "agent/version.hpp"

#include <fmt/format.h>

#ifndef RECOVERD_REVISION
#define RECOVERD_REVISION "unknown"
#endif

namespace recoverd::agent {

namespace {

constexpr std::string_view kArchitecture =
#if defined(__x86_64__)
    "amd64";
#elif defined(__aarch64__)
    "arm64";
#else
    "unknown";
#endif

constexpr std::string_view kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "g++ " __VERSION__;
#endif

} // namespace

std::string_view version() { return RECOVERD_VERSION; }
std::string_view revision() { return RECOVERD_REVISION; }
std::string_view compiler() { return kCompiler; }

std::string version_text() {
    return fmt::format("recoverd, version {} (revision: {})\n  compiler: {}\n  platform: linux/{}", version(),
                       revision(), compiler(), kArchitecture);
}

} // namespace recoverd::agent
