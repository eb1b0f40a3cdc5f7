// SPDX-License-Identifier: Apache-2.0
// Where an S3 service is and how requests to it are signed: one struct and one table for every collector that reads
// from S3. A collector's own options derive from the struct and put their rows before the shared ones:
//
//     struct Options : s3_parts::ClientOptions { std::string key; };
//     constexpr Option<Options> kOwn[] = {
//         {"bucket", &Options::bucket, "the bucket", Need::required},
//         {"key", &Options::key, "the object", Need::required},
//     };
//     constexpr auto kOptions = s3_parts::with_client_options(kOwn);
#pragma once

#include "collectors/collector.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace recoverd::collectors::s3_parts {

struct ClientOptions {
    std::string endpoint;
    std::string region;
    /// Its row is the collector's own: not every one cannot do without.
    std::string bucket;
    std::string addressing = "auto";
    std::string access_key_id;
    SecretRef secret_access_key;
    SecretRef session_token;
    SecretRef credentials;
    std::string profile = "default";
    std::string role_arn;
    SecretRef web_identity_token;
    std::string sts_endpoint;
    bool instance_metadata = false;
    std::string metadata_endpoint = "http://169.254.169.254";
    std::optional<core::config::Node> tls;
    std::string proxy;
};

template <class Options>
constexpr std::array kClientOptions{
    Option<Options>{"endpoint", &Options::endpoint,
                    "URL of an S3 service, such as https://minio.example:9000; Amazon's of the region when left out"},
    Option<Options>{"region", &Options::region,
                    "the bucket's region, which requests are signed for; us-east-1 when left out beside an endpoint"},
    Option<Options>{"addressing", &Options::addressing,
                    "where the bucket's name stands: in the path, in the host's name (virtual), or as the service is "
                    "used to: virtual at Amazon's, path elsewhere and for names with dots",
                    Need::optional, "auto|path|virtual"},
    Option<Options>{"access_key_id", &Options::access_key_id, "id of a static access key"},
    Option<Options>{"secret_access_key", &Options::secret_access_key, "the static access key itself"},
    Option<Options>{"session_token", &Options::session_token, "session token of temporary keys, beside the other two"},
    Option<Options>{"credentials", &Options::credentials,
                    "a shared credentials file as ~/.aws/credentials, read again for every run"},
    Option<Options>{"profile", &Options::profile, "the profile of that file"},
    Option<Options>{"role_arn", &Options::role_arn, "role to assume with a web identity (IRSA)"},
    Option<Options>{"web_identity_token", &Options::web_identity_token,
                    "token to assume it with, such as { file = \"${AWS_WEB_IDENTITY_TOKEN_FILE}\" }"},
    Option<Options>{"sts_endpoint", &Options::sts_endpoint,
                    "URL of the security token service; the endpoint's when there is one, else Amazon's of the region"},
    Option<Options>{"instance_metadata", &Options::instance_metadata,
                    "take the keys of the machine's role from the instance metadata service (IMDSv2)"},
    Option<Options>{"metadata_endpoint", &Options::metadata_endpoint, "where that service is"},
    Option<Options>{"tls", &Options::tls, "how to trust and be trusted"},
    Option<Options>{"proxy", &Options::proxy,
                    "URL of an HTTP proxy, not used for instance metadata; the environment's is never used"},
};

/// The collector's own rows, then the shared ones.
template <class Options, std::size_t N>
constexpr auto with_client_options(const Option<Options> (&own)[N]) {
    std::array<Option<Options>, N + kClientOptions<Options>.size()> all{};
    std::copy_n(own, N, all.begin());
    std::ranges::copy(kClientOptions<Options>, all.begin() + N);
    return all;
}

/// Mistakes that the table cannot see: of the ways to sign there must be exactly one, and whole.
void check_client_options(const ClientOptions& options, const core::config::Place& place,
                          core::config::Diagnostics& diagnostics);

/// Where requests about the bucket go, without a '/' at the end: scheme://host[:port][/path].
std::string bucket_url(const ClientOptions& options);
/// The region that is signed for.
std::string region_of(const ClientOptions& options);
std::string sts_url(const ClientOptions& options);

/// Where Amazon has a service in a region.
std::string amazon_url(std::string_view service, const std::string& region);
/// A mistake unless requests to it can be signed: see check_url() in connect_options.hpp.
void check_plain_url(const std::string& url, std::string_view key, const core::config::Place& place,
                     core::config::Diagnostics& diagnostics);

} // namespace recoverd::collectors::s3_parts
