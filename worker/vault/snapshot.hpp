// SPDX-License-Identifier: Apache-2.0
// A snapshot of raft storage, as Vault and OpenBao write it (hashicorp/raft-snapshot): a gzip'd tar of meta.json,
// state.bin, SHA256SUMS and SHA256SUMS.sealed. That its secrets can be opened is not proven: that needs the unseal
// keys.
#pragma once

#include "worker/files/reading.hpp"

namespace recoverd::worker::vault {

/// Reads it once, from front to back; memory does not grow with it.
files::Proof prove_snapshot(files::Source& file);

} // namespace recoverd::worker::vault
