// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/protect.hpp"

#include "collectors/tool.hpp"
#include "core/config.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::git_parts {

namespace {

constexpr std::size_t kMaxAnchors = 1'000;
constexpr std::string_view kTags = "refs/tags/";

bool is_protected(std::string_view ref, const Refs& origin, std::span<const std::string> globs) {
    return std::ranges::any_of(globs, [&](const std::string& glob) {
        return glob == "HEAD" ? !origin.head.empty() && ref == origin.head : core::glob_matches(glob, ref);
    });
}

/// Since the moment that it was first seen.
void lose(State& state, const std::string& ref, const std::string& oid, const std::string& how, Time now) {
    const auto known = state.lost.find(ref);
    if (known == state.lost.end() || known->second.oid != oid || known->second.how != how)
        state.lost.insert_or_assign(ref, Lost{oid, how, now});
}

void forget(State& state, const std::string& ref) {
    state.anchors.erase(ref);
    state.lost.erase(ref);
}

/// What has become of a ref that was protected when it was last seen.
void look_at_anchor(State& state, const std::string& ref, const std::string& anchor, const Refs& origin,
                    const Refs& objects, Time now, std::vector<Question>& questions) {
    const std::string* oid = origin.find(ref);
    if (oid != nullptr && *oid == anchor) {
        state.lost.erase(ref);
    } else if (oid == nullptr && origin.holds(anchor)) {
        // It goes by another name now.
        forget(state, ref);
    } else if (oid == nullptr) {
        lose(state, ref, anchor, "deleted", now);
        if (!objects.head_oid.empty())
            questions.push_back({ref, anchor, objects.head_oid});
    } else if (ref.starts_with(kTags)) {
        lose(state, ref, anchor, "moved", now);
    } else if (const std::string* tip = objects.find(ref); tip != nullptr && *tip == *oid) {
        // A copy that is not there yet has no objects to tell, and one that was set back says nothing of the origin.
        questions.push_back({ref, anchor, *tip});
    }
}

} // namespace

std::vector<Question> watch(State& state, const Refs& origin, const Refs* copy, std::span<const std::string> globs,
                            Time now) {
    std::vector<Question> questions;
    const auto anchors = state.anchors;
    for (const auto& [ref, anchor] : anchors) {
        if (origin.find(ref) != nullptr && !is_protected(ref, origin, globs))
            forget(state, ref);
        else
            look_at_anchor(state, ref, anchor, origin, copy != nullptr ? *copy : origin, now, questions);
    }
    for (const Ref& ref : origin.all) {
        if (state.anchors.contains(ref.name) || !is_protected(ref.name, origin, globs))
            continue;
        // What the copy does not hold yet, it cannot lose.
        const std::string* held = copy != nullptr ? copy->find(ref.name) : &ref.oid;
        if (held == nullptr)
            continue;
        if (state.anchors.size() == kMaxAnchors)
            throw io::BadDocument(
                fmt::format("expected at most {} refs that `protect` names, found more", kMaxAnchors));
        state.anchors.emplace(ref.name, *held);
    }
    return questions;
}

void answer(State& state, const Question& question, bool holds, Time now) {
    const auto lost = state.lost.find(question.ref);
    const bool deleted = lost != state.lost.end() && lost->second.how == "deleted";
    if (!holds && !deleted)
        lose(state, question.ref, question.anchor, "rewritten", now);
    else if (holds && deleted)
        forget(state, question.ref);
    else if (holds) {
        state.anchors.insert_or_assign(question.ref, question.tip);
        state.lost.erase(question.ref);
    }
}

core::Assertion nothing_lost(const State& state, const Refs* copy, std::span<const Question> open) {
    core::Assertion none;
    none.name = "protected_refs";
    none.expected = "0";
    none.compare = core::Compare::at_most;
    if (state.lost.empty() && !open.empty()) {
        const std::string others = open.size() > 1 ? fmt::format(" and {} others", open.size() - 1) : std::string{};
        none.detail = fmt::format("{}{} moved, and nobody here has the objects to tell whether history was lost",
                                  shown(open.front().ref), others);
        return none;
    }
    none.actual = fmt::format("{}", state.lost.size());
    if (state.lost.empty())
        return none;
    const auto& [ref, lost] = *state.lost.begin();
    none.detail = fmt::format("{} was {} at the origin, seen at {}: {} is no longer in it", shown(ref), lost.how,
                              core::config::format_time(lost.since), lost.oid.substr(0, 12));
    if (copy != nullptr)
        none.detail += copy->holds(lost.oid) ? ", the mirror still has it" : ", nor in the mirror";
    return none;
}

} // namespace recoverd::collectors::git_parts
