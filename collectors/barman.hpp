// SPDX-License-Identifier: Apache-2.0
// What Barman says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"

#include <map>

namespace recoverd::collectors {

/// `barman -f json list-backup`: the backups and jobs of each server, in order and cut. Throws BadDocument; a failure
/// when Barman reports an error of its own, since what it then lists may not be all.
Result<std::map<std::string, core::RecoveryPoints>> interpret_barman(const io::Json& list);

/// `barman -f json check`: for each server whether all holds that Barman expects. Throws BadDocument.
std::map<std::string, core::Assertion> interpret_barman_check(const io::Json& checks);
/// The same expectation, of which nothing could be learned.
core::Assertion barman_check_unknown(std::string detail);

/// Why a run of Barman gave no answer, or nothing when there is a document on stdout: also with status 1.
std::optional<Failure> barman_failure(const io::Finished& finished, bool prefixed);

} // namespace recoverd::collectors
