// SPDX-License-Identifier: Apache-2.0
// A server's answers as JSON documents, so that what a real server said once can be asked about for ever.
#pragma once

#include "io/postgres.hpp"

#include <string>
#include <string_view>

namespace recoverd::test {

std::string to_json(const io::PgAnswer& answer);
io::PgAnswer pg_answer(std::string_view json);

} // namespace recoverd::test
