// SPDX-License-Identifier: Apache-2.0
#include "collectors/git/proof.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors::git_parts {

namespace {

/// What a step came to: an answer of git with status 0, or why there is none.
Result<std::string> answer(Result<io::Finished> finished, std::string_view of) {
    if (!finished)
        return core::failed(finished.error().kind, fmt::format("{}: {}", of, finished.error().detail));
    if (auto failure = git_failure(*finished, of))
        return std::unexpected(std::move(*failure));
    return std::move(finished->out);
}

/// The smallest of the numbers that stand in lines of their own: commit dates of roots. Dates before git was are made
/// up.
std::optional<Time> oldest_of(std::string_view lines, Time now) {
    constexpr Time kFirst{std::chrono::seconds{1}};
    std::optional<Time> oldest;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), seconds);
        constexpr std::int64_t kYear9999 = 253'402'300'799;
        if (error != std::errc{} || end != line.data() + line.size() || seconds < 0 || seconds > kYear9999)
            continue;
        const Time at = core::from_unix_seconds(seconds);
        if (at >= kFirst && at <= now && (!oldest || at < *oldest))
            oldest = at;
    }
    return oldest;
}

/// One that was cut short by its limit says nothing but that its helper ended.
Failure no_end(Failure failure, const io::Finished& clone, std::uint64_t max_size) {
    if (clone.err.contains("File too large") || clone.err.contains("invalid index-pack output") ||
        clone.err.contains("index-pack died"))
        failure.detail += fmt::format(" (`max_size` allows a pack of {})", core::config::format_size(max_size));
    return failure;
}

Task<Result<std::string>> ask(Caller caller, std::vector<std::string> words, std::string of) {
    auto finished = co_await caller.run_git(std::move(words));
    co_return answer(std::move(finished), of);
}

/// Are all objects there, and whole? Errors, or nothing.
Task<Result<std::optional<std::string>>> fsck(Caller caller, std::string folder) {
    std::vector<std::string> words{"-C", std::move(folder), "fsck", "--full", "--no-dangling", "--no-progress"};
    auto checked = co_await caller.run_git(std::move(words));
    if (!checked)
        co_return core::failed(checked.error().kind, "git fsck: " + checked.error().detail);
    if (!checked->status) {
        auto killed = git_failure(*checked, "git fsck");
        co_return std::unexpected(std::move(*killed));
    }
    co_return fsck_errors(*checked);
}

/// What `git grep` ends with when it found nothing.
constexpr int kNoLine = 1;

/// LFS pointers in HEAD, and whether their objects are there.
Task<std::optional<Failure>> look_at_lfs(Caller caller, std::string folder, std::string store, Proof* proof) {
    // What is plain text git looks for with PCRE's just-in-time compiler, which our unit forbids: "Couldn't JIT".
    std::vector<std::string> words{"-C", folder,         "grep", "-l", "-E",
                                   "-e", "filter=lf[s]", "HEAD", "--", ":(glob)**/.gitattributes"};
    auto uses = co_await caller.run_git(std::move(words));
    if (!uses)
        co_return uses.error();
    // Where HEAD names nothing there are no files to look at.
    const bool no_head = uses->err.contains("unable to resolve revision: HEAD");
    if (uses->status == kNoLine || no_head)
        co_return std::nullopt;
    if (auto failure = git_failure(*uses, "git grep"))
        co_return failure;
    words = {"-C",
             folder,
             "grep",
             "-z",
             "-I",
             "--all-match",
             "-E",
             "-e",
             "^version https://git-lfs\\.github\\.com/spec/v1$",
             "-e",
             "^oid sha256:[0-9a-f]{64}$",
             "HEAD"};
    auto pointers = co_await caller.run_git(std::move(words));
    if (!pointers)
        co_return pointers.error();
    if (auto failure = git_failure(*pointers, "git grep"); failure && pointers->status != kNoLine)
        co_return failure;
    std::string listed;
    bool closed = false;
    if (store.empty()) {
        proof->lfs_detail = "where their objects are kept is not told (`lfs`)";
    } else {
        words = {"-C", store, "--git-dir=" + folder, "--work-tree=.", "ls-files", "-z", "--others"};
        auto objects = co_await caller.run_git(std::move(words));
        if (!objects)
            co_return objects.error();
        const bool none = objects->err.contains("No such file or directory");
        // It goes on where a folder is closed, and ends as if all had been seen.
        closed = objects->err.contains("could not open directory");
        if (objects->status == 0)
            listed = std::move(objects->out);
        else if (!none)
            proof->lfs_detail = "the folder of their objects cannot be read";
    }
    const LfsObjects compared = compare_lfs(pointers->out, listed);
    // What is missing may be in there.
    if (closed && compared.missing > 0 && proof->lfs_detail.empty())
        proof->lfs_detail = "a folder of their objects cannot be read";
    proof->lfs_pointers = compared.pointers;
    if (proof->lfs_detail.empty()) {
        proof->lfs_missing = compared.missing;
        if (compared.missing > 0)
            proof->lfs_detail = fmt::format("the object of {} is not in {}", compared.first, store);
    }
    co_return std::nullopt;
}

