// SPDX-License-Identifier: Apache-2.0
// What a collector is: a name, a table of options, and one coroutine that asks and brings back what it saw.
// A collector does not know what is bad, what time the schedule says, or who reads its evidence.
#pragma once

#include "core/config/options.hpp"
#include "core/report.hpp"
#include "io/json.hpp"
#include "io/task.hpp"
#include "io/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace recoverd::collectors {

using core::Duration;
using core::Evidence;
using core::EvidenceKind;
using core::Failure;
using core::FailureKind;
using core::Result;
using core::Seen;
using core::SubjectReport;
using core::Time;
using core::config::Need;
using core::config::Option;
using core::config::SecretRef;
using io::Task;

/// What a run may use besides its own options.
struct Run {
    io::World& world;
    /// The deadline of the whole run; requests get what is left of it.
    Duration timeout;
    /// What the last run that succeeded left in `Seen::cursor`; empty at first.
    std::string cursor;
    Time now;
    /// The check's name, for what a collector tells the other side about itself.
    std::string check;
    /// Did somebody ask for it out of turn?
    bool asked = false;
    /// Subjects of which that must not be used any more: somebody accepted them as they are (`recoverd forget`).
    std::vector<std::string> forgotten = {};
};

using Collected = Result<Seen>;

/// Which limit a run counts against.
enum class Resource : std::uint8_t { network, process, worker };

/// A collector with its options compiled: ready to run, any number of times, without state of its own.
struct Compiled {
    std::function<Task<Collected>(Run)> collect;
    /// host:port or URL without credentials and query; empty where there is none.
    std::string target;
    /// What it can bring with these options, where that is less than all of its kind's: an objective that only the rest
    /// could judge is said to be uncovered.
    std::vector<EvidenceKind> brings = {};
};

struct Kind {
    std::string_view name;
    /// One line for `recoverd collectors`.
    std::string_view summary;
    std::vector<EvidenceKind> brings;
    /// What it needs to be allowed to do, for the reference.
    std::string_view access;
    Resource resource = Resource::network;
    /// Is `down` evidence rather than a failure?
    bool probes = false;
    Duration every{60'000};
    Duration timeout{30'000};
    std::vector<core::config::OptionInfo> options;
    /// Reads the options of one check; `others` are keys that are common to all checks. Mistakes go to `diagnostics`;
    /// then the answer is not used.
    std::function<Compiled(const core::config::Table&, const core::config::Place&,
                           std::span<const std::string_view> others, core::config::Diagnostics&)>
        compile;
};

/// What a collector says of itself besides its options.
struct About {
    std::string_view name;
    std::string_view summary;
    std::vector<EvidenceKind> brings;
    std::string_view access;
    Resource resource = Resource::network;
    bool probes = false;
    Duration every{60'000};
    Duration timeout{30'000};
};

/// Runs a collect function and turns BadDocument (and any other exception) into `bad_answer`: the one place that
/// catches.
Task<Collected> guarded(std::function<Task<Collected>(Run)> collect, Run run);

/// What `interpret` makes of a document, or `bad_answer`: for one subject of several, or a document that the rest of
/// the run can do without.
template <class Interpret>
auto understood(Interpret interpret) -> Result<decltype(interpret())> {
    try {
        return interpret();
    } catch (const io::BadDocument& bad) {
        return core::failed(FailureKind::bad_answer, bad.what());
    }
}

/// What was found about the check that stands at `place`, each at the option that its path names
/// ("check.a.tls.ca_file"), as far as that stands in the check's table.
void add_at_options(const core::config::Diagnostics& found, const core::config::Table& table,
                    const core::config::Place& place, core::config::Diagnostics& diagnostics);

/// Further checks of options that the table cannot make, the target, and what these options bring. Each may be null.
/// `forget`: the cursor without what it knows of these subjects; where it is null all of it is forgotten.
template <class Options>
struct Extra {
    void (*check)(const Options&, const core::config::Place&, core::config::Diagnostics&) = nullptr;
    std::string (*target)(const Options&) = nullptr;
    std::vector<EvidenceKind> (*brings)(const Options&) = nullptr;
    std::string (*forget)(std::string_view cursor, std::span<const std::string> subjects) = nullptr;
};

template <class Options>
Kind kind(About about, std::span<const Option<Options>> options, Task<Collected> (*collect)(Options, Run),
          Extra<Options> extra = {}) {
    Kind made{about.name,
              about.summary,
              std::move(about.brings),
              about.access,
              about.resource,
              about.probes,
              about.every,
              about.timeout,
              core::config::describe_options(options),
              {}};
    made.compile = [options, collect, extra](const core::config::Table& table, const core::config::Place& place,
                                             std::span<const std::string_view> others,
                                             core::config::Diagnostics& diagnostics) {
        auto read =
            std::make_shared<const Options>(core::config::read_options(table, place, options, others, diagnostics));
        if (extra.check) {
            core::config::Diagnostics found;
            extra.check(*read, place, found);
            add_at_options(found, table, place, diagnostics);
        }
        Compiled compiled;
        compiled.target = extra.target ? extra.target(*read) : std::string{};
        if (extra.brings)
            compiled.brings = extra.brings(*read);
        compiled.collect = [read, collect, forget = extra.forget](Run run) {
            if (!run.forgotten.empty() && !run.cursor.empty())
                run.cursor = forget ? forget(run.cursor, run.forgotten) : std::string{};
            return guarded([read, collect](Run r) { return collect(*read, std::move(r)); }, std::move(run));
        };
        return compiled;
    };
    return made;
}

} // namespace recoverd::collectors
