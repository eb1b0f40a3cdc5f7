// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/options.hpp"

#include "collectors/connect_options.hpp"
#include "collectors/s3/encoding.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

using core::config::Diagnostics;
using core::config::Place;

constexpr std::string_view kHowToSign =
    "write access_key_id and secret_access_key, or credentials, or role_arn and web_identity_token, or "
    "instance_metadata = true";

std::string without_slash(const std::string& url) { return url.substr(0, url.find_last_not_of('/') + 1); }

/// As a label of DNS, of a region, or of a bucket: nothing that could lead a request elsewhere.
bool is_plain(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [more](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.contains(c);
    });
}

void check_pair(bool one, bool other, std::string_view both, const Place& place, Diagnostics& diagnostics) {
    if (one != other)
        diagnostics.mistake(place.at, place.path, fmt::format("expected {}, found only one of them", both));
}

void check_signing(const ClientOptions& options, const Place& place, Diagnostics& diagnostics) {
    const bool key = !options.access_key_id.empty();
    const bool secret = static_cast<bool>(options.secret_access_key);
    const bool role = !options.role_arn.empty();
    const bool token = static_cast<bool>(options.web_identity_token);
    check_pair(key, secret, "access_key_id and secret_access_key", place, diagnostics);
    check_pair(role, token, "role_arn and web_identity_token", place, diagnostics);
    if (options.session_token && !key && !secret)
        diagnostics.mistake(place.at, place.path + ".session_token",
                            "expected access_key_id and secret_access_key beside it, found neither");
    const auto ways = static_cast<int>(key || secret) + static_cast<int>(role || token) +
                      static_cast<int>(static_cast<bool>(options.credentials)) +
                      static_cast<int>(options.instance_metadata);
    if (ways != 1)
        diagnostics.mistake(place.at, place.path,
                            fmt::format("expected one way to sign requests, found {}", ways == 0 ? "none" : "several"),
                            std::string{kHowToSign});
}

} // namespace

void check_plain_url(const std::string& url, std::string_view key, const Place& place, Diagnostics& diagnostics) {
    const Place at = place.inside(key);
    check_url(url, at, diagnostics);
    if (url.find_first_of("?#%") != std::string::npos)
        diagnostics.mistake(at.at, at.path, "expected a URL without query and '%', which cannot be signed");
}

void check_client_options(const ClientOptions& options, const Place& place, Diagnostics& diagnostics) {
    check_plain_url(options.endpoint, "endpoint", place, diagnostics);
    check_plain_url(options.sts_endpoint, "sts_endpoint", place, diagnostics);
    check_plain_url(options.metadata_endpoint, "metadata_endpoint", place, diagnostics);
    if (options.endpoint.empty() && options.region.empty())
        diagnostics.mistake(place.at, place.path, "expected region or endpoint, found neither");
    if (!is_plain(options.region, "-_"))
        diagnostics.mistake(place.at, place.path + ".region",
                            fmt::format("expected a region such as 'eu-central-1', found '{}'", options.region));
    if (!is_plain(options.bucket, "-._:") || options.bucket.starts_with('.'))
        diagnostics.mistake(place.at, place.path + ".bucket",
                            fmt::format("expected the name of a bucket, found '{}'", options.bucket),
                            "a prefix in it stands in an option of its own");
    check_signing(options, place, diagnostics);
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

std::string region_of(const ClientOptions& options) {
    return options.region.empty() ? std::string{"us-east-1"} : options.region;
}

std::string amazon_url(std::string_view service, const std::string& region) {
    // Those in China have a domain of their own.
    return fmt::format("https://{}.{}.amazonaws.com{}", service, region, region.starts_with("cn-") ? ".cn" : "");
}

std::string bucket_url(const ClientOptions& options) {
    const bool clone = !options.endpoint.empty();
    // A certificate for *.s3.… holds no name with a further dot.
    const bool in_host =
        options.addressing == "virtual" || (options.addressing == "auto" && !clone && !options.bucket.contains('.'));
    const std::string service = clone ? without_slash(options.endpoint) : amazon_url("s3", region_of(options));
    if (!in_host)
        return service + "/" + percent_encoded(options.bucket);
    const std::size_t host = service.find("://") + 3;
    return service.substr(0, host) + options.bucket + "." + service.substr(host);
}

std::string sts_url(const ClientOptions& options) {
    if (!options.sts_endpoint.empty())
        return options.sts_endpoint;
    return options.endpoint.empty() ? amazon_url("sts", region_of(options)) : options.endpoint;
}

} // namespace recoverd::collectors::s3_parts
