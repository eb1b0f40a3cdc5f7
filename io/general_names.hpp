// SPDX-License-Identifier: Apache-2.0
// The names in a certificate as OpenSSL has them. For sources alone: it brings OpenSSL's headers along.
#pragma once

#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace recoverd::io {

inline std::string bytes_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// Calls `take(const GENERAL_NAME&)` for each subject alternative name, in their order.
template <class Take>
void for_each_alternative_name(const X509& certificate, Take&& take) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free};
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
        take(*sk_GENERAL_NAME_value(names.get(), i));
}

} // namespace recoverd::io
