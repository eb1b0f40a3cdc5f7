// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/access.hpp"

#include "io/yaml.hpp"

#include <fmt/format.h>

#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using Source = SecretRef::Source;

constexpr std::string_view kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr std::string_view kToken = "token";
constexpr std::string_view kAuthority = "ca.crt";

std::string text_of(const io::Json& value) { return value ? value.text() : std::string{}; }

/// The entry of a list of {"name": …, `of`: {…}}.
const io::Json& named(const io::Json& list, const std::string& name, std::string_view of) {
    if (list)
        for (const io::Json& entry : list.items())
            if (entry["name"].text() == name)
                return entry[of];
    throw io::BadDocument(fmt::format("expected a {} named '{}', found none", of, name));
}

std::string below(const std::string& folder, const std::string& path) {
    return path.empty() || path.starts_with('/') ? path : folder + path;
}

std::string decoded(const io::Json& value) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int held = 0;
    for (const char c : value.text()) {
        if (c == '=' || c == '\n' || c == '\r' || c == ' ')
            continue;
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos)
            throw io::BadDocument(fmt::format("{}: expected base64", value.path()));
        bits = bits << 6U | static_cast<unsigned>(digit);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xFFU);
        }
    }
    return out;
}

/// io/http_exchange.cpp takes PEM as it is where it takes a file.
std::string pem_in(const io::Json& value) {
    const std::string pem = decoded(value);
    const auto begin = pem.find("-----BEGIN ");
    if (begin == std::string::npos)
        throw io::BadDocument(fmt::format("{}: expected PEM in base64", value.path()));
    return pem.substr(begin);
}

void read_cluster(const io::Json& cluster, const std::string& folder, Access& access) {
    access.server = cluster["server"].text();
    access.server.resize(access.server.find_last_not_of('/') + 1);
    if (cluster["certificate-authority-data"])
        access.tls.ca_file = pem_in(cluster["certificate-authority-data"]);
    else
        access.tls.ca_file = below(folder, text_of(cluster["certificate-authority"]));
    access.tls.server_name = text_of(cluster["tls-server-name"]);
    access.tls.insecure_skip_verify =
        cluster["insecure-skip-tls-verify"] && cluster["insecure-skip-tls-verify"].boolean();
    access.proxy = text_of(cluster["proxy-url"]);
}

void read_user(const io::Json& user, const std::string& folder, Access& access) {
    if (user["tokenFile"])
        access.token = {Source::file, below(folder, user["tokenFile"].text())};
    else
        access.auth.bearer = io::Secret{text_of(user["token"])};
    access.auth.username = text_of(user["username"]);
    access.auth.password = io::Secret{text_of(user["password"])};
    const bool certificate = static_cast<bool>(user["client-certificate-data"]);
    if (certificate != static_cast<bool>(user["client-key-data"]))
        throw io::BadDocument("expected both client-certificate-data and client-key-data, or the files of both");
    if (certificate) {
        access.tls.cert_file = pem_in(user["client-certificate-data"]);
        access.tls.key_file = pem_in(user["client-key-data"]);
    } else {
        access.tls.cert_file = below(folder, text_of(user["client-certificate"]));
        access.tls.key_file = below(folder, text_of(user["client-key"]));
    }
}

Failure in_words(Failure failure) {
    failure.detail += "\nhint: outside of a cluster kubeconfig names the file that says where its API server is";
    return failure;
}

} // namespace

Result<Access> read_kubeconfig(const io::Json& document, const std::string& folder) {
    const std::string current = text_of(document["current-context"]);
    if (current.empty())
        return core::failed(FailureKind::misconfigured, "expected a current-context, found none");
    const io::Json& context = named(document["contexts"], current, "context");
    Access access;
    read_cluster(named(document["clusters"], context["cluster"].text(), "cluster"), folder, access);
    const std::string user_name = text_of(context["user"]);
    if (user_name.empty())
        return access;
    const io::Json& user = named(document["users"], user_name, "user");
    for (const char* program : {"exec", "auth-provider"})
        if (user[program])
            return core::failed(
                FailureKind::misconfigured,
                fmt::format("the user '{}' has its credentials made by a program ({}), and recoverd runs none\nhint: "
                            "give it a token of a ServiceAccount of its own (tokenFile), or a client certificate",
                            user_name, program));
    if (user)
        read_user(user, folder, access);
    return access;
}

std::string in_cluster_server(const std::string& host, const std::string& port) {
    const bool bare_v6 = host.contains(':') && !host.starts_with('[');
    return fmt::format("https://{}:{}", bare_v6 ? "[" + host + "]" : host, port);
}

Task<Result<Access>> find_access(Run run, std::string kubeconfig) {
    if (!kubeconfig.empty()) {
        SecretRef ref{Source::file, kubeconfig};
        const auto file = co_await run.world.secret(std::move(ref));
        if (!file)
            co_return std::unexpected(file.error());
        const std::string folder = kubeconfig.substr(0, kubeconfig.rfind('/') + 1);
        auto read = understood([&] { return read_kubeconfig(io::parse_yaml(file->reveal()), folder); });
        if (!read)
            co_return core::failed(FailureKind::misconfigured, fmt::format("{}: {}", kubeconfig, read.error().detail));
        if (!*read)
            (*read).error().detail.insert(0, kubeconfig + ": ");
        co_return std::move(*read);
    }
    std::array<std::string, 2> place;
    constexpr std::array<std::string_view, 2> kVariables{"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"};
    for (std::size_t i = 0; i < place.size(); ++i) {
        SecretRef ref{Source::env, std::string{kVariables.at(i)}};
        const auto value = co_await run.world.secret(std::move(ref));
        if (!value)
            co_return std::unexpected(in_words(value.error()));
        place.at(i) = value->reveal();
    }
    Access access;
    access.server = in_cluster_server(place[0], place[1]);
    access.tls.ca_file = fmt::format("{}{}", kAccount, kAuthority);
    access.token = {Source::file, fmt::format("{}{}", kAccount, kToken)};
    access.hint =
        fmt::format("in a pod with automountServiceAccountToken: false a projected volume has to bring {} and "
                    "{} there, as packaging/kubernetes/components/kubernetes-api does",
                    kToken, kAuthority);
    co_return access;
}

} // namespace recoverd::collectors::kubernetes_parts
