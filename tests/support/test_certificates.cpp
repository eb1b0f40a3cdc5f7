// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_certificates.hpp"

#include <asio/ip/address.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace recoverd::test {

namespace {

X509* new_certificate(EVP_PKEY* key, int serial, const std::string& name, core::Duration from, core::Duration until) {
    X509* const x509 = X509_new();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), std::chrono::duration_cast<std::chrono::seconds>(from).count());
    X509_gmtime_adj(X509_getm_notAfter(x509), std::chrono::duration_cast<std::chrono::seconds>(until).count());
    X509_set_pubkey(x509, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return x509;
}

void extend(X509* x509, int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;
File create(const std::filesystem::path& path) { return File{std::fopen(path.c_str(), "w")}; }

} // namespace

TestAuthority::TestAuthority(const std::string& name) : key_(EVP_EC_gen("P-256")), certificate_(nullptr) {
    std::string pattern = (std::filesystem::temp_directory_path() / "recoverd-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
        throw std::runtime_error("no folder for test certificates");
    folder_ = pattern;
    certificate_ = new_certificate(key_, 1, name, -2 * core::kDay, 365 * core::kDay);
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(certificate_, key_, EVP_sha256());
    PEM_write_X509(create(ca_file()).get(), certificate_);
}

TestAuthority::~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string TestAuthority::ca_file() const { return (folder_ / "ca.pem").string(); }

ServerTls TestAuthority::issue(const std::vector<std::string>& names, core::Duration from, core::Duration until) {
    const int serial = ++issued_;
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const x509 = new_certificate(key, serial, names.front(), from, until);
    X509_set_issuer_name(x509, X509_get_subject_name(certificate_));
    std::string alternatives;
    for (const auto& name : names) {
        asio::error_code not_numeric;
        asio::ip::make_address(name, not_numeric);
        alternatives += (alternatives.empty() ? "" : ",") + std::string{not_numeric ? "DNS:" : "IP:"} + name;
    }
    extend(x509, NID_subject_alt_name, alternatives);
    X509_sign(x509, key_, EVP_sha256());
    const ServerTls files{(folder_ / (std::to_string(serial) + ".pem")).string(),
                          (folder_ / (std::to_string(serial) + ".key")).string()};
    PEM_write_X509(create(files.cert_file).get(), x509);
    PEM_write_PrivateKey(create(files.key_file).get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(x509);
    EVP_PKEY_free(key);
    return files;
}

} // namespace recoverd::test
