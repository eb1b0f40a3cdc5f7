// SPDX-License-Identifier: Apache-2.0
#include "io/web/pem.hpp"

#include "tests/support/content.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace recoverd;
using namespace recoverd::io;

namespace {

/// The same key, to be opened with a password.
std::string locked(const std::string& pem) {
    BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    BIO* const out = BIO_new(BIO_s_mem());
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr) == 1);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    return text;
}

} // namespace

TEST_CASE("certificates are read in their order, whatever stands between them") {
    test::TestAuthority authority;
    const std::string own = test::content_of(authority.issue({"127.0.0.1"}).cert_file);
    const std::string ca = test::content_of(authority.ca_file());
    CHECK(web::certificates_in(own + ca).size() == 2);
    CHECK(web::certificates_in("the server\n" + own + "\nwho vouches for it\n" + ca + "\n").size() == 2);
}

TEST_CASE("of certificates one of which is broken none is taken") {
    test::TestAuthority authority;
    const std::string own = test::content_of(authority.issue({"127.0.0.1"}).cert_file);
    const std::string ca = test::content_of(authority.ca_file());
    CHECK(web::certificates_in("").empty());
    CHECK(web::certificates_in("nothing of the kind").empty());
    CHECK(web::certificates_in(own + ca.substr(0, ca.size() / 2)).empty());
    std::string garbled = ca;
    garbled.replace(garbled.find('\n') + 1, 8, "AAAAAAAA");
    CHECK(web::certificates_in(own + garbled).empty());
}

TEST_CASE("a key belongs to the first certificate or to none, and one with a password is never asked for it") {
    test::TestAuthority authority;
    const auto files = authority.issue({"127.0.0.1"});
    const std::string own = test::content_of(files.cert_file);
    const std::string ca = test::content_of(authority.ca_file());
    const Secret key{test::content_of(files.key_file)};
    CHECK(web::holds_key(key));
    CHECK(web::is_key_of(key, own));
    CHECK(web::is_key_of(key, own + ca));
    CHECK_FALSE(web::is_key_of(key, ca + own));
    CHECK_FALSE(web::is_key_of(key, ""));
    CHECK_FALSE(web::holds_key(Secret{own}));
    CHECK_FALSE(web::holds_key(Secret{}));
    CHECK_FALSE(web::holds_key(Secret{locked(key.reveal())}));
}
