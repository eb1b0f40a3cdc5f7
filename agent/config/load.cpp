// SPDX-License-Identifier: Apache-2.0
#include "agent/config/load.hpp"

#include "agent/config/open_secrets.hpp"
#include "agent/config/targets.hpp"
#include "agent/config/toml.hpp"
#include "io/client_options.hpp"
#include "io/json.hpp"
#include "io/whole_file.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace recoverd::agent {

using namespace core::config;

namespace {

constexpr std::size_t kMaxTargetsBytes = std::size_t{16} << 20U;

/// Every `{ env = … }`, wherever it stands.
void gather_secret_variables(const Table& table, std::set<std::string>& names) {
    for (const Entry& entry : table) {
        if (entry.key == "env" && table.size() == 1 && entry.node.text())
            names.insert(*entry.node.text());
        else if (const Table* inner = entry.node.table())
            gather_secret_variables(*inner, names);
    }
}

class Machine : public Surroundings {
  public:
    Machine(std::span<const collectors::Kind> kinds, std::vector<std::string>& files, OpenSecrets& open_secrets,
            const Touching& touching)
        : kinds_(kinds), files_(files), open_secrets_(open_secrets), touching_(touching) {
        for (const collectors::Kind& kind : kinds)
            infos_.push_back({kind.name, kind.brings, kind.probes, kind.every, kind.timeout, kind.options});
    }

    std::span<const CollectorInfo> collectors() const override { return infos_; }

    CompiledOptions compile_options(std::string_view collector, const Table& table, const Place& place,
                                    std::span<const std::string_view> others, Diagnostics& diagnostics) override {
        const auto kind = std::ranges::find(kinds_, collector, &collectors::Kind::name);
        collectors::Compiled compiled = kind->compile(table, place, others, diagnostics);
        gather_secret_variables(table, secret_variables);
        open_secrets_.look(table, place.path, diagnostics);
        std::string target = compiled.target;
        std::vector<core::EvidenceKind> brings = compiled.brings;
        return {std::move(compiled), std::move(target), std::move(brings)};
    }

    std::optional<std::string> environment(const std::string& name) const override {
        const char* value = std::getenv(name.c_str());
        return value ? std::optional<std::string>{value} : std::nullopt;
    }

    std::expected<std::vector<TargetGroup>, std::string> read_targets(const std::string& path,
                                                                      const Position& from) override {
        const auto folder = std::filesystem::path{from.file ? *from.file : std::string{}}.parent_path();
        const std::string file = (folder / path).string();
        files_.push_back(file);
        if (touching_)
            touching_(file);
        std::error_code error;
        const auto text =
            std::filesystem::is_regular_file(file, error) ? io::read_whole(file) : std::unexpected{std::string{}};
        if (!text)
            return std::unexpected(fmt::format("cannot read '{}'", file));
        try {
            return interpret_targets(io::Json::parse(*text, kMaxTargetsBytes));
        } catch (const io::BadDocument& bad) {
            return std::unexpected(fmt::format("'{}' is no file_sd document: {}", file, bad.what()));
        }
    }

    std::string host_name() const override {
        std::array<char, 256> name{};
        return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{};
    }

    /// Of the options of all checks, after what `for_each` fills in.
    std::set<std::string> secret_variables;

  private:
    std::span<const collectors::Kind> kinds_;
    std::vector<CollectorInfo> infos_;
    std::vector<std::string>& files_;
    OpenSecrets& open_secrets_;
    const Touching& touching_;
};

void check_client(const AlertmanagerOptions& options, Diagnostics& diagnostics) {
    if (options.tls)
        io::read_tls(*options.tls, "alertmanager.tls", diagnostics);
    if (options.auth)
        io::read_auth(*options.auth, "alertmanager.auth", diagnostics);
}

/// What a file that cannot be read would have said is not known: what refers to it would look wrong, and what nobody
/// judges or decides, too.
bool is_wrong_anyway(const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::mistake && !diagnostic.may_be_elsewhere;
}

} // namespace

Loaded load(const std::string& path, std::span<const collectors::Kind> kinds, const Touching& touching) {
    Loaded loaded;
    Document document = read_document(path, loaded.diagnostics, touching);
    loaded.files = std::move(document.files);
    loaded.folders = std::move(document.folders);
    OpenSecrets open_secrets{touching};
    open_secrets.look(document.root, {}, loaded.diagnostics);
    Machine machine{kinds, loaded.files, open_secrets, touching};
    Compilation compiled = compile(document.root, machine);
    check_client(compiled.alertmanager, compiled.diagnostics);
    open_secrets.look(compiled.document, {}, compiled.diagnostics);
    if (const Table* root = document.root.table())
        gather_secret_variables(*root, machine.secret_variables);
    loaded.secret_variables = {machine.secret_variables.begin(), machine.secret_variables.end()};
    for (const Diagnostic& d : compiled.diagnostics.all())
        if (document.whole || is_wrong_anyway(d))
            loaded.diagnostics.add(d);
    loaded.diagnostics = loaded.diagnostics.told_once();
    if (!document.whole)
        return loaded;
    loaded.config = std::move(compiled.config);
    loaded.alertmanager = std::move(compiled.alertmanager);
    loaded.outcomes = std::move(compiled.outcomes);
    loaded.origins = std::move(compiled.origins);
    loaded.other_sections = std::move(compiled.others);
    if (!loaded.diagnostics.has_mistakes())
        for (std::any& options : compiled.options)
            loaded.collectors.push_back(std::any_cast<collectors::Compiled>(std::move(options)));
    return loaded;
}

} // namespace recoverd::agent
