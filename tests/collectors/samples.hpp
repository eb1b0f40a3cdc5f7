// SPDX-License-Identifier: Apache-2.0
// Documents of real systems that are kept beside this clone on some machines, and nowhere in it: what becomes of them
// in words, and what is known of them. Who reads which stands in samples_test.cpp and samples_kubernetes_test.cpp.
#pragma once

#include "tests/collectors/good_news.hpp"
#include "tests/places.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

namespace recoverd::test::samples {

/// Later than all of them.
inline constexpr core::Time kNow = kStart + 30 * core::kDay;

/// Of what the API server of a cluster gives, read by samples_kubernetes_test.cpp.
inline constexpr std::array<std::string_view, 9> kOfKubernetes{
    "argocd", "cert-manager", "chaos-mesh", "cnpg", "derived", "kubernetes", "strimzi", "velero", "volumesnapshot"};

/// What was read of one document, in words.
struct Told {
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

inline void add_bad(const core::Evidence& evidence, std::vector<std::string>& bad) {
    std::visit(
        [&bad]<class T>(const T& seen) {
            if constexpr (std::is_same_v<T, core::RecoveryPoints>) {
                for (const auto& point : seen.points)
                    if (point.state != core::PointState::good)
                        bad.push_back(fmt::format("{} '{}'", core::name_of(point.state), point.id));
                for (const auto& job : seen.jobs)
                    if (job.state == core::JobState::failed)
                        bad.push_back("failed job: " + job.detail);
            } else if constexpr (std::is_same_v<T, core::Replication>) {
                for (const auto& follower : seen.followers)
                    if (follower.state == core::FollowerState::missing)
                        bad.push_back(fmt::format("'{}' does not follow", follower.name));
            } else if constexpr (std::is_same_v<T, core::Exercise>) {
                if (seen.outcome == core::ExerciseOutcome::failed)
                    bad.push_back(fmt::format("exercise '{}' failed: {}", seen.exercise, seen.message));
            } else if constexpr (std::is_same_v<T, core::Reachability>) {
                if (seen.state != core::ReachState::up)
                    bad.push_back(seen.detail);
            } else if constexpr (std::is_same_v<T, core::Assertions>) {
                for (const auto& assertion : seen.assertions)
                    if (core::state_of(assertion) == core::AssertionState::fails)
                        bad.push_back(fmt::format("'{}' fails", assertion.name));
            }
        },
        evidence);
}

inline void add(Told& told, const core::Evidence& evidence) {
    if (core::kind_of(evidence) != core::EvidenceKind::measurement)
        std::ranges::copy(good_in(evidence), std::back_inserter(told.good));
    add_bad(evidence, told.bad);
}

inline void add(Told& told, const std::optional<core::Failure>& failure) {
    if (failure)
        told.bad.push_back(failure->detail);
}

inline void add(Told& told, const collectors::Collected& seen) {
    if (!seen)
        return add(told, std::optional{seen.error()});
    for (const core::SubjectReport& subject : seen->subjects) {
        add(told, subject.failure);
        for (const core::Evidence& evidence : subject.evidence)
            add(told, evidence);
    }
}

struct Sample {
    std::string folder;
    std::string name;
    std::string text;

    bool is(std::string_view piece) const { return name.contains(piece); }
};

inline std::string bytes(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::filesystem::path root() { return source_folder() / "../shared/samples"; }

/// What is none of its documents throws BadDocument, and has told nothing good.
struct Folder {
    std::string_view name;
    void (*read)(const Sample& sample, Told& told);
};

enum class Must : std::uint8_t { tell_nothing_good, tell_bad, tell_good };

/// What is known of the documents whose names hold `piece`.
struct Known {
    std::string_view folder;
    std::string_view piece;
    Must must;
};

inline Told told_by(const Folder& folder, const Sample& sample) {
    Told told;
    try {
        folder.read(sample, told);
    } catch (const io::BadDocument& bad) {
        told.bad.emplace_back(bad.what());
    }
    return told;
}

/// Each document of these folders, held against what is known of it; each piece of knowledge is of some document.
inline void feed(std::span<const Folder> folders, std::span<const Known> known) {
    std::error_code none;
    if (!std::filesystem::is_directory(root(), none)) {
        WARN("no samples beside this clone: nothing was fed to anybody");
        return;
    }
    std::vector<std::size_t> matched(known.size());
    for (const Folder& folder : folders)
        for (const auto& entry : std::filesystem::directory_iterator{root() / folder.name}) {
            const Sample sample{std::string{folder.name}, entry.path().filename().string(), bytes(entry.path())};
            const Told told = told_by(folder, sample);
            CAPTURE(folder.name, sample.name, told.good, told.bad);
            for (std::size_t i = 0; i < known.size(); ++i) {
                const auto& [of, piece, must] = known[i];
                if (of != folder.name || !sample.is(piece))
                    continue;
                ++matched[i];
                if (must == Must::tell_nothing_good)
                    CHECK(told.good.empty());
                else
                    CHECK_FALSE((must == Must::tell_bad ? told.bad : told.good).empty());
            }
        }
    for (std::size_t i = 0; i < known.size(); ++i) {
        CAPTURE(known[i].folder, known[i].piece);
        CHECK(matched[i] > 0);
    }
}

} // namespace recoverd::test::samples
