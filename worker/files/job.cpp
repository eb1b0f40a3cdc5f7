// SPDX-License-Identifier: Apache-2.0
#include "worker/files/job.hpp"

#include "io/json.hpp"
#include "worker/all.hpp"
#include "worker/files/growth.hpp"
#include "worker/files/points.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

using Chosen = std::map<std::string, Selected, std::less<>>;

/// So many files are proven and remembered at most, all series together; the cursor stays below a megabyte.
constexpr std::size_t kMaxProven = 5000;
constexpr std::size_t kMaxSubject = 200;

/// A file to be proven, and how new it is in its series.
struct Candidate {
    const File* file = nullptr;
    std::size_t rank = 0;
    std::optional<Checksum> checksum;
    std::string key;
    bool tried = false;
    /// Could it not be read then?
    bool unread = false;
};

/// Of the series that could be read.
Chosen select_all(Walked& walked, std::size_t entries, core::Time now) {
    Chosen chosen;
    Entries left{.finished = entries, .unfinished = entries};
    for (auto& [subject, series] : walked.series)
        if (!series.failure)
            chosen.emplace(subject, select(series, walked, left, now));
    return chosen;
}

/// Is the newest backup known? A folder that may not be read could be it, unless a whole one that was read is newer.
bool newest_is_known(const Selected& selected, const Findings& findings, const Options& options) {
    return !selected.closed || std::ranges::any_of(selected.newest, [&](const File* file) {
        const bool small = file->size_known && file->size < options.min_size;
        return file->kind != FileKind::dangling && !small && !findings.growing.contains(file) &&
               file->mtime > selected.closed->folder->mtime;
    });
}

/// Fails the series of which the newest backup is not known. Where the pattern tells no series apart, what cannot be
/// read fails everything, as in walk().
core::Result<void> drop_unknown(Chosen& chosen, const Pattern& pattern, const Findings& findings,
                                const Options& options) {
    for (auto at = chosen.begin(); at != chosen.end();) {
        Selected& selected = at->second;
        if (newest_is_known(selected, findings, options)) {
            ++at;
            continue;
        }
        if (!pattern.has_subject)
            return std::unexpected(selected.closed->failure);
        selected.series->failure = std::move(selected.closed->failure);
        at = chosen.erase(at);
    }
    return {};
}

std::vector<File*> possibly_growing(const Chosen& chosen) {
    std::vector<File*> files;
    for (const auto& [subject, selected] : chosen) {
        for (File* file : selected.newest)
            if (file->kind != FileKind::dangling)
                files.push_back(file);
        for (File& file : selected.series->partial)
            files.push_back(&file);
        const auto empty = selected.empty.size() > kCompared ? kCompared : selected.empty.size();
        files.insert(files.end(), selected.empty.begin(), selected.empty.begin() + static_cast<std::ptrdiff_t>(empty));
    }
    return files;
}

/// The newest of each series first, so that no series waits behind another one's history.
std::vector<Candidate> candidates(const Chosen& chosen, const Findings& findings, const Options& options) {
    std::vector<Candidate> found;
    for (const auto& [subject, selected] : chosen) {
        std::size_t rank = 0;
        for (const File* file : selected.newest) {
            const bool small = file->size_known && file->size < options.min_size;
            if (file->kind != FileKind::dangling && !small && !findings.growing.contains(file))
                found.push_back({file, rank++, {}, {}, false});
        }
    }
    std::ranges::stable_sort(found, [](const Candidate& a, const Candidate& b) {
        return a.rank != b.rank ? a.rank < b.rank : a.file->mtime > b.file->mtime;
    });
    if (found.size() > kMaxProven)
        found.resize(kMaxProven);
    return found;
}

class Proving {
  public:
    Proving(const Options& options, const Walked& walked, const Remembered& before, Remembered& after,
            Findings& findings, const Clock& clock, core::Time began)
        : options_(options),
          walked_(walked),
          before_(before),
          after_(after),
          findings_(findings),
          budget_(options.verify_budget, began + options.time_limit, clock) {}

    void run(std::vector<Candidate> files) {
        Checksums checksums;
        std::vector<Candidate> rest;
        for (auto& candidate : files) {
            const File& file = *candidate.file;
            if (options_.verify == core::Depth::checksummed)
                candidate.checksum = checksums.of(walked_.folders[file.folder], file.name);
            if (candidate.checksum)
                candidate.key = candidate.checksum->hex.substr(0, kShortHex);
            if (!known_already(candidate))
                rest.push_back(std::move(candidate));
        }
        // What could not be finished last time must not keep the others waiting for ever.
        std::ranges::stable_partition(rest, [](const Candidate& candidate) { return !candidate.tried; });
        for (const auto& candidate : rest)
            prove_one(candidate);
    }

