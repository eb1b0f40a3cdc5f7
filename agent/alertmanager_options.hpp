// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/config/load.hpp"
#include "exporters/alertmanager_sender.hpp"

namespace recoverd::agent {

/// `[alertmanager]` as the sender takes it. `loaded` has no mistakes.
exporters::AlertmanagerOptions alertmanager_options(const Loaded& loaded);

} // namespace recoverd::agent
