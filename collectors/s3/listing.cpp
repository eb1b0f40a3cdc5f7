// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/listing.hpp"

#include "io/xml.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

/// Keys in XML 1.0 cannot hold every byte that a key may hold, so they are asked for as in a URL. A service that does
/// not say it did so has not.
struct Decoder {
    bool encoded = false;

    std::string operator()(const std::string& text) const { return encoded ? percent_decoded(text) : text; }
};

Entry read_entry(const io::Xml& element, const Decoder& decode, bool versions) {
    Entry entry;
    entry.key = decode(element.child("Key").text());
    entry.last_modified = element.child("LastModified").time();
    entry.delete_marker = element.name() == "DeleteMarker";
    if (versions) {
        entry.version_id = element.child("VersionId").text();
        entry.latest = element.child("IsLatest").boolean();
    }
    if (const io::Xml* etag = element.find("ETag"))
        entry.etag = unquoted(etag->text());
    if (const io::Xml* storage_class = element.find("StorageClass"))
        entry.storage_class = storage_class->text();
    if (!entry.delete_marker)
        entry.size = element.child("Size").natural();
    return entry;
}

Query next_of(const io::Xml& root, const Decoder& decode, bool versions, const std::vector<Entry>& entries) {
    if (!versions)
        return {{"continuation-token", root.child("NextContinuationToken").text()}}; // opaque, encoded or not
    // It should be encoded as the keys are; Ceph leaves it as it is. It is the page's last key, which tells.
    const std::string& written = root.child("NextKeyMarker").text();
    const bool plain = std::ranges::any_of(entries, [&](const Entry& entry) { return entry.key == written; });
    Query next{{"key-marker", plain ? written : decode(written)}};
    if (const io::Xml* version = root.find("NextVersionIdMarker"); version && !version->text().empty())
        next.emplace_back("version-id-marker", version->text());
    return next;
}

} // namespace

Query listing_query(std::string_view prefix, bool versions) {
    Query query{{"encoding-type", "url"}, {"max-keys", "1000"}, {"prefix", std::string{prefix}}};
    if (versions)
        query.emplace_back("versions", "");
    else
        query.emplace_back("list-type", "2");
    return query;
}

Page read_page(std::string_view xml, bool versions, const Query& asked) {
    const io::Xml root = io::Xml::parse(xml);
    const std::string_view expected = versions ? "ListVersionsResult" : "ListBucketResult";
    if (root.name() != expected)
        throw io::BadDocument(fmt::format("expected <{}>, found another document", expected));
    const io::Xml* encoding = root.find("EncodingType");
    const Decoder decode{encoding && encoding->text() == "url"};
    Page page;
    for (const io::Xml& element : root.children()) {
        const bool counts =
            versions ? element.name() == "Version" || element.name() == "DeleteMarker" : element.name() == "Contents";
        if (counts)
            page.entries.push_back(read_entry(element, decode, versions));
    }
    if (!root.child("IsTruncated").boolean())
        return page;
    page.next = next_of(root, decode, versions, page.entries);
    const bool moves = std::ranges::any_of(page.next, [&](const auto& parameter) {
        return !parameter.second.empty() && std::ranges::find(asked, parameter) == asked.end();
    });
    if (!moves)
        throw io::BadDocument(fmt::format("<{}>: expected the place of the next page, found this one's", expected));
    return page;
}

} // namespace recoverd::collectors::s3_parts
