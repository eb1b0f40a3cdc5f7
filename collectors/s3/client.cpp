// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/client.hpp"

#include "collectors/s3/answers.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace recoverd::collectors::s3_parts {

namespace {

/// SHA-256 of nothing, in hex: nothing that is asked here has a body. S3 refuses what does not say so.
constexpr std::string_view kHashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::optional<std::uint64_t> natural(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<Access>> sign_in(io::World& world, ClientOptions options, std::string check, Duration timeout) {
    Access access;
    access.bucket = options.bucket;
    access.url = bucket_url(options);
    access.proxy = options.proxy;
    if (options.tls) {
        core::config::Diagnostics checked_already;
        access.tls = io::read_tls(*options.tls, "tls", checked_already);
    }
    access.auth.sigv4 = fmt::format("aws:amz:{}:s3", region_of(options));
    std::string session = session_name(check);
    auto keys = co_await open_keys(world, std::move(options), std::move(session), timeout);
    if (!keys)
        co_return std::unexpected(std::move(keys.error()));
    access.auth.username = std::move(keys->access_key_id);
    access.auth.password = std::move(keys->secret_access_key);
    if (!keys->session_token.empty()) {
        access.auth.header_name = "x-amz-security-token";
        access.auth.header_value = std::move(keys->session_token);
    }
    co_return access;
}

io::HttpRequest signed_request(const Access& access, const Ask& what) {
    io::HttpRequest request;
    request.verb = what.verb;
    request.url = access.url + "/" + percent_encoded(what.key, "/");
    if (!what.query.empty())
        request.url += "?" + canonical_query(what.query);
    request.headers = {{"x-amz-content-sha256", std::string{kHashOfNothing}}};
    request.tls = access.tls;
    request.auth = access.auth;
    request.proxy = access.proxy;
    request.max_redirects = 0; // a signature is for one host
    request.max_body = what.max_body;
    request.timeout = what.timeout;
    return request;
}

std::string name_of(const Access& access, const Ask& what) {
    std::string name = fmt::format("{} s3://{}/{}", what.verb, access.bucket, percent_encoded(what.key, "/"));
    // A subresource is part of what was asked; the prefix of a listing and the place in it are not worth the room.
    for (const auto& [parameter, value] : what.query)
        if (value.empty())
            name += "?" + parameter;
    return name;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<io::HttpAnswer>> ask(io::World& world, Access access, Ask what) {
    if (!what.key.empty() && !can_be_asked(what.key))
        co_return core::failed(
            FailureKind::misconfigured,
            fmt::format("{}: expected a key without '.' or '..' between its slashes, found one with them",
                        name_of(access, what)));
    io::HttpRequest request = signed_request(access, what);
    auto answer = co_await world.http(std::move(request));
    co_return answer;
}

Attributes read_attributes(const io::HttpAnswer& answer) {
    Attributes read;
    read.size_bytes = natural(answer.header("content-length"));
    read.last_modified = io::read_http_date(answer.header("last-modified"));
    read.etag = unquoted(answer.header("etag"));
    read.version_id = answer.header("x-amz-version-id");
    read.encryption = answer.header("x-amz-server-side-encryption");
    read.lock_mode = answer.header("x-amz-object-lock-mode");
    read.legal_hold = answer.header("x-amz-object-lock-legal-hold") == "ON";
    read.replication = answer.header("x-amz-replication-status");
    read.storage_class = answer.header("x-amz-storage-class");
    read.archive_status = answer.header("x-amz-archive-status");
    read.restored = answer.header("x-amz-restore").contains("ongoing-request=\"false\"");
    read.content_encoding = answer.header("content-encoding");
    return read;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::optional<Object>>> get_object(io::World& world, Access access, std::string key, std::size_t max_body,
                                               Duration timeout) {
    const Ask what{.verb = "GET", .key = std::move(key), .query = {}, .max_body = max_body, .timeout = timeout};
    auto answer = co_await ask(world, access, what);
    if (!answer)
        co_return std::unexpected(std::move(answer.error()));
    if (says_no_such_key(*answer, false))
        co_return std::nullopt;
    if (answer->status != 200)
        co_return std::unexpected(failure_of(*answer, name_of(access, what)));
    Object object{read_attributes(*answer), std::move(answer->body)};
    // Every S3 tells it of an object: what does not is a page of something in between.
    if (!object.attributes.last_modified || object.attributes.etag.empty())
        co_return core::failed(
            FailureKind::bad_answer,
            fmt::format("{}: expected an object with Last-Modified and ETag, found an answer without",
                        name_of(access, what)));
    co_return std::optional{std::move(object)};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::optional<Attributes>>> head_object(io::World& world, Access access, std::string key,
                                                    std::string version_id, Duration timeout) {
    Ask what{.verb = "HEAD", .key = std::move(key), .query = {}, .timeout = timeout};
    if (!version_id.empty())
        what.query = {{"versionId", std::move(version_id)}};
    const auto answer = co_await ask(world, access, what);
    if (!answer)
        co_return std::unexpected(answer.error());
    if (says_no_such_key(*answer, true))
        co_return std::nullopt;
    if (answer->status != 200)
        co_return std::unexpected(failure_of(*answer, name_of(access, what)));
    Attributes attributes = read_attributes(*answer);
    if (!attributes.last_modified || attributes.etag.empty())
        co_return core::failed(
            FailureKind::bad_answer,
            fmt::format("{}: expected an object with Last-Modified and ETag, found an answer without",
                        name_of(access, what)));
    co_return std::optional{std::move(attributes)};
}

} // namespace recoverd::collectors::s3_parts
