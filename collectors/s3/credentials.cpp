// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/credentials.hpp"

#include "collectors/s3/answers.hpp"
#include "collectors/s3/encoding.hpp"
#include "io/client_options.hpp"
#include "io/xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace recoverd::collectors::s3_parts {

namespace {

/// Characters of a role's name in IAM.
constexpr std::size_t kLongestRole = 64;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const auto begin = text.find_first_not_of(kBlank);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// "[default]", or "[profile default]" as the configuration file has it.
std::string_view section(std::string_view line) {
    if (line.size() < 2 || line.front() != '[' || line.back() != ']')
        return {};
    std::string_view name = trimmed(line.substr(1, line.size() - 2));
    if (name.starts_with("profile "))
        name = trimmed(name.substr(8));
    return name;
}

io::TlsOptions tls_of(const ClientOptions& options) {
    core::config::Diagnostics checked_already;
    return options.tls ? io::read_tls(*options.tls, "tls", checked_already) : io::TlsOptions{};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<Keys>> static_keys(io::World& world, ClientOptions options) {
    Keys keys{.access_key_id = options.access_key_id, .secret_access_key = {}, .session_token = {}};
    auto secret = co_await world.secret(options.secret_access_key);
    if (!secret)
        co_return std::unexpected(std::move(secret.error()));
    keys.secret_access_key = std::move(*secret);
    if (options.session_token) {
        auto token = co_await world.secret(options.session_token);
        if (!token)
            co_return std::unexpected(std::move(token.error()));
        keys.session_token = std::move(*token);
    }
    co_return keys;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<Keys>> keys_of_file(io::World& world, ClientOptions options) {
    const auto file = co_await world.secret(options.credentials);
    if (!file)
        co_return std::unexpected(file.error());
    co_return read_profile(file->reveal(), options.profile);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<Keys>> keys_of_role(io::World& world, ClientOptions options, std::string session, Duration timeout) {
    const auto token = co_await world.secret(options.web_identity_token);
    if (!token)
        co_return std::unexpected(token.error());
    io::HttpRequest request;
    request.verb = "POST";
    request.url = sts_url(options);
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = canonical_query({{"Action", "AssumeRoleWithWebIdentity"},
                                    {"Version", "2011-06-15"},
                                    {"RoleArn", options.role_arn},
                                    {"RoleSessionName", std::move(session)},
                                    {"WebIdentityToken", token->reveal()}});
    request.tls = tls_of(options);
    request.proxy = options.proxy;
    request.max_redirects = 0; // the token is for this host alone
    request.timeout = timeout;
    const std::string what = fmt::format("AssumeRoleWithWebIdentity at {}", io::bare_url(request.url));
    const auto answer = co_await world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(answer.error());
    if (answer->status != 200)
        co_return std::unexpected(failure_of(*answer, what));
    co_return understood([&] { return read_assumed_role(answer->body); });
}

/// One question to the metadata service: `header` with `token` in it.
io::HttpRequest metadata_request(const ClientOptions& options, std::string_view path, const io::Secret& token,
                                 Duration timeout) {
    io::HttpRequest request;
    const std::string& base = options.metadata_endpoint;
    request.url = base.substr(0, base.find_last_not_of('/') + 1) + std::string{path};
    request.auth.header_name = "X-aws-ec2-metadata-token";
    request.auth.header_value = token;
    request.max_redirects = 0;
    request.timeout = timeout;
    return request;
}

constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";

/// A token is asked for by PUT: whoever can only make a server on the machine fetch URLs gets none.
io::HttpRequest token_request(const ClientOptions& options, Duration timeout) {
    io::HttpRequest request = metadata_request(options, "/latest/api/token", {}, timeout);
    request.verb = "PUT";
    request.auth = {};
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}};
    return request;
}

Failure no_metadata(const Failure& failure) {
    return {failure.kind, failure.detail + "\nhint: from a container the service is one hop further away than it "
                                           "answers, unless its hop limit is 2."};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::string>> metadata(io::World& world, io::HttpRequest request) {
    const std::string what = fmt::format("instance metadata at {}", io::bare_url(request.url));
    const auto answer = co_await world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(no_metadata(answer.error()));
    if (answer->status == 404)
        co_return core::failed(FailureKind::misconfigured,
                               fmt::format("{}: expected a role of the machine, found none", what));
    if (answer->status != 200)
        co_return std::unexpected(failure_of(*answer, what));
    co_return answer->body;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<Keys>> keys_of_machine(io::World& world, ClientOptions options, Duration timeout) {
    // Each of the three questions takes milliseconds where there is such a service at all.
    const Duration each = timeout / 3;
    auto asked = token_request(options, each);
    auto token = co_await metadata(world, std::move(asked));
    if (!token)
        co_return std::unexpected(token.error());
    const io::Secret opened{std::move(*token)};
    asked = metadata_request(options, kRoles, opened, each);
    const auto roles = co_await metadata(world, std::move(asked));
    if (!roles)
        co_return std::unexpected(roles.error());
    const std::string role = roles->substr(0, roles->find('\n'));
    if (role.empty() || role.size() > kLongestRole || !can_be_asked(role))
        co_return core::failed(FailureKind::bad_answer,
                               "expected the name of the machine's role from its metadata, found no such name");
    asked = metadata_request(options, std::string{kRoles} + percent_encoded(role), opened, each);
    const auto answer = co_await metadata(world, std::move(asked));
    if (!answer)
        co_return std::unexpected(answer.error());
    auto keys = understood([&] { return read_instance_role(*answer); });
    if (!keys)
        co_return std::unexpected(std::move(keys.error()));
    co_return std::move(*keys);
}

} // namespace

Result<Keys> read_profile(std::string_view file, std::string_view profile) {
    std::map<std::string_view, std::string_view> found;
    bool there = false;
    bool inside = false;
    while (!file.empty()) {
        const auto end = std::min(file.find('\n'), file.size());
        const std::string_view line = trimmed(file.substr(0, end));
        file.remove_prefix(std::min(end + 1, file.size()));
        if (line.starts_with('[')) {
            inside = section(line) == profile;
            there |= inside;
            continue;
        }
        const auto equals = line.find('=');
        if (inside && !line.starts_with('#') && !line.starts_with(';') && equals != std::string_view::npos)
            found[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
    if (!there)
        return core::failed(FailureKind::misconfigured,
                            fmt::format("expected profile '{}' in the credentials file, found none", profile));
    if (found["aws_access_key_id"].empty() || found["aws_secret_access_key"].empty())
        return core::failed(
            FailureKind::misconfigured,
            fmt::format("profile '{}' of the credentials file: expected aws_access_key_id and aws_secret_access_key",
                        profile));
    return Keys{std::string{found["aws_access_key_id"]}, io::Secret{std::string{found["aws_secret_access_key"]}},
                io::Secret{std::string{found["aws_session_token"]}}};
}

Keys read_assumed_role(std::string_view xml) {
    const io::Xml answer = io::Xml::parse(xml);
    const io::Xml& keys = answer.child("AssumeRoleWithWebIdentityResult").child("Credentials");
    return {keys.child("AccessKeyId").text(), io::Secret{keys.child("SecretAccessKey").text()},
            io::Secret{keys.child("SessionToken").text()}};
}

Result<Keys> read_instance_role(std::string_view json) {
    const io::Json answer = io::Json::parse(json);
    if (const auto& code = answer["Code"]; code && code.text() != "Success")
        return core::failed(FailureKind::refused, fmt::format("instance metadata: expected keys of the machine's role, "
                                                              "found {}",
                                                              io::json_quote(code.text().substr(0, 60))));
    return Keys{answer["AccessKeyId"].text(), io::Secret{answer["SecretAccessKey"].text()},
                io::Secret{answer["Token"].text()}};
}

std::string session_name(std::string_view check) {
    constexpr std::size_t kMost = 64;
    std::string name = "recoverd-";
    for (const char c : check)
        name += percent_encoded({&c, 1}).size() == 1 && c != '~' ? c : '-';
    return name.substr(0, kMost);
}

Task<Result<Keys>> open_keys(io::World& world, ClientOptions options, std::string session, Duration timeout) {
    if (options.credentials)
        return keys_of_file(world, std::move(options));
    if (!options.role_arn.empty())
        return keys_of_role(world, std::move(options), std::move(session), timeout);
    if (options.instance_metadata)
        return keys_of_machine(world, std::move(options), timeout);
    return static_keys(world, std::move(options));
}

} // namespace recoverd::collectors::s3_parts
