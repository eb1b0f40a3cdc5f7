// SPDX-License-Identifier: Apache-2.0
// What survives the process: the state of each unit, changed in place, and the outcomes that were reported.
// Everything here is text; agent/store/codec.hpp makes it from the engine's state.
#pragma once

#include "core/failure.hpp"
#include "core/history.hpp"
#include "core/time.hpp"
#include "io/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

/// The state of one check, asset, scenario, validation, or of everything else ("other").
struct StateRow {
    /// check, asset, scenario, validation or other.
    std::string kind;
    std::string name;
    /// What it was compiled from; only checks have one.
    std::string fingerprint;
    /// When it is due next; only checks have one.
    std::optional<core::Time> due_at;
    /// JSON.
    std::string memory;
    std::string alerts;

    bool operator==(const StateRow&) const = default;
};

/// An outcome as it was posted, by its run: one start and one end at most.
struct OutcomeRow {
    std::string asset;
    std::string id;
    /// "start" or "end".
    std::string phase;
    /// The outcome as JSON, in canonical form, so that the same again can be told from another one.
    std::string body;
    core::Time received_at;

    bool operator==(const OutcomeRow&) const = default;
};

/// Something that happened, for the history: a transition of an alert, or an outcome.
struct LogRow {
    core::Time at;
    std::string kind;
    /// JSON.
    std::string body;
    /// Whose history it is of; each may be empty.
    std::string asset;
    std::string check;
    std::string scenario;
    std::string alert;

    bool operator==(const LogRow&) const = default;
};

struct Batch {
    std::vector<StateRow> rows;
    /// kind and name of what is gone.
    std::vector<std::pair<std::string, std::string>> dropped;
    std::vector<OutcomeRow> outcomes;
    std::vector<LogRow> log;

    bool empty() const { return rows.empty() && dropped.empty() && outcomes.empty() && log.empty(); }
};

struct Stored {
    std::vector<StateRow> rows;
    /// What had to be given up on the way (a damaged file that was set aside); empty when all is well.
    std::string trouble;
};

class Store {
  public:
    virtual ~Store() = default;

    /// Everything that is kept. Called once, before the loop runs; may block. Never fails: what cannot be read is
    /// set aside, and said.
    virtual Stored load() = 0;
    /// Writes a batch in one transaction. Once it answers without a failure, the batch survives power loss. Takes what
    /// the disk takes, which may be for ever; whoever leaves does not know whether it will be written.
    virtual io::Task<core::Result<void>> commit(Batch batch) = 0;
    /// The outcome that was reported for this phase of a run, if any.
    virtual io::Task<core::Result<std::optional<OutcomeRow>>> find_outcome(std::string asset, std::string id,
                                                                           std::string phase) = 0;
    /// What was logged of one of those, the newest first, `most` at most.
    virtual io::Task<core::Result<std::vector<LogRow>>> find_log(core::HistoryOf of, std::string name,
                                                                 std::size_t most) = 0;
    /// Bytes on disk.
    virtual std::uint64_t size_bytes() const = 0;
};

} // namespace recoverd::agent
