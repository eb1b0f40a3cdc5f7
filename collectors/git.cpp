// SPDX-License-Identifier: Apache-2.0
// A Git repository and its copy. All refs of the mirror are compared with the origin's, and dated by the looks at which
// they were equal; refs that may not lose their history are remembered; now and then the copy is cloned and read whole.
#include "collectors/all.hpp"
#include "collectors/git/options.hpp"
#include "collectors/git/proof.hpp"
#include "collectors/git/seen.hpp"
#include "collectors/git/words.hpp"
#include "collectors/tool.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using namespace git_parts;

constexpr Option<Options> kOptions[] = {
    {"origin", &Options::origin, "the repository: a URL as git takes it, or an absolute path", Need::required},
    {"mirror", &Options::mirror,
     "its copy: a URL, the absolute path of a `git clone --mirror`, or of a bundle (*.bundle)"},
    {"clone", &Options::clone,
     "prove the mirror, or the origin where there is none, by cloning it and reading every object with git fsck"},
    {"clone_every", &Options::clone_every,
     "how long a proof counts; a bundle with other refs is proven at once. The run that proves must end within "
     "`timeout`"},
    {"exercise", &Options::exercise, "what a clone counts as"},
    {"scratch", &Options::scratch, "folder in which a clone is made; it is removed in any case"},
    {"max_size", &Options::max_size, "the pack of a clone may be so large; the scratch folder needs a tenth more"},
    {"protect", &Options::protect,
     "refs whose history may grow but not go, as globs; HEAD stands for the branch that it names. What was lost on "
     "purpose is accepted with `recoverd forget CHECK/`"},
    {"ignore", &Options::ignore, "refs that the mirror need not have, as globs"},
    {"lfs", &Options::lfs,
     "folder of the LFS objects that belong to the clone; MIRROR/lfs/objects of a mirror on this host when left out, "
     "\"ignored\" when somebody else looks after them"},
    {"credentials", &Options::credentials,
     "file with the credentials for http, as git-credential-store keeps it: https://x-access-token:TOKEN@github.com; "
     "git reads it by itself"},
    {"ssh_command", &Options::ssh_command, "how ssh is started (GIT_SSH_COMMAND); it must never ask anybody"},
};

/// The refs of `url`, called `of` in failures.
Task<Result<Refs>> list(Caller caller, std::string url, std::string of, std::vector<std::string> ignored) {
    std::vector<std::string> words{"ls-remote", "--symref"};
    for (std::string& option : upload_pack(url))
        words.push_back(std::move(option));
    words.insert(words.end(), {"--", std::move(url)});
    const auto finished = co_await caller.run_git(std::move(words));
    if (!finished)
        co_return core::failed(finished.error().kind, fmt::format("{}: {}", of, finished.error().detail));
    if (auto failure = git_failure(*finished, of))
        co_return std::unexpected(std::move(*failure));
    co_return understood([&] { return read_refs(finished->out, ignored); });
}

/// What only the folder of a mirror tells: whether its history is whole, and of when its newest commit is.
Task<std::optional<Failure>> look_at_folder(Caller caller, std::string folder, bool wants_date, Looked* looked) {
    std::vector<std::string> words{"-C", folder, "rev-parse", "--is-shallow-repository"};
    const auto shallow = co_await caller.run_git(std::move(words));
    if (!shallow)
        co_return shallow.error();
    if (auto failure = git_failure(*shallow, "mirror"))
        co_return failure;
    looked->shallow = !shallow->out.starts_with("false");
    if (!wants_date)
        co_return std::nullopt;
    words = {
        "-C", folder, "for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(committerdate:iso-strict)"};
    const auto newest = co_await caller.run_git(std::move(words));
    if (newest && newest->status == 0)
        if (const auto at = core::config::parse_time(newest->out.substr(0, newest->out.find('\n'))))
            looked->newest_commit = *at;
    co_return std::nullopt;
}

/// Goes through what the refs alone do not tell, where the mirror's objects are on this host.
Task<void> ask_history(Caller caller, std::string folder, std::vector<Question>* questions, State* state) {
    constexpr std::size_t kMostAtOnce = 20;
    std::vector<Question> open;
    for (std::size_t i = 0; i < questions->size(); ++i) {
        // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): kept over what is awaited
        const Question question = questions->at(i);
        std::optional<bool> known;
        if (i < kMostAtOnce)
            known = co_await holds(caller, folder, question.anchor, question.tip);
        if (known)
            answer(*state, question, *known, caller.run.now);
        else
            open.push_back(question);
    }
    *questions = std::move(open);
}

std::string lfs_of(const Options& options, const std::optional<std::string>& folder) {
    if (!options.lfs.empty() || !folder || is_bundle(options.mirror))
        return options.lfs;
    return *folder + "/lfs/objects";
}

ProofPlan plan_of(const Options& options, const std::optional<std::string>& folder, std::vector<Question> questions) {
    ProofPlan plan;
    plan.url = options.mirror.empty() ? options.origin : options.mirror;
    plan.source = is_bundle(plan.url) ? Source::bundle : local_path(plan.url) ? Source::local : Source::remote;
    plan.scratch = options.scratch;
    plan.max_size = options.max_size.bytes;
    plan.lfs_matters = options.lfs != "ignored";
    plan.lfs = lfs_of(options, folder);
    plan.ignored = options.ignore;
    plan.questions = std::move(questions);
    return plan;
}

