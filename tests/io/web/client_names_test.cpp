// SPDX-License-Identifier: Apache-2.0
#include "io/web/client_names.hpp"

#include "io/web/pem.hpp"

#include <catch2/catch_test_macros.hpp>

#include <openssl/x509v3.h>

using namespace recoverd::io;
using Texts = std::vector<std::string>;

namespace {

/// Not signed by anybody; `names` as openssl.cnf has them.
web::X509Ptr called(const std::string& names) {
    web::X509Ptr certificate{X509_new()};
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("common.example"), -1, -1, 0);
    if (!names.empty()) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        REQUIRE(extension != nullptr);
        X509_add_ext(certificate.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    return certificate;
}

} // namespace

TEST_CASE("a client is called by its subject alternative names, each as Go writes it") {
    const std::pair<const char*, Texts> cases[] = {
        {"", {}},
        {"DNS:scraper.example,DNS:*.example", {"scraper.example", "*.example"}},
        {"DNS:Scraper.Example", {"Scraper.Example"}},
        {"email:ops@example.org", {"ops@example.org"}},
        {"IP:10.0.0.1", {"10.0.0.1"}},
        {"IP:2001:db8:0:0:0:0:0:1", {"2001:db8::1"}},
        {"IP:2001:db8:0:1:1:1:1:1", {"2001:db8:0:1:1:1:1:1"}},
        {"IP:0:0:0:0:0:ffff:a00:1", {"10.0.0.1"}},
        {"URI:SPIFFE://Example/Scraper", {"spiffe://Example/Scraper"}},
        {"RID:1.2.3.4", {}},
    };
    for (const auto& [written, wanted] : cases) {
        INFO(written);
        CHECK(web::alternative_names(*called(written)) == wanted);
    }
}

TEST_CASE("only a name that is allowed letter by letter is allowed") {
    const auto certificate = called("DNS:scraper.example,DNS:*.wild.example,IP:10.0.0.1");
    CHECK(web::has_allowed_name(*certificate, {"other.example", "scraper.example"}));
    CHECK(web::has_allowed_name(*certificate, {"10.0.0.1"}));
    CHECK(web::has_allowed_name(*certificate, {"*.wild.example"}));
    for (const char* name : {"a.wild.example", "*.example", "Scraper.example", "scraper.example.", "scraper",
                             "10.0.0.01", "common.example", "*", ""}) {
        INFO(name);
        CHECK_FALSE(web::has_allowed_name(*certificate, {name}));
    }
    CHECK_FALSE(web::has_allowed_name(*certificate, {}));
    CHECK_FALSE(web::has_allowed_name(*called(""), {"common.example", ""}));
}
