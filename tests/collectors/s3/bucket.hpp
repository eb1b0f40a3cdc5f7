// SPDX-License-Identifier: Apache-2.0
// A scripted bucket for the tests of the collector: what each request is answered with, by verb and what was asked.
#pragma once

#include "tests/collectors/one_look.hpp"

#include <functional>
#include <map>
#include <string>

namespace recoverd::test {

/// Answers by "GET ?versioning", "GET ?versions", "GET ?list-type", "HEAD key" and "GET key?retention"; others are 501.
/// A version may have its own, by "HEAD key@version".
class Bucket {
  public:
    Bucket() { world.secrets["key"] = "secret"; }

    void on(const std::string& asked, int status, std::string body,
            std::vector<std::pair<std::string, std::string>> headers = {}) {
        io::HttpAnswer answer;
        answer.status = status;
        answer.body = std::move(body);
        answer.headers = std::move(headers);
        answers[asked] = std::move(answer);
    }

    using Answering = std::function<core::Result<io::HttpAnswer>(const io::HttpRequest&)>;

    /// `answering`: instead of what was scripted.
    collectors::Collected look(core::config::Table options, Duration timeout = Duration{60'000},
                               Answering answering = {}) {
        options.push_back(text("endpoint", "http://s3.example"));
        options.push_back(text("bucket", "backups"));
        options.push_back(text("access_key_id", "AKID"));
        core::config::Node secret{core::config::Table{text("file", "key")}, {}};
        options.push_back(entry("secret_access_key", std::move(secret)));
        world.on_http = answering ? answering : [this](const io::HttpRequest& request) { return answer_to(request); };
        requests.clear();
        return test::look(ioc, world, "s3", options, cursor, timeout, later);
    }

    /// What the last run left for the next one, and how far that one's clock is ahead.
    std::string cursor;
    Duration later{0};
    asio::io_context ioc;
    FakeWorld world{ioc};
    std::map<std::string, io::HttpAnswer> answers;
    std::vector<io::HttpRequest> requests;

  private:
    core::Result<io::HttpAnswer> answer_to(const io::HttpRequest& request) {
        requests.push_back(request);
        const std::string base = "http://s3.example/backups/";
        const std::string rest = request.url.substr(base.size());
        const auto question = std::min(rest.find('?'), rest.size());
        std::string name = request.verb + " " + rest.substr(0, question);
        for (const char* parameter : {"versions", "list-type", "versioning", "object-lock", "encryption", "lifecycle",
                                      "publicAccessBlock", "policyStatus", "acl", "replication", "retention"})
            if (const auto at = rest.find(std::string{parameter} + "=", question);
                at != std::string::npos && (rest[at - 1] == '?' || rest[at - 1] == '&'))
                name += std::string{"?"} + parameter;
        constexpr std::string_view kVersion = "versionId=";
        const auto version = rest.find(kVersion, question);
        auto found = answers.end();
        if (version != std::string::npos)
            found = answers.find(name + "@" + rest.substr(version + kVersion.size()));
        if (found == answers.end())
            found = answers.find(name);
        if (found != answers.end())
            return found->second;
        io::HttpAnswer unknown;
        unknown.status = 501;
        unknown.body = "<Error><Code>NotImplemented</Code><Message>" + name + "</Message></Error>";
        return unknown;
    }
};

/// `<Version>` or `<DeleteMarker>` as S3 writes it.
inline std::string version(const std::string& key, const std::string& id, const std::string& at, std::uint64_t size,
                           bool latest) {
    return fmt::format("<Version><Key>{}</Key><VersionId>{}</VersionId><IsLatest>{}</IsLatest><LastModified>{}"
                       "</LastModified><ETag>&quot;e&quot;</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass>"
                       "</Version>",
                       key, id, latest, at, size);
}

inline std::string delete_marker(const std::string& key, const std::string& id, const std::string& at, bool latest) {
    return fmt::format("<DeleteMarker><Key>{}</Key><VersionId>{}</VersionId><IsLatest>{}</IsLatest><LastModified>{}"
                       "</LastModified></DeleteMarker>",
                       key, id, latest, at);
}

inline std::string versions(const std::string& content, const std::string& more = "<IsTruncated>false</IsTruncated>") {
    return "<?xml version=\"1.0\"?><ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
           "<Name>backups</Name><EncodingType>url</EncodingType>" +
           more + content + "</ListVersionsResult>";
}

inline std::string object(const std::string& key, const std::string& at, std::uint64_t size) {
    return fmt::format("<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;e&quot;</ETag><Size>{}</Size>"
                       "<StorageClass>STANDARD</StorageClass></Contents>",
                       key, at, size);
}

inline std::string objects(const std::string& content, const std::string& more = "<IsTruncated>false</IsTruncated>") {
    return "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
           "<Name>backups</Name><EncodingType>url</EncodingType>" +
           more + content + "</ListBucketResult>";
}

} // namespace recoverd::test
