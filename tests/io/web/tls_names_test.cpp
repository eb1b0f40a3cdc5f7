// SPDX-License-Identifier: Apache-2.0
#include "io/web/tls_names.hpp"

#include <catch2/catch_test_macros.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

using namespace recoverd::io;

namespace {

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

/// What such a list lets a server of TLS 1.2 offer, by the standard's names.
std::vector<std::string> offered_by(const std::string& list) {
    const Context context{SSL_CTX_new(TLS_server_method())};
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    std::vector<std::string> names;
    if (SSL_CTX_set_cipher_list(context.get(), list.c_str()) != 1)
        return names;
    const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
        const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(ciphers, i);
        // Of TLS 1.3 all are listed, whatever was chosen.
        if (SSL_CIPHER_get_kx_nid(cipher) != NID_kx_any)
            names.emplace_back(SSL_CIPHER_standard_name(cipher));
    }
    return names;
}

} // namespace

TEST_CASE("a cipher suite that Go names is the one that OpenSSL offers") {
    int checked = 0;
    for (const std::string_view name : web::go_cipher_suites()) {
        INFO(name);
        if (web::is_of_tls13(name))
            continue;
        const auto cipher = web::openssl_cipher(name);
        REQUIRE(cipher);
        CHECK(offered_by(*cipher) == std::vector{std::string{name}});
        ++checked;
    }
    CHECK(checked == 10);
    CHECK(web::go_cipher_suites().size() == 13);
    CHECK_FALSE(web::openssl_cipher("TLS_ECDHE_RSA_WITH_NOTHING"));
}

TEST_CASE("a curve that Go names is the one that OpenSSL has by that name, or none") {
    CHECK(web::openssl_group("CurveP256") == "P-256");
    CHECK(web::openssl_group("CurveP384") == "P-384");
    CHECK(web::openssl_group("CurveP521") == "P-521");
    CHECK(web::openssl_group("X25519") == "X25519");
    CHECK_FALSE(web::openssl_group("CurveP257"));
    // Nothing is left for the next who looks at what went wrong.
    CHECK(ERR_peek_error() == 0);
}
