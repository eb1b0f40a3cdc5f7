// SPDX-License-Identifier: Apache-2.0
#include "io/certificate.hpp"

#include "io/general_names.hpp"

#include <openssl/x509.h>

#include <ctime>

namespace recoverd::io {

namespace {

core::Time read_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return {};
    return core::from_unix_seconds(::timegm(&parts));
}

std::string common_name(const X509& x509) {
    X509_NAME* const name = X509_get_subject_name(&x509);
    const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return index < 0 ? std::string{} : bytes_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

std::string first_dns_name(const X509& x509) {
    std::string first;
    for_each_alternative_name(x509, [&](const GENERAL_NAME& name) {
        if (first.empty() && name.type == GEN_DNS)
            first = bytes_of(name.d.dNSName);
    });
    return first;
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
