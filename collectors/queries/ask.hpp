// SPDX-License-Identifier: Apache-2.0
// Asking such an API, and its refusals in words.
#pragma once

#include "collectors/queries/options.hpp"

#include <string_view>
#include <utility>

namespace recoverd::collectors::queries {

/// Names and values of a query string, not yet encoded.
using Parameters = std::vector<std::pair<std::string_view, std::string>>;

Task<Result<io::HttpAuth>> open(Options options, Run run);

io::HttpRequest request_of(const Options& options, io::HttpAuth auth, std::string_view path,
                           const Parameters& parameters, Duration left);

/// The document, or why there is none.
Task<Result<io::Json>> ask(Run run, io::HttpRequest request);

/// What an answer other than 200 says: Prometheus' errorType and error, or the first line of its text.
Failure refusal(const io::HttpAnswer& answer);

} // namespace recoverd::collectors::queries
