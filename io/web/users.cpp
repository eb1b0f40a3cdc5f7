// SPDX-License-Identifier: Apache-2.0
#include "io/web/users.hpp"

#include <openssl/evp.h>

#include <crypt.h>

#include <array>
#include <memory>

namespace recoverd::io::web {

namespace {

// bcrypt, cost 10, of something nobody can type: what an unknown user's password is compared with.
constexpr const char* kNobody = "$2b$10$abcdefghijklmnopqrstuuGZ9nCkJ1M5qkK6pW3mVrJ8hQ9nXxU9W";
constexpr std::size_t kMostProven = 100;

std::string decode_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0 || text.size() > 4096)
        return {};
    std::string out(text.size() / 4 * 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0)
        return {};
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    out.resize(static_cast<std::size_t>(length) - padding);
    return out;
}

/// Changes with the hash, so that a changed password is asked for again.
std::string digest(const std::string& hash, const Credentials& credentials) {
    const std::string text = credentials.user + '\0' + hash + '\0' + credentials.password;
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_sha256(), nullptr);
    return {reinterpret_cast<const char*>(bytes.data()), length};
}

/// In a time that does not depend on where they differ.
bool equal(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

} // namespace

std::optional<Credentials> read_basic(std::string_view authorization) {
    constexpr std::string_view kBasic = "basic ";
    if (authorization.size() < kBasic.size())
        return std::nullopt;
    for (std::size_t i = 0; i < kBasic.size(); ++i)
        if ((static_cast<unsigned char>(authorization[i]) | 0x20U) != static_cast<unsigned char>(kBasic[i]))
            return std::nullopt;
    const std::string text = decode_base64(authorization.substr(kBasic.size()));
    const auto colon = text.find(':');
    if (colon == std::string::npos)
        return std::nullopt;
    return Credentials{text.substr(0, colon), text.substr(colon + 1)};
}

bool password_matches(const std::map<std::string, std::string>& users, const Credentials& credentials) {
    const auto user = users.find(credentials.user);
    const char* const hash = user == users.end() ? kNobody : user->second.c_str();
    // 32 KiB: too much for the stack of a pool's thread, and to be wiped by its owner.
    const auto data = std::make_unique<crypt_data>();
    // A password with a NUL in it would be compared only up to there.
    const bool whole = !credentials.password.contains('\0');
    const char* const made = crypt_r(credentials.password.c_str(), hash, data.get());
    return made != nullptr && whole && user != users.end() && equal(made, hash);
}

bool ProvenUsers::contains(const std::map<std::string, std::string>& users, const Credentials& credentials) const {
    const auto user = users.find(credentials.user);
    return user != users.end() && digests_.contains(digest(user->second, credentials));
}

void ProvenUsers::remember(const std::map<std::string, std::string>& users, const Credentials& credentials) {
    if (digests_.size() >= kMostProven)
        digests_.clear();
    if (const auto user = users.find(credentials.user); user != users.end())
        digests_.insert(digest(user->second, credentials));
}

} // namespace recoverd::io::web
