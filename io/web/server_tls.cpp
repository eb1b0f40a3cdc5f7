// SPDX-License-Identifier: Apache-2.0
#include "io/web/server_tls.hpp"

#include "io/file_stamp.hpp"
#include "io/web/client_names.hpp"
#include "io/web/pem.hpp"

#include <asio/ssl/context.hpp>
#include <asio/ssl/error.hpp>

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace recoverd::io::web {

namespace {

constexpr std::string_view kReadable =
    "the file has to be there, and the user that the agent runs as has to be able to read it";
constexpr std::string_view kOrder = "the server's own certificate comes first, then those that vouch for it; renew the "
                                    "key with it";

/// What has no file stands in the configuration itself.
std::string place(std::string_view key, const std::string& file) {
    return file.empty() ? fmt::format("'{}'", key) : fmt::format("{}_file '{}'", key, file);
}

[[noreturn]] void refuse(std::string_view expected, const std::string& where, std::string_view found,
                         std::string_view hint) {
    throw std::runtime_error(fmt::format("expected {} in {}, found {}\nhint: {}", expected, where, found, hint));
}

/// Why OpenSSL could not read it.
std::string found_by(const asio::error_code& error) {
    return fmt::format("none that can be read: {}", error.message());
}

void must_be_spoken(bool ok, std::string_view what, std::string_view found) {
    if (!ok)
        throw std::runtime_error(fmt::format("expected {} of the OpenSSL that runs here, found '{}'", what, found));
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

/// Is it about certificate and key, which do not belong together? Said only where they are of one kind.
bool is_of_another(const asio::error_code& error) {
    return error.category() == asio::error::get_ssl_category() &&
           ERR_GET_LIB(static_cast<unsigned long>(error.value())) == ERR_LIB_X509;
}

void show_certificate(asio::ssl::context& context, const ServerTls& options) {
    asio::error_code error;
    if (options.cert_file.empty())
        context.use_certificate_chain(asio::buffer(options.cert), error);
    else
        context.use_certificate_chain_file(options.cert_file, error);
    if (error)
        refuse("certificates in PEM", place("cert", options.cert_file), found_by(error), kReadable);
    // OpenSSL's own would ask at the terminal for the password of a key, and wait for it.
    context.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; });
    if (!options.key_file.empty())
        context.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    else if (options.key)
        context.use_private_key(asio::buffer(options.key->reveal()), asio::ssl::context::pem, error);
    if (error && !is_of_another(error))
        refuse("a key in PEM without a password", place("key", options.key_file), found_by(error), kReadable);
    if (error || SSL_CTX_check_private_key(context.native_handle()) != 1)
        refuse(fmt::format("the key of the first certificate in {}", place("cert", options.cert_file)),
               place("key", options.key_file), "another", kOrder);
}

void set_protocol(SSL_CTX* handle, const ServerTls& options) {
    must_be_spoken(SSL_CTX_set_min_proto_version(handle, options.min_version) == 1, "a version of TLS",
                   fmt::format("{:#06x}", options.min_version));
    must_be_spoken(SSL_CTX_set_max_proto_version(handle, options.max_version) == 1, "a version of TLS",
                   fmt::format("{:#06x}", options.max_version));
    if (!options.ciphers.empty())
        must_be_spoken(SSL_CTX_set_cipher_list(handle, options.ciphers.c_str()) == 1, "ciphers", options.ciphers);
    if (!options.groups.empty())
        must_be_spoken(SSL_CTX_set1_groups_list(handle, options.groups.c_str()) == 1, "curves", options.groups);
    // Said either way: the system's openssl.cnf may have chosen.
    if (options.own_preference)
        SSL_CTX_set_options(handle, SSL_OP_CIPHER_SERVER_PREFERENCE);
    else
        SSL_CTX_clear_options(handle, SSL_OP_CIPHER_SERVER_PREFERENCE);
}

void trust_clients_of(asio::ssl::context& context, const ServerTls& options) {
    constexpr std::string_view kExpected = "certificates of authorities in PEM";
    SSL_CTX* const handle = context.native_handle();
    const std::string where = place("client_ca", options.client_ca_file);
    if (!options.client_ca_file.empty()) {
        asio::error_code error;
        context.load_verify_file(options.client_ca_file, error);
        if (error)
            refuse(kExpected, where, found_by(error), kReadable);
        auto* const names = SSL_load_client_CA_file(options.client_ca_file.c_str());
        if (!names)
            refuse(kExpected, where, "none that can be read", kReadable);
        SSL_CTX_set_client_CA_list(handle, names);
    } else if (!options.client_ca.empty()) {
        const auto authorities = certificates_in(options.client_ca);
        bool taken = !authorities.empty();
        for (const auto& authority : authorities)
            taken = taken && X509_STORE_add_cert(SSL_CTX_get_cert_store(handle), authority.get()) == 1 &&
                    SSL_CTX_add_client_CA(handle, authority.get()) == 1;
        if (!taken)
            refuse(kExpected, where, "none that can be read",
                   "write 'client_ca: |' and the whole PEM below it, indented");
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

std::string stamp_of(const ServerTls& options) {
    std::string stamp;
    for (const std::string* file : {&options.cert_file, &options.key_file, &options.client_ca_file})
        stamp += file_stamp(*file) + ";";
    return stamp;
}

std::string with_note(std::string error, std::string_view note) {
    const auto hint = error.find('\n');
    error.insert(hint == std::string::npos ? error.size() : hint, note);
    return error;
}

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

TlsContext TlsKeeper::current(const ServerTls& options, const std::function<void(std::string)>& warn) {
    std::string stamp = stamp_of(options);
    if (stamp == stamp_ && options == options_)
        return context_;
    stamp_ = std::move(stamp);
    options_ = options;
    // Before they are read: what is written meanwhile is read the next time.
    std::string authorities = file_stamp(options.client_ca_file);
    try {
        context_ = {make_server_context(options), std::move(authorities)};
    } catch (const std::exception& error) {
        warn(with_note(error.what(), context_.context ? "; the old certificate stays in use" : ""));
    }
    return context_;
}

} // namespace recoverd::io::web
