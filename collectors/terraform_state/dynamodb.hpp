// SPDX-License-Identifier: Apache-2.0
// What the `s3` backend keeps of a state in DynamoDB, where its option dynamodb_table names a table: an item with its
// lock while somebody holds it, and one with the digest of what was written last. Their form is that of Terraform's and
// OpenTofu's internal/backend/remote-state/s3/client.go. Items are only ever read.
#pragma once

#include "collectors/s3/client.hpp"
#include "collectors/terraform_state.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors {

/// Where the items are and how to sign for them; good for one run.
struct LockTable {
    std::string name;
    /// Of the service, with a '/' at its end.
    std::string url;
    io::HttpAuth auth;
    io::TlsOptions tls;
    std::string proxy;
    /// Why it is not asked again in this run.
    std::optional<Failure> away;
};

/// As the bucket, but for the service and its place: Amazon's of the region where `endpoint` is empty.
LockTable lock_table(const s3_parts::Access& access, std::string name, const std::string& endpoint,
                     const std::string& region);

/// What it has of one state.
struct TableTold {
    core::Told locked = core::Told::not_told;
    TerraformLock lock;
    /// Lower-case hex; nothing where none was left.
    std::optional<std::string> digest;
    /// Why not all of it is known.
    std::optional<Failure> failure;
};

/// `id` is BUCKET/KEY.
Task<TableTold> lock_in_table(io::World& world, LockTable table, std::string id, Duration timeout);
/// With the digest beside what was told of the lock. Not asked where that failed.
Task<TableTold> digest_in_table(io::World& world, LockTable table, std::string id, TableTold told, Duration timeout);

/// GetItem for one attribute, as it is sent.
io::HttpRequest item_request(const LockTable& table, std::string_view id, std::string_view attribute, Duration timeout);

// Pure parts. Documents that are none throw io::BadDocument.

/// One attribute of the item that was asked for: nothing where there is no such item, empty where it has no such
/// attribute.
std::optional<std::string> read_item(std::string_view body, std::string_view id, std::string_view attribute);
/// Why there was no item to be had.
Failure item_failure(const io::HttpAnswer& answer, std::string_view what);
/// Lower-case hex of 16 bytes; `bad_answer` for other text.
Result<std::string> read_digest(std::string_view text);

} // namespace recoverd::collectors
