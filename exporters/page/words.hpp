// SPDX-License-Identifier: Apache-2.0
// What states are called on the page, and their colour. Colours never carry a meaning alone.
#pragma once

#include "core/snapshot.hpp"

#include <string_view>

namespace recoverd::exporters::page {

struct Word {
    std::string_view text;
    /// good, warn, bad or none.
    std::string_view tone;
};

Word word(core::Status status);
Word word(core::VerdictState state);

} // namespace recoverd::exporters::page
