// SPDX-License-Identifier: Apache-2.0
// What the name of a file or an object says before anybody has read it, with or without its folders.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace recoverd::core {

inline constexpr std::array<std::string_view, 7> kCompanionEndings{".sha256", ".sha512", ".sha1",   ".md5",
                                                                   ".asc",    ".sig",    ".minisig"};
inline constexpr std::array<std::string_view, 4> kChecksumLists{"SHA256SUMS", "SHA512SUMS", "SHA1SUMS", "MD5SUMS"};
inline constexpr std::array<std::string_view, 4> kEncryptedEndings{".gpg", ".pgp", ".age", ".enc"};

/// Without its folders.
inline std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Checksums and signatures lie beside backups and are none.
inline bool is_companion(std::string_view path) {
    return std::ranges::any_of(kCompanionEndings, [path](std::string_view ending) { return path.ends_with(ending); }) ||
           std::ranges::find(kChecksumLists, base_name(path)) != kChecksumLists.end();
}

/// Does the name say that it cannot be read without a key?
inline bool is_encrypted(std::string_view path) {
    return std::ranges::any_of(kEncryptedEndings, [path](std::string_view ending) { return path.ends_with(ending); });
}

} // namespace recoverd::core
