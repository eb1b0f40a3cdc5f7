// SPDX-License-Identifier: Apache-2.0
// --web.config.file. Nothing that it names is opened.
#include "agent/web/web_config.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    const auto security = agent::parse_web_config(std::string{bytes}, "/etc/recoverd");
    if (!security)
        return must(!security.error().empty(), "a mistake is named");
    for (const auto& [user, hash] : security->users)
        must(hash.starts_with("$2"), "a password is a bcrypt hash", hash);
    if (security->tls)
        must(!security->tls->cert_file.empty() && !security->tls->key_file.empty(), "TLS has its files");
}

} // namespace recoverd::fuzz
