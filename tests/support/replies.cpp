// SPDX-License-Identifier: Apache-2.0
#include "tests/support/replies.hpp"

#include "io/resp_reader.hpp"

namespace recoverd::test {

std::vector<io::RespValue> replies(std::string_view bytes) {
    io::RespReader reader;
    reader.feed(bytes);
    std::vector<io::RespValue> values;
    while (auto value = reader.next())
        values.push_back(std::move(*value));
    return values;
}

} // namespace recoverd::test
