// SPDX-License-Identifier: Apache-2.0
// What S3, STS and the instance metadata say, credentials files, and the cursor: the same bytes as each of them.
#include "collectors/s3.hpp"
#include "collectors/s3/answers.hpp"
#include "collectors/s3/exposure.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace s3 = collectors::s3_parts;

namespace {

template <class Read>
void reads_or_is_bad(Read&& read) {
    try {
        read();
    } catch (const io::BadDocument& bad) {
        must_be_sound(core::Failure{core::FailureKind::bad_answer, bad.what()});
    }
}

collectors::S3Expected everything() {
    collectors::S3Expected expected;
    expected.prefix = "env/";
    expected.versioning = expected.is_private = expected.changes_rarely = true;
    expected.object_lock = "COMPLIANCE";
    expected.encryption = "aws:kms";
    expected.default_retention = expected.retention = 30 * core::kDay;
    expected.replicas = {"dr"};
    return expected;
}

/// As all the settings there are, and what they mean beside `series` and after what the last run left.
void judge(const io::HttpAnswer& answer, const s3::Gathering& gathering, std::string_view cursor) {
    collectors::S3Expected expected = everything();
    collectors::S3Answers answers;
    answers.series = gathering.series();
    for (const auto& [asked, member] : collectors::s3_settings(expected))
        answers.settings.*member = s3::read_setting(answer, asked, "GET s3://b/");
    answers.settings.policy_status = s3::read_setting(answer, s3::kPolicyStatus, "GET s3://b/");
    answers.settings.acl = s3::read_setting(answer, s3::kAcl, "GET s3://b/");
    collectors::S3Newest newest{.head = s3::read_attributes(answer),
                                .earlier = s3::read_attributes(answer),
                                .retention = s3::read_setting(answer, s3::kRetention, "GET s3://b/k")};
    for (const auto& [subject, series] : answers.series)
        answers.newest.emplace(subject, newest);
    for (const bool versions : {true, false}) {
        expected.versions = versions;
        expected.all_below = !versions;
        const auto seen = collectors::interpret_s3(expected, answers, s3::read_cursor(cursor), kNow);
        if (!seen) {
            must_be_sound(seen.error());
            continue;
        }
        must_be_sound(*seen);
        const s3::Cursor kept = s3::read_cursor(seen->cursor);
        must(s3::write_cursor(kept) == seen->cursor, "what is remembered is read again", seen->cursor);
        const auto again = collectors::interpret_s3(expected, answers, kept, kNow + std::chrono::minutes{5});
        must(again.has_value(), "what was an answer is one");
        must_be_sound(*again);
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    io::HttpAnswer answer;
    answer.status = 200;
    answer.body = bytes;
    answer.headers = {{"last-modified", std::string{bytes.substr(0, 40)}},
                      {"x-amz-object-lock-retain-until-date", std::string{bytes.substr(0, 40)}},
                      {"etag", std::string{bytes.substr(0, 10)}},
                      {"x-amz-replication-status", bytes.size() % 2 == 0 ? "PENDING" : std::string{bytes.substr(0, 9)}},
                      {"content-length", std::string{bytes.substr(0, 20)}}};
    for (const char* key : {"", "env/{subject}/*.tfstate", "*?x"}) {
        s3::Gathering gathering(s3::KeyPattern(key, "env/"), 1);
        for (const bool versions : {true, false})
            reads_or_is_bad([&] {
                const s3::Query asked = s3::listing_query("env/", versions);
                s3::Page page = s3::read_page(bytes, versions, asked);
                gathering.add(std::move(page));
            });
        judge(answer, gathering, bytes);
    }
    answer.status = 403;
    must_be_sound(s3::failure_of(answer, "GET s3://b/"));
    reads_or_is_bad([&] { s3::read_assumed_role(bytes); });
    reads_or_is_bad([&] { s3::read_instance_role(bytes); });
    if (const auto keys = s3::read_profile(bytes, "default"); !keys)
        must_be_sound(keys.error());
    must(s3::percent_decoded(s3::percent_encoded(bytes)) == bytes, "what was encoded is decoded again");
    s3::percent_decoded(bytes);
    s3::Cursor cursor;
    cursor.keep(std::string{bytes}, {std::string{bytes}, std::string{bytes}, kNow});
    must(s3::read_cursor(s3::write_cursor(cursor)) == cursor, "what is remembered is read as it was written", bytes);
}

} // namespace recoverd::fuzz
