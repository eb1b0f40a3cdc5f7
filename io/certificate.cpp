// SPDX-License-Identifier: Apache-2.0
#include "io/certificate.hpp"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace recoverd::io {

namespace {

core::Time read_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return {};
    return core::from_unix_seconds(::timegm(&parts));
}

std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string common_name(const X509& x509) {
    X509_NAME* const name = X509_get_subject_name(&x509);
    const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return index < 0 ? std::string{} : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

std::string first_dns_name(const X509& x509) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free};
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS)
            return text_of(name->d.dNSName);
    }
    return {};
}

} // namespace

core::Certificate read_certificate(const X509& x509) {
    core::Certificate certificate;
    certificate.not_before = read_time(X509_get0_notBefore(&x509));
    certificate.not_after = read_time(X509_get0_notAfter(&x509));
    certificate.subject = common_name(x509);
    if (certificate.subject.empty())
        certificate.subject = first_dns_name(x509);
    return certificate;
}

} // namespace recoverd::io
