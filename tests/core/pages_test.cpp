// SPDX-License-Identifier: Apache-2.0
#include "core/pages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace recoverd::core {

namespace {

Pages<int> counted(int until) {
    Pages<int> pages;
    for (int i = 0; i < until; ++i)
        pages.push_back(std::make_shared<const int>(i));
    return pages;
}

std::vector<int> all(const Pages<int>& pages) {
    std::vector<int> items;
    pages.for_each([&](int item) { items.push_back(item); });
    return items;
}

} // namespace

TEST_CASE("pages hold what was put in, in its order, however much it is") {
    for (const int size : {0, 1, 31, 32, 33, 1023, 1024, 1025, 5000}) {
        INFO(size << " items");
        const Pages<int> pages = counted(size);
        REQUIRE(pages.size() == static_cast<std::size_t>(size));
        CHECK(pages.empty() == (size == 0));
        const auto items = all(pages);
        REQUIRE(items.size() == pages.size());
        for (std::size_t i = 0; i < items.size(); ++i)
            REQUIRE((items[i] == static_cast<int>(i) && pages[i] == items[i]));
    }
}

TEST_CASE("a copy of pages keeps what it was made of") {
    Pages<int> pages = counted(3000);
    for (const std::size_t at : {std::size_t{0}, std::size_t{31}, std::size_t{1024}, std::size_t{2999}}) {
        const Pages<int> before = pages;
        pages.set(at, std::make_shared<const int>(-1));
        pages.push_back(std::make_shared<const int>(-2));
        CHECK(before[at] == static_cast<int>(at));
        CHECK(pages[at] == -1);
        CHECK(before.size() + 1 == pages.size());
        CHECK(all(before).back() == before[before.size() - 1]);
    }
}

} // namespace recoverd::core