struct Cloned {
    std::string folder;
    Duration took{0};
};

/// Nothing in `Cloned` when errors were found; they are noted.
Task<Result<std::optional<Cloned>>> clone(Caller caller, ProofPlan plan, std::string scratch, Proof* proof) {
    Cloned cloned{scratch + "/clone", Duration{0}};
    const Duration began = caller.run.world.timers().elapsed();
    // Each object goes through index-pack, which computes its name anew: files that were linked or copied prove
    // nothing.
    std::vector<std::string> words{"-c", "pack.threads=1", "clone", "--mirror", "--no-local", "--quiet", "--template="};
    for (std::string& option : upload_pack(plan.url))
        words.push_back(std::move(option));
    words.insert(words.end(), {"--", plan.url, cloned.folder});
    io::Command command = caller.command(std::move(words));
    command.max_file = plan.max_size;
    const auto finished = co_await caller.run.world.run(std::move(command));
    cloned.took = caller.run.world.timers().elapsed() - began;
    if (!finished)
        co_return core::failed(finished.error().kind, "git clone: " + finished.error().detail);
    if (auto errors = clone_errors(*finished, plan.source)) {
        proof->found(std::move(*errors));
        co_return std::nullopt;
    }
    if (auto failure = git_failure(*finished, "git clone"))
        co_return std::unexpected(no_end(std::move(*failure), *finished, plan.max_size));
    co_return cloned;
}

struct Inside {
    Refs refs;
    std::string errors;
};

/// What a clone must be besides whole: fsck finds no fault with one that is empty or shallow.
Task<Result<Inside>> look_inside(Caller caller, std::string folder, std::vector<std::string> ignored) {
    std::vector<std::string> words{"-C", folder, "for-each-ref", "--format=%(objectname)%09%(refname)"};
    const auto listed = co_await ask(caller, std::move(words), "git for-each-ref");
    if (!listed)
        co_return std::unexpected(listed.error());
    auto refs = understood([&] { return read_refs(*listed, ignored); });
    if (!refs)
        co_return std::unexpected(refs.error());
    Inside inside{std::move(*refs), {}};
    if (inside.refs.all.empty())
        inside.errors = "a clone of it holds no ref";
    words = {"-C", folder, "rev-parse", "--is-shallow-repository"};
    const auto shallow = co_await ask(caller, std::move(words), "git rev-parse");
    if (!shallow)
        co_return std::unexpected(shallow.error());
    if (!shallow->starts_with("false"))
        inside.errors = "a clone of it is shallow: its history is cut off";
    co_return inside;
}

Task<std::optional<Failure>> examine(Caller caller, ProofPlan plan, Cloned cloned, Proved* proved) {
    Proof& proof = proved->proof;
    const auto inside = co_await look_inside(caller, cloned.folder, plan.ignored);
    if (!inside)
        co_return inside.error();
    const auto errors = co_await fsck(caller, cloned.folder);
    if (!errors)
        co_return errors.error();
    if (!inside->errors.empty() || *errors) {
        proof.found(*errors ? **errors : inside->errors);
        co_return std::nullopt;
    }
    std::vector<std::string> words{"-C", cloned.folder, "rev-list", "--all", "--max-parents=0", "--format=%ct"};
    const auto roots = co_await ask(caller, std::move(words), "git rev-list");
    if (!roots)
        co_return roots.error();
    proof.lfs_pointers = 0;
    proof.lfs_missing.reset();
    proof.lfs_detail.clear();
    if (plan.lfs_matters) {
        auto failure = co_await look_at_lfs(caller, cloned.folder, plan.lfs, &proof);
        if (failure)
            co_return failure;
    }
    for (const Question& question : plan.questions) {
        const auto known = co_await holds(caller, cloned.folder, question.anchor, question.tip);
        if (known)
            proved->answers.emplace_back(question, *known);
    }
    proof.errors.clear();
    proof.failure.reset();
    proof.digest = inside->refs.digest();
    proof.took = cloned.took;
    proof.oldest_at = oldest_of(*roots, caller.run.now);
    co_return std::nullopt;
}

} // namespace

Task<Proved> prove(Caller caller, ProofPlan plan, Proof before) {
    Proved proved{std::move(before), {}};
    const Duration began = caller.run.world.timers().elapsed();
    const auto scratch = co_await caller.run.world.scratch(plan.scratch, caller.left());
    if (!scratch) {
        proved.proof.failure = scratch.error();
        co_return proved;
    }
    auto cloned = co_await clone(caller, plan, scratch->path(), &proved.proof);
    if (!cloned) {
        proved.proof.failure = cloned.error();
    } else if (*cloned) {
        auto failure = co_await examine(caller, plan, **cloned, &proved);
        proved.proof.failure = std::move(failure);
        if (!proved.proof.failure && proved.proof.errors.empty())
            proved.proof.passed_at = caller.run.now + (caller.run.world.timers().elapsed() - began);
    }
    co_return proved;
}

} // namespace recoverd::collectors::git_parts
