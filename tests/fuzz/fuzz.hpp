// SPDX-License-Identifier: Apache-2.0
// A fuzzer is a file NAME_fuzz.cpp that defines `fuzz`, and the documents in corpus/NAME that it begins with. Any
// exception that escapes, any report of a sanitizer and any `must` that does not hold is a find.
#pragma once

#include "core/report.hpp"
#include "io/evidence_json.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace recoverd::fuzz {

void fuzz(std::string_view bytes);

/// Ends the process, which the fuzzer then reports with its input.
inline void must(bool holds, const char* what, std::string_view found = {}) {
    if (holds)
        return;
    std::fprintf(stderr, "must hold: %s\nfound: %.*s\n", what, static_cast<int>(found.size()), found.data());
    std::abort();
}

/// What core/evidence.hpp promises of any evidence, wherever it came from, and that it survives being stored.
void must_be_sound(const core::Seen& seen);
/// One line and perhaps a hint, as every failure is.
void must_be_sound(const core::Failure& failure);

/// 2026-11-24T12:00:00Z
inline constexpr core::Time kNow{std::chrono::milliseconds{1'795'521'600'000}};

} // namespace recoverd::fuzz
