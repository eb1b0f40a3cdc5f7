// SPDX-License-Identifier: Apache-2.0
#include "io/web/server_tls.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <stdexcept>

namespace recoverd::io::web {

namespace {

std::string stamp_of(const ServerTls& options) {
    std::string stamp;
    for (const std::string* file : {&options.cert_file, &options.key_file, &options.client_ca_file}) {
        struct stat info{};
        if (!file->empty() && ::stat(file->c_str(), &info) == 0)
            stamp += fmt::format("{}.{}:{}:{} ", info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_ino);
        else
            stamp += "- ";
    }
    return stamp;
}

void require(bool ok, std::string_view what, const std::string& file) {
    if (!ok)
        throw std::runtime_error(fmt::format("cannot use {} '{}'", what, file));
}

asio::ssl::verify_mode verify_mode(ClientAuth auth) {
    switch (auth) {
    case ClientAuth::none:
        return asio::ssl::verify_none;
    case ClientAuth::request:
    case ClientAuth::verify_if_given:
        return asio::ssl::verify_peer;
    case ClientAuth::require_any:
    case ClientAuth::require_and_verify:
        return asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert;
    }
    return asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert;
}

void set_protocol(SSL_CTX* handle, const ServerTls& options) {
    require(SSL_CTX_set_min_proto_version(handle, options.min_version) == 1, "TLS version", options.cert_file);
    require(SSL_CTX_set_max_proto_version(handle, options.max_version) == 1, "TLS version", options.cert_file);
    if (!options.ciphers.empty())
        require(SSL_CTX_set_cipher_list(handle, options.ciphers.c_str()) == 1, "ciphers", options.ciphers);
    if (!options.groups.empty())
        require(SSL_CTX_set1_groups_list(handle, options.groups.c_str()) == 1, "curves", options.groups);
    // Said either way: the system's openssl.cnf may have chosen.
    if (options.own_preference)
        SSL_CTX_set_options(handle, SSL_OP_CIPHER_SERVER_PREFERENCE);
    else
        SSL_CTX_clear_options(handle, SSL_OP_CIPHER_SERVER_PREFERENCE);
}

} // namespace

std::shared_ptr<asio::ssl::context> make_server_context(const ServerTls& options) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* const handle = context->native_handle();
    asio::error_code error;
    context->use_certificate_chain_file(options.cert_file, error);
    require(!error, "certificate", options.cert_file);
    context->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    require(!error && SSL_CTX_check_private_key(handle) == 1, "key", options.key_file);
    set_protocol(handle, options);
    if (!options.client_ca_file.empty()) {
        context->load_verify_file(options.client_ca_file, error);
        require(!error, "client CA", options.client_ca_file);
        SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(options.client_ca_file.c_str()));
    }
    context->set_verify_mode(verify_mode(options.client_auth));
    if (options.client_auth == ClientAuth::request || options.client_auth == ClientAuth::require_any)
        context->set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    // Sessions would outlive a changed certificate.
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    return context;
}

std::shared_ptr<asio::ssl::context> TlsKeeper::current(const ServerTls& options,
                                                       const std::function<void(std::string)>& warn) {
    std::string stamp = stamp_of(options);
    if (stamp == stamp_ && options == options_)
        return context_;
    stamp_ = std::move(stamp);
    options_ = options;
    try {
        context_ = make_server_context(options);
    } catch (const std::exception& error) {
        warn(fmt::format("web: {}{}", error.what(), context_ ? "; the old certificate stays in use" : ""));
    }
    return context_;
}

} // namespace recoverd::io::web
