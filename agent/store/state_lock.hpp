// SPDX-License-Identifier: Apache-2.0
// One agent to a folder of state: a second one would drop what the first remembers and its own configuration does not
// name, and end the first one's alerts.
#pragma once

#include "core/time.hpp"
#include "io/fd.hpp"

#include <expected>
#include <string>

namespace recoverd::agent {

/// Holds `directory`/lock until it goes, or the process does. Waits for another holder for at most `patience`, as long
/// as one takes that is just ending; blocks meanwhile. An error, in words, when it is held after that. On a disk on
/// which nothing can be locked it holds nothing, and that is no error: such a disk keeps no state either.
std::expected<io::Fd, std::string> lock_state(const std::string& directory, core::Duration patience);

} // namespace recoverd::agent
