// SPDX-License-Identifier: Apache-2.0
#include "io/web/client_names.hpp"

#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace recoverd::io::web {

namespace {

std::string bytes_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

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
std::string uri_in(std::string bytes) {
    const auto scheme = bytes.find(':');
    for (std::size_t i = 0; scheme != std::string::npos && i < scheme; ++i)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = static_cast<char>(bytes[i] - 'A' + 'a');
    return bytes;
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
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free};
    std::vector<std::string> all;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
        if (std::string name = name_in(*sk_GENERAL_NAME_value(names.get(), i)); !name.empty())
            all.push_back(std::move(name));
    return all;
}

bool has_allowed_name(const X509& certificate, const std::vector<std::string>& allowed) {
    return std::ranges::any_of(alternative_names(certificate), [&](const std::string& name) {
        return std::ranges::find(allowed, name) != allowed.end();
    });
}

} // namespace recoverd::io::web
