// SPDX-License-Identifier: Apache-2.0
// A configuration, from TOML to what the agent runs: every mistake is named, and nothing else is said.
#include "agent/config/toml.hpp"
#include "collectors/all.hpp"
#include "core/config/compile.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace recoverd::fuzz {

using namespace core::config;

namespace {

/// The real collectors, and a machine that has a few variables and one document of targets.
class Around : public Surroundings {
  public:
    Around() {
        for (const collectors::Kind& kind : collectors::all())
            infos_.push_back({kind.name, kind.brings, kind.probes, kind.every, kind.timeout, kind.options});
    }

    std::span<const CollectorInfo> collectors() const override { return infos_; }
    CompiledOptions compile_options(std::string_view collector, const Table& table, const Place& place,
                                    std::span<const std::string_view> others, Diagnostics& diagnostics) override {
        const auto kinds = collectors::all();
        const auto kind = std::ranges::find(kinds, collector, &collectors::Kind::name);
        collectors::Compiled compiled = kind->compile(table, place, others, diagnostics);
        std::string target = compiled.target;
        return {std::move(compiled), std::move(target)};
    }
    std::optional<std::string> environment(const std::string& name) const override {
        return name.starts_with("NODE") ? std::optional<std::string>{"node-1"} : std::nullopt;
    }
    std::expected<std::vector<TargetGroup>, std::string> read_targets(const std::string& path,
                                                                      const Position& /*from*/) override {
        if (path.ends_with(".json"))
            return std::vector<TargetGroup>{{{"db1:5432", "http://db2/health"}, {{"zone", "a"}, {"__meta", "b"}}}};
        return std::unexpected("cannot read it");
    }
    std::string host_name() const override { return "host"; }

  private:
    std::vector<CollectorInfo> infos_;
};

} // namespace

void fuzz(std::string_view bytes) {
    static Around around;
    Diagnostics diagnostics;
    Table table;
    if (!agent::parse_toml(bytes, "recoverd.toml", table, diagnostics))
        return must(diagnostics.has_mistakes(), "what is no TOML is a mistake");
    const Node root{std::move(table), {}};
    canonical(root);
    const Compilation compiled = compile(root, around);
    for (const Diagnostic& diagnostic : compiled.diagnostics.all()) {
        must(!diagnostic.message.empty(), "a mistake has words");
        format(diagnostic);
    }
    if (compiled.diagnostics.has_mistakes() || diagnostics.has_mistakes())
        return;
    must(compiled.config != nullptr, "without mistakes there is a configuration");
    must(compiled.options.size() == compiled.config->checks.size(), "every check has its options");
}

} // namespace recoverd::fuzz
