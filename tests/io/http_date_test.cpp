// SPDX-License-Identifier: Apache-2.0
#include "io/http.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using io::read_http_date;

TEST_CASE("what is no date of HTTP is none") {
    CHECK(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == core::from_unix_seconds(784'111'777));
    CHECK(read_http_date("Wed, 20 Jan 2038 00:00:00 GMT") == core::from_unix_seconds(2'147'558'400));
    for (const char* text :
         {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT+1", "784111777", ""})
        CHECK_FALSE(read_http_date(text));
}
