// SPDX-License-Identifier: Apache-2.0
#include "core/config/diagnostics.hpp"

#include "core/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace recoverd::core::config {

namespace {

/// Case and the choice between '-' and '_' are the slips that look smallest, so they cost nothing.
std::string folded(std::string_view word) {
    std::string out = ascii_lower(word);
    std::ranges::replace(out, '-', '_');
    return out;
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1, i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = std::exchange(last, std::move(row));
    }
    return last.back();
}

} // namespace

void Diagnostics::mistake(const Position& at, std::string path, std::string message, std::string hint) {
    all_.push_back({Severity::mistake, at, std::move(path), std::move(message), std::move(hint), false});
}

void Diagnostics::missing(const Position& at, std::string path, std::string message, std::string hint) {
    all_.push_back({Severity::mistake, at, std::move(path), std::move(message), std::move(hint), true});
}

void Diagnostics::warning(const Position& at, std::string path, std::string message, std::string hint) {
    all_.push_back({Severity::warning, at, std::move(path), std::move(message), std::move(hint), false});
}

void Diagnostics::note_missing(std::size_t count, const Position& at) {
    for (std::size_t i = count; i < all_.size(); ++i)
        if (all_[i].at == at)
            all_[i].may_be_elsewhere = true;
}

bool Diagnostics::has_mistakes() const {
    return std::ranges::any_of(all_, [](const Diagnostic& d) { return d.severity == Severity::mistake; });
}

Diagnostics Diagnostics::told_once() const {
    using Spot = std::tuple<std::string_view, std::uint32_t, std::uint32_t>;
    const auto spot = [](const Diagnostic& d) {
        return Spot{d.at.file ? std::string_view{*d.at.file} : std::string_view{}, d.at.line, d.at.column};
    };
    std::set<std::pair<Spot, std::string_view>> told;
    Diagnostics out;
    for (const Diagnostic& d : all_)
        if (d.at.line == 0 || told.emplace(spot(d), d.message).second)
            out.all_.push_back(d);
    std::ranges::stable_sort(out.all_, {}, spot);
    return out;
}

std::string format(const Diagnostic& diagnostic) {
    std::string out;
    if (diagnostic.at.file) {
        out = *diagnostic.at.file + ": ";
        if (diagnostic.at.line != 0)
            out = fmt::format("{}:{}:{}: ", *diagnostic.at.file, diagnostic.at.line, diagnostic.at.column);
    }
    if (diagnostic.severity == Severity::warning)
        out += "warning: ";
    if (!diagnostic.path.empty())
        out += diagnostic.path + ": ";
    out += diagnostic.message;
    if (!diagnostic.hint.empty())
        out += "\nhint: " + diagnostic.hint;
    return out;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    // A third of the letters may be wrong: more than that, or one of two, and the suggestion is a guess.
    std::size_t best = word.size() / 3 + 1;
    std::string_view found;
    const std::string wanted = folded(word);
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(wanted, folded(candidate));
        if (distance < best) {
            best = distance;
            found = candidate;
        }
    }
    return found;
}

} // namespace recoverd::core::config
