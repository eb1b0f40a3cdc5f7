// SPDX-License-Identifier: Apache-2.0
// Mistakes and warnings of a configuration, all of them, each with its place and a hint.
#pragma once

#include "core/config/node.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::core::config {

enum class Severity : std::uint8_t { mistake, warning };

struct Diagnostic {
    Severity severity = Severity::mistake;
    Position at;
    /// Where in the document's own terms: "check.orders-backup".
    std::string path;
    /// Lower case, no full stop: what was expected and what was found.
    std::string message;
    /// One sentence, or empty.
    std::string hint;
    /// Something is missing that another file may hold: no mistake yet while one cannot be read.
    bool may_be_elsewhere = false;
};

class Diagnostics {
  public:
    void mistake(const Position& at, std::string path, std::string message, std::string hint = {});
    /// A mistake, unless what is missing stands in a file that could not be read.
    void missing(const Position& at, std::string path, std::string message, std::string hint = {});
    void warning(const Position& at, std::string path, std::string message, std::string hint = {});

    void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }

    /// Of all mistakes behind the first `count`: those that stand at `at`, which is no key's place, are of missing
    /// keys.
    void note_missing(std::size_t count, const Position& at);

    bool has_mistakes() const;
    const std::vector<Diagnostic>& all() const { return all_; }
    /// In the order of files and lines, and what was found several times at one place (in a default, for every check
    /// that has it) once.
    Diagnostics told_once() const;

  private:
    std::vector<Diagnostic> all_;
};

/// "recoverd.toml:14:9: check.orders-backup: unknown key 'stanzza' …\nhint: did you mean 'stanza'?"
std::string format(const Diagnostic& diagnostic);
/// The candidate that is nearest to a mistyped word, or nothing when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

} // namespace recoverd::core::config
