// SPDX-License-Identifier: Apache-2.0
// From a configuration document to core::Config: every reference resolved, every policy merged, every mistake found.
// What a collector's options mean is the collector's business; it is reached through Surroundings.
#pragma once

#include "core/config.hpp"
#include "core/config/alertmanager.hpp"
#include "core/config/options.hpp"
#include "core/config/outcomes.hpp"

#include <any>
#include <expected>
#include <map>
#include <memory>
#include <span>

namespace recoverd::core::config {

/// What compiling has to know of a collector.
struct CollectorInfo {
    std::string_view name;
    std::vector<EvidenceKind> brings;
    bool probes = false;
    Duration every{60'000};
    Duration timeout{30'000};
    std::vector<OptionInfo> options;
};

/// The options of one check after its collector read them, opaque to everybody else.
struct CompiledOptions {
    std::any value;
    /// host:port or URL without credentials and query; empty where there is none.
    std::string target;
    /// What it can bring with these options; all that its collector can when empty.
    std::vector<EvidenceKind> brings = {};
};

/// One group of a Prometheus file_sd document.
struct TargetGroup {
    std::vector<std::string> targets;
    Labels labels;
};

/// The world outside as far as a configuration asks for it.
class Surroundings {
  public:
    virtual ~Surroundings() = default;

    virtual std::span<const CollectorInfo> collectors() const = 0;
    /// Mistakes go to `diagnostics`; then the answer is not used. `others` are the keys common to all checks.
    virtual CompiledOptions compile_options(std::string_view collector, const Table& table, const Place& place,
                                            std::span<const std::string_view> others, Diagnostics& diagnostics) = 0;
    virtual std::optional<std::string> environment(const std::string& name) const = 0;
    /// Reads a file_sd document; a relative path starts at the file `from` stands in. The error is one line.
    virtual std::expected<std::vector<TargetGroup>, std::string> read_targets(const std::string& path,
                                                                              const Position& from) = 0;
    /// For `instance` when the configuration does not say.
    virtual std::string host_name() const = 0;
};

/// One value of a merged check or asset, and who said it.
struct Origin {
    std::string key;
    /// As TOML has it; what came from the environment is still `${NAME}`.
    std::string value;
    /// "built-in", "defaults", "defaults.http", "class.gold", "asset.x", "check.y", "policy"
    std::string from;
    Position at;
};

struct Compilation {
    /// Complete only when there are no mistakes.
    std::shared_ptr<const Config> config;
    /// CompiledOptions::value of each of `config->checks`, in their order.
    std::vector<std::any> options;
    AlertmanagerOptions alertmanager;
    OutcomesOptions outcomes;
    /// By "check.NAME" and "asset.NAME".
    std::map<std::string, std::vector<Origin>, std::less<>> origins;
    /// The other sections as they were written: "" for the keys of the document itself, "policy", "class.gold",
    /// "[scenario]" once for each.
    std::vector<std::pair<std::string, std::vector<Origin>>> others;
    /// `root` with what came from the environment filled in: not to be shown.
    Node document;
    /// In the order of files and lines, each said once.
    Diagnostics diagnostics;
};

/// `root` is the whole document, its includes merged.
Compilation compile(const Node& root, Surroundings& around);

/// A kind of table in the document, for the schema and the reference.
struct Section {
    /// "asset.NAME", "[[maintenance]]" as "maintenance[]"
    std::string_view path;
    std::string_view help;
    std::vector<OptionInfo> options;
};

/// Everything that can stand in a document apart from policies and the options of collectors.
std::vector<Section> sections();

} // namespace recoverd::core::config
