// SPDX-License-Identifier: Apache-2.0
// States in the `s3` backend. A lock is an object KEY.tflock (Terraform 1.10 and newer, use_lockfile), or an item in
// DynamoDB, or both. Where DynamoDB is not asked, a state without the object may be locked all the same.
#include "collectors/s3/answers.hpp"
#include "collectors/s3/listing.hpp"
#include "collectors/terraform_state/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

constexpr std::string_view kState = ".tfstate";
constexpr std::size_t kMaxLock = std::size_t{64} << 10U;
constexpr std::size_t kMaxPage = std::size_t{8} << 20U;
/// So many states are looked at by one check at most.
constexpr std::size_t kMaxStates = 200;
/// A thousand keys each.
constexpr int kMaxPages = 20;

/// The ETag, where it is what MD5 makes of the object: put in one part, not encrypted by KMS, not packed.
std::string md5_of(const s3_parts::Attributes& attributes) {
    const std::string& etag = attributes.etag;
    const bool hex = etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string::npos;
    const bool plain = attributes.encryption.empty() || attributes.encryption == "AES256";
    return hex && plain && attributes.content_encoding.empty() ? etag : std::string{};
}

/// Where the lock cannot be asked for, nobody knows of it.
void tell_lock(const Result<std::optional<s3_parts::Object>>& lock, TerraformState& state) {
    if (!lock)
        return;
    state.locked = core::told(lock->has_value());
    state.may_lock_elsewhere = true;
    if (*lock)
        state.lock = read_terraform_lock((*lock)->body, (*lock)->attributes.last_modified);
}

/// Held where one of the two says so, free where both do.
void tell_table(const TableTold& told, TerraformState& state) {
    if (told.locked == core::Told::yes) {
        const bool both = state.locked == core::Told::yes && state.lock.since && told.lock.since;
        if (both)
            state.lock.since = std::min(*state.lock.since, *told.lock.since);
        else if (told.lock.since)
            state.lock = told.lock;
        state.locked = core::Told::yes;
    } else if (told.locked == core::Told::not_told && state.locked == core::Told::no) {
        state.locked = core::Told::not_told;
    }
    // A table that knows nothing of the state may be another than the one it is locked in.
    state.may_lock_elsewhere = told.locked != core::Told::yes && !told.digest;
    state.digest = told.digest;
    state.table_failure = told.failure;
}

/// What the listing tells of a lock that may not be read: whether it is there, and since when. A `failure` where that
/// is not told either: without s3:ListBucket an object that is missing is refused as one that is hidden.
Task<Result<std::optional<s3_parts::Object>>> listed_lock(s3_parts::Access access, std::string key, Failure failure,
                                                          Run run, Duration timeout) {
    const s3_parts::Ask what{.query = s3_parts::listing_query(key, false), .max_body = kMaxPage, .timeout = timeout};
    const auto answer = co_await s3_parts::ask(run.world, access, what);
    if (!answer || answer->status != 200)
        co_return std::unexpected(failure);
    const auto page = understood([&] { return s3_parts::read_page(answer->body, false, what.query); });
    if (!page)
        co_return std::unexpected(failure);
    const auto lock = std::ranges::find(page->entries, key, &s3_parts::Entry::key);
    if (lock == page->entries.end())
        co_return std::nullopt;
    co_return s3_parts::Object{.attributes = {.last_modified = lock->last_modified}, .body = {}};
}

Task<Result<std::optional<s3_parts::Object>>> find_lock(s3_parts::Access access, std::string key, Run run,
                                                        Until until) {
    auto lock = co_await s3_parts::get_object(run.world, access, key, kMaxLock, until.left(run));
    if (lock || lock.error().kind != FailureKind::refused)
        co_return lock;
    lock = co_await listed_lock(std::move(access), std::move(key), lock.error(), run, until.left(run) / 2);
    co_return lock;
}

} // namespace

bool is_away(const Failure& failure) {
    return failure.kind == FailureKind::unreachable || failure.kind == FailureKind::timed_out;
}

Task<Result<TerraformState>> state_in_s3(s3_parts::Access access, std::optional<LockTable> table, std::string key,
                                         std::size_t max_size, Run run, Until until) {
    // Before the state: an apply that ends in between took its lock away after its last write.
    std::string lock_key = key + ".tflock";
    auto lock = co_await find_lock(access, std::move(lock_key), run, until);
    if (!lock && is_away(lock.error()))
        co_return std::unexpected(std::move(lock.error()));
    const std::string id = access.bucket + "/" + key;
    TableTold told;
    // It may take a part of the time only: whatever becomes of it, the state is looked at, and told.
    if (table)
        told = co_await lock_in_table(run.world, *table, id, until.left(run) / 3);
    auto object = co_await s3_parts::get_object(run.world, access, key, max_size, until.left(run));
    if (!object)
        co_return std::unexpected(std::move(object.error()));
    TerraformState state;
    state.missing = !object->has_value();
    if (!state.missing) {
        auto read = co_await state_of_bytes(std::move((*object)->body), run, until);
        if (!read)
            co_return std::unexpected(std::move(read.error()));
        state = std::move(*read);
        state.modified_at = (*object)->attributes.last_modified;
        state.told_md5 = md5_of((*object)->attributes);
    }
    tell_lock(lock, state);
    if (table) {
        // After the state, as it is written.
        told = co_await digest_in_table(run.world, *table, id, told, until.left(run) / 2);
        tell_table(told, state);
    }
    co_return state;
}

Task<Result<std::vector<std::string>>> states_below(s3_parts::Access access, std::string prefix, Run run, Until until) {
    std::vector<std::string> keys;
    s3_parts::Query next;
    for (int pages = 0; pages < kMaxPages; ++pages) {
        s3_parts::Ask what{.query = s3_parts::listing_query(prefix, false), .max_body = kMaxPage};
        what.query.insert(what.query.end(), next.begin(), next.end());
        what.timeout = until.left(run);
        const std::string name = s3_parts::name_of(access, what);
        const auto answer = co_await s3_parts::ask(run.world, access, what);
        if (!answer)
            co_return std::unexpected(answer.error());
        if (answer->status != 200)
            co_return std::unexpected(s3_parts::failure_of(*answer, name));
        s3_parts::Page page = s3_parts::read_page(answer->body, false, what.query);
        next = std::move(page.next);
        for (s3_parts::Entry& entry : page.entries)
            if (entry.key.starts_with(prefix) && entry.key.ends_with(kState))
                keys.push_back(std::move(entry.key));
        if (!next.empty())
            continue;
        if (keys.size() > kMaxStates)
            co_return core::failed(FailureKind::misconfigured,
                                   fmt::format("expected at most {} states, found {}", kMaxStates, keys.size()));
        std::ranges::sort(keys);
        co_return keys;
    }
    co_return core::failed(
        FailureKind::misconfigured,
        fmt::format("expected fewer than {} objects below the prefix, found more", kMaxPages * 1000));
}

} // namespace recoverd::collectors
