// SPDX-License-Identifier: Apache-2.0
// `tls_server_config` of the web configuration; what a client sees of it is in tests/io/web/server_tls_test.cpp.
#include "agent/web/web_config.hpp"
#include "io/web/tls_names.hpp"
#include "tests/support/content.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace recoverd;
using agent::parse_web_config;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

/// A key of `tls_server_config` whose text has several lines.
std::string block(const std::string& key, const std::string& text) {
    std::string out = "  " + key + ": |\n";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        out += "    " + line + "\n";
    return out;
}

} // namespace

TEST_CASE("a version or a type of TLS that there is not is named beside those there are") {
    const auto wrong = [](const std::string& more) {
        return parse_web_config("tls_server_config:\n  cert_file: a\n  key_file: b\n" + more, "/").error();
    };
    CHECK_THAT(wrong("  min_version: TLS14\n"),
               ContainsSubstring("line 4: expected TLS10, TLS11, TLS12 or TLS13 for 'min_version', found 'TLS14'"));
    CHECK_THAT(wrong("  min_version: TLS13\n  max_version: TLS12\n"),
               ContainsSubstring("expected min_version no newer than max_version"));
    CHECK_THAT(wrong("  max_version: TLS11\n"), ContainsSubstring("\nhint: without min_version it is TLS12"));
    CHECK_THAT(wrong("  client_auth_type: Yes\n"), ContainsSubstring("RequireAndVerifyClientCert, found 'Yes'"));
    CHECK_THAT(wrong("  client_auth_type: [NoClientCert]\n"),
               ContainsSubstring("expected text") && ContainsSubstring("found a list"));
}

TEST_CASE("cipher suites are chosen by Go's names, and those of TLS 1.3 are always there") {
    const auto read = [](const std::string& more) {
        return parse_web_config("tls_server_config:\n  cert_file: a\n  key_file: b\n" + more, "/");
    };
    CHECK(read("")->tls->ciphers.empty());
    CHECK(read("")->tls->own_preference);
    CHECK(read("  cipher_suites: []\n")->tls->ciphers.empty());
    CHECK(read("  cipher_suites: []\n")->tls->min_version == 0x0303);
    CHECK_FALSE(read("  prefer_server_cipher_suites: false\n")->tls->own_preference);
    const auto chosen = read("  cipher_suites:\n    - TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n"
                             "    - TLS_AES_128_GCM_SHA256\n    - TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA\n");
    REQUIRE(chosen);
    CHECK(chosen->tls->ciphers == "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA");
    CHECK(chosen->tls->min_version == 0x0303);
    // Then nothing is left that an older client could speak.
    const auto newest = read("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  min_version: TLS12\n");
    REQUIRE(newest);
    CHECK(newest->tls->ciphers.empty());
    CHECK(newest->tls->min_version == 0x0304);

    CHECK_THAT(read("  cipher_suites:\n    - TLS_RSA_WITH_AES_128_GCM_SHA256\n").error(),
               ContainsSubstring("line 5: expected a cipher suite as Go names the secure ones, found "
                                 "'TLS_RSA_WITH_AES_128_GCM_SHA256'\nhint: did you mean "
                                 "'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'?"));
    CHECK_THAT(read("  cipher_suites: [RC4]\n").error(), ContainsSubstring("found 'RC4'\nhint: https://pkg.go.dev/"));
    CHECK_THAT(read("  cipher_suites: TLS_AES_128_GCM_SHA256\n").error(),
               ContainsSubstring("line 4: expected a list for 'cipher_suites', found 'TLS_AES_128_GCM_SHA256'"));
    CHECK_THAT(read("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  max_version: TLS12\n").error(),
               ContainsSubstring("expected a suite of TLS 1.2 among cipher_suites"));
    CHECK_THAT(read("  prefer_server_cipher_suites: 2\n").error(), ContainsSubstring("expected true or false"));
}

TEST_CASE("curves are chosen by Go's names, as far as OpenSSL has them") {
    const auto read = [](const std::string& list) {
        return parse_web_config("tls_server_config:\n  cert_file: a\n  key_file: b\n  curve_preferences: " + list, "/");
    };
    CHECK(read("[]")->tls->groups.empty());
    CHECK(read("[X25519, CurveP256]")->tls->groups == "X25519:P-256");
    CHECK(read("[CurveP521, CurveP384, CurveP521]")->tls->groups == "P-521:P-384");
    CHECK_THAT(read("[CurveP265]").error(), ContainsSubstring("line 4: expected a curve as Go names it, found "
                                                              "'CurveP265'\nhint: did you mean 'CurveP256'?"));
    CHECK_THAT(read("[secp256k1]").error(), ContainsSubstring("hint: CurveP256, CurveP384, CurveP521 and X25519"));
    if (!io::web::openssl_group("X25519MLKEM768"))
        CHECK_THAT(read("[X25519, X25519MLKEM768]").error(),
                   ContainsSubstring("expected a curve of the OpenSSL that runs here, found 'X25519MLKEM768'\nhint: "));
    else
        CHECK(read("[X25519MLKEM768]")->tls->groups == "X25519MLKEM768");
}

