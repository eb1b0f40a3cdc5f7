// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_config.hpp"

#include "agent/web/go_duration.hpp"
#include "agent/web/tls_config.hpp"
#include "agent/web/web_yaml.hpp"
#include "io/file_stamp.hpp"
#include "io/web/server_tls.hpp"
#include "io/whole_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

namespace recoverd::agent {

namespace {

using web_yaml::members;
using web_yaml::mistake;
using web_yaml::text;

/// The headers that exporter-toolkit lets be set. One with a slip in its name would protect from nothing, and others
/// are the server's own.
constexpr std::array<std::string_view, 5> kExtraHeaders{"Content-Security-Policy", "X-Frame-Options",
                                                        "X-Content-Type-Options", "X-XSS-Protection",
                                                        "Strict-Transport-Security"};

void read_headers(const YAML::Node& node, io::WebSecurity& security) {
    members(node, "headers", [&](const std::string& name, const YAML::Node& value) {
        if (std::ranges::find(kExtraHeaders, name) == kExtraHeaders.end())
            mistake(value,
                    fmt::format("expected {} under 'headers', found '{}'", fmt::join(kExtraHeaders, ", "), name));
        const std::string content = text(value, name);
        if (content.empty())
            return true;
        if (name == "X-Frame-Options" && content != "deny" && content != "sameorigin")
            mistake(value, fmt::format("expected deny or sameorigin for '{}', found '{}'", name, content));
        if (name == "X-Content-Type-Options" && content != "nosniff")
            mistake(value, fmt::format("expected nosniff for '{}', found '{}'", name, content));
        security.headers.emplace_back(name, content);
        return true;
    });
}

void read_http(const YAML::Node& node, io::WebSecurity& security) {
    members(node, "http_server_config", [&](const std::string& key, const YAML::Node& value) {
        if (key == "headers") {
            read_headers(value, security);
            return true;
        }
        // HTTP/2 is never spoken, which is what `http2: false` asks for; `true` is only a permission.
        if (key == "http2")
            web_yaml::yes_or_no(value, key);
        return key == "http2";
    });
}

std::chrono::nanoseconds interval_of(const YAML::Node& value, const std::string& key) {
    // A number without a unit is nanoseconds there, which nobody means.
    const auto interval = parse_go_duration(text(value, key));
    if (!interval)
        mistake(value, fmt::format("expected a duration for '{}', found {}", key, web_yaml::found(value)),
                "write it as Go does, such as 1s, 250ms or 1m30s; 0 is no limit");
    return *interval;
}

std::optional<io::RateLimit> read_rate_limit(const YAML::Node& node) {
    std::optional<std::chrono::nanoseconds> interval;
    int burst = 0;
    members(node, "rate_limit", [&](const std::string& key, const YAML::Node& value) {
        if (key == "interval")
            interval = interval_of(value, key);
        else if (key == "burst")
            burst = web_yaml::whole_number(value, key);
        else
            return false;
        return true;
    });
    if (!interval && burst > 0)
        mistake(node, "expected 'interval' beside 'burst' under 'rate_limit', found none",
                "1s lets one more request in each second; 0 is no limit");
    if (!interval || *interval == std::chrono::nanoseconds{0})
        return std::nullopt;
    if (burst == 0)
        mistake(node, "expected a 'burst' of 1 or more under 'rate_limit', found none",
                "without a burst no request would ever be answered; 10 lets ten in at once");
    return io::RateLimit{*interval, burst};
}

std::expected<io::WebSecurity, std::string> read_file(const std::string& path) {
    const auto bytes = io::read_whole(path);
    if (!bytes)
        return std::unexpected(fmt::format("{}: cannot be read", path));
    auto security = parse_web_config(*bytes, std::filesystem::path{path}.parent_path());
    if (!security)
        return std::unexpected(fmt::format("{}: {}", path, security.error()));
    return security;
}

bool wants_certificates(const io::WebSecurity& security) {
    return security.tls && (security.tls->client_auth == io::ClientAuth::require_any ||
                            security.tls->client_auth == io::ClientAuth::require_and_verify);
}

/// What kept others out and does not any more; empty for nothing.
std::string_view lost(const io::WebSecurity& before, const io::WebSecurity& now) {
    if (before.tls && !now.tls)
        return "TLS";
    if (!before.users.empty() && now.users.empty())
        return "users";
    return wants_certificates(before) && !wants_certificates(now) ? "certificates of clients" : "";
}

} // namespace

std::expected<io::WebSecurity, std::string> parse_web_config(const std::string& content, const std::string& folder) {
    try {
        io::WebSecurity security;
        const YAML::Node root = YAML::Load(content);
        members(root, "the file", [&](const std::string& key, const YAML::Node& value) {
            if (key == "tls_server_config")
                security.tls = read_tls(value, folder);
            else if (key == "http_server_config")
                read_http(value, security);
            else if (key == "rate_limit")
                security.rate_limit = read_rate_limit(value);
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
    file->path_ = std::move(path);
    auto security = file->read();
    if (!security)
        return std::unexpected(std::move(security.error()));
    file->warn_ = std::move(warn);
    file->security_ = std::make_shared<const io::WebSecurity>(std::move(*security));
    return file;
}

std::string WebConfigFile::stamp() const {
    return io::file_stamp(path_) + (awaited_ ? io::web::stamp_of(*awaited_) : std::string{});
}

std::expected<io::WebSecurity, std::string> WebConfigFile::read() {
    awaited_.reset();
    // Before they are read: what is written meanwhile is read the next time.
    stamp_ = stamp();
    auto security = read_file(path_);
    if (!security || !security->tls)
        return security;
    const std::string files = io::web::stamp_of(*security->tls);
    try {
        io::web::make_server_context(*security->tls);
    } catch (const std::exception& error) {
        awaited_ = security->tls;
        stamp_ += files;
        return std::unexpected(fmt::format("{}: {}", path_, error.what()));
    }
    return security;
}

std::shared_ptr<const io::WebSecurity> WebConfigFile::current() {
    if (stamp() == stamp_)
        return security_;
    auto security = read();
    // Whoever writes a file may empty it first, or be cut off in the middle.
    if (const auto missing = security ? lost(*security_, *security) : std::string_view{}; !missing.empty())
        security = std::unexpected(
            fmt::format("{}: it asks for no {} any more\nhint: to serve without, restart", path_, missing));
    if (security)
        security_ = std::make_shared<const io::WebSecurity>(std::move(*security));
    else if (warn_)
        warn_(io::web::with_note(std::move(security.error()), "; the old one stays in use"));
    return security_;
}

} // namespace recoverd::agent
