// SPDX-License-Identifier: Apache-2.0
// Pages of a listing: objects (ListObjectsV2) or all their versions (ListObjectVersions), a thousand keys each. Pure.
#pragma once

#include "collectors/s3/encoding.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::s3_parts {

struct Entry {
    std::string key;
    /// "null" of what was put while versioning was off; empty in a listing of objects.
    std::string version_id;
    /// Changes with what it holds; empty where it is not told, and of delete markers.
    std::string etag;
    core::Time last_modified;
    std::uint64_t size = 0;
    /// Is it what one gets without asking for a version?
    bool latest = true;
    bool delete_marker = false;
    /// Empty where it is not told, and of delete markers.
    std::string storage_class;
};

struct Page {
    std::vector<Entry> entries;
    /// What to ask with for the page after it; empty after the last.
    Query next;
};

/// What to ask for the first page below `prefix`; later ones add Page::next.
Query listing_query(std::string_view prefix, bool versions);

/// Throws io::BadDocument for what is not that listing: a service that does not know ?versions answers 200 with the
/// objects. Also for a page that says there are more and not where, or again where this one began: there would be no
/// end.
Page read_page(std::string_view xml, bool versions, const Query& asked);

} // namespace recoverd::collectors::s3_parts
