// SPDX-License-Identifier: Apache-2.0
// A series of files as recovery points and jobs.
#pragma once

#include "core/evidence.hpp"
#include "worker/files/options.hpp"
#include "worker/files/proof.hpp"
#include "worker/files/selection.hpp"

#include <map>
#include <set>

namespace recoverd::worker::files {

/// What was found out about single files.
struct Findings {
    std::set<const File*> growing;
    std::map<const File*, Proof> proofs;
};

core::RecoveryPoints points_of(const Selected& selected, const Walked& walked, const Findings& findings,
                               const Options& options, core::Time now);

} // namespace recoverd::worker::files
