// SPDX-License-Identifier: Apache-2.0
// packaging/config/resilience-guide.toml: behind each row of the guide that it names stands a rule that fires, with the
// priority that the guide asks for, and that is silent while all is well.
#include "tests/places.hpp"
#include "tests/scenario/guide_rows.hpp"
#include "tests/scenario/guide_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

using namespace recoverd;
using namespace recoverd::core;

namespace {

/// Every row of the guide, but those of what is not watched yet (CH7 a runner of drills, DR2 and DR3 budgets of
/// phases).
const test::Ids kRowsOfGuide{"FM1", "FM2", "FM3", "FM4", "FM5", "FM6", "FM7", "BM1", "BM2", "BM3", "BM4", "BM5", "BM6",
                             "BM7", "BV1", "BV2", "BV3", "BV4", "MO1", "MO2", "MO3", "MO4", "RL1", "RL2", "RL3", "RL4",
                             "RL5", "RL6", "RL7", "CH1", "CH2", "CH3", "CH4", "CH5", "CH6", "GD1", "GD2", "GD3", "GD4",
                             "GD5", "GD6", "GD7", "GD8", "DR1", "RR1", "RR2", "RR3", "RR4", "RR5", "CO",  "SP",  "HC1",
                             "HC2", "HC3", "HC4", "HC5", "HC6", "DV1", "DV2", "DV3", "DV4"};

/// Rows that test cases of their own prove, below and in guide_recovery_test.cpp.
const test::Ids kElsewhere{"CO", "HC1", "SP"};

test::Ids ids_in_file() {
    test::Ids ids;
    std::ifstream file{test::guide_file()};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("# Guide: "))
            continue;
        std::istringstream words{line.substr(9)};
        for (std::string id; words >> id;)
            ids.insert(id);
    }
    return ids;
}

constexpr std::string_view kAsset = "asset/";

std::vector<std::string> checks_of(const test::Row& row) {
    if (row.from.starts_with(kAsset))
        return {};
    std::istringstream words{std::string{row.from}};
    return {std::istream_iterator<std::string>{words}, {}};
}

/// What fires for one row.
class Watch : public test::GuideWatch {
  public:
    Watch(const agent::Loaded& loaded, const test::Row& row) : GuideWatch(loaded), row_(row), checks_(checks_of(row)) {
        if (checks_.empty())
            checks_ = {engine.outcome_check(row.from.substr(kAsset.size()), row.exercise, now)};
    }

    /// Six looks, a minute between them: enough for whatever has to be seen in a row.
    void sees(const test::Sight& sight) {
        for (int looks = 0; looks < 6; ++looks) {
            for (const std::string& check : checks_)
                learn(check, std::string{row_.subject}, sight(now));
            pass(1min);
        }
    }

    bool fires() {
        if (!row_.exercise.empty())
            return GuideWatch::fires(row_.alert, "exercise", row_.exercise);
        if (!row_.scenario.empty())
            return GuideWatch::fires(row_.alert, "scenario", row_.scenario);
        if (row_.from.starts_with(kAsset))
            return GuideWatch::fires(row_.alert, "asset", row_.from.substr(kAsset.size()));
        return GuideWatch::fires(row_.alert, "check", checks_.front());
    }

  private:
    const test::Row& row_;
    std::vector<std::string> checks_;
};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// All that is written in the sources of a collector, and of what it shares with others of its kind.
std::string sources_of(const std::string& collector) {
    const auto root = test::source_folder();
    std::string text;
    for (const char* folder : {"collectors", "worker"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            const std::string path = entry.path().lexically_relative(root / folder).string();
            const bool own =
                path.starts_with(collector) && path.find_first_of("._/", collector.size()) == collector.size();
            if (entry.is_regular_file() && (own || path.starts_with("queries/")))
                text += text_of(entry.path());
        }
    return text;
}

/// Names that stand in evidence.
std::vector<std::string> names_in(const std::vector<Evidence>& evidence) {
    std::vector<std::string> names;
    for (const Evidence& one : evidence) {
        if (const auto* assertions = std::get_if<Assertions>(&one))
            for (const Assertion& assertion : assertions->assertions)
                names.push_back(assertion.name);
        if (const auto* measurement = std::get_if<Measurement>(&one))
            names.push_back(measurement->name);
        if (const auto* fingerprint = std::get_if<Fingerprint>(&one))
            names.push_back(fingerprint->name);
    }
    return names;
}

} // namespace

TEST_CASE("every row of the guide stands in its configuration, and is proven here") {
    test::Ids proven = test::ids_by_collectors();
    proven.insert(kElsewhere.begin(), kElsewhere.end());
    for (const test::Row& row : test::guide_rows())
        proven.emplace(row.id);
    CHECK(ids_in_file() == kRowsOfGuide);
    CHECK(proven == kRowsOfGuide);
}

