// SPDX-License-Identifier: Apache-2.0
// When each check runs next. Pure: intervals are counted on a clock that never jumps (`elapsed`), which comes in as an
// argument; only the first due time after a restart comes from the wall clock.
#pragma once

#include "core/config.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace recoverd::core {

/// What is known of a check from before the start.
struct Past {
    /// When it was due next, as it was stored.
    std::optional<Time> due_at;
};

class Schedule {
  public:
    /// Begins to run `check`, or goes on with it after a reload: a check that is known keeps its rhythm unless its
    /// interval changed. A check that is overdue (or new) is spread by its name's hash over min(every, kRamp), so
    /// that a start is no storm. `every` 0 is never due.
    void add(const Check& check, Duration elapsed, Time now, Past past = {});
    void remove(std::string_view name);

    /// The next moment at which something is due, or nothing.
    std::optional<Duration> next() const;
    /// Takes the next due check, which counts as running until `finished`; nothing when none is due at `elapsed`.
    /// `late` is how long it has been due.
    struct Due {
        std::string name;
        Duration late{0};
    };
    std::optional<Due> take(Duration elapsed);
    /// The run ended; `learned` tells whether it brought anything, or is to count as if it had. After kPatience runs in
    /// a row that did not, the interval doubles, up to max(every, kMaxBackOff).
    void finished(std::string_view name, bool learned, Duration elapsed);
    /// Runs it at the next opportunity, out of turn; its rhythm stays. No effect on a check that is running.
    void run_now(std::string_view name, Duration elapsed);
    /// When it is due next, for the store; nothing while it is unknown or never due.
    std::optional<Duration> due(std::string_view name) const;
    bool running(std::string_view name) const;

    static constexpr Duration kRamp{10'000};
    /// Checks begin on a grid this fine, so that those of one moment share one wake-up of the loop.
    static constexpr Duration kGrid{50};
    static constexpr unsigned kPatience = 5;
    static constexpr Duration kMaxBackOff{300'000};

  private:
    struct Entry {
        Duration every{0};
        Duration due{0};
        unsigned fruitless = 0;
        bool running = false;
        /// Rises with every new check: those that are due together run in the order in which they came.
        std::uint64_t order = 0;
    };
    struct NameHash : std::hash<std::string_view> {
        using is_transparent = void; // NOLINT(readability-identifier-naming): the library looks for this name
    };
    // Hashed, and the queue without names: among 50,000 checks, comparing names in two trees took most of the time.
    using Entries = std::unordered_map<std::string, Entry, NameHash, std::equal_to<>>;
    using Named = Entries::value_type;
    using Place = std::tuple<Duration, std::uint64_t, Named*>;

    static Place place_of(Named& named) { return {named.second.due, named.second.order, &named}; }
    void set_due(Named& named, Duration due);

    Entries entries_;
    std::set<Place> queue_;
    std::uint64_t next_order_ = 0;
};

/// A number in [0, 1) that is the same for the same name on every run and machine (FNV-1a).
double stable_fraction(std::string_view name);

} // namespace recoverd::core
