// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace recoverd::agent {

namespace {

[[noreturn]] void mistake(const YAML::Node& at, const std::string& what) {
    throw std::runtime_error(fmt::format("line {}: {}", at.Mark().line + 1, what));
}

std::string text(const YAML::Node& value, const std::string& key) {
    if (!value.IsScalar())
        mistake(value, fmt::format("expected text for '{}'", key));
    return value.Scalar();
}

/// Calls `take(key, value)` for each member; it returns false for keys it does not know.
template <class Take>
void members(const YAML::Node& node, const std::string& where, Take&& take) {
    if (!node.IsMap())
        mistake(node, fmt::format("expected keys under '{}'", where));
    for (const auto& member : node)
        if (const std::string key = text(member.first, where); !take(key, member.second))
            mistake(member.first, fmt::format("unknown or unsupported key '{}' under '{}'", key, where));
}

io::ClientAuth client_auth(const YAML::Node& value) {
    constexpr std::array<std::string_view, 5> kNames{"NoClientCert", "RequestClientCert", "RequireAnyClientCert",
                                                     "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"};
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (value.IsScalar() && value.Scalar() == kNames[i])
            return static_cast<io::ClientAuth>(i);
    mistake(value, "expected client_auth_type NoClientCert, RequestClientCert, RequireAnyClientCert, "
                   "VerifyClientCertIfGiven or RequireAndVerifyClientCert");
}

int tls_version(const YAML::Node& value) {
    constexpr std::array<std::pair<std::string_view, int>, 4> kVersions{
        {{"TLS10", 0x0301}, {"TLS11", 0x0302}, {"TLS12", 0x0303}, {"TLS13", 0x0304}}};
    for (const auto& [name, number] : kVersions)
        if (value.IsScalar() && value.Scalar() == name)
            return number;
    mistake(value, "expected TLS10, TLS11, TLS12 or TLS13");
}

io::ServerTls read_tls(const YAML::Node& node, const std::filesystem::path& folder) {
    io::ServerTls tls;
    members(node, "tls_server_config", [&](const std::string& key, const YAML::Node& value) {
        if (key == "cert_file")
            tls.cert_file = folder / text(value, key);
        else if (key == "key_file")
            tls.key_file = folder / text(value, key);
        else if (key == "client_ca_file")
            tls.client_ca_file = folder / text(value, key);
        else if (key == "client_auth_type")
            tls.client_auth = client_auth(value);
        else if (key == "min_version")
            tls.min_version = tls_version(value);
        else if (key == "max_version")
            tls.max_version = tls_version(value);
        else
            return false;
        return true;
    });
    if (tls.cert_file.empty() || tls.key_file.empty())
        mistake(node, "expected cert_file and key_file under 'tls_server_config'");
    const bool verifies =
        tls.client_auth == io::ClientAuth::verify_if_given || tls.client_auth == io::ClientAuth::require_and_verify;
    if (verifies && tls.client_ca_file.empty())
        mistake(node, "expected client_ca_file, for client certificates are to be verified");
    // A CA without a type would look like protection and be none.
    if (!verifies && !tls.client_ca_file.empty())
        mistake(node, "client_ca_file needs client_auth_type RequireAndVerifyClientCert or VerifyClientCertIfGiven");
    return tls;
}

void read_http(const YAML::Node& node, io::WebSecurity& security) {
    members(node, "http_server_config", [&](const std::string& key, const YAML::Node& value) {
        if (key == "headers")
            members(value, key, [&](const std::string& name, const YAML::Node& header) {
                security.headers.emplace_back(name, text(header, name));
                return true;
            });
        // HTTP/2 is never spoken, which is what `http2: false` asks for; `true` is only a permission.
        return key == "headers" || key == "http2";
    });
}

std::string stamp_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0)
        return {};
    return fmt::format("{}.{}:{}:{}", info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_ino);
}

std::expected<io::WebSecurity, std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return std::unexpected(fmt::format("{}: cannot be read", path));
    std::ostringstream bytes;
    bytes << in.rdbuf();
    auto security = parse_web_config(bytes.str(), std::filesystem::path{path}.parent_path());
    if (!security)
        return std::unexpected(fmt::format("{}: {}", path, security.error()));
    return security;
}

} // namespace

std::expected<io::WebSecurity, std::string> parse_web_config(const std::string& content, const std::string& folder) {
    try {
        io::WebSecurity security;
        const YAML::Node root = YAML::Load(content);
        if (root.IsNull())
            return security;
        members(root, "the file", [&](const std::string& key, const YAML::Node& value) {
            if (key == "tls_server_config")
                security.tls = read_tls(value, folder);
            else if (key == "http_server_config")
                read_http(value, security);
            else if (key == "basic_auth_users")
                members(value, key, [&](const std::string& user, const YAML::Node& hash) {
                    security.users[user] = text(hash, user);
                    if (!security.users[user].starts_with("$2"))
                        mistake(hash, fmt::format("expected a bcrypt hash for user '{}'", user));
                    return true;
                });
            else
                return false;
            return true;
        });
        return security;
    } catch (const std::exception& error) {
        return std::unexpected(std::string{error.what()});
    }
}

std::expected<std::shared_ptr<WebConfigFile>, std::string> WebConfigFile::open(std::string path,
                                                                               std::function<void(std::string)> warn) {
    auto file = std::make_shared<WebConfigFile>();
    file->stamp_ = stamp_of(path);
    auto security = read_file(path);
    if (!security)
        return std::unexpected(std::move(security.error()));
    file->path_ = std::move(path);
    file->warn_ = std::move(warn);
    file->security_ = std::make_shared<const io::WebSecurity>(std::move(*security));
    return file;
}

std::shared_ptr<const io::WebSecurity> WebConfigFile::current() {
    std::string stamp = stamp_of(path_);
    if (stamp != stamp_) {
        stamp_ = std::move(stamp);
        if (auto security = read_file(path_))
            security_ = std::make_shared<const io::WebSecurity>(std::move(*security));
        else if (warn_)
            warn_(security.error() + "; the old one stays in use");
    }
    return security_;
}

} // namespace recoverd::agent
