// SPDX-License-Identifier: Apache-2.0
// What a tool's own check of a whole repository found. It may take hours and is run seldom, so that what it found is
// kept from run to run, in the cursor, beside the list of points that each run makes anew.
#pragma once

#include "collectors/collector.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace recoverd::collectors {

/// Points by subject.
using Series = std::map<std::string, core::RecoveryPoints, std::less<>>;

/// By the id of a point, which is a name that another may have one day, what the tool itself calls just this one.
using OwnIds = std::map<std::string, std::string, std::less<>>;

struct Verification {
    /// When the last one began, or, where it came to no end, when it broke off: it may have read for hours.
    std::optional<Time> tried_at;
    /// Why the last one came to no end; nobody knows then, and what the one before found still stands.
    std::optional<Failure> failure;
    /// How many in a row have come to no end by now.
    std::uint64_t failures = 0;
    /// The errors that it found, in the tool's words; empty when there were none.
    std::string errors;
    /// The tool's own ids of the points that were there and found whole, the newest 5,000 at most.
    std::set<std::string, std::less<>> proven;

    /// Does the tool's check take the repository's lock? Then it may be refused while somebody else has that.
    enum class Locks : std::uint8_t { no, yes };

    /// Is it time for the next one? After one that came to no end, sooner, and soon after the first that a broken
    /// connection or the time ended; after that or errors, also when somebody asks, who may have mended what there was.
    bool due(Time now, Duration every, bool asked = false, Locks locks = Locks::yes) const;
    /// One was made; `why` it came to no end, if it did not. What it found is told by the two below, before.
    void tried(std::optional<Failure> why, Time began, Time ended);
    /// It came to an end without finding any error in what held `series`. Where `own` has nothing, a point's id is one
    /// that no other will ever have.
    void passed(const Series& series, const OwnIds& own = {});
    /// It found errors. The tools do not say in which points, so that none can be relied on until one passes again.
    void found(std::string words);
    /// Writes what was found into the points: how far they are proven, or that they are bad.
    void mark(core::RecoveryPoints& points, core::Depth depth, const OwnIds& own = {}) const;

    /// Throws BadDocument.
    static Verification read(const io::Json& json);
    void write(io::JsonWriter& out) const;
};

} // namespace recoverd::collectors
