// SPDX-License-Identifier: Apache-2.0
// What was said to be expected of a bucket, beside what it says. What could not be learned is neither.
#include "collectors/s3.hpp"
#include "collectors/s3/exposure.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::Assertion;
using s3_parts::Setting;

/// Fills in what was learned, or why nothing was.
template <class Fact, class Say>
Assertion judged(std::string name, std::string expected, const s3_parts::Known<Fact>& fact, Say say) {
    Assertion assertion{.name = std::move(name), .expected = std::move(expected)};
    if (fact)
        say(*fact, assertion);
    else
        assertion.detail = fact.error().detail;
    return assertion;
}

void as_it_is(const std::string& fact, Assertion& assertion) { assertion.actual = fact; }

Assertion mode_of(const S3Expected& expected, const s3_parts::Known<s3_parts::DefaultRetention>& found) {
    return judged("object_lock", expected.object_lock, found,
                  [&](const s3_parts::DefaultRetention& lock, Assertion& assertion) {
                      if (!lock.enabled)
                          assertion.actual = "off";
                      else if (lock.mode.empty())
                          assertion.actual = "on, without a default retention";
                      else
                          assertion.actual = lock.mode;
                      // Nobody can lift it: that is more than was asked for.
                      if (expected.object_lock == "GOVERNANCE" && lock.mode == "COMPLIANCE")
                          assertion.actual = "GOVERNANCE";
                  });
}

std::string in_days(Duration duration) {
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::days>(duration).count());
}

Assertion days_of(Duration promised, const s3_parts::Known<s3_parts::DefaultRetention>& found) {
    Assertion assertion = judged("object_lock_days", in_days(promised), found,
                                 [](const s3_parts::DefaultRetention& lock, Assertion& judged) {
                                     judged.actual = in_days(lock.enabled ? lock.keeps : Duration{0});
                                 });
    assertion.compare = core::Compare::at_least;
    return assertion;
}

/// What the lock of an object made at `made_at` is, in the words of what is expected of it when it is that.
std::string lock_found(const S3Expected& expected, const std::string& wanted, const io::Xml* lock, Time made_at,
                       Time now) {
    if (!lock)
        return "not locked";
    const Time until = lock->child("RetainUntilDate").time();
    // Whoever counts in days may have rounded.
    const bool short_lived = expected.default_retention && until < made_at + *expected.default_retention - core::kDay;
    // What rarely changes outlives its lock: it was kept for as long as was promised.
    const bool served = expected.changes_rarely && expected.default_retention && !short_lived;
    if (until <= now && !served)
        return "no longer locked";
    if (expected.object_lock == "COMPLIANCE" && lock->child("Mode").text() != "COMPLIANCE")
        return fmt::format("locked as {}", lock->child("Mode").text());
    return short_lived ? fmt::format("locked for {} days", in_days(until - made_at)) : wanted;
}

/// A default retention is for what is put after it was set: only the object itself tells whether it is locked, and how.
Assertion newest_lock(const S3Expected& expected, const s3_parts::Series& series, const S3Newest& newest, Time now) {
    Assertion assertion{.name = "newest_object_lock", .expected = "locked"};
    if (expected.object_lock == "COMPLIANCE")
        assertion.expected += " as COMPLIANCE";
    if (expected.default_retention)
        assertion.expected += fmt::format(" for {} days", in_days(*expected.default_retention));
    if (!newest.retention) {
        assertion.detail = fmt::format("it was not asked, only those of {} subjects are", kS3MostAsked);
        return assertion;
    }
    const Time made_at = s3_parts::newest_of(series).last_modified;
    const auto found = s3_parts::known(*newest.retention, [&](const io::Xml* lock) {
        return lock_found(expected, assertion.expected, lock, made_at, now);
    });
    if (found)
        assertion.actual = *found;
    else
        assertion.detail = found.error().detail;
    return assertion;
}

Assertion at_hand_of(const s3_parts::Series& series, const S3Newest& newest) {
    const s3_parts::Entry& entry = s3_parts::newest_of(series);
    const auto archive = s3_archive(entry, newest);
    Assertion assertion{.name = "at_hand", .expected = "read at once"};
    if (!archive)
        assertion.detail = fmt::format("it is in {}; whether it was brought back was not told", entry.storage_class);
    else
        assertion.actual = archive->empty() ? assertion.expected : fmt::format("in {}, for hours", *archive);
    return assertion;
}

Assertion exposure_of(const S3Settings& settings) {
    const s3_parts::Setting not_asked = core::failed(FailureKind::bad_answer, "not asked");
    const auto blocked = s3_parts::blocked(settings.public_access_block.value_or(not_asked));
    const auto found = blocked.value_or(false) ? s3_parts::Known<std::string>{"none"}
                                               : s3_parts::public_access_of(settings.policy_status.value_or(not_asked),
                                                                            settings.acl.value_or(not_asked));
    return judged("public_access", "none", found, as_it_is);
}

