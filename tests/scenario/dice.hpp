// SPDX-License-Identifier: Apache-2.0
// Chance that is the same for the same seed.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <random>

namespace recoverd::scenario {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}

    std::uint64_t roll(std::uint64_t sides) { return random_() % sides; }
    bool one_in(std::uint64_t sides) { return roll(sides) == 0; }
    /// From 0 to `count` - 1.
    int one_of(int count) { return static_cast<int>(roll(static_cast<std::uint64_t>(count))); }
    core::Duration some(core::Duration least, core::Duration most) {
        return least + core::Duration{
                           static_cast<core::Duration::rep>(roll(static_cast<std::uint64_t>((most - least).count())))};
    }

  private:
    std::mt19937_64 random_;
};

} // namespace recoverd::scenario