/// Takes from `open` what the clone's objects answered.
Task<void> prove_if_due(Caller caller, Options options, ProofPlan plan, const Refs* refs, State* state,
                        std::vector<Question>* open) {
    Proof& proof = state->proof;
    const std::string digest = refs->digest();
    const bool another = plan.source == Source::bundle && proof.tried != digest;
    if (refs->all.empty() || (!proof.due(caller.run.now, options.clone_every) && !another))
        co_return;
    Proved proved = co_await prove(caller, std::move(plan), proof);
    proof = std::move(proved.proof);
    proof.tried_at = caller.run.now;
    proof.tried = digest;
    for (const auto& [question, known] : proved.answers) {
        answer(*state, question, known, caller.run.now);
        std::erase(*open, question);
    }
}

/// An answer without refs is no proof that there are none: an empty page of a proxy looks the same.
Failure no_refs(std::string_view of) {
    return {FailureKind::bad_answer,
            fmt::format("{}: expected refs, found none: it is empty, or something else answers for it", of)};
}

Task<std::optional<Failure>> look_at_mirror(Caller caller, Options options, Looked* looked, State* state) {
    auto mirror = co_await list(caller, options.mirror, "mirror", options.ignore);
    if (!mirror)
        co_return mirror.error();
    if (mirror->all.empty() && is_http(options.mirror))
        co_return no_refs("mirror");
    looked->lacks = differences(looked->origin, *mirror);
    looked->mirror = std::move(*mirror);
    state->see_copy(looked->lacks, caller.run.now);
    const auto folder = local_path(options.mirror);
    if (!folder || looked->bundle)
        co_return std::nullopt;
    const bool wants_date = !state->copy_is_of(caller.run.now);
    co_return co_await look_at_folder(caller, *folder, wants_date, looked);
}

/// What is there, on both sides.
Task<Result<Looked>> look(Caller caller, Options options, State* state) {
    auto origin = co_await list(caller, options.origin, "origin", options.ignore);
    if (!origin)
        co_return std::unexpected(origin.error());
    if (origin->all.empty())
        co_return std::unexpected(no_refs("origin"));
    Looked looked;
    looked.origin = std::move(*origin);
    looked.first = !state->looked_at;
    looked.bundle = is_bundle(options.mirror);
    looked.clones = options.clone;
    looked.exercise = options.exercise;
    state->see_origin(looked.origin, caller.run.now);
    if (options.mirror.empty())
        co_return looked;
    auto failure = co_await look_at_mirror(caller, options, &looked, state);
    if (failure)
        co_return std::unexpected(std::move(*failure));
    co_return looked;
}

Task<Collected> collect(Options options, Run run) {
    // A fifth of the time is kept in hand, so that a clone which takes too long takes nothing from what was listed.
    const Duration until = run.world.timers().elapsed() + run.timeout * 4 / 5;
    const Caller caller{run, environment(options.ssh_command), options.credentials, until};
    State state = read_state(run.cursor, options.origin + "\n" + options.mirror);
    auto looked = co_await look(caller, options, &state);
    if (!looked)
        co_return std::unexpected(looked.error());
    const Refs* copy = looked->mirror ? &*looked->mirror : nullptr;
    looked->open = watch(state, looked->origin, copy, options.protect, run.now);
    const auto folder = looked->bundle ? std::nullopt : local_path(options.mirror);
    if (folder)
        co_await ask_history(caller, *folder, &looked->open, &state);
    if (options.clone) {
        ProofPlan plan = plan_of(options, folder, looked->open);
        const Refs* proven = copy != nullptr ? copy : &looked->origin;
        co_await prove_if_due(caller, options, std::move(plan), proven, &state, &looked->open);
    } else {
        state.proof = {};
    }
    co_return seen_of(*looked, state, run.now);
}

/// The origin is no copy of itself: without a mirror there is nothing to go back to, and without a clone no proof.
std::vector<EvidenceKind> brings(const Options& options) {
    std::vector<EvidenceKind> kinds{EvidenceKind::assertions};
    if (!options.mirror.empty())
        kinds.push_back(EvidenceKind::recovery_points);
    if (options.clone)
        kinds.push_back(EvidenceKind::exercise);
    if (!options.mirror.empty() || options.clone)
        kinds.push_back(EvidenceKind::measurement);
    return kinds;
}

std::string target(const Options& options) {
    return is_http(options.origin) ? io::bare_url(options.origin) : shown(options.origin);
}

} // namespace

Kind git() {
    return kind<Options>(
        {.name = "git",
         .summary =
             "a Git repository's mirror or bundle against its origin, lost history, and a clone that is read whole",
         .brings = {EvidenceKind::recovery_points, EvidenceKind::exercise, EvidenceKind::assertions,
                    EvidenceKind::measurement},
         .access =
             "git 2.31 or newer; to read the origin and the mirror. GitHub: a deploy key, which may only read unless "
             "it is told otherwise, by `ssh-keygen -t ed25519 -N '' -f /etc/recoverd/orders.key && gh repo deploy-key "
             "add /etc/recoverd/orders.key.pub --repo OWNER/REPO --title recoverd` and ssh_command = \"ssh -i "
             "/etc/recoverd/orders.key -o IdentitiesOnly=yes -o BatchMode=yes\"; or in `credentials` a fine-grained "
             "token for this repository alone with Contents: Read-only. GitLab: a deploy token with the scope "
             "read_repository. A repository on this host: `setfacl -R -m u:recoverd:rX -m d:u:recoverd:rX "
             "/srv/git/orders.git`, and the same of the folder of LFS objects (`lfs`). `scratch` to write to, where it "
             "is to clone",
         .resource = Resource::process,
         .every = std::chrono::minutes{15},
         .timeout = std::chrono::minutes{5}},
        kOptions, collect, {.check = check, .target = target, .brings = brings});
}

} // namespace recoverd::collectors
