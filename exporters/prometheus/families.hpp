// SPDX-License-Identifier: Apache-2.0
// The parts of /metrics, one function per thing that is shown. Each only writes series; the order and the headings of
// families are the writer's business.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"
#include "exporters/prometheus/writer.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::exporters::families {

/// One subject of a check, with its labels escaped: asset, check, subject.
struct SubjectSeries {
    const core::Check& check;
    std::string_view asset;
    std::string_view subject;
    const core::SubjectMemory& seen;
    const std::string& labels;
};

/// Exercises belong to an asset, whatever check told of them, so they are gathered before they are written.
class ExerciseSeries {
  public:
    void gather(std::string_view asset, const core::SubjectMemory& seen);
    void write(SeriesWriter& out) const;

  private:
    struct Known {
        std::map<core::ExerciseOutcome, core::Time> last;
        core::Time ended_at = core::Time::min();
        std::optional<core::Duration> duration;
        core::Time passed_at = core::Time::min();
        core::Depth depth = core::Depth::exists;
    };
    std::map<std::pair<std::string, std::string>, Known> known_;
};

void write_recovery_points(SeriesWriter& out, const SubjectSeries& subject, const core::RecoveryPoints& points);
void write_backup_history(SeriesWriter& out, const SubjectSeries& subject);
void write_log_archive(SeriesWriter& out, const SubjectSeries& subject, const core::LogArchive& archive);
/// `named` holds the followers and slots that the check has shown already.
void write_replication(SeriesWriter& out, const SubjectSeries& subject, const core::Replication& replication,
                       std::set<std::string>& named);
void write_reachability(SeriesWriter& out, const SubjectSeries& subject, const core::Reachability& reachability);
void write_assertions(SeriesWriter& out, const SubjectSeries& subject, const core::Assertions& assertions);
void write_measurement(SeriesWriter& out, const SubjectSeries& subject, const core::Measurement& measurement);

/// From where on rules about time find bad what a check sees of an asset, in seconds.
using Thresholds = std::vector<std::pair<core::RuleId, double>>;

/// What only the configuration says of a check.
struct CheckSeries {
    /// asset and check, escaped.
    std::string labels;
    /// The same, collector, and configured labels.
    std::string info;
    core::Duration every;
    Thresholds thresholds;
};

/// `asset`: nullptr for what belongs to none.
Thresholds thresholds_of(const core::Check& check, const core::Asset* asset);
CheckSeries describe(const core::Check& check, const core::Asset* asset);
void write_check(SeriesWriter& out, const core::CheckMemory& memory, const CheckSeries& series);
/// `labels`: of that asset and the check.
void write_thresholds(SeriesWriter& out, const Thresholds& thresholds, const std::string& labels);
void write_asset(SeriesWriter& out, const core::AssetSnapshot& snapshot);
void write_scenario(SeriesWriter& out, const core::ScenarioSnapshot& snapshot);
void write_alert(SeriesWriter& out, const core::Alert& alert);
void write_status(SeriesWriter& out, const core::Snapshot& snapshot);
void write_agent(SeriesWriter& out, const AgentFacts& facts);
void write_process(SeriesWriter& out);

} // namespace recoverd::exporters::families
