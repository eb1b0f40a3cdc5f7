// SPDX-License-Identifier: Apache-2.0
// Basic authentication against bcrypt hashes. One comparison takes 50–200 ms on purpose, so whoever proved it once is
// remembered (by a digest, never the password).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace recoverd::io::web {

struct Credentials {
    std::string user;
    std::string password;
};

/// From an `Authorization: Basic …` header; nothing when it is none.
std::optional<Credentials> read_basic(std::string_view authorization);

/// Slow, and safe to call from any thread. An unknown user takes as long as a known one.
bool password_matches(const std::map<std::string, std::string>& users, const Credentials& credentials);

/// Web thread only.
class ProvenUsers {
  public:
    bool contains(const std::map<std::string, std::string>& users, const Credentials& credentials) const;
    void remember(const std::map<std::string, std::string>& users, const Credentials& credentials);

  private:
    std::unordered_set<std::string> digests_;
};

} // namespace recoverd::io::web
