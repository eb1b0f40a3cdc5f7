// SPDX-License-Identifier: Apache-2.0
// What Barman says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace recoverd::collectors {

/// `barman -f json list-backup`: the backups and jobs of each server, in order and cut. Throws BadDocument; a failure
/// when Barman reports an error of its own, since what it then lists may not be all.
Result<std::map<std::string, core::RecoveryPoints>> interpret_barman(const io::Json& list);

/// `barman -f json list-server`: the servers whose configuration says active = false. Throws BadDocument.
std::set<std::string> interpret_barman_inactive(const io::Json& servers);

/// Kept from look to look: one that Barman does not answer must not take up again whom somebody gave up, since a
/// subject that was seen once is missed from then on.
struct BarmanInactive {
    std::set<std::string> servers;
    /// Nothing where Barman never said, or too long ago.
    std::optional<Time> told_at;

    bool operator==(const BarmanInactive&) const = default;
};

BarmanInactive read_barman_inactive(std::string_view cursor, Time now);
std::string write_barman_inactive(const BarmanInactive& inactive);

/// `barman -f json check`: for each server whether all holds that Barman expects. Throws BadDocument.
std::map<std::string, core::Assertion> interpret_barman_check(const io::Json& checks);
/// The same expectation, of which nothing could be learned.
core::Assertion barman_check_unknown(std::string detail);

/// Why a run of Barman gave no answer, or nothing when there is a document on stdout: also with status 1.
std::optional<Failure> barman_failure(const io::Finished& finished, bool prefixed);

} // namespace recoverd::collectors
