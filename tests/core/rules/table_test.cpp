// SPDX-License-Identifier: Apache-2.0
#include "core/rules/table.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cctype>
#include <set>
#include <string>

namespace recoverd::core {

namespace {

std::string snake_case(std::string_view name) {
    std::string snake;
    for (const char c : name) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0 && !snake.empty())
            snake += '_';
        snake += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return snake;
}

} // namespace

TEST_CASE("a policy key is its alert's name in snake case, and each is there once") {
    std::set<std::string_view> keys;
    for (const Rule& row : rules()) {
        CHECK(row.key == snake_case(row.name));
        CHECK(keys.insert(row.key).second);
    }
}

TEST_CASE("every rule says when it speaks and what to do first") {
    for (const Rule& row : rules()) {
        INFO(row.name);
        CHECK(row.when.size() > 10);
        CHECK(row.first_step.ends_with('.'));
        CHECK(row.over.has_value() <= (row.unit != Unit::none));
    }
}

TEST_CASE("a rule is found by its identifier and by its key") {
    for (const Rule& row : rules()) {
        CHECK(&rule(row.id) == &row);
        CHECK(find_rule_by_key(row.key) == &row);
    }
    CHECK(find_rule_by_key("backup_to_old") == nullptr);
}

} // namespace recoverd::core
