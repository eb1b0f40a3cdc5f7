// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/exposure.hpp"

#include <algorithm>
#include <array>

namespace recoverd::collectors::s3_parts {

namespace {

/// Everybody, and everybody who has an account at the same service.
constexpr std::array<std::string_view, 2> kPublicGroups{"http://acs.amazonaws.com/groups/global/AllUsers",
                                                        "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"};

bool yes(const io::Xml& document, std::string_view name) {
    const io::Xml* value = document.find(name);
    return value && value->boolean();
}

bool grants_everybody(const io::Xml& acl) {
    return std::ranges::any_of(acl.child("AccessControlList").all("Grant"), [](const io::Xml* grant) {
        const io::Xml* uri = grant->child("Grantee").find("URI");
        return uri && std::ranges::find(kPublicGroups, uri->text()) != kPublicGroups.end();
    });
}

} // namespace

Known<bool> blocked(const Setting& public_access_block) {
    return known(public_access_block, [](const io::Xml* block) {
        return block && yes(*block, "IgnorePublicAcls") && yes(*block, "RestrictPublicBuckets");
    });
}

Known<std::string> public_access_of(const Setting& policy_status, const Setting& acl) {
    const auto by_policy =
        known(policy_status, [](const io::Xml* status) { return status && status->child("IsPublic").boolean(); });
    const auto by_acl = known(acl, [](const io::Xml* list) { return list && grants_everybody(*list); });
    const bool policy = by_policy.value_or(false);
    const bool list = by_acl.value_or(false);
    if (policy || list)
        return policy && list ? "policy and ACL" : policy ? "policy" : "ACL";
    if (!by_policy)
        return std::unexpected(by_policy.error());
    if (!by_acl)
        return std::unexpected(by_acl.error());
    return "none";
}

} // namespace recoverd::collectors::s3_parts