  private:
    static constexpr std::size_t kShortHex = 16;

    bool known_already(Candidate& candidate) {
        const File& file = *candidate.file;
        const auto* before = before_.find(walked_.path_of(file));
        if (!before || before->size_known != file.size_known || before->size != file.size ||
            before->mtime != file.mtime || !before->proof)
            return false;
        const auto& known = *before->proof;
        if (known.asked != *options_.verify || known.checksum != candidate.key)
            return false;
        candidate.tried = !known.proof.finished;
        candidate.unread = known.proof.unreadable;
        if (candidate.tried)
            return false;
        keep(candidate, known.proof);
        return true;
    }

    static Proof unread() {
        Proof proof = unfinished();
        proof.unreadable = true;
        return proof;
    }

    void prove_one(const Candidate& candidate) {
        Proof proof = prove(walked_.path_of(*candidate.file), *candidate.file, *options_.verify, candidate.checksum,
                            budget_, options_.of_kind);
        // A disk that is bad is so the next time, too; a file server that went away is back by then.
        if (proof.unreadable && !candidate.unread)
            proof = unread();
        keep(candidate, proof);
    }

    void keep(const Candidate& candidate, const Proof& proof) {
        const File& file = *candidate.file;
        if (proof.finished)
            findings_.proofs[&file] = proof;
        else if (file.size > options_.verify_budget)
            findings_.proofs[&file] = not_proven("it is larger than verify_budget");
        else if (candidate.tried)
            findings_.proofs[&file] = not_proven("neither this run nor the last had the time or the budget to read it");
        // Why a good file was not proven (no permission) may be over next time.
        const bool last = proof.state != core::PointState::good || proof.detail.empty();
        RememberedFile remembered{file.size, file.mtime, {}, file.size_known};
        if (last)
            remembered.proof = RememberedProof{*options_.verify, candidate.key, proof.unreadable ? unread() : proof};
        after_.files[printable(walked_.path_of(file))] = std::move(remembered);
    }

    const Options& options_;
    const Walked& walked_;
    const Remembered& before_;
    Remembered& after_;
    Findings& findings_;
    Budget budget_;
};

/// What the next run compares with, to notice growth.
void remember_newest(const Chosen& chosen, const Walked& walked, Remembered& after) {
    const auto remember = [&](const File& file) {
        after.files.try_emplace(printable(walked.path_of(file)),
                                RememberedFile{file.size, file.mtime, {}, file.size_known});
    };
    for (const auto& [subject, selected] : chosen) {
        for (std::size_t i = 0; i < std::min(kCompared, selected.newest.size()); ++i)
            remember(*selected.newest[i]);
        for (std::size_t i = 0; i < std::min(kCompared, selected.series->partial.size()); ++i)
            remember(selected.series->partial[i]);
    }
}

std::string subject_name(std::string_view raw) { return printable(raw.substr(0, kMaxSubject)); }

} // namespace

core::Result<core::Seen> look(const Options& options, const Clock& clock) {
    const core::Time began = clock.now();
    const auto pattern = parse_pattern(options.path);
    if (!pattern)
        return std::unexpected(pattern.error());
    auto walked = walk(*pattern);
    if (!walked)
        return std::unexpected(walked.error());
    const Remembered before = read_remembered(options.cursor);
    // Nothing to look at is a failure, not a pass; once there was something, its absence is what we saw.
    if (walked->series.empty() && !before.any_series)
        return core::failed(core::FailureKind::bad_answer, fmt::format("nothing matches '{}'", options.path));

    Chosen chosen = select_all(*walked, options.entries, clock.now());
    Findings findings;
    for (const File* file : growing(possibly_growing(chosen), *walked, before, options.settle, clock))
        findings.growing.insert(file);
    if (auto known = drop_unknown(chosen, *pattern, findings, options); !known)
        return std::unexpected(std::move(known.error()));

    Remembered after;
    after.looked_at = clock.now();
    after.any_series = true;
    if (options.verify)
        Proving(options, *walked, before, after, findings, clock, began).run(candidates(chosen, findings, options));
    remember_newest(chosen, *walked, after);

    core::Seen seen;
    for (const auto& [subject, series] : walked->series) {
        core::SubjectReport report;
        report.subject = subject_name(subject);
        report.failure = series.failure;
        if (const auto at = chosen.find(subject); at != chosen.end())
            report.evidence.emplace_back(points_of(at->second, *walked, findings, options, clock.now()));
        seen.subjects.push_back(std::move(report));
    }
    seen.cursor = write_remembered(after);
    return seen;
}

core::Result<core::Seen> run(std::string_view options) {
    return look(read_options(io::Json::parse(options)), system_clock());
}

} // namespace recoverd::worker::files
