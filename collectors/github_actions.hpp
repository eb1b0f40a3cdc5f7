// SPDX-License-Identifier: Apache-2.0
// What GitHub's REST API tells of a workflow and its runs; for tests and fuzzers.
// https://docs.github.com/en/rest/actions/workflow-runs, API version 2022-11-28
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

/// What a run of the workflow stands for.
struct GithubExercise {
    std::string exercise;
    core::Depth depth = core::Depth::exists;
    /// Only runs of this event; all but those of pull requests when empty.
    std::string event;
};

/// What the last answers said, so that "not modified" says it again.
struct GithubMemory {
    /// The two questions, and the tags of what was answered.
    std::string asked;
    std::string workflow_tag;
    std::string runs_tag;
    /// As GitHub writes it: active, disabled_inactivity …; empty before the first answer.
    std::string state;
    std::vector<core::Exercise> runs;
    /// No request is to be made before; nothing when there is no such limit.
    std::optional<Time> not_before;

    /// An empty one for text that is none.
    static GithubMemory read(std::string_view cursor);
    std::string write() const;
    bool operator==(const GithubMemory&) const = default;
};

/// The newest run that came to a verdict, and the newest that is running since. Throws BadDocument.
std::vector<core::Exercise> interpret_github_runs(const io::Json& document, const GithubExercise& exercise);
/// GitHub moves the end of a run long after it: the first one that was told of it stays.
void keep_first_ends(std::vector<core::Exercise>& runs, const std::vector<core::Exercise>& known);
/// The workflow's state. Throws BadDocument.
std::string interpret_github_workflow(const io::Json& document);

/// When GitHub wants to be asked again after it refused for too many requests; nothing when that is not why.
std::optional<Time> github_not_before(const io::HttpAnswer& answer, Time now);

Seen github_seen(const GithubMemory& memory);

} // namespace recoverd::collectors