TEST_CASE("the rule behind each row of the guide is silent while all is well, and fires as the guide asks") {
    const agent::Loaded loaded = test::load_guide();
    for (const test::Row& row : test::guide_rows()) {
        CAPTURE(row.id, row.from, row.exercise, row.alert);
        Watch watch{loaded, row};
        watch.sees(row.well);
        CHECK_FALSE(watch.fires());
        watch.pass(row.later);
        if (row.ill)
            watch.sees(row.ill);
        CHECK(watch.fires());
    }
}

TEST_CASE("what a row of the guide rests on is what the check's collector brings, by the names that it gives it") {
    const agent::Loaded loaded = test::load_guide();
    const test::GuideWatch watch{loaded};
    std::map<std::string, std::string> sources;
    for (const test::Row& row : test::guide_rows())
        for (const std::string& name : checks_of(row)) {
            CAPTURE(row.id, name);
            const Check& check = watch.check(name);
            const std::vector<Evidence> evidence = row.well(fleet::kNow);
            CHECK(std::ranges::find(check.brings, kind_of(evidence.front())) != check.brings.end());
            std::string& text = sources[check.collector];
            if (text.empty())
                text = sources_of(check.collector);
            for (const std::string& named : names_in(evidence)) {
                CAPTURE(named);
                CHECK(text.contains(fmt::format("\"{}\"", named)));
            }
        }
}

TEST_CASE("where the guide's backups lie and how they are encrypted is seen by a check, or declared") {
    /// By an option of this check, or by a label where it names none.
    struct Said {
        std::string check;
        std::string_view value;
    };
    const struct {
        std::string asset;
        Said location;
        Said encryption;
    } rows[] = {
        {"postgresql", {"", "aiven-across-zones"}, {"", "AES-256"}},
        {"kafka", {"", "aiven"}, {"", "AES-256"}},
        {"valkey", {"", "aiven"}, {"", "AES-256"}},
        {"terraform-state", {"terraform-bucket", "eu-central-1"}, {"terraform-bucket", "aws:kms"}},
        {"git", {"", "github"}, {"", "at-rest"}},
        {"vault", {"", "vault-ha"}, {"", "transit"}},
    };
    const agent::Loaded loaded = test::load_guide();
    const test::GuideWatch watch{loaded};
    for (const auto& row : rows) {
        CAPTURE(row.asset);
        const Asset& asset = loaded.config->assets.at(row.asset);
        const auto is_said = [&](const Said& said, std::string_view label) {
            if (said.check.empty()) {
                const auto declared = asset.labels.find(label);
                return declared != asset.labels.end() && declared->second == said.value;
            }
            const Check& check = watch.check(said.check);
            return check.asset == row.asset && check.fingerprint.contains(said.value);
        };
        CHECK(is_said(row.location, "declared_location"));
        CHECK(is_said(row.encryption, "declared_encryption"));
    }
    // Whoever holds the key, that it is encrypted is seen.
    CHECK(loaded.config->assets.at("vault").objectives.encryption.value_or(false));
}

TEST_CASE("the words of the status page follow the worst that the guide's checks find") {
    const agent::Loaded loaded = test::load_guide();
    test::GuideWatch watch{loaded};
    const auto after = [&](const std::string& check, const test::Sight& sight) {
        for (int looks = 0; looks < 6; ++looks) {
            watch.learn(check, "main", sight(watch.now));
            watch.pass(1min);
        }
        return watch.engine.snapshot(watch.now).status;
    };
    CHECK(after("traces-flow", test::measured("age", 1900, 1800)) == Status::degraded);
    CHECK(after("logs-flow", test::measured("age", 700, 600)) == Status::partial_outage);
    CHECK(after("checkout", test::reachable(ReachState::down)) == Status::major_outage);
}

TEST_CASE("customers are told of what the guide's configuration says that they feel, and of nothing else") {
    const agent::Loaded loaded = test::load_guide();
    CHECK_FALSE(loaded.alertmanager.urls.empty());
    const std::string routes = text_of(test::source_folder() / "packaging/alertmanager/alertmanager.yml");
    CHECK(routes.contains("customer_facing=\"true\""));
    for (const char* audience : {"engineering-page", "management", "customers", "partners"})
        CHECK(routes.contains(fmt::format("receiver: {}\n", audience)));
    test::GuideWatch watch{loaded};
    for (int looks = 0; looks < 3; ++looks) {
        for (const char* check : {"shop", "checkout", "nodes"})
            watch.learn(check, "main", test::reachable(ReachState::down)(watch.now));
        watch.pass(1min);
    }
    std::map<std::string, bool> told;
    for_each_alert(watch.engine.snapshot(watch.now), [&](const Alert& alert) {
        if (alert.finding.identity.rule == RuleId::endpoint_down && alert.state == AlertState::firing)
            told[alert.finding.identity.check] = alert.labels.contains("customer_facing");
    });
    CHECK(told == std::map<std::string, bool>{{"checkout", true}, {"nodes", false}, {"shop", true}});
}
