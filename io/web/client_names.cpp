// SPDX-License-Identifier: Apache-2.0
#include "io/web/client_names.hpp"

#include "core/ascii.hpp"
#include "io/general_names.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace recoverd::io::web {

namespace {

/// Empty when it is no address.
std::string address_in(const std::string& bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    in6_addr v6{};
    if (bytes.size() == sizeof(in_addr))
        inet_ntop(AF_INET, bytes.data(), text, sizeof text);
    if (bytes.size() == sizeof v6) {
        std::memcpy(&v6, bytes.data(), sizeof v6);
        // Go writes ::ffff:10.0.0.1 as 10.0.0.1.
        if (IN6_IS_ADDR_V4MAPPED(&v6))
            inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &v6, text, sizeof text);
    }
    return text;
}

/// Go writes its scheme in lower case.
std::string uri_in(const std::string& bytes) {
    const auto scheme = bytes.find(':');
    return scheme == std::string::npos ? bytes : core::ascii_lower(bytes.substr(0, scheme)) + bytes.substr(scheme);
}

std::string name_in(const GENERAL_NAME& name) {
    switch (name.type) {
    case GEN_DNS:
        return bytes_of(name.d.dNSName);
    case GEN_EMAIL:
        return bytes_of(name.d.rfc822Name);
    case GEN_IPADD:
        return address_in(bytes_of(name.d.iPAddress));
    case GEN_URI:
        return uri_in(bytes_of(name.d.uniformResourceIdentifier));
    default:
        return {};
    }
}

} // namespace

std::vector<std::string> alternative_names(const X509& certificate) {
    std::vector<std::string> all;
    for_each_alternative_name(certificate, [&](const GENERAL_NAME& general) {
        if (std::string name = name_in(general); !name.empty())
            all.push_back(std::move(name));
    });
    return all;
}

bool has_allowed_name(const X509& certificate, const std::vector<std::string>& allowed) {
    return std::ranges::any_of(alternative_names(certificate), [&](const std::string& name) {
        return std::ranges::find(allowed, name) != allowed.end();
    });
}

} // namespace recoverd::io::web
