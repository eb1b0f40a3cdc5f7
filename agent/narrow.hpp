// SPDX-License-Identifier: Apache-2.0
// One configuration for agents of both scopes: a DaemonSet whose agents look at their nodes, and a Deployment of one
// replica that looks at what they share.
#pragma once

#include "core/config.hpp"

namespace recoverd::agent {

/// What agents of this scope do of `whole`: its checks, and what can be judged by these. An asset goes with the checks
/// that look at it, one that nobody looks at with the cluster. Of one that is looked at in both scopes each judges what
/// it sees, and proofs go with who is told of them.
core::Config narrowed(const core::Config& whole, core::Scope scope);

} // namespace recoverd::agent
