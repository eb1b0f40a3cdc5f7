// SPDX-License-Identifier: Apache-2.0
#include "io/connection.hpp"

#include "io/certificate.hpp"
#include "io/socket_failure.hpp"
#include "io/url.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <fmt/format.h>

#include <openssl/x509v3.h>

#include <array>
#include <optional>

namespace recoverd::io {

namespace {

using core::failed;
using Tcp = asio::ip::tcp;
using Stream = asio::ssl::stream<Tcp::socket&>;

/// Files that the options name, read into a context; empty when all is well.
asio::error_code use_files(asio::ssl::context& context, const TlsOptions& options, std::string& file) {
    asio::error_code error;
    const auto use = [&](const std::string& path, auto&& load) {
        if (path.empty() || error)
            return;
        file = path;
        load();
    };
    if (options.ca_file.empty())
        context.set_default_verify_paths(error);
    use(options.ca_file, [&] { context.load_verify_file(options.ca_file, error); });
    use(options.cert_file, [&] { context.use_certificate_chain_file(options.cert_file, error); });
    use(options.file_of_key(),
        [&] { context.use_private_key_file(options.file_of_key(), asio::ssl::context::pem, error); });
    return error;
}

bool is_numeric(const std::string& host) {
    asio::error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

/// Has the name checked together with the chain; both end up in the verify result.
void expect_name(SSL* ssl, const std::string& name) {
    X509_VERIFY_PARAM* parameters = ::SSL_get0_param(ssl);
    if (is_numeric(name)) {
        ::X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str());
    } else {
        ::SSL_set_tlsext_host_name(ssl, name.c_str());
        ::X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), 0);
    }
}

std::string tls_words(const asio::error_code& error) {
    const std::string words = error.message();
    return words.empty() ? "handshake failed" : words;
}

} // namespace

struct Connection::State {
    explicit State(const asio::any_io_executor& executor) : socket(executor) {}

    Tcp::socket socket;
    std::optional<asio::ssl::context> context;
    std::optional<Stream> stream;
};

Connection::Connection(const asio::any_io_executor& executor) : state_(std::make_unique<State>(executor)) {}
Connection::~Connection() = default;

Task<Result<void>> Connection::open(std::string address, std::string port) {
    const Tcp::endpoint endpoint{asio::ip::make_address(address), static_cast<std::uint16_t>(std::stoul(port))};
    state_ = std::make_unique<State>(state_->socket.get_executor());
    asio::error_code error;
    co_await state_->socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        throw asio::system_error(error);
    if (error)
        co_return failed(kind_of_socket(error.value()), fmt::format("{}: {}", address, error.message()));
    co_return Result<void>{};
}

Task<Result<core::Certificate>> Connection::shake_hands(TlsOptions options, std::string host) {
    state_->context.emplace(asio::ssl::context::tls_client);
    std::string file;
    if (const auto error = use_files(*state_->context, options, file))
        co_return failed(FailureKind::misconfigured, fmt::format("{}: {}", file, tls_words(error)));
    // Judged after the handshake: an expired certificate has dates that somebody wants to see.
    state_->context->set_verify_mode(asio::ssl::verify_none);
    state_->stream.emplace(state_->socket, *state_->context);
    SSL* ssl = state_->stream->native_handle();
    expect_name(ssl, options.server_name.empty() ? host : options.server_name);

    asio::error_code error;
    co_await state_->stream->async_handshake(asio::ssl::stream_base::client,
                                             asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        throw asio::system_error(error);
    if (error)
        co_return failed(FailureKind::bad_answer, fmt::format("TLS: {}", tls_words(error)));
    const X509* leaf = ::SSL_get0_peer_certificate(ssl);
    if (leaf == nullptr)
        co_return failed(FailureKind::bad_answer, "TLS: the server shows no certificate");
    core::Certificate certificate = read_certificate(*leaf);
    if (const long verified = ::SSL_get_verify_result(ssl); verified != X509_V_OK && !options.insecure_skip_verify)
        certificate.fault = ::X509_verify_cert_error_string(verified);
    co_return certificate;
}

Task<Result<void>> Connection::write(std::string bytes) {
    asio::error_code error;
    const auto buffer = asio::buffer(bytes);
    if (state_->stream)
        co_await asio::async_write(*state_->stream, buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        co_await asio::async_write(state_->socket, buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        throw asio::system_error(error);
    if (error)
        co_return failed(FailureKind::bad_answer, fmt::format("writing: {}", error.message()));
    co_return Result<void>{};
}

Task<Result<std::string>> Connection::read_some(std::size_t most) {
    std::string bytes(most, '\0');
    asio::error_code error;
    const auto buffer = asio::buffer(bytes);
    std::size_t size = 0;
    if (state_->stream)
        size = co_await state_->stream->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        size = co_await state_->socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        throw asio::system_error(error);
    if (error)
        co_return failed(FailureKind::bad_answer, fmt::format("reading: {}", error.message()));
    bytes.resize(size);
    co_return bytes;
}

std::string Connection::peer() const {
    asio::error_code error;
    const auto endpoint = state_->socket.remote_endpoint(error);
    if (error)
        return {};
    return fmt::format("{}:{}", bracketed(endpoint.address().to_string()), endpoint.port());
}

std::string printable(std::string_view bytes) {
    std::string text;
    for (const char c : bytes)
        text += (c >= ' ' && c < '\x7f') ? c : ' ';
    while (text.ends_with(' '))
        text.pop_back();
    return text;
}

} // namespace recoverd::io
