// SPDX-License-Identifier: Apache-2.0
// packaging/config/resilience-guide.toml as the agent loads it, and an engine that watches with it.
#pragma once

#include "agent/config/load.hpp"
#include "tests/core/engine/fleet.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/io_context.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::test {

using Ids = std::set<std::string, std::less<>>;

std::filesystem::path guide_file();
/// Fails the test for a mistake and for a warning.
agent::Loaded load_guide();
/// Rows of the guide that guide_collectors_test.cpp proves.
Ids ids_by_collectors();

class GuideWatch {
  public:
    explicit GuideWatch(const agent::Loaded& loaded);

    const core::Check& check(const std::string& name) const { return *loaded_.config->checks.at(place_of(name)); }
    /// A check has seen this.
    void learn(const std::string& check, std::vector<core::SubjectReport> subjects);
    void learn(const std::string& check, const std::string& subject, std::vector<core::Evidence> evidence);
    /// A check looks at `world` by its own collector, with the options that the file gives it.
    void look(const std::string& check);
    void pass(Duration duration) { core::fleet::pass(engine, now, duration); }

    /// Does this alert ("P2 EndpointDown", with the priority that it has by itself) fire with this value of a label? A
    /// scenario over the same check lowers it, and it is the rule's work all the same.
    bool fires(std::string_view alert, std::string_view label, std::string_view value);
    /// What pages: "P1 ScenarioActive node/n1" of all that fires with P1 or P2, sorted.
    std::vector<std::string> pages();

    Time now = kStart;
    core::Engine engine{now};
    asio::io_context ioc;
    FakeWorld world{ioc};

  private:
    std::size_t place_of(const std::string& check) const;

    const agent::Loaded& loaded_;
    std::map<std::string, std::string> cursors_;
};

} // namespace recoverd::test