/// Where there are more objects than are kept, the newest stand for all.
s3_parts::SeriesKeys keys_of(const S3Expected& expected, const s3_parts::Series& series) {
    s3_parts::SeriesKeys keys{.prefix = expected.prefix, .all_below = expected.all_below};
    for (const s3_parts::Entry& entry : series.newest)
        keys.there.push_back(entry.key);
    std::ranges::sort(keys.there);
    return keys;
}

Assertion lifecycle_of(const S3Expected& expected, const s3_parts::Series& series, const Setting& setting) {
    const Duration promised = *expected.retention;
    const std::string kept = fmt::format("deletes nothing before {}", core::config::format_duration(promised));
    const auto found = s3_parts::expiries_of(setting, keys_of(expected, series), expected.versions);
    return judged("lifecycle", kept, found, [&](const s3_parts::Expiries& expiries, Assertion& assertion) {
        const auto too_soon = [&](const std::optional<s3_parts::Expiry>& expiry) {
            return expiry && expiry->after < promised;
        };
        const auto words = [](const s3_parts::Expiry& expiry) {
            return fmt::format("rule '{}' deletes after {}", expiry.rule, core::config::format_duration(expiry.after));
        };
        if (too_soon(expiries.certain))
            assertion.actual = words(*expiries.certain);
        else if (too_soon(expiries.conditional))
            assertion.detail = words(*expiries.conditional) + ", of objects with tags or sizes that nobody told";
        else if (expiries.unclear)
            assertion.detail = fmt::format("rule '{}' deletes by something that is not known here", *expiries.unclear);
        else
            assertion.actual = kept;
    });
}

/// A listing shows the versions, but whoever uses the object finds none.
Assertion presence_of(const s3_parts::Series& series) {
    Assertion assertion{.name = "object", .expected = "there"};
    assertion.actual = series.deleted ? "deleted" : "there";
    if (series.deleted)
        assertion.detail = "its latest version is a delete marker; delete the marker to have it back";
    return assertion;
}

} // namespace

std::vector<std::pair<s3_parts::Subresource, std::optional<Setting> S3Settings::*>>
s3_settings(const S3Expected& expected) {
    std::vector<std::pair<s3_parts::Subresource, std::optional<Setting> S3Settings::*>> asked;
    if (expected.versioning)
        asked.emplace_back(s3_parts::kVersioning, &S3Settings::versioning);
    if (!expected.object_lock.empty() || expected.default_retention)
        asked.emplace_back(s3_parts::kObjectLock, &S3Settings::object_lock);
    if (!expected.encryption.empty())
        asked.emplace_back(s3_parts::kEncryption, &S3Settings::encryption);
    if (expected.retention)
        asked.emplace_back(s3_parts::kLifecycle, &S3Settings::lifecycle);
    if (expected.is_private)
        asked.emplace_back(s3_parts::kPublicAccessBlock, &S3Settings::public_access_block);
    if (!expected.replicas.empty())
        asked.emplace_back(s3_parts::kReplication, &S3Settings::replication);
    return asked;
}

bool s3_asks_lock(const S3Settings& settings) {
    if (!settings.object_lock)
        return false;
    const auto found = s3_parts::default_retention_of(*settings.object_lock);
    return !found || found->enabled;
}

std::vector<Assertion> s3_assertions(const S3Expected& expected, const S3Settings& settings,
                                     const s3_parts::Series& series, const S3Newest& newest, Time now) {
    std::vector<Assertion> all;
    if (expected.versions && series.count > 0) // else there is no backup at all, which is said as such
        all.push_back(presence_of(series));
    if (expected.at_hand && !series.newest.empty())
        all.push_back(at_hand_of(series, newest));
    if (settings.versioning)
        all.push_back(judged("versioning", "Enabled", s3_parts::versioning_of(*settings.versioning), as_it_is));
    if (settings.object_lock) {
        const auto found = s3_parts::default_retention_of(*settings.object_lock);
        if (!expected.object_lock.empty())
            all.push_back(mode_of(expected, found));
        if (expected.default_retention)
            all.push_back(days_of(*expected.default_retention, found));
        if (s3_asks_lock(settings) && !series.newest.empty())
            all.push_back(newest_lock(expected, series, newest, now));
    }
    if (settings.encryption)
        all.push_back(
            judged("encryption_default", expected.encryption, s3_parts::encryption_of(*settings.encryption), as_it_is));
    if (settings.lifecycle)
        all.push_back(lifecycle_of(expected, series, *settings.lifecycle));
    if (settings.public_access_block)
        all.push_back(exposure_of(settings));
    return all;
}

} // namespace recoverd::collectors
