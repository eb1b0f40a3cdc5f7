// SPDX-License-Identifier: Apache-2.0
// asio's `deferred`, an operation that is only described: in asio 1.22 (Debian 12) under the name of an experiment.
#pragma once

#if __has_include(<asio/deferred.hpp>)
#include <asio/deferred.hpp>
namespace recoverd::io {
using asio::deferred;
}
#else
#include <asio/experimental/deferred.hpp>
namespace recoverd::io {
using asio::experimental::deferred;
}
#endif
