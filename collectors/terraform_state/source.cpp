// SPDX-License-Identifier: Apache-2.0
#include "collectors/terraform_state/source.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

std::string job(const TerraformOptions& options) {
    io::JsonWriter out;
    out.begin_object().field("path", options.path).field("max_size", options.max_size.bytes).end_object();
    return out.take();
}

io::HttpRequest request_of(const TerraformOptions& options, io::HttpAuth auth, Duration left) {
    core::config::Diagnostics checked_already;
    io::HttpRequest request;
    request.url = options.address;
    request.auth = std::move(auth);
    if (options.tls)
        request.tls = io::read_tls(*options.tls, "tls", checked_already);
    request.proxy = options.proxy;
    request.max_body = options.max_size.bytes;
    request.timeout = left;
    return request;
}

io::AuthRefs auth_of(const TerraformOptions& options) {
    core::config::Diagnostics checked_already;
    return options.auth ? io::read_auth(*options.auth, "auth", checked_already) : io::AuthRefs{};
}

/// As Terraform reads it: 404, 204 and an empty body are no state.
Result<bool> has_state(const io::HttpAnswer& answer) {
    if (answer.status == 200)
        return !answer.body.empty();
    if (answer.status == 204 || answer.status == 404)
        return false;
    const bool refused = answer.status == 401 || answer.status == 403;
    return core::failed(refused ? FailureKind::refused : FailureKind::bad_answer,
                        fmt::format("{}: expected status 200, found {}", io::bare_url(answer.url), answer.status));
}

std::optional<unsigned> sextet(char c) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto at = kDigits.find(c);
    return at != std::string_view::npos ? std::optional(static_cast<unsigned>(at)) : std::nullopt;
}

} // namespace

std::string hex_of_md5(std::string_view base64) {
    constexpr std::size_t kLength = 24;
    if (base64.size() != kLength || !base64.ends_with("=="))
        return {};
    std::string hex;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : base64.substr(0, kLength - 2)) {
        const auto six = sextet(c);
        if (!six)
            return {};
        bits = (bits << 6U | *six) & 0xFFFFU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            hex += fmt::format("{:02x}", bits >> count & 0xFFU);
        }
    }
    return hex;
}

Task<Result<TerraformState>> state_in_file(TerraformOptions options, Run run, Until until) {
    std::string input = job(options);
    std::string name = "terraform_state";
    const auto finished = co_await run.world.worker(std::move(name), std::move(input), until.left(run));
    if (!finished)
        co_return std::unexpected(finished.error());
    co_return read_terraform_answer(*finished);
}

Task<Result<TerraformState>> state_of_bytes(std::string bytes, Run run, Until until) {
    // In place: as a second text it would take as much memory again.
    bytes.insert(0, "{}\n");
    std::string name = "terraform_state";
    const auto finished = co_await run.world.worker(std::move(name), std::move(bytes), until.left(run));
    if (!finished)
        co_return std::unexpected(finished.error());
    co_return read_terraform_answer(*finished);
}

Task<Result<TerraformState>> state_by_http(TerraformOptions options, Run run, Until until) {
    io::AuthRefs refs = auth_of(options);
    auto auth = co_await io::open_auth(run.world, std::move(refs));
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    io::HttpRequest request = request_of(options, std::move(*auth), until.left(run));
    auto answer = co_await run.world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(std::move(answer.error()));
    const auto there = has_state(*answer);
    if (!there)
        co_return std::unexpected(there.error());
    TerraformState state;
    state.missing = !*there;
    if (state.missing)
        co_return state;
    auto read = co_await state_of_bytes(std::move(answer->body), run, until);
    if (!read)
        co_return std::unexpected(std::move(read.error()));
    state = std::move(*read);
    state.told_md5 = hex_of_md5(answer->header("content-md5"));
    state.modified_at = io::read_http_date(answer->header("last-modified"));
    co_return state;
}

} // namespace recoverd::collectors
