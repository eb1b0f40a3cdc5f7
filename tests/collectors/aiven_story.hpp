// SPDX-License-Identifier: Apache-2.0
// A project with a PostgreSQL, a Kafka and a Valkey as Aiven tells of it (tests/data/aiven/, whose shapes are those of
// its OpenAPI document), and what becomes of one when something in it is changed.
#pragma once

#include "collectors/aiven.hpp"
#include "core/assertion.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

namespace recoverd::test {

inline const std::string kApi = "https://api.aiven.io/v1";

inline std::string aiven_document(const std::string& name) { return data("aiven/" + name + ".json"); }

/// `text` with each `from` in it replaced; at least one must be there.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
    std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    for (; at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

inline io::Json json(const std::string& text) { return io::Json::parse(text); }

/// One service of type pg on plan business-4, with further keys ("" or `, "key": value`).
inline std::string pg_service(const std::string& more, const std::string& state = "RUNNING",
                              const std::string& type = "pg", const std::string& created = "2026-08-24T03:00:00Z") {
    return fmt::format(
        R"({{"services": [{{"service_name": "orders-pg", "service_type": "{}", "plan": "business-4", "state": "{}",
            "cloud_name": "aws-eu-west-3", "create_time": "{}"{}}}]}})",
        type, state, created, more);
}

/// The project when all is well.
struct Project {
    collectors::AivenExpected expected;
    collectors::AivenAnswers answers;
    core::Time now = kStart;

    Project() {
        expected.api_url = kApi;
        expected.project = "shop";
        answers.services = json(aiven_document("services"));
        set_backups("orders-pg", aiven_document("backups-pg"));
        set_backups("sessions-valkey", aiven_document("backups-valkey"));
        answers.topics.insert_or_assign("events-kafka", json(aiven_document("topics")));
        for (const char* type : {"pg", "valkey"})
            answers.plans.insert_or_assign(type, json(aiven_document(std::string{"plans-"} + type)));
    }
    /// Just the one that pg_service() makes.
    explicit Project(const std::string& services, const std::string& backups = R"({"backups": []})") {
        expected.api_url = kApi;
        expected.project = "shop";
        answers.services = json(services);
        set_backups("orders-pg", backups);
    }

    void set_backups(const std::string& service, const std::string& document) {
        answers.backups.insert_or_assign(service, json(document));
    }
    void set_topics(const std::string& document) { answers.topics.insert_or_assign("events-kafka", json(document)); }
    /// What its partitions are like.
    void set_topic(const std::string& name, const std::string& document) {
        expected.partitions = true;
        answers.topic.insert_or_assign("events-kafka/" + name, json(document));
    }
    collectors::Collected look(std::string_view cursor = {}) const {
        return collectors::interpret_aiven(expected, answers, cursor, now);
    }
};

inline const core::Assertion* assertion(const core::SubjectReport& report, std::string_view name) {
    for (const core::Evidence& item : report.evidence)
        if (const auto* all = std::get_if<core::Assertions>(&item))
            for (const core::Assertion& one : all->assertions)
                if (one.name == name)
                    return &one;
    return nullptr;
}

inline core::AssertionState state(const core::SubjectReport& report, std::string_view name) {
    const core::Assertion* found = assertion(report, name);
    return found ? core::state_of(*found) : core::AssertionState::unknown;
}

/// Is it told, so that it ends, and holds whatever is there?
inline bool is_not_asked(const core::Assertion* told) {
    return told && *told == core::not_asked(told->name, told->detail);
}

template <class T>
bool tells(const core::SubjectReport& report) {
    return std::ranges::any_of(report.evidence, [](const core::Evidence& e) { return std::holds_alternative<T>(e); });
}

inline std::string failure_of(const core::SubjectReport& report) {
    return report.failure ? report.failure->detail : std::string{};
}

} // namespace recoverd::test
