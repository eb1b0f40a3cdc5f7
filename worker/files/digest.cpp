// SPDX-License-Identifier: Apache-2.0
#include "worker/files/digest.hpp"

#include <fmt/format.h>

#include <openssl/evp.h>

namespace recoverd::worker::files {

struct Digest::Context {
    explicit Context(const std::string& algorithm) : evp(EVP_MD_CTX_new()) {
        EVP_DigestInit_ex(evp, EVP_get_digestbyname(algorithm.c_str()), nullptr);
    }
    ~Context() { EVP_MD_CTX_free(evp); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    EVP_MD_CTX* evp;
};

Digest::Digest(const std::string& algorithm) : context_(std::make_unique<Context>(algorithm)) {}

Digest::~Digest() = default;

void Digest::add(std::span<const char> bytes) { EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()); }

std::string Digest::hex() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_->evp, bytes, &size) != 1)
        return {};
    std::string hex;
    for (unsigned i = 0; i < size; ++i)
        hex += fmt::format("{:02x}", bytes[i]);
    return hex;
}

} // namespace recoverd::worker::files
