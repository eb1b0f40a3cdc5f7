// SPDX-License-Identifier: Apache-2.0
// Surroundings of a configuration with two collectors: one that probes, and one that brings recovery points.
#pragma once

#include "core/config/compile.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recoverd::core::config {

struct ProbeOptions {
    std::string address;
    SecretRef token;
    std::vector<std::string> argv;
};
inline constexpr Option<ProbeOptions> kProbeOptions[] = {
    {"address", &ProbeOptions::address, "where"},
    {"token", &ProbeOptions::token, "a secret"},
    {"argv", &ProbeOptions::argv, "words"},
};

class MadeUp : public Surroundings {
  public:
    std::span<const CollectorInfo> collectors() const override { return infos_; }
    CompiledOptions compile_options(std::string_view /*collector*/, const Table& table, const Place& place,
                                    std::span<const std::string_view> others, Diagnostics& diagnostics) override {
        auto options = read_options<ProbeOptions>(table, place, kProbeOptions, others, diagnostics);
        return {options.address, options.address};
    }
    std::optional<std::string> environment(const std::string& name) const override {
        return name == "HOME" ? std::optional<std::string>{"/root"} : std::nullopt;
    }
    std::expected<std::vector<TargetGroup>, std::string> read_targets(const std::string& path,
                                                                      const Position& /*from*/) override {
        if (path.empty())
            return std::unexpected(std::string{"cannot read ''"});
        return std::vector<TargetGroup>{{{"a:1", "b:2"}, {{"env", "prod"}}}};
    }
    std::string host_name() const override { return "node-7"; }

  private:
    std::vector<CollectorInfo> infos_{
        {"tcp", {EvidenceKind::reachability}, true, 15s, 10s, describe_options<ProbeOptions>(kProbeOptions)},
        {"dump", {EvidenceKind::recovery_points}, false, 5min, 1min, describe_options<ProbeOptions>(kProbeOptions)},
    };
};

/// All that was said, a line each.
inline std::string said(const Compilation& compiled) {
    std::string out;
    for (const Diagnostic& diagnostic : compiled.diagnostics.all())
        out += format(diagnostic) + "\n";
    return out;
}

inline Compilation compiled(const Node& root) {
    MadeUp around;
    return compile(root, around);
}

} // namespace recoverd::core::config
