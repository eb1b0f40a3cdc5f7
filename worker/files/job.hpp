// SPDX-License-Identifier: Apache-2.0
// The files job from options to evidence, with the clock as an argument.
#pragma once

#include "core/report.hpp"
#include "worker/files/clock.hpp"
#include "worker/files/options.hpp"

namespace recoverd::worker::files {

core::Result<core::Seen> look(const Options& options, const Clock& clock);

} // namespace recoverd::worker::files
