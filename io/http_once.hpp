// SPDX-License-Identifier: Apache-2.0
// One HTTP request for a program that has no loop and nothing else to do: the worker.
#pragma once

#include "io/http.hpp"

#include <functional>
#include <string_view>

namespace recoverd::io {

/// As HttpClient::get_into; returns when it is answered, or by the request's timeout.
core::Result<HttpAnswer> http_once(HttpRequest request, std::function<bool(std::string_view)> take);

} // namespace recoverd::io
