// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/settings.hpp"

#include "collectors/s3/answers.hpp"
#include "collectors/s3/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

/// What Ceph 16 calls it.
constexpr std::string_view kCephPublicAccessBlock = "BlockPublicAccessBlockConfiguration";

bool is_root(std::string_view name, const Subresource& asked) {
    return name == asked.root || (asked.root == kPublicAccessBlock.root && name == kCephPublicAccessBlock);
}

Duration days(std::uint64_t count) {
    // 100 years are all the time there is, for S3 as well.
    constexpr std::uint64_t kMost = 36'500;
    return core::kDay * static_cast<Duration::rep>(std::min(count, kMost));
}

} // namespace

Setting read_setting(const io::HttpAnswer& answer, const Subresource& asked, std::string_view name) {
    if (answer.status != 200) {
        if (answer.status == 404 && !asked.none_code.empty() && read_error(answer.body).code == asked.none_code)
            return std::nullopt;
        return std::unexpected(failure_of(answer, name));
    }
    auto document = understood([&] { return io::Xml::parse(answer.body); });
    if (!document)
        return core::failed(FailureKind::bad_answer, fmt::format("{}: {}", name, document.error().detail));
    if (!is_root(document->name(), asked))
        return core::failed(
            FailureKind::bad_answer,
            fmt::format("{}: expected <{}>, found {}: the service does not know it", name, asked.root,
                        document->name() == "ListBucketResult" ? "a listing of the bucket" : "another document"));
    return std::optional{std::move(*document)};
}

Known<std::string> versioning_of(const Setting& setting) {
    return known(setting, [](const io::Xml* document) {
        const io::Xml* status = document ? document->find("Status") : nullptr;
        return status ? status->text() : std::string{"never enabled"};
    });
}

Known<DefaultRetention> default_retention_of(const Setting& setting) {
    return known(setting, [](const io::Xml* document) {
        DefaultRetention found;
        const io::Xml* enabled = document ? document->find("ObjectLockEnabled") : nullptr;
        found.enabled = enabled && enabled->text() == "Enabled";
        const io::Xml* rule = document ? document->find("Rule") : nullptr;
        const io::Xml* retention = rule ? rule->find("DefaultRetention") : nullptr;
        if (!retention)
            return found;
        found.mode = retention->child("Mode").text();
        const io::Xml* years = retention->find("Years");
        found.keeps = years ? days(std::min<std::uint64_t>(years->natural(), 100) * 365)
                            : days(retention->child("Days").natural());
        return found;
    });
}

Known<std::string> encryption_of(const Setting& setting) {
    return known(setting, [](const io::Xml* document) {
        if (!document)
            return std::string{"none"};
        return document->child("Rule").child("ApplyServerSideEncryptionByDefault").child("SSEAlgorithm").text();
    });
}

Known<std::vector<Destination>> destinations_of(const Setting& setting, std::string_view key) {
    return known(setting, [key](const io::Xml* document) {
        std::vector<Destination> found;
        for (const io::Xml* rule : document ? document->all("Rule") : std::vector<const io::Xml*>{}) {
            const Scope scope = scope_of(*rule);
            if (rule->child("Status").text() != "Enabled" || !key.starts_with(scope.prefix))
                continue;
            const std::string& arn = rule->child("Destination").child("Bucket").text();
            std::string bucket = arn.substr(arn.rfind(':') + 1); // arn:aws:s3:::name
            if (const auto same = std::ranges::find(found, bucket, &Destination::bucket); same != found.end())
                same->conditional = same->conditional && scope.conditional;
            else
                found.push_back({std::move(bucket), scope.conditional});
        }
        return found;
    });
}

} // namespace recoverd::collectors::s3_parts
