// SPDX-License-Identifier: Apache-2.0
#include "agent/web/tls_config.hpp"

#include "agent/web/web_yaml.hpp"
#include "core/config/diagnostics.hpp"
#include "io/web/pem.hpp"
#include "io/web/tls_names.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace recoverd::agent {

namespace {

using web_yaml::mistake;

constexpr int kTls13 = 0x0304;

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
        {{"TLS10", 0x0301}, {"TLS11", 0x0302}, {"TLS12", 0x0303}, {"TLS13", kTls13}}};
    for (const auto& [name, number] : kVersions)
        if (value.text() == name)
            return number;
    mistake(value.node, fmt::format("expected TLS10, TLS11, TLS12 or TLS13 for '{}', found {}", value.key,
                                    web_yaml::found(value.node)));
}

/// A name that Go has; `elsewhere` says where to find all of them when none is near.
void must_be_one_of(std::span<const std::string_view> names, const std::string& name, const YAML::Node& at,
                    std::string_view what, std::string_view elsewhere) {
    if (std::ranges::find(names, name) != names.end())
        return;
    const std::string_view near = core::config::nearest(name, names);
    mistake(at, fmt::format("expected {}, found '{}'", what, name),
            near.empty() ? std::string{elsewhere} : fmt::format("did you mean '{}'?", near));
}

/// Behind the others in a list of OpenSSL.
void append(std::string& list, const std::string& name) { list += list.empty() ? name : ":" + name; }

struct TlsReading {
    io::ServerTls tls;
    /// Suites were chosen, and with none of them TLS 1.2 could be spoken.
    bool only_tls13 = false;
};

void read_suites(TlsReading& reading, const TlsValue& value) {
    std::string list;
    bool any = false;
    web_yaml::items(value.node, value.key, [&](const std::string& name, const YAML::Node& at) {
        any = true;
        must_be_one_of(io::web::go_cipher_suites(), name, at, "a cipher suite as Go names the secure ones",
                       "https://pkg.go.dev/crypto/tls#CipherSuites lists them");
        if (io::web::is_of_tls13(name))
            return;
        const auto suite = io::web::openssl_cipher(name);
        if (!suite)
            mistake(at, fmt::format("expected a cipher suite of the OpenSSL that runs here, found '{}'", name),
                    "leave it out");
        append(list, *suite);
    });
    reading.tls.ciphers = list;
    reading.only_tls13 = any && list.empty();
}

void read_curves(TlsReading& reading, const TlsValue& value) {
    std::set<std::string> seen;
    std::string list;
    web_yaml::items(value.node, value.key, [&](const std::string& name, const YAML::Node& at) {
        must_be_one_of(io::web::go_curves(), name, at, "a curve as Go names it",
                       "CurveP256, CurveP384, CurveP521 and X25519 are always there");
        const auto group = io::web::openssl_group(name);
        if (!group)
            mistake(at, fmt::format("expected a curve of the OpenSSL that runs here, found '{}'", name),
                    "leave it out; hybrid ones need OpenSSL 3.5");
        // OpenSSL refuses a list with one of them twice.
        if (seen.insert(name).second)
            append(list, *group);
    });
    reading.tls.groups = list;
}

std::string pem_hint(std::string_view key) {
    return fmt::format("write '{}: |' and the whole PEM below it, indented", key);
}

/// Certificates as PEM. Whoever may see the log may see none of it, but that there was something.
std::string certificates(const TlsValue& value) {
    std::string pem = value.text();
    if (!pem.empty() && io::web::certificates_in(pem).empty())
        mistake(value.node,
                fmt::format("expected certificates in PEM for '{}', found none that can be read", value.key),
                pem_hint(value.key));
    return pem;
}

std::shared_ptr<const io::Secret> private_key(const TlsValue& value) {
    auto pem = std::make_shared<const io::Secret>(value.text());
    if (pem->empty())
        return nullptr;
    if (!io::web::holds_key(*pem))
        mistake(
            value.node,
            fmt::format("expected a key in PEM without a password for '{}', found none that can be read", value.key),
            pem_hint(value.key));
    return pem;
}

void read_client_names(TlsReading& reading, const TlsValue& value) {
    std::vector<std::string> names;
    web_yaml::items(value.node, value.key, [&](const std::string& name, const YAML::Node& at) {
        if (name.empty())
            mistake(at, fmt::format("expected a name in '{}', found none", value.key));
        names.push_back(name);
    });
    // An empty list lets nobody in there, which nobody wants, and would let everybody in here.
    if (names.empty() && !value.node.IsNull())
        mistake(value.node, fmt::format("expected a name in '{}', found an empty list", value.key),
                "leave it out to let every client in whose certificate is accepted");
    reading.tls.client_names = std::move(names);
}

struct TlsKey {
    std::string_view name;
    void (*take)(TlsReading& reading, const TlsValue& value);
};

