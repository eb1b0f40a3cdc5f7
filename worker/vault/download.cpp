// SPDX-License-Identifier: Apache-2.0
#include "worker/vault/download.hpp"

#include "core/config/values.hpp"
#include "io/http_once.hpp"
#include "io/json.hpp"
#include "worker/all.hpp"
#include "worker/files/remembered.hpp"
#include "worker/vault/scratch.hpp"
#include "worker/vault/snapshot.hpp"

#include <fmt/format.h>

namespace recoverd::worker::vault {

namespace {

using core::FailureKind;

/// What is left of the time is for the proof, which reads it once more.
constexpr int kTenthsForTransfer = 7;

std::string text(const io::Json& json) { return json ? json.text() : std::string{}; }

io::TlsOptions read_tls(const io::Json& json) {
    io::TlsOptions tls{text(json["ca_file"]), text(json["cert_file"]), text(json["key_file"]),
                       text(json["server_name"]), false};
    if (const io::Json& skip = json["insecure_skip_verify"])
        tls.insecure_skip_verify = skip.boolean();
    return tls;
}

io::HttpAuth read_auth(const io::Json& json) {
    io::HttpAuth auth;
    auth.username = text(json["username"]);
    auth.password = io::Secret{text(json["password"])};
    auth.header_name = text(json["header_name"]);
    auth.header_value = io::Secret{text(json["header_value"])};
    auth.sigv4 = text(json["sigv4"]);
    return auth;
}

/// Why there is nothing to judge, or nothing.
std::optional<core::Failure> refusal(const io::HttpAnswer& answer, const std::string& asked) {
    if (answer.status == 200)
        return std::nullopt;
    const auto server = [](const std::string& url) { return url.substr(0, url.find('/', url.find("://") + 3)); };
    const bool elsewhere = !answer.url.empty() && server(answer.url) != server(asked);
    // Credentials go to nobody but who was named.
    const std::string_view hint = elsewhere ? "\nhint: it refers to another server; name that one"
                                  : answer.status == 403
                                      ? "\nhint: the credentials are not valid any more, or do not allow to read it"
                                      : "";
    const FailureKind kind = answer.status == 401 || answer.status == 403 ? FailureKind::refused
                             : answer.status >= 500                       ? FailureKind::unreachable
                                                                          : FailureKind::bad_answer;
    return core::Failure{kind, fmt::format("{}: expected a snapshot, found status {}{}",
                                           answer.url.empty() ? asked : answer.url, answer.status, hint)};
}

} // namespace

DownloadOptions read_download_options(std::string_view input) {
    const io::Json json = io::Json::parse(input);
    DownloadOptions options;
    io::HttpRequest& request = options.request;
    request.url = json["url"].text();
    for (const auto& [name, value] : json["headers"].object())
        request.headers.emplace_back(name, value.text());
    if (const io::Json& auth = json["auth"])
        request.auth = read_auth(auth);
    if (const io::Json& tls = json["tls"])
        request.tls = read_tls(tls);
    request.proxy = text(json["proxy"]);
    if (const io::Json& redirects = json["max_redirects"])
        request.max_redirects = static_cast<unsigned>(redirects.natural());
    request.max_body = json["max_size"].natural();
    options.scratch = json["scratch"].text();
    options.time_limit = core::Duration{static_cast<core::Duration::rep>(json["time_limit"].number() * 1000)};
    return options;
}

core::Result<core::Seen> download(const DownloadOptions& options, const files::Clock& clock) {
    const core::Time began = clock.now();
    auto scratch = Scratch::open(options.scratch);
    if (!scratch)
        return std::unexpected(scratch.error());
    std::uint64_t size = 0;
    io::HttpRequest request = options.request;
    request.timeout = options.time_limit * kTenthsForTransfer / 10;
    const auto answer = io::http_once(std::move(request), [&](std::string_view bytes) {
        size += bytes.size();
        return scratch->write(bytes);
    });
    if (!scratch->fault().empty())
        return core::failed(FailureKind::misconfigured,
                            fmt::format("scratch: cannot write into '{}' after {}: {}", options.scratch,
                                        core::config::format_size(size), scratch->fault()));
    if (!answer)
        return std::unexpected(answer.error());
    if (auto why = refusal(*answer, options.request.url))
        return std::unexpected(std::move(*why));

    files::Budget budget(options.request.max_body, began + options.time_limit, clock);
    files::FileSource source(scratch->path(), "", budget);
    const files::Proof proof = source.opened() ? prove_snapshot(source) : files::unfinished();
    if (!proof.finished)
        return core::failed(FailureKind::timed_out,
                            fmt::format("a snapshot of {} came, and was not read again in time{}{}",
                                        core::config::format_size(size), source.fault().empty() ? "" : ": ",
                                        source.fault()));
    core::Exercise exercise;
    exercise.id = core::config::format_time(began);
    exercise.exercise = "snapshot-download";
    exercise.started_at = began;
    exercise.ended_at = clock.now();
    const bool whole = proof.state == core::PointState::good;
    exercise.outcome = whole ? core::ExerciseOutcome::passed : core::ExerciseOutcome::failed;
    exercise.depth = proof.depth;
    exercise.message = whole ? core::config::format_size(size) : printable(proof.detail);
    core::Seen seen;
    seen.subjects.push_back({.subject = {}, .location = {}, .evidence = {std::move(exercise)}, .failure = {}});
    return seen;
}

core::Result<core::Seen> download(std::string_view input) {
    return download(read_download_options(input), files::system_clock());
}

} // namespace recoverd::worker::vault