TEST_CASE("certificates and key may stand in the web configuration itself") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    const auto other = authority.issue({"127.0.0.1"});
    const auto tls = [](const std::string& more) { return parse_web_config("tls_server_config:\n" + more, "/etc"); };
    const std::string cert = block("cert", test::content_of(own.cert_file));
    const std::string key = block("key", test::content_of(own.key_file));
    const auto read = tls(cert + key + "  client_auth_type: RequireAndVerifyClientCert\n" +
                          block("client_ca", test::content_of(authority.ca_file())));
    REQUIRE(read);
    CHECK(read->tls->cert == test::content_of(own.cert_file));
    REQUIRE(read->tls->key != nullptr);
    CHECK(read->tls->key->reveal() == test::content_of(own.key_file));
    CHECK(read->tls->client_ca == test::content_of(authority.ca_file()));
    // One of each is enough, and a file counts before what stands beside it, as in exporter-toolkit.
    CHECK(tls(cert + "  key_file: web.key\n"));
    CHECK(tls("  cert_file: web.crt\n" + key));
    const auto both = tls(cert + key + "  cert_file: web.crt\n  key_file: web.key\n");
    REQUIRE(both);
    CHECK(both->tls->cert_file == "/etc/web.crt");
    CHECK(both->tls->cert.empty());
    CHECK(both->tls->key == nullptr);

    CHECK_THAT(tls(cert).error(), ContainsSubstring("expected key_file or key under 'tls_server_config'"));
    CHECK_THAT(tls(key).error(), ContainsSubstring("expected cert_file or cert under 'tls_server_config'"));
    CHECK_THAT(tls(cert + block("key", test::content_of(other.key_file))).error(),
               ContainsSubstring("for 'key', found another\nhint: "));
    CHECK_THAT(tls(cert + key + block("client_ca", test::content_of(authority.ca_file()))).error(),
               ContainsSubstring("client_ca need client_auth_type"));
}

TEST_CASE("PEM that is none is a mistake of its line, and no word of it is told") {
    const auto wrong = [](const std::string& more) {
        return parse_web_config("tls_server_config:\n  cert_file: web.crt\n  key_file: web.key\n" + more, "/").error();
    };
    for (const std::string key : {"cert", "client_ca"}) {
        INFO(key);
        CHECK_THAT(wrong("  " + key + ": hunter2\n"),
                   StartsWith("line 4: expected certificates in PEM for '" + key + "', found none that can be read"));
        CHECK_THAT(wrong("  " + key + ": [hunter2]\n"), ContainsSubstring("found a list"));
    }
    test::TestAuthority authority;
    const std::string pem = test::content_of(authority.issue({"127.0.0.1"}).key_file);
    // Folded into one line, as it is without the bar.
    std::string folded = pem;
    std::ranges::replace(folded, '\n', ' ');
    for (const std::string& key : {std::string{"hunter2"}, folded, pem.substr(0, pem.size() / 2)}) {
        const std::string told = wrong(block("key", key));
        CHECK_THAT(told, ContainsSubstring("expected a key in PEM without a password for 'key', found none") &&
                             ContainsSubstring("\nhint: write 'key: |' and the whole PEM below it, indented"));
        CHECK_FALSE(told.contains("hunter2"));
        CHECK_FALSE(told.contains("BEGIN"));
    }
    CHECK_FALSE(parse_web_config("basic_auth_users: bob:hunter2\n", "/").error().contains("hunter2"));
}

TEST_CASE("names of clients are allowed where a client has to have a certificate") {
    const auto read = [](const std::string& more) {
        return parse_web_config("tls_server_config:\n  cert_file: a\n  key_file: b\n" + more, "/");
    };
    const std::string verified = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    const auto named = read(verified + "  client_allowed_sans:\n    - scraper.example\n    - 10.0.0.1\n");
    REQUIRE(named);
    CHECK(named->tls->client_names == std::vector<std::string>{"scraper.example", "10.0.0.1"});
    CHECK(read("  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [one]\n"));
    CHECK(read(verified + "  client_allowed_sans:\n")->tls->client_names.empty());

    CHECK_THAT(read(verified + "  client_allowed_sans: []\n").error(),
               ContainsSubstring("line 6: expected a name in 'client_allowed_sans', found an empty list\nhint: "));
    CHECK_THAT(read(verified + "  client_allowed_sans: [one, \"\"]\n").error(),
               ContainsSubstring("line 6: expected a name in 'client_allowed_sans', found none"));
    CHECK_THAT(read(verified + "  client_allowed_sans: one\n").error(),
               ContainsSubstring("expected a list for 'client_allowed_sans', found 'one'"));
    for (const char* type : {"", "  client_auth_type: RequestClientCert\n",
                             "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n"}) {
        INFO(type);
        CHECK_THAT(read(std::string{type} + "  client_allowed_sans: [one]\n").error(),
                   ContainsSubstring("client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"));
    }
}