constexpr std::array kTlsKeys{
    TlsKey{"cert_file", [](TlsReading& read, const TlsValue& value) { read.tls.cert_file = value.file(); }},
    TlsKey{"key_file", [](TlsReading& read, const TlsValue& value) { read.tls.key_file = value.file(); }},
    TlsKey{"client_ca_file", [](TlsReading& read, const TlsValue& value) { read.tls.client_ca_file = value.file(); }},
    TlsKey{"cert", [](TlsReading& read, const TlsValue& value) { read.tls.cert = certificates(value); }},
    TlsKey{"key", [](TlsReading& read, const TlsValue& value) { read.tls.key = private_key(value); }},
    TlsKey{"client_ca", [](TlsReading& read, const TlsValue& value) { read.tls.client_ca = certificates(value); }},
    TlsKey{"client_allowed_sans", read_client_names},
    TlsKey{"client_auth_type",
           [](TlsReading& read, const TlsValue& value) { read.tls.client_auth = client_auth(value); }},
    TlsKey{"min_version", [](TlsReading& read, const TlsValue& value) { read.tls.min_version = tls_version(value); }},
    TlsKey{"max_version", [](TlsReading& read, const TlsValue& value) { read.tls.max_version = tls_version(value); }},
    TlsKey{"cipher_suites", read_suites},
    TlsKey{"curve_preferences", read_curves},
    TlsKey{"prefer_server_cipher_suites",
           [](TlsReading& read, const TlsValue& value) {
               read.tls.own_preference = web_yaml::yes_or_no(value.node, value.key);
           }},
};

bool verifies_clients(const io::ServerTls& tls) {
    return tls.client_auth == io::ClientAuth::verify_if_given || tls.client_auth == io::ClientAuth::require_and_verify;
}

/// As exporter-toolkit does when both are said.
void prefer_files(io::ServerTls& tls) {
    if (!tls.cert_file.empty())
        tls.cert.clear();
    if (!tls.key_file.empty())
        tls.key = nullptr;
    if (!tls.client_ca_file.empty())
        tls.client_ca.clear();
}

void check_certificate(const YAML::Node& node, const io::ServerTls& tls) {
    if (tls.cert_file.empty() && tls.cert.empty())
        mistake(node, "expected cert_file or cert under 'tls_server_config', found neither");
    if (tls.key_file.empty() && !tls.key)
        mistake(node, "expected key_file or key under 'tls_server_config', found neither");
    // Of files that is asked when they are read, and whenever they change.
    if (tls.cert_file.empty() && tls.key_file.empty() && !io::web::is_key_of(*tls.key, tls.cert))
        mistake(node, "expected the key of the first certificate in 'cert' for 'key', found another",
                "in 'cert' the server's own certificate comes first, then those that vouch for it");
}

void check_clients(const YAML::Node& node, const io::ServerTls& tls) {
    const bool has_ca = !tls.client_ca_file.empty() || !tls.client_ca.empty();
    if (verifies_clients(tls) && !has_ca)
        mistake(node, "expected client_ca_file or client_ca, for client certificates are to be verified");
    // A CA without a type would look like protection and be none.
    if (!verifies_clients(tls) && has_ca)
        mistake(node, "client_ca_file and client_ca need client_auth_type RequireAndVerifyClientCert or "
                      "VerifyClientCertIfGiven");
    const bool requires_one =
        tls.client_auth == io::ClientAuth::require_any || tls.client_auth == io::ClientAuth::require_and_verify;
    // A client without a certificate would come in whatever it is called.
    if (!requires_one && !tls.client_names.empty())
        mistake(node, "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert");
}

void check_versions(const YAML::Node& node, TlsReading& reading) {
    io::ServerTls& tls = reading.tls;
    if (tls.max_version != 0 && tls.max_version < tls.min_version)
        mistake(node, "expected min_version no newer than max_version under 'tls_server_config'",
                "without min_version it is TLS12");
    if (!reading.only_tls13)
        return;
    // OpenSSL knows no list of suites that is empty.
    if (tls.max_version != 0 && tls.max_version < kTls13)
        mistake(node, "expected a suite of TLS 1.2 among cipher_suites, for max_version is older than TLS13");
    tls.min_version = kTls13;
}

} // namespace

std::optional<io::ServerTls> read_tls(const YAML::Node& node, const std::filesystem::path& folder) {
    TlsReading reading;
    bool asked = false;
    web_yaml::members(node, "tls_server_config", [&](const std::string& name, const YAML::Node& value) {
        const auto key = std::ranges::find(kTlsKeys, name, &TlsKey::name);
        if (key == kTlsKeys.end())
            return false;
        key->take(reading, TlsValue{key->name, value, folder});
        asked = true;
        return true;
    });
    if (!asked)
        return std::nullopt;
    prefer_files(reading.tls);
    check_certificate(node, reading.tls);
    check_versions(node, reading);
    check_clients(node, reading.tls);
    return reading.tls;
}

} // namespace recoverd::agent
