// SPDX-License-Identifier: Apache-2.0
// Runs of a GitHub Actions workflow as an exercise: a scheduled restore test, a drill. What has not changed since the
// last look is answered with 304, which costs nothing of the token's quota.
#include "collectors/github_actions.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;

struct Options {
    std::string repository;
    std::string workflow;
    std::string branch;
    std::string event;
    std::string exercise = "restore-test";
    std::string depth = "exists";
    SecretRef token;
    std::string api_url = "https://api.github.com";
    std::optional<Node> tls;
    std::string proxy;
};

constexpr Option<Options> kOptions[] = {
    {"repository", &Options::repository, "OWNER/NAME", Need::required},
    {"workflow", &Options::workflow, "file name of the workflow, such as restore.yml, or its number", Need::required},
    {"branch", &Options::branch, "only runs on this branch"},
    {"event", &Options::event,
     "only runs of this event: schedule, workflow_dispatch …; all but those of pull requests when left out"},
    {"exercise", &Options::exercise, "which exercise a run is; one that begins with \"restore\" is a restore test"},
    {"depth", &Options::depth, "what a run that succeeded has proven", Need::optional,
     "exists|listed|checksummed|restored|queried|smoke_tested"},
    {"token", &Options::token, "token that may read Actions; without one 60 requests an hour are all, for this host"},
    {"api_url", &Options::api_url, "of GitHub Enterprise: https://HOST/api/v3"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

std::string workflow_url(const Options& options) {
    return fmt::format("{}/repos/{}/actions/workflows/{}",
                       options.api_url.substr(0, options.api_url.find_last_not_of('/') + 1), options.repository,
                       io::percent_encoded(options.workflow));
}

/// So few that the answer stays small (some 15 KB a run), so many that those which prove nothing hide none for long.
std::string runs_url(const Options& options) {
    std::string url = workflow_url(options) + "/runs?exclude_pull_requests=true&per_page=20";
    if (!options.branch.empty())
        url += "&branch=" + io::percent_encoded(options.branch);
    if (!options.event.empty())
        url += "&event=" + io::percent_encoded(options.event);
    return url;
}

io::HttpRequest request_of(const Options& options, const io::Secret& token, std::string url, const std::string& tag,
                           Duration timeout) {
    Diagnostics checked_already;
    io::HttpRequest request;
    request.url = std::move(url);
    request.headers = {{"Accept", "application/vnd.github+json"}, {"X-GitHub-Api-Version", "2022-11-28"}};
    if (!tag.empty())
        request.headers.emplace_back("If-None-Match", tag);
    request.auth.bearer = token;
    if (options.tls)
        request.tls = io::read_tls(*options.tls, "tls", checked_already);
    request.proxy = options.proxy;
    request.max_body = std::size_t{4} << 20U;
    request.timeout = std::max(Duration{1}, timeout);
    return request;
}

Failure status_failure(const io::HttpAnswer& answer) {
    const std::string url = io::bare_url(answer.url);
    if (answer.status == 401)
        return {FailureKind::refused, fmt::format("{}: the token is not accepted", url)};
    if (answer.status == 403)
        return {FailureKind::refused, fmt::format("{}: refused with status 403", url)};
    // What one may not see is not there.
    if (answer.status == 404)
        return {FailureKind::refused,
                fmt::format("{}: not found, or the token may not read Actions of this repository", url)};
    return {FailureKind::bad_answer, fmt::format("{}: expected status 200 or 304, found {}", url, answer.status)};
}

/// What one question came to. `document` is nothing when it was not modified.
struct Answer {
    std::optional<io::Json> document;
    std::string tag;
    std::optional<Time> not_before;
};

Task<Result<Answer>> ask(Run run, io::HttpRequest request, bool has_tag) {
    const auto answer = co_await run.world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(answer.error());
    Answer made;
    made.not_before = github_not_before(*answer, run.now);
    if (made.not_before || (answer->status == 304 && has_tag))
        co_return made;
    if (answer->status != 200)
        co_return std::unexpected(status_failure(*answer));
    auto json = understood([&] { return io::Json::parse(answer->body); });
    if (!json)
        co_return core::failed(FailureKind::bad_answer,
                               fmt::format("{}: {}", io::bare_url(answer->url), json.error().detail));
    made.document = std::move(*json);
    // One that is not what a header may hold is not sent back.
    constexpr std::size_t kLongestTag = 256;
    const std::string_view tag = answer->header("etag");
    const bool fit = std::ranges::all_of(tag, [](char c) { return c > ' ' && c < 0x7F; });
    made.tag = fit && tag.size() <= kLongestTag ? tag : std::string_view{};
    co_return made;
}

/// Nothing was learned, and when to ask again is remembered: each request before would be refused, and count.
Seen limited(GithubMemory memory, Time until) {
    memory.not_before = until;
    Seen seen;
    seen.subjects.push_back({.subject = "",
                             .failure = Failure{FailureKind::refused,
                                                fmt::format("GitHub's rate limit is reached: not asked again before {}",
                                                            core::config::format_time(until))}});
    seen.cursor = memory.write();
    return seen;
}

GithubExercise exercise_of(const Options& options) {
    return {options.exercise, core::from_name<core::Depth>(options.depth).value_or(core::Depth::exists), options.event};
}

/// What was answered to other questions is nothing that could be unmodified.
GithubMemory memory_of(const Options& options, const Run& run) {
    GithubMemory memory = GithubMemory::read(run.cursor);
    const std::string asked = fmt::format("{} {} {}", runs_url(options), options.exercise, options.depth);
    if (memory.asked != asked) {
        memory = {};
        memory.asked = asked;
    }
    // A clock that was set back makes nobody wait for longer than GitHub would.
    if (memory.not_before && (*memory.not_before <= run.now || *memory.not_before > run.now + std::chrono::hours{2}))
        memory.not_before.reset();
    return memory;
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    GithubMemory memory = memory_of(options, run);
    if (memory.not_before)
        co_return limited(memory, *memory.not_before);
    const auto token = co_await run.world.secret(options.token);
    if (!token)
        co_return std::unexpected(token.error());
    auto request = request_of(options, *token, workflow_url(options), memory.workflow_tag,
                              (until - run.world.timers().elapsed()) / 2);
    auto workflow = co_await ask(run, std::move(request), !memory.workflow_tag.empty());
    if (!workflow)
        co_return std::unexpected(workflow.error());
    if (workflow->not_before)
        co_return limited(memory, *workflow->not_before);
    if (workflow->document) {
        memory.state = interpret_github_workflow(*workflow->document);
        memory.workflow_tag = workflow->tag;
    }
    request = request_of(options, *token, runs_url(options), memory.runs_tag, until - run.world.timers().elapsed());
    auto runs = co_await ask(run, std::move(request), !memory.runs_tag.empty());
    if (!runs)
        co_return std::unexpected(runs.error());
    if (runs->not_before)
        co_return limited(memory, *runs->not_before);
    if (runs->document) {
        auto told = interpret_github_runs(*runs->document, exercise_of(options));
        keep_first_ends(told, memory.runs);
        memory.runs = std::move(told);
        memory.runs_tag = runs->tag;
    }
    co_return github_seen(memory);
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_url(options.api_url, place.inside("api_url"), diagnostics);
    const auto slash = options.repository.find('/');
    const bool plain = io::percent_encoded(options.repository, "/") == options.repository;
    if (!options.repository.empty() &&
        (!plain || slash == 0 || slash == std::string::npos || slash + 1 == options.repository.size() ||
         slash != options.repository.rfind('/')))
        diagnostics.mistake(place.at, place.path + ".repository",
                            fmt::format("expected OWNER/NAME, found '{}'", options.repository));
    if (options.workflow.contains('/'))
        diagnostics.mistake(place.at, place.path + ".workflow",
                            fmt::format("expected the name of a file, found '{}'", options.workflow),
                            "leave out .github/workflows/");
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

std::string target(const Options& options) { return io::bare_url(workflow_url(options)); }

} // namespace

Kind github_actions() {
    return kind<Options>(
        {.name = "github_actions",
         .summary = "runs of a GitHub Actions workflow as an exercise, and whether it is still enabled",
         .brings = {EvidenceKind::exercise, EvidenceKind::assertions},
         .access =
             "a fine-grained token (https://github.com/settings/personal-access-tokens/new) with Repository "
             "access: Only select repositories, this one, and Permissions: Actions: Read-only; `curl -H "
             "'Authorization: Bearer TOKEN' https://api.github.com/repos/OWNER/REPO/actions/workflows/FILE` shows "
             "whether it does. Classic: repo, which may also write; none for a public repository",
         .every = std::chrono::minutes{5},
         .timeout = Duration{30'000}},
        kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
