// SPDX-License-Identifier: Apache-2.0
// A folder of dumps as the worker would tell of it.
#pragma once

#include "io/evidence_json.hpp"
#include "tests/support/fake_world.hpp"

#include <map>
#include <string>
#include <vector>

namespace recoverd::scenario {

class Dumps {
  public:
    /// A good dump of `series`, finished at `at`.
    void write(const std::string& series, core::Time at, std::uint64_t bytes = 1'000'000'000) {
        core::RecoveryPoint point;
        point.id = series + "-" + std::to_string(at.time_since_epoch().count()) + ".dump";
        point.data_at = at;
        point.ended_at = at;
        point.size_bytes = bytes;
        point.stored_bytes = bytes;
        point.depth = core::Depth::checksummed;
        series_[series].push_back(point);
    }
    void spoil_newest(const std::string& series) {
        series_.at(series).back().state = core::PointState::bad;
        series_.at(series).back().detail = "gzip: unexpected end of file";
    }
    void remove_older_than(const std::string& series, core::Time limit) {
        std::erase_if(series_.at(series), [&](const auto& point) { return point.ended_at < limit; });
    }
    void lose(const std::string& series) { series_.erase(series); }

    core::Result<io::Finished> answer() const {
        core::Seen seen;
        for (const auto& [name, points] : series_) {
            core::RecoveryPoints evidence;
            evidence.method = "file";
            evidence.points = points;
            evidence.count = points.size();
            if (!points.empty())
                evidence.oldest_at = points.front().data_at;
            core::SubjectReport subject;
            subject.subject = name;
            subject.evidence.emplace_back(std::move(evidence));
            seen.subjects.push_back(std::move(subject));
        }
        return test::exited(io::to_lines(seen));
    }

  private:
    std::map<std::string, std::vector<core::RecoveryPoint>> series_;
};

} // namespace recoverd::scenario
