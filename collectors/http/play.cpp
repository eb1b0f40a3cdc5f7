// SPDX-License-Identifier: Apache-2.0
// Who follows the path reaches its end or does not: any step that breaks is `down`, whatever the server of that step
// may otherwise be able to do, and only a path that took too long is `degraded`.
#include "collectors/connect_options.hpp"
#include "collectors/http/steps.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::http_parts {

namespace {

using core::Reachability;
using core::ReachState;

/// One run, and what it has come to.
struct Played {
    std::shared_ptr<const Path> path;
    io::HttpAuth auth;
    Values values;
    Duration latency{0};
    /// The first to end of those that were shown.
    std::optional<core::Certificate> certificate;
};

std::string in_words(const Path& path, std::size_t index) {
    return fmt::format("step {} of {} '{}'", index + 1, path.steps.size(), path.steps[index].name);
}

Seen seen(Played& played, ReachState state, std::string detail) {
    Reachability reachability;
    reachability.target = played.path->target;
    reachability.state = state;
    reachability.detail = std::move(detail);
    reachability.certificate = std::move(played.certificate);
    if (state != ReachState::down)
        reachability.latency = played.latency; // of one that breaks, the whole has none
    return seen_of({std::move(reachability)});
}

Seen broken(Played& played, std::size_t index, std::string_view why) {
    return seen(played, ReachState::down, fmt::format("{}: {}", in_words(*played.path, index), why));
}

Seen arrived(Played& played) {
    const auto& slow = played.path->slow;
    if (!slow || played.latency <= *slow)
        return seen(played, ReachState::up, {});
    return seen(played, ReachState::degraded,
                fmt::format("expected the {} steps within {}, found them after {}", played.path->steps.size(),
                            core::config::format_duration(*slow), core::config::format_duration(played.latency)));
}

std::expected<io::HttpRequest, std::string> filled(const Step& step, const Played& played) {
    io::HttpRequest request = step.request;
    auto url = step.url.filled(Filling::url, played.values);
    if (!url)
        return std::unexpected(std::move(url.error()));
    request.url = std::move(*url);
    for (const auto& [name, text] : step.headers) {
        auto value = text.filled(Filling::header, played.values);
        if (!value)
            return std::unexpected(std::move(value.error()));
        request.headers.emplace_back(name, std::move(*value));
    }
    auto body = step.body.filled(step.body_as, played.values);
    if (!body)
        return std::unexpected(std::move(body.error()));
    request.body = std::move(*body);
    if (step.trusted)
        request.auth = played.auth;
    return request;
}

void keep_certificate(Played& played, const std::optional<core::Certificate>& shown) {
    const bool first = shown && (!played.certificate || shown->not_after < played.certificate->not_after);
    if (shown && (first || !shown->fault.empty()))
        played.certificate = shown;
}

/// What an answer breaks, or nothing; what is taken from it is there then.
std::string broken_by(const Step& step, const io::HttpAnswer& answer, Values& values) {
    // Taken before it is judged, so that nothing of it is told when it is not what was expected.
    const auto taken = take_values(step.takes, answer, values);
    Reachability judged =
        interpret_http(step.expected, answer, [&values](std::string_view text) { return gives_away(text, values); });
    if (judged.state != ReachState::up)
        return without_values(std::move(judged.detail), values);
    return taken ? std::string{} : taken.error();
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<void>> open_secrets(io::World& world, std::map<std::string, SecretRef> refs, Played& played) {
    for (const auto& [name, ref] : refs) {
        auto opened = co_await world.secret(ref);
        if (!opened)
            co_return std::unexpected(std::move(opened.error()));
        played.values.insert_or_assign(name, Value{std::move(*opened), false});
    }
    co_return Result<void>{};
}

} // namespace

Task<Collected> play(std::shared_ptr<const Path> path, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    Played played;
    played.path = path;
    io::AuthRefs refs = path->auth;
    auto auth = co_await io::open_auth(run.world, std::move(refs));
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    played.auth = std::move(*auth);
    const auto opened = co_await open_secrets(run.world, path->secrets, played);
    if (!opened)
        co_return std::unexpected(opened.error());
    const std::string late =
        fmt::format("no answer before the {} for all steps had passed", core::config::format_duration(run.timeout));
    for (std::size_t index = 0; index < path->steps.size(); ++index) {
        const Step& step = path->steps[index];
        auto request = filled(step, played);
        if (!request)
            co_return broken(played, index, request.error());
        request->timeout = until - run.world.timers().elapsed();
        if (request->timeout <= Duration{0})
            co_return broken(played, index, late);
        const auto answer = co_await run.world.http(std::move(*request));
        if (!answer && answer.error().kind == FailureKind::timed_out)
            co_return broken(played, index, late);
        if (!answer) {
            const std::string why = without_values(answer.error().detail, played.values);
            // Not to be reached is what a probe is there to find out; not to know how to ask is not.
            if (answer.error().kind == FailureKind::misconfigured)
                co_return core::failed(FailureKind::misconfigured, fmt::format("{}: {}", in_words(*path, index), why));
            co_return broken(played, index, why);
        }
        played.latency += answer->latency;
        keep_certificate(played, answer->certificate);
        if (const std::string why = broken_by(step, *answer, played.values); !why.empty())
            co_return broken(played, index, why);
    }
    co_return arrived(played);
}

} // namespace recoverd::collectors::http_parts
