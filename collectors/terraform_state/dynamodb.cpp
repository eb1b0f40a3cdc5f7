// SPDX-License-Identifier: Apache-2.0
#include "collectors/terraform_state/dynamodb.hpp"

#include "collectors/tool.hpp"
#include "core/ascii.hpp"

#include <fmt/format.h>

#include <utility>

namespace recoverd::collectors {

namespace {

/// What Terraform writes into one is a few hundred bytes.
constexpr std::size_t kMaxItem = std::size_t{64} << 10U;

constexpr std::string_view kGrant = "whoever signs needs dynamodb:GetItem on the table, and kms:Decrypt where it is "
                                    "encrypted by a key of KMS.";
constexpr std::string_view kWhich =
    "write dynamodb_table as the backend has it; it is looked for in the bucket's region.";
constexpr std::string_view kWrongKeys =
    "the bucket's keys are not good there: of another service, expired, or used by a wrong clock.";
constexpr std::string_view kThrottled = "the table's read capacity is used up; of each state two items are read a run.";

/// What an error means, by the last part of its type.
struct ItemError {
    std::string_view type;
    FailureKind kind;
    std::string_view hint;
};

constexpr ItemError kItemErrors[] = {
    {"AccessDeniedException", FailureKind::refused, kGrant},
    {"ResourceNotFoundException", FailureKind::misconfigured, kWhich},
    // Its key is another than LockID, or its name cannot be one.
    {"ValidationException", FailureKind::misconfigured, kWhich},
    {"UnrecognizedClientException", FailureKind::refused, kWrongKeys},
    {"InvalidSignatureException", FailureKind::refused, kWrongKeys},
    {"IncompleteSignatureException", FailureKind::refused, kWrongKeys},
    {"MissingAuthenticationTokenException", FailureKind::refused, kWrongKeys},
    {"ExpiredTokenException", FailureKind::refused, kWrongKeys},
    {"ProvisionedThroughputExceededException", FailureKind::bad_answer, kThrottled},
    {"RequestLimitExceeded", FailureKind::bad_answer, kThrottled},
    {"ThrottlingException", FailureKind::bad_answer, kThrottled},
};

std::string name_of_table(const LockTable& table) {
    return fmt::format("GetItem from DynamoDB table '{}'", shown(table.name));
}

std::string words_or_none(const io::Json& json) { return json.is_text() ? json.text() : std::string{}; }

/// An error's type and message; empty where the body is of somebody else.
std::pair<std::string, std::string> read_item_error(std::string_view body) {
    const auto read = understood([&] {
        const io::Json json = io::Json::parse_lenient(body, kMaxItem);
        // "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
        std::string type = words_or_none(json["__type"]);
        type.erase(0, type.find('#') + 1);
        // Which of the two depends on who answers: the table, or what stands before it and knows who may ask.
        std::string message = words_or_none(json["message"]) + words_or_none(json["Message"]);
        return std::pair{std::move(type), std::move(message)};
    });
    return read ? *read : std::pair<std::string, std::string>{};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::optional<std::string>>> attribute_of(io::World& world, LockTable table, std::string id,
                                                      std::string attribute, Duration timeout) {
    if (table.away)
        co_return std::unexpected(*table.away);
    io::HttpRequest request = item_request(table, id, attribute, timeout);
    const auto answer = co_await world.http(std::move(request));
    if (!answer)
        co_return std::unexpected(answer.error());
    if (answer->status != 200)
        co_return std::unexpected(item_failure(*answer, name_of_table(table)));
    auto read = understood([&] { return read_item(answer->body, id, attribute); });
    if (!read)
        read.error().detail = fmt::format("{}: {}", name_of_table(table), read.error().detail);
    co_return read;
}

} // namespace

LockTable lock_table(const s3_parts::Access& access, std::string name, const std::string& endpoint,
                     const std::string& region) {
    LockTable table;
    table.name = std::move(name);
    table.url = endpoint.empty() ? s3_parts::amazon_url("dynamodb", region) : endpoint;
    table.url.erase(table.url.find_last_not_of('/') + 1);
    table.url += '/';
    table.auth = access.auth;
    table.auth.sigv4 = fmt::format("aws:amz:{}:dynamodb", region);
    table.tls = access.tls;
    // It is the bucket's, unless both are one host.
    if (!access.url.starts_with(table.url))
        table.tls.server_name.clear();
    table.proxy = access.proxy;
    return table;
}

io::HttpRequest item_request(const LockTable& table, std::string_view id, std::string_view attribute,
                             Duration timeout) {
    io::JsonWriter body;
    body.begin_object().field("TableName", table.name);
    body.key("Key").begin_object().key("LockID").begin_object().field("S", id).end_object().end_object();
    body.field("ProjectionExpression", fmt::format("LockID, {}", attribute)).field("ConsistentRead", true);
    body.field("ReturnConsumedCapacity", "TOTAL").end_object();
    io::HttpRequest request;
    request.verb = "POST";
    request.url = table.url;
    request.headers = {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", "DynamoDB_20120810.GetItem"}};
    request.body = body.take();
    request.tls = table.tls;
    request.auth = table.auth;
    request.proxy = table.proxy;
    request.max_redirects = 0; // a signature is for one host
    request.max_body = kMaxItem;
    request.timeout = timeout;
    return request;
}

std::optional<std::string> read_item(std::string_view body, std::string_view id, std::string_view attribute) {
    const io::Json json = io::Json::parse(body, kMaxItem);
    const io::Json& item = json["Item"];
    if (!item) {
        // No item is "{}", which anything in between could say. What was asked for besides only DynamoDB tells.
        const io::Json& proof = json["ConsumedCapacity"];
        if (!proof.is_object())
            proof.bad("an object beside no item");
        return std::nullopt;
    }
    const io::Json& found = item["LockID"]["S"];
    if (found.text() != id)
        found.bad("the item that was asked for");
    const io::Json& value = item[attribute]["S"];
    return value ? value.text() : std::string{};
}

Failure item_failure(const io::HttpAnswer& answer, std::string_view what) {
    const auto [type, message] = read_item_error(answer.body);
    std::string words = fmt::format("{}: status {}", what, answer.status);
    if (!type.empty())
        words += fmt::format(", {}", shown(type));
    if (!message.empty())
        words += fmt::format(" ({})", shown(message));
    for (const ItemError& error : kItemErrors)
        if (type == error.type)
            return {error.kind, fmt::format("{}\nhint: {}", words, error.hint)};
    const bool refused = answer.status == 401 || answer.status == 403;
    return {refused ? FailureKind::refused : FailureKind::bad_answer, std::move(words)};
}

Result<std::string> read_digest(std::string_view text) {
    constexpr std::size_t kLength = 32;
    std::string digest = core::ascii_lower(text);
    if (digest.size() != kLength || digest.find_first_not_of("0123456789abcdef") != std::string::npos)
        return core::failed(FailureKind::bad_answer, "expected an MD5 in hex as the digest, found something else");
    return digest;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<TableTold> lock_in_table(io::World& world, LockTable table, std::string id, Duration timeout) {
    TableTold told;
    std::string attribute = "Info";
    const auto info = co_await attribute_of(world, std::move(table), std::move(id), std::move(attribute), timeout);
    if (!info) {
        told.failure = info.error();
        co_return told;
    }
    told.locked = core::told(info->has_value());
    if (*info)
        told.lock = read_terraform_lock(**info, std::nullopt);
    co_return told;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<TableTold> digest_in_table(io::World& world, LockTable table, std::string id, TableTold told, Duration timeout) {
    if (told.failure)
        co_return told;
    id += "-md5";
    std::string attribute = "Digest";
    const std::string what = name_of_table(table);
    const auto text = co_await attribute_of(world, std::move(table), std::move(id), std::move(attribute), timeout);
    if (!text) {
        told.failure = text.error();
        co_return told;
    }
    // Terraform compares nothing with an empty one.
    if (text->value_or("").empty())
        co_return told;
    auto digest = read_digest(**text);
    if (digest)
        told.digest = std::move(*digest);
    else
        told.failure = Failure{digest.error().kind, fmt::format("{}: {}", what, digest.error().detail)};
    co_return told;
}

} // namespace recoverd::collectors
