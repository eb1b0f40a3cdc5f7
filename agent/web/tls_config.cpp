// SPDX-License-Identifier: Apache-2.0
#include "agent/web/tls_config.hpp"

#include "agent/web/web_yaml.hpp"

#include <algorithm>
#include <array>

namespace recoverd::agent {

namespace {

using web_yaml::mistake;

/// One key and what is said of it.
struct TlsValue {
    std::string_view key;
    const YAML::Node& node;
    const std::filesystem::path& folder;

    std::string text() const { return web_yaml::text(node, key); }
    std::string file() const {
        const std::string name = text();
        return name.empty() ? name : (folder / name).string();
    }
};

io::ClientAuth client_auth(const TlsValue& value) {
    using enum io::ClientAuth;
    constexpr std::array<std::pair<std::string_view, io::ClientAuth>, 7> kNames{
        {{"", none},
         {"NoClientCert", none},
         {"RequestClientCert", request},
         {"RequireAnyClientCert", require_any},
         // Its name in the first versions of exporter-toolkit.
         {"RequireClientCert", require_any},
         {"VerifyClientCertIfGiven", verify_if_given},
         {"RequireAndVerifyClientCert", require_and_verify}}};
    for (const auto& [name, auth] : kNames)
        if (value.text() == name)
            return auth;
    mistake(value.node, fmt::format("expected client_auth_type NoClientCert, RequestClientCert, RequireAnyClientCert, "
                                    "VerifyClientCertIfGiven or RequireAndVerifyClientCert, found {}",
                                    web_yaml::found(value.node)));
}

int tls_version(const TlsValue& value) {
    constexpr std::array<std::pair<std::string_view, int>, 4> kVersions{
        {{"TLS10", 0x0301}, {"TLS11", 0x0302}, {"TLS12", 0x0303}, {"TLS13", 0x0304}}};
    for (const auto& [name, number] : kVersions)
        if (value.text() == name)
            return number;
    mistake(value.node, fmt::format("expected TLS10, TLS11, TLS12 or TLS13 for '{}', found {}", value.key,
                                    web_yaml::found(value.node)));
}

struct TlsKey {
    std::string_view name;
    void (*take)(io::ServerTls& tls, const TlsValue& value);
};

constexpr std::array kTlsKeys{
    TlsKey{"cert_file", [](io::ServerTls& tls, const TlsValue& value) { tls.cert_file = value.file(); }},
    TlsKey{"key_file", [](io::ServerTls& tls, const TlsValue& value) { tls.key_file = value.file(); }},
    TlsKey{"client_ca_file", [](io::ServerTls& tls, const TlsValue& value) { tls.client_ca_file = value.file(); }},
    TlsKey{"client_auth_type", [](io::ServerTls& tls, const TlsValue& value) { tls.client_auth = client_auth(value); }},
    TlsKey{"min_version", [](io::ServerTls& tls, const TlsValue& value) { tls.min_version = tls_version(value); }},
    TlsKey{"max_version", [](io::ServerTls& tls, const TlsValue& value) { tls.max_version = tls_version(value); }},
};

bool verifies_clients(const io::ServerTls& tls) {
    return tls.client_auth == io::ClientAuth::verify_if_given || tls.client_auth == io::ClientAuth::require_and_verify;
}

/// What each key alone cannot tell.
void check_together(const YAML::Node& node, const io::ServerTls& tls) {
    if (tls.cert_file.empty() || tls.key_file.empty())
        mistake(node, "expected cert_file and key_file under 'tls_server_config'");
    if (tls.max_version != 0 && tls.max_version < tls.min_version)
        mistake(node, "expected min_version no newer than max_version under 'tls_server_config'",
                "without min_version it is TLS12");
    if (verifies_clients(tls) && tls.client_ca_file.empty())
        mistake(node, "expected client_ca_file, for client certificates are to be verified");
    // A CA without a type would look like protection and be none.
    if (!verifies_clients(tls) && !tls.client_ca_file.empty())
        mistake(node, "client_ca_file needs client_auth_type RequireAndVerifyClientCert or VerifyClientCertIfGiven");
}

} // namespace

std::optional<io::ServerTls> read_tls(const YAML::Node& node, const std::filesystem::path& folder) {
    io::ServerTls tls;
    bool asked = false;
    web_yaml::members(node, "tls_server_config", [&](const std::string& name, const YAML::Node& value) {
        const auto key = std::ranges::find(kTlsKeys, name, &TlsKey::name);
        if (key == kTlsKeys.end())
            return false;
        key->take(tls, TlsValue{key->name, value, folder});
        asked = true;
        return true;
    });
    if (!asked)
        return std::nullopt;
    check_together(node, tls);
    return tls;
}

} // namespace recoverd::agent
