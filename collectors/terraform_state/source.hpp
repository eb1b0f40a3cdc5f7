// SPDX-License-Identifier: Apache-2.0
// Where a state lies, and how it is brought to the worker, which reads it: it may have 50 MB, and holds secrets.
#pragma once

#include "collectors/s3/client.hpp"
#include "collectors/terraform_state.hpp"
#include "collectors/terraform_state/dynamodb.hpp"
#include "io/client_options.hpp"

namespace recoverd::collectors {

/// `tls` and `proxy` are for `address` too.
struct TerraformOptions : s3_parts::ClientOptions {
    std::string path;
    std::string address;
    std::optional<core::config::Node> auth;
    std::string key;
    std::string prefix;
    std::string dynamodb_table;
    std::string dynamodb_endpoint;
    core::config::Size max_size{std::uint64_t{64} << 20U};
    std::int64_t min_resources = 1;
    double max_drop = 0.5;
    Duration stale_lock = std::chrono::hours{2};
    std::optional<Duration> max_age;
};

/// Until when a run may go on, on the interval clock.
struct Until {
    Duration at{0};
    Duration left(const Run& run) const { return std::max(at - run.world.timers().elapsed(), Duration{1}); }
};

/// A state in a file of this host, with its lock beside it.
Task<Result<TerraformState>> state_in_file(TerraformOptions options, Run run, Until until);
/// A state in Terraform's `http` backend. Its protocol shows no lock without taking it.
Task<Result<TerraformState>> state_by_http(TerraformOptions options, Run run, Until until);

/// A state in the `s3` backend, with its lock KEY.tflock beside it, and what `table` has of it where there is one.
Task<Result<TerraformState>> state_in_s3(s3_parts::Access access, std::optional<LockTable> table, std::string key,
                                         std::size_t max_size, Run run, Until until);
/// Did nobody answer? Then nobody answers when asked for something else either.
bool is_away(const Failure& failure);
/// The keys below the prefix that end with .tfstate, in order.
Task<Result<std::vector<std::string>>> states_below(s3_parts::Access access, std::string prefix, Run run, Until until);

/// What the worker makes of a state's bytes.
Task<Result<TerraformState>> state_of_bytes(std::string bytes, Run run, Until until);
/// 16 bytes in base64 (Content-MD5) as lower-case hex; empty for other text.
std::string hex_of_md5(std::string_view base64);

} // namespace recoverd::collectors
