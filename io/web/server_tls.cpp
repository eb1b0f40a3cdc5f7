// SPDX-License-Identifier: Apache-2.0
#include "io/web/server_tls.hpp"

#include "io/web/client_names.hpp"
#include "io/web/pem.hpp"

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

/// What has no file stands in the configuration itself.
void require(bool ok, std::string_view what, const std::string& file) {
    if (!ok)
        throw std::runtime_error(file.empty() ? fmt::format("cannot use {} of the web configuration", what)
                                              : fmt::format("cannot use {} '{}'", what, file));
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

void show_certificate(asio::ssl::context& context, const ServerTls& options) {
    asio::error_code error;
    if (options.cert_file.empty())
        context.use_certificate_chain(asio::buffer(options.cert), error);
    else
        context.use_certificate_chain_file(options.cert_file, error);
    require(!error, "certificate", options.cert_file);
    // OpenSSL's own would ask at the terminal for the password of a key, and wait for it.
    context.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; });
    if (!options.key_file.empty())
        context.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    else if (options.key)
        context.use_private_key(asio::buffer(options.key->reveal()), asio::ssl::context::pem, error);
    require(!error && SSL_CTX_check_private_key(context.native_handle()) == 1, "key", options.key_file);
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

void trust_clients_of(asio::ssl::context& context, const ServerTls& options) {
    SSL_CTX* const handle = context.native_handle();
    if (!options.client_ca_file.empty()) {
        asio::error_code error;
        context.load_verify_file(options.client_ca_file, error);
        require(!error, "client CA", options.client_ca_file);
        SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(options.client_ca_file.c_str()));
    } else if (!options.client_ca.empty()) {
        const auto authorities = certificates_in(options.client_ca);
        require(!authorities.empty(), "client CA", options.client_ca_file);
        for (const auto& authority : authorities)
            require(X509_STORE_add_cert(SSL_CTX_get_cert_store(handle), authority.get()) == 1 &&
                        SSL_CTX_add_client_CA(handle, authority.get()) == 1,
                    "client CA", options.client_ca_file);
    }
}

/// Asked for each certificate of a chain, and always about the client's own.
bool is_allowed(X509_STORE_CTX* chain, const std::vector<std::string>& names) {
    const X509* const own = X509_STORE_CTX_get0_cert(chain);
    if (names.empty() || (own && has_allowed_name(*own, names)))
        return true;
    // The client is told "bad certificate", as by Go.
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    return false;
}

void ask_clients(asio::ssl::context& context, const ServerTls& options) {
    context.set_verify_mode(verify_mode(options.client_auth));
    const bool any = options.client_auth == ClientAuth::request || options.client_auth == ClientAuth::require_any;
    if (any || !options.client_names.empty())
        context.set_verify_callback(
            [any, names = options.client_names](bool verified, asio::ssl::verify_context& chain) {
                return (any || verified) && is_allowed(chain.native_handle(), names);
            });
}

} // namespace

std::shared_ptr<asio::ssl::context> make_server_context(const ServerTls& options) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* const handle = context->native_handle();
    show_certificate(*context, options);
    set_protocol(handle, options);
    trust_clients_of(*context, options);
    ask_clients(*context, options);
    // Sessions would outlive a changed certificate, and a client that comes with one shows none. Tickets are sessions
    // that the client keeps; without a session's context OpenSSL ends the handshake of whoever brings one to a server
    // that asks for certificates.
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(handle, 0);
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
