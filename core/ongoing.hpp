// SPDX-License-Identifier: Apache-2.0
// The alert of a finding, among many.
#pragma once

#include "core/lifecycle.hpp"

#include <vector>

namespace recoverd::core {

/// Alerts that are not over, by what was found: they are kept by their labels, of which the priority is one. Valid as
/// long as none of them is erased.
class Ongoing {
  public:
    explicit Ongoing(const Alerts& alerts);

    /// Null when nothing like this is known.
    const Alert* find(const Identity& identity) const;

  private:
    std::vector<const Alert*> alerts_;
};

} // namespace recoverd::core
