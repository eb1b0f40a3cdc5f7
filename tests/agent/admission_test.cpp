// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.hpp"

#include <catch2/catch_test_macros.hpp>

using recoverd::agent::Admission;
using recoverd::collectors::Resource;

TEST_CASE("beyond its limit a check waits, and starts when another is done") {
    Admission admission{{2, 1, 1}};
    CHECK(admission.enter("a", Resource::network, false));
    CHECK(admission.enter("b", Resource::network, false));
    CHECK_FALSE(admission.enter("c", Resource::network, false));
    CHECK(admission.leave(Resource::network, false) == "c");
    CHECK_FALSE(admission.leave(Resource::network, false));
}

TEST_CASE("resources have limits of their own") {
    Admission admission{{1, 1, 1}};
    CHECK(admission.enter("a", Resource::network, false));
    CHECK(admission.enter("b", Resource::process, false));
    CHECK(admission.enter("c", Resource::worker, false));
}

TEST_CASE("who waits is served first come first served") {
    Admission admission{{1, 1, 1}};
    admission.enter("a", Resource::worker, false);
    admission.enter("b", Resource::worker, false);
    admission.enter("c", Resource::worker, false);
    CHECK(admission.leave(Resource::worker, false) == "b");
    CHECK(admission.leave(Resource::worker, false) == "c");
}

TEST_CASE("checks that hang hold at most half, so the others always get through") {
    Admission admission{{4, 1, 1}};
    CHECK(admission.enter("slow-1", Resource::network, true));
    CHECK(admission.enter("slow-2", Resource::network, true));
    CHECK_FALSE(admission.enter("slow-3", Resource::network, true));
    CHECK(admission.enter("good", Resource::network, false));
    CHECK(admission.running(Resource::network) == 3);
}

TEST_CASE("a waiting good check overtakes a waiting slow one for which there is no room") {
    Admission admission{{2, 1, 1}};
    admission.enter("slow-1", Resource::network, true);
    admission.enter("good-1", Resource::network, false);
    admission.enter("slow-2", Resource::network, true);
    admission.enter("good-2", Resource::network, false);
    CHECK(admission.leave(Resource::network, false) == "good-2");
    CHECK(admission.leave(Resource::network, true) == "slow-2");
}

TEST_CASE("with room for one, a slow check still gets its turn") {
    Admission admission{{1, 1, 1}};
    CHECK(admission.enter("slow", Resource::process, true));
}

TEST_CASE("who withdraws is not started") {
    Admission admission{{1, 1, 1}};
    admission.enter("a", Resource::network, false);
    admission.enter("b", Resource::network, false);
    admission.withdraw("b");
    CHECK(admission.waiting() == 0);
    CHECK_FALSE(admission.leave(Resource::network, false));
}
