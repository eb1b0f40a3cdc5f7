// SPDX-License-Identifier: Apache-2.0
// cmake/precompiled.hpp, and what nearly every test includes besides.
#pragma once

#include "cmake/precompiled.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
