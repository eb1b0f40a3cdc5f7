// SPDX-License-Identifier: Apache-2.0
// Files of a certificate, a key and an authority that cannot be used: what is said of them. What a server then does is
// in server_tls_test.cpp.
#include "io/web/server_tls.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

/// Why TLS is not spoken like that; empty when it is.
std::string why_unusable(const io::ServerTls& tls) {
    try {
        io::web::make_server_context(tls);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A key of a kind that no certificate here has, behind a password where there is one.
void write_key(const std::string& path, const std::string& password) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
                                                                  &EVP_PKEY_free};
    const std::unique_ptr<std::FILE, CloseFile> file{std::fopen(path.c_str(), "w")};
    REQUIRE(key != nullptr);
    REQUIRE(file != nullptr);
    REQUIRE(PEM_write_PKCS8PrivateKey(file.get(), key.get(), password.empty() ? nullptr : EVP_aes_128_cbc(),
                                      password.empty() ? nullptr : password.c_str(), static_cast<int>(password.size()),
                                      nullptr, nullptr) == 1);
}

} // namespace

TEST_CASE("a certificate, a key or an authority that cannot be used is told with its file and with what to do") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    const auto other = authority.issue({"127.0.0.1"});
    const std::string missing = own.cert_file + ".missing";
    const std::string text = own.cert_file + ".txt";
    std::ofstream(text) << "hunter2\n";
    const std::string ed25519 = own.key_file + ".ed25519";
    write_key(ed25519, "");
    const std::string locked = own.key_file + ".locked";
    write_key(locked, "hunter2");
    const auto of_another = [&](const std::string& key) {
        return "expected the key of the first certificate in cert_file '" + own.cert_file + "' in key_file '" + key +
               "', found another\nhint: the server's own certificate comes first";
    };

    struct Case {
        std::string cert_file;
        std::string key_file;
        std::string client_ca_file;
        std::string told;
    };
    const std::string unread = "', found none that can be read: ";
    const std::string no_certificate = "expected certificates in PEM in cert_file '";
    const std::string no_key = "expected a key in PEM without a password in key_file '";
    const std::string no_authority = "expected certificates of authorities in PEM in client_ca_file '";
    const std::vector<Case> cases{
        {missing, own.key_file, "",
         no_certificate + missing + unread + "No such file or directory\nhint: the file has"},
        {text, own.key_file, "", no_certificate + text + unread},
        {own.cert_file, missing, "", no_key + missing + unread + "No such file or directory\nhint: the file has"},
        {own.cert_file, text, "", no_key + text + unread},
        {own.cert_file, own.cert_file, "", no_key + own.cert_file + unread},
        {own.cert_file, locked, "", no_key + locked + unread},
        {own.cert_file, other.key_file, "", of_another(other.key_file)},
        {own.cert_file, ed25519, "", of_another(ed25519)},
        {own.cert_file, own.key_file, missing, no_authority + missing + unread + "No such file or directory\nhint: "},
        {own.cert_file, own.key_file, text, no_authority + text + unread},
        {own.cert_file, own.key_file, own.key_file, no_authority + own.key_file},
    };
    for (const auto& [cert_file, key_file, client_ca_file, told] : cases) {
        INFO(told);
        const std::string why =
            why_unusable({.cert_file = cert_file, .key_file = key_file, .client_ca_file = client_ca_file});
        CHECK_THAT(why, StartsWith(told) && ContainsSubstring("\nhint: "));
        CHECK_FALSE(why.contains("hunter2"));
        CHECK_FALSE(why.contains("BEGIN"));
    }
    CHECK(why_unusable({.cert_file = own.cert_file, .key_file = own.key_file, .client_ca_file = authority.ca_file()})
              .empty());
}

TEST_CASE("a note comes before what to do about it") {
    CHECK(io::web::with_note("it is bad\nhint: mend it", "; the old one stays") ==
          "it is bad; the old one stays\nhint: mend it");
    CHECK(io::web::with_note("it is bad", "; the old one stays") == "it is bad; the old one stays");
}

TEST_CASE("that a file may be read now is a change as well, though nothing in it is another") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    io::ServerTls tls;
    tls.cert_file = own.cert_file;
    tls.key_file = own.key_file;
    const std::string before = io::web::stamp_of(tls);
    CHECK(io::web::stamp_of(tls) == before);
    std::filesystem::permissions(own.key_file, std::filesystem::perms::owner_read);
    CHECK(io::web::stamp_of(tls) != before);
}
