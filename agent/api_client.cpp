// SPDX-License-Identifier: Apache-2.0
#include "agent/api_client.hpp"

#include "io/client_options.hpp"
#include "io/http_client.hpp"
#include "io/json.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <fmt/format.h>

#include <cstdlib>

namespace recoverd::agent {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr const char* kTokenVariable = "RECOVERD_TOKEN";

core::Result<io::Secret> token_of(const DaemonAddress& address) {
    if (!address.token_file.empty())
        return io::open_secret({core::config::SecretRef::Source::file, address.token_file});
    const char* token = std::getenv(kTokenVariable);
    return io::Secret{token ? token : ""};
}

core::Result<io::HttpAnswer> wait_for(io::HttpRequest request) {
    asio::io_context loop{1};
    io::HttpClient client{loop};
    core::Result<io::HttpAnswer> answer = core::failed(core::FailureKind::unreachable, "no answer");
    std::exception_ptr thrown;
    asio::co_spawn(loop, client.get(std::move(request)),
                   [&](const std::exception_ptr& exception, core::Result<io::HttpAnswer> got) {
                       thrown = exception;
                       if (!exception)
                           answer = std::move(got);
                       loop.stop();
                   });
    loop.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return answer;
}

} // namespace

std::string DaemonAddress::shown() const { return url.starts_with(kUnix) ? url : io::bare_url(url); }

void declare_address(Arguments& arguments, DaemonAddress& address) {
    arguments.option("url", address.url, "The running daemon: http(s)://HOST:PORT or unix:PATH");
    arguments.option("token-file", address.token_file, "File of the token to show it; else $RECOVERD_TOKEN");
    arguments.option("ca-file", address.ca_file, "Authorities that may vouch for it; the system's when left out");
}

core::Result<io::HttpAnswer> ApiClient::get(const std::string& path, core::Duration timeout) const {
    io::HttpRequest request;
    request.timeout = timeout;
    return ask(std::move(request), path);
}

core::Result<io::HttpAnswer> ApiClient::post(const std::string& path, std::string body, core::Duration timeout) const {
    io::HttpRequest request;
    request.verb = "POST";
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    request.timeout = timeout;
    return ask(std::move(request), path);
}

core::Result<io::HttpAnswer> ApiClient::ask(io::HttpRequest request, const std::string& path) const {
    auto token = token_of(address_);
    if (!token)
        return std::unexpected(token.error());
    request.auth.bearer = std::move(*token);
    request.tls.ca_file = address_.ca_file;
    // 10,000 checks with their evidence are some 20 MB.
    request.max_body = std::size_t{256} << 20U;
    request.max_redirects = 0;
    std::string base = address_.url;
    if (base.starts_with(kUnix)) {
        request.unix_socket = base.substr(kUnix.size());
        base = "http://localhost";
    }
    while (base.ends_with('/'))
        base.pop_back();
    request.url = base + path;
    return wait_for(std::move(request));
}

void print_away(const DaemonAddress& address, const core::Failure& failure, Console& console) {
    fmt::print(console.err, "recoverd: no answer from the daemon at {}: {}\n", address.shown(), failure.detail);
    if (failure.kind != core::FailureKind::misconfigured)
        fmt::print(console.err, "hint: is `recoverd run` running there? --url says where to ask\n");
}

std::vector<std::string> errors_in(const io::HttpAnswer& answer) {
    std::vector<std::string> errors;
    try {
        const io::Json json = io::Json::parse(answer.body);
        for (const io::Json& error : json["errors"].items())
            errors.push_back(error.text());
        return errors;
    } catch (const io::BadDocument&) {
        // Not ours, or an older one's: its words will have to do.
        errors.clear();
    }
    constexpr std::size_t kMost = 500;
    std::string_view text = std::string_view{answer.body}.substr(0, kMost);
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (const auto line = text.substr(0, end); !line.empty())
            errors.emplace_back(line);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return errors;
}

} // namespace recoverd::agent
