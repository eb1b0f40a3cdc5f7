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
    if (const auto& tls = security->tls) {
        must(!tls->cert_file.empty() || !tls->cert.empty(), "TLS has a certificate");
        must(!tls->key_file.empty() || tls->key, "TLS has a key");
        must(tls->client_names.empty() || tls->client_auth == io::ClientAuth::require_any ||
                 tls->client_auth == io::ClientAuth::require_and_verify,
             "a name is asked of those who have to have one");
        const bool verifies = tls->client_auth == io::ClientAuth::verify_if_given ||
                              tls->client_auth == io::ClientAuth::require_and_verify;
        must(verifies == (!tls->client_ca_file.empty() || !tls->client_ca.empty()), "a CA is asked for or not given");
    }
    if (const auto& limit = security->rate_limit)
        must(limit->interval > std::chrono::nanoseconds{0} && limit->burst > 0, "a limit lets some in");
}

} // namespace recoverd::fuzz
