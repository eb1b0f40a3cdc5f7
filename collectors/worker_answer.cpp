// SPDX-License-Identifier: Apache-2.0
#include "collectors/worker_answer.hpp"

#include "io/evidence_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

namespace recoverd::collectors {

namespace {

std::optional<core::Failure> failure_of(const io::Finished& finished) {
    if (finished.status == 0)
        return std::nullopt;
    if (finished.signal != 0)
        return core::Failure{FailureKind::bad_answer, fmt::format("worker: ended by signal {}", finished.signal)};
    if (finished.out.empty())
        return core::Failure{
            FailureKind::bad_answer,
            fmt::format("worker: exit status {}: {}", finished.status.value_or(-1), io::last_words(finished.err))};
    const auto answer = io::Json::parse_lenient(finished.out);
    const auto& failure = answer["failure"];
    const auto kind = core::from_name<FailureKind>(failure["kind"].text());
    if (!kind)
        failure["kind"].bad("a kind of failure");
    return core::Failure{*kind, failure["detail"].text()};
}

/// A few milliseconds of the loop's time.
constexpr std::size_t kSlice = std::size_t{128} << 10U;
/// As long as others have something to do.
constexpr Duration kBreak{0};

/// Puts together what slices say; lines of one subject may stand in two.
class Gathering {
  public:
    void add(core::Seen part) {
        for (SubjectReport& report : part.subjects) {
            const auto [at, fresh] = places_.try_emplace(report.subject, seen_.subjects.size());
            if (fresh) {
                seen_.subjects.push_back(std::move(report));
                continue;
            }
            SubjectReport& known = seen_.subjects[at->second];
            std::ranges::move(report.evidence, std::back_inserter(known.evidence));
            if (report.failure)
                known.failure = std::move(report.failure);
        }
        // Only the last line says so.
        seen_.complete = part.complete;
        seen_.cursor = std::move(part.cursor);
    }
    core::Seen take() { return std::move(seen_); }

  private:
    core::Seen seen_;
    std::map<std::string, std::size_t, std::less<>> places_;
};

} // namespace

Task<Collected> read_worker(Run run, io::Finished finished) {
    if (finished.status != 0 || finished.out.size() <= kSlice)
        co_return interpret_worker(finished);
    Gathering gathering;
    std::string_view lines = finished.out;
    while (!lines.empty()) {
        const auto end = lines.find('\n', std::min(kSlice, lines.size() - 1));
        const std::string_view slice = lines.substr(0, end == std::string_view::npos ? end : end + 1);
        lines.remove_prefix(slice.size());
        gathering.add(io::from_lines(slice));
        co_await run.world.timers().sleep(kBreak);
    }
    co_return gathering.take();
}

core::Result<std::string> worker_answer(io::Finished finished) {
    if (const auto failure = failure_of(finished))
        return std::unexpected(*failure);
    return std::move(finished.out);
}

Collected interpret_worker(const io::Finished& finished) {
    if (const auto failure = failure_of(finished))
        return std::unexpected(*failure);
    return io::from_lines(finished.out);
}

} // namespace recoverd::collectors
