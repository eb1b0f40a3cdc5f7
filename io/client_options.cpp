// SPDX-License-Identifier: Apache-2.0
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::io {

namespace {

using core::config::Diagnostics;
using core::config::Need;
using core::config::Node;
using core::config::Option;
using core::config::Place;
using core::config::SecretRef;
using core::config::Table;

constexpr Option<TlsOptions> kTls[] = {
    {"ca_file", &TlsOptions::ca_file, "PEM file of the authorities to trust; the system's when left out"},
    {"cert_file", &TlsOptions::cert_file, "PEM file of the client certificate, its chain after it"},
    {"key_file", &TlsOptions::key_file, "PEM file of its key; cert_file when left out"},
    {"server_name", &TlsOptions::server_name, "name that the certificate must hold; the host's when left out"},
    {"insecure_skip_verify", &TlsOptions::insecure_skip_verify, "trust whatever certificate is shown"},
};

struct Auth {
    std::optional<Node> basic;
    SecretRef bearer;
    std::optional<Node> header;
};
constexpr Option<Auth> kAuth[] = {
    {"basic", &Auth::basic, "user name and password"},
    {"bearer", &Auth::bearer, "a token, sent as 'Authorization: Bearer …'"},
    {"header", &Auth::header, "a header of its own"},
};
constexpr Option<AuthRefs> kBasic[] = {
    {"username", &AuthRefs::username, "the user's name", Need::required},
    {"password", &AuthRefs::password, "the user's password", Need::required},
};
constexpr Option<AuthRefs> kHeader[] = {
    {"name", &AuthRefs::header_name, "the header's name", Need::required},
    {"value", &AuthRefs::header_value, "the header's value", Need::required},
};

template <class S>
S read_table(const Node& node, const std::string& path, std::string owner, std::span<const Option<S>> options,
             Diagnostics& diagnostics, S out = {}) {
    if (const Table* table = node.table())
        return core::config::read_options<S>(*table, Place{path, std::move(owner), node.at}, options, {}, diagnostics,
                                             std::move(out));
    diagnostics.mistake(node.at, path, fmt::format("expected a table, found {}", describe(node)));
    return out;
}

} // namespace

TlsOptions read_tls(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    auto tls = read_table<TlsOptions>(node, path, "'tls'", kTls, diagnostics);
    if (!tls.key_file.empty() && tls.cert_file.empty())
        diagnostics.mistake(node.at, path, "expected cert_file beside key_file, found none");
    if (tls.insecure_skip_verify && !tls.ca_file.empty())
        diagnostics.warning(node.at, path, "ca_file has no effect: insecure_skip_verify trusts every certificate");
    return tls;
}

AuthRefs read_auth(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    const auto mistakes = diagnostics.all().size();
    const auto auth = read_table<Auth>(node, path, "'auth'", kAuth, diagnostics);
    AuthRefs refs;
    if (auth.basic)
        refs = read_table<AuthRefs>(*auth.basic, path + ".basic", "'auth.basic'", kBasic, diagnostics, std::move(refs));
    if (auth.header)
        refs = read_table<AuthRefs>(*auth.header, path + ".header", "'auth.header'", kHeader, diagnostics,
                                    std::move(refs));
    refs.bearer = auth.bearer;
    const int ways = (auth.basic ? 1 : 0) + (auth.header ? 1 : 0) + (auth.bearer ? 1 : 0);
    if (ways != 1 && diagnostics.all().size() == mistakes)
        diagnostics.mistake(
            node.at, path,
            fmt::format("expected one of basic, bearer and header, found {}", ways == 0 ? "none" : "several"),
            "write auth = { bearer = { file = \"/path\" } }, for example");
    return refs;
}

Task<Result<HttpAuth>> open_auth(World& world, AuthRefs refs) {
    HttpAuth auth;
    auth.username = refs.username;
    auth.header_name = refs.header_name;
    const std::pair<const SecretRef*, Secret*> secrets[] = {
        {&refs.password, &auth.password}, {&refs.bearer, &auth.bearer}, {&refs.header_value, &auth.header_value}};
    for (const auto& [ref, secret] : secrets) {
        if (!*ref)
            continue;
        auto opened = co_await world.secret(*ref);
        if (!opened)
            co_return std::unexpected(std::move(opened.error()));
        *secret = std::move(*opened);
    }
    co_return auth;
}

std::string bare_url(const std::string& url) {
    const std::size_t end = std::min(url.find_first_of("?#"), url.size());
    const std::size_t scheme = url.find("://");
    const std::size_t authority = scheme == std::string::npos || scheme > end ? 0 : scheme + 3;
    const std::size_t path = std::min(url.find('/', authority), end);
    // The last @ of the authority: an unescaped one in a password must not let the rest of it through.
    const std::size_t at = path == authority ? std::string::npos : url.rfind('@', path - 1);
    const std::size_t host = at == std::string::npos || at < authority ? authority : at + 1;
    return url.substr(0, authority) + url.substr(host, end - host);
}

} // namespace recoverd::io
