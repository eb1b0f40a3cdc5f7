// SPDX-License-Identifier: Apache-2.0
// What is known of a Terraform state, as evidence. Pure: tests feed it what the worker tells.
#pragma once

#include "core/report.hpp"
#include "io/json.hpp"
#include "io/process.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors {

/// What the configuration says about the state.
struct TerraformExpected {
    std::uint64_t min_resources = 1;
    /// The share of the resources that one apply may take away.
    double max_drop = 0.5;
    /// A lock that is held for longer is stale.
    core::Duration stale_lock = std::chrono::hours{2};
    std::optional<core::Duration> max_age;
};

/// What somebody who holds a lock wrote of it.
struct TerraformLock {
    /// Since when; nothing when neither the lock nor its source tells.
    std::optional<core::Time> since;
};

/// What one look learned of one state. Nothing of what the state holds is in it.
struct TerraformState {
    /// There is none where one was looked for.
    bool missing = false;
    /// What was found instead of a state; empty for a state.
    std::string fault;
    std::optional<core::Time> modified_at;
    std::string sha256;
    std::string md5;
    bool encrypted = false;
    std::optional<std::uint64_t> serial;
    std::string lineage;
    std::optional<std::uint64_t> resources;
    /// Does anybody hold its lock? Then `lock` tells since when.
    core::Told locked = core::Told::not_told;
    TerraformLock lock;
    /// May it be locked somewhere else, so that no lock found means none only where one was found before?
    bool may_lock_elsewhere = false;
    /// The MD5 that its server told, lower-case hex; empty when it told none.
    std::string told_md5;
    /// The MD5 that who wrote it left in DynamoDB, lower-case hex; nothing where none was left, or nobody looked.
    std::optional<std::string> digest;
    /// Why it is not known what DynamoDB has of it.
    std::optional<core::Failure> table_failure;

    bool known() const { return !missing && fault.empty(); }
};

/// What is remembered of each state from run to run, by subject. Opaque but to interpret_terraform.
struct TerraformKept {
    /// The first that was told.
    std::string lineage;
    /// The highest that was seen, and the first bytes that were seen with it.
    std::optional<std::uint64_t> serial;
    std::string sha256;
    /// The serial of the last look.
    std::optional<std::uint64_t> last;
    /// How many resources count as usual, and how many serials since then had far fewer.
    std::optional<std::uint64_t> resources;
    std::uint64_t fewer = 0;
    /// Was its lock ever found where one was looked for?
    bool lock_seen = false;
    /// Since when it is locked, by the last look that could tell, and was that too long?
    std::optional<core::Time> held_since;
    bool stale = false;
    /// Its MD5 and a digest that is another, and since when these two are seen.
    std::string differing;
    std::optional<core::Time> differs_since;

    bool operator==(const TerraformKept&) const = default;
};
using TerraformCursor = std::map<std::string, TerraformKept, std::less<>>;

/// What the worker answered. Throws io::BadDocument.
core::Result<TerraformState> read_terraform_answer(const io::Finished& finished);
/// The text of `.terraform.tfstate.lock.info` or of an object `KEY.tflock`, which was written at `modified_at`.
TerraformLock read_terraform_lock(std::string_view text, std::optional<core::Time> modified_at);

/// Empty for text that is no cursor: then what was known is learned anew.
TerraformCursor read_terraform_cursor(std::string_view text);
std::string write_terraform_cursor(const TerraformCursor& cursor);

/// What one state means as evidence, with an empty subject; moves on what is kept of it. Nothing for one that is gone
/// and was there before; a failure for what never was a state.
std::optional<core::SubjectReport> interpret_terraform(const TerraformExpected& expected, TerraformState state,
                                                       TerraformCursor& cursor, const std::string& subject,
                                                       core::Time now);

} // namespace recoverd::collectors
