// SPDX-License-Identifier: Apache-2.0
#include "io/web/pem.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace recoverd::io::web {

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio reading(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free_all};
}

/// In place of OpenSSL's own, which asks at the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*nothing*/) { return -1; }

PrivateKey key_in(const Secret& pem) {
    const Bio bio = reading(pem.reveal());
    PrivateKey key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr, &EVP_PKEY_free};
    ERR_clear_error();
    return key;
}

} // namespace

void FreeX509::operator()(X509* certificate) const { X509_free(certificate); }

std::vector<X509Ptr> certificates_in(const std::string& pem) {
    std::vector<X509Ptr> all;
    const Bio bio = reading(pem);
    ERR_clear_error();
    while (X509* const read = bio ? PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr) : nullptr)
        all.emplace_back(read);
    // Only the end is no mistake.
    const auto why = ERR_peek_last_error();
    if (ERR_GET_LIB(why) != ERR_LIB_PEM || ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
        all.clear();
    ERR_clear_error();
    return all;
}

bool holds_key(const Secret& pem) { return key_in(pem) != nullptr; }

bool is_key_of(const Secret& key, const std::string& certificates) {
    const auto shown = certificates_in(certificates);
    const PrivateKey own = key_in(key);
    const bool fits = own && !shown.empty() && X509_check_private_key(shown.front().get(), own.get()) == 1;
    ERR_clear_error();
    return fits;
}

} // namespace recoverd::io::web
