// SPDX-License-Identifier: Apache-2.0
// What the name of a file or an object says before anybody has read it. `name` is without its folders.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace recoverd::core {

inline constexpr std::array<std::string_view, 7> kCompanionEndings{".sha256", ".sha512", ".sha1",   ".md5",
                                                                   ".asc",    ".sig",    ".minisig"};
inline constexpr std::array<std::string_view, 3> kChecksumLists{"SHA256SUMS", "SHA512SUMS", "MD5SUMS"};
inline constexpr std::array<std::string_view, 4> kEncryptedEndings{".gpg", ".pgp", ".age", ".enc"};

/// Checksums and signatures lie beside backups and are none.
inline bool is_companion(std::string_view name) {
    return std::ranges::any_of(kCompanionEndings, [name](std::string_view ending) { return name.ends_with(ending); }) ||
           std::ranges::find(kChecksumLists, name) != kChecksumLists.end();
}

/// Does the name say that it cannot be read without a key?
inline bool is_encrypted(std::string_view name) {
    return std::ranges::any_of(kEncryptedEndings, [name](std::string_view ending) { return name.ends_with(ending); });
}

} // namespace recoverd::core
