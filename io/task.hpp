// SPDX-License-Identifier: Apache-2.0
// The asynchronous vocabulary: a coroutine is a Task, and an io function returns a Task of a value or a Failure.
#pragma once

#include "core/failure.hpp"

#include <asio/awaitable.hpp>

namespace recoverd::io {

template <class T = void>
using Task = asio::awaitable<T>;

using core::Failure;
using core::FailureKind;
using core::Result;

} // namespace recoverd::io
