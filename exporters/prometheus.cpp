// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus.hpp"

#include "exporters/alerts.hpp"
#include "exporters/prometheus/families.hpp"

#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace recoverd::exporters {

/// What only the configuration decides, per check by its place in the snapshot: looking that up again for each of
/// 10,000 checks was a third of a scrape, most of it waiting for memory. An entry holds its check, so that its address
/// cannot come to mean another one.
class PrometheusRenderer::LabelCache {
  public:
    struct Subject {
        std::string name;
        std::string asset;
        std::string labels;
    };
    struct Entry {
        std::shared_ptr<const core::Check> check;
        families::CheckSeries series;
        std::vector<Subject> subjects;
    };

    void begin(const core::Snapshot& snapshot) {
        // Thresholds are those of assets, some of which are made while a configuration is in use.
        if (config_ != snapshot.config || assets_ != snapshot.assets.size())
            entries_.clear();
        config_ = snapshot.config;
        assets_ = snapshot.assets.size();
        entries_.resize(snapshot.checks.size());
    }

    template <class FindAsset>
    Entry& of(std::size_t place, const core::CheckSnapshot& snapshot, const FindAsset& find) {
        Entry& entry = entries_[place];
        if (entry.check != snapshot.check)
            entry = {snapshot.check, families::describe(*snapshot.check, find(snapshot.check->asset)), {}};
        if (const std::size_t seen = snapshot.memory->subjects.size(); entry.subjects.size() > seen)
            entry.subjects.resize(seen);
        return entry;
    }

    static const std::string& labels_of(Entry& entry, std::size_t i, const std::string& name,
                                        const std::string& asset) {
        // Of most checks there is one subject, without a name.
        if (name.empty() && asset == entry.check->asset)
            return entry.series.labels;
        if (entry.subjects.size() <= i)
            entry.subjects.resize(i + 1);
        Subject& known = entry.subjects[i];
        if (known.labels.empty() || known.name != name || known.asset != asset) {
            const LabelText labels =
                LabelText{}.add("asset", asset).add("check", entry.check->name).add("subject", name);
            known = {name, asset, labels.text()}; // a copy, which takes no more room than it needs
        }
        return known.labels;
    }

  private:
    std::shared_ptr<const core::Config> config_;
    std::size_t assets_ = 0;
    std::vector<Entry> entries_;
};

PrometheusRenderer::PrometheusRenderer() : labels_(std::make_unique<LabelCache>()) {}
PrometheusRenderer::~PrometheusRenderer() = default;

namespace {

void write_evidence(SeriesWriter& out, const families::SubjectSeries& subject, const core::Evidence& evidence,
                    std::set<std::string>& named) {
    using namespace families;
    switch (core::kind_of(evidence)) {
    case core::EvidenceKind::recovery_points:
        return write_recovery_points(out, subject, std::get<core::RecoveryPoints>(evidence));
    case core::EvidenceKind::log_archive:
        return write_log_archive(out, subject, std::get<core::LogArchive>(evidence));
    case core::EvidenceKind::replication:
        return write_replication(out, subject, std::get<core::Replication>(evidence), named);
    case core::EvidenceKind::reachability:
        return write_reachability(out, subject, std::get<core::Reachability>(evidence));
    case core::EvidenceKind::assertions:
        return write_assertions(out, subject, std::get<core::Assertions>(evidence));
    case core::EvidenceKind::measurement:
        return write_measurement(out, subject, std::get<core::Measurement>(evidence));
    case core::EvidenceKind::exercise:    // gathered per asset from memory
    case core::EvidenceKind::fingerprint: // a value is no number; its rule tells when it changed
        return;
    }
}

/// Those of each asset that the check sees something of; of the one it names before it has seen anything.
template <class FindAsset>
void write_thresholds(SeriesWriter& out, const core::CheckSnapshot& snapshot, const families::CheckSeries& series,
                      const FindAsset& find) {
    const core::Check& check = *snapshot.check;
    std::set<std::string_view> others;
    bool own = snapshot.subject_assets.empty();
    for (const std::string& name : snapshot.subject_assets)
        if (name == check.asset)
            own = true;
        else
            others.insert(name);
    if (own)
        families::write_thresholds(out, series.thresholds, series.labels);
    for (const std::string_view name : others)
        families::write_thresholds(out, families::thresholds_of(check, find(name)),
                                   LabelText{}.add("asset", name).add("check", check.name).text());
}

} // namespace

std::string PrometheusRenderer::render(const core::Snapshot& snapshot, const AgentFacts& facts, Format format) {
    SeriesWriter& out = series_;
    out.begin();
    families::ExerciseSeries exercises;
    labels_->begin(snapshot);
    std::unordered_map<std::string_view, const core::Asset*> assets;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) { assets.emplace(asset.asset.name, &asset.asset); });
    const auto find = [&](std::string_view name) {
        const auto found = assets.find(name);
        return found == assets.end() ? nullptr : found->second;
    };
    std::size_t place = 0;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        LabelCache::Entry& entry = labels_->of(place++, check, find);
        families::write_check(out, *check.memory, entry.series);
        write_thresholds(out, check, entry.series, find);
        std::set<std::string> named;
        std::size_t i = 0;
        const std::string no_asset;
        for (const auto& [name, seen] : check.memory->subjects) {
            const std::string& asset = i < check.subject_assets.size() ? check.subject_assets[i] : no_asset;
            const std::string& labels = LabelCache::labels_of(entry, i++, name, asset);
            const families::SubjectSeries subject{*check.check, asset, name, seen, labels};
            out.begin_group();
            for (const core::Evidence& evidence : *seen.evidence)
                write_evidence(out, subject, evidence, named);
            families::write_backup_history(out, subject);
            exercises.gather(asset, seen);
        }
    });
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) { families::write_asset(out, asset); });
    for (const auto& scenario : snapshot.scenarios)
        families::write_scenario(out, *scenario);
    exercises.write(out);
    for_each_alert(snapshot, facts, [&](const core::Alert& alert) { families::write_alert(out, alert); });
    families::write_status(out, snapshot);
    families::write_agent(out, facts);
    families::write_process(out);
    return out.take(format);
}

} // namespace recoverd::exporters
