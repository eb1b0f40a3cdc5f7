// SPDX-License-Identifier: Apache-2.0
// Certificates and keys that a web configuration names: read with it, and waited for while it cannot be used.
#include "agent/web/web_config.hpp"
#include "tests/support/content.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace recoverd;
using agent::WebConfigFile;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::string speaking_tls(const std::string& cert_file, const std::string& key_file) {
    return "tls_server_config:\n  cert_file: " + cert_file + "\n  key_file: " + key_file + "\n";
}

void copy_to(const std::filesystem::path& to, const std::string& from) { std::ofstream(to) << test::content_of(from); }

} // namespace

TEST_CASE("a web configuration whose certificate or key cannot be used is a mistake when it is read") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    const auto other = authority.issue({"127.0.0.1"});
    const auto folder = std::filesystem::path{authority.ca_file()}.parent_path();
    const std::string path = folder / "web.yml";
    const auto mistake = [&](const std::string& text) {
        std::ofstream(path) << text;
        const auto file = WebConfigFile::open(path, nullptr);
        return file ? std::string{} : file.error();
    };
    CHECK_THAT(mistake(speaking_tls("web.crt", own.key_file)),
               StartsWith(path + ": expected certificates in PEM in cert_file '" + (folder / "web.crt").string() +
                          "', found none that can be read: No such file or directory\nhint: "));
    CHECK_THAT(mistake(speaking_tls(own.cert_file, "web.key")),
               StartsWith(path + ": expected a key in PEM without a password in key_file '"));
    CHECK_THAT(mistake(speaking_tls(own.cert_file, other.key_file)),
               StartsWith(path + ": expected the key of the first certificate in cert_file '") &&
                   ContainsSubstring(", found another\nhint: "));
    CHECK_THAT(mistake(speaking_tls(own.cert_file, own.key_file) +
                       "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"),
               StartsWith(path + ": expected certificates of authorities in PEM in client_ca_file '"));
    CHECK(mistake(speaking_tls(own.cert_file, own.key_file)).empty());
}

TEST_CASE("a web configuration that names certificates is taken as a whole, once all of them can be used") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    const auto next = authority.issue({"127.0.0.1"});
    const auto folder = std::filesystem::path{authority.ca_file()}.parent_path();
    const std::string path = folder / "web.yml";
    std::ofstream(path) << speaking_tls(own.cert_file, own.key_file);
    std::vector<std::string> warnings;
    const auto file = WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    const auto is_old = [&] {
        const auto current = (*file)->current();
        return current->users.empty() && current->tls && current->tls->cert_file == own.cert_file;
    };
    CHECK(is_old());
    std::ofstream(path) << speaking_tls("next.crt", "next.key") << "basic_auth_users: {alice: $2y$10$a}\n";
    CHECK(is_old());
    CHECK(is_old());
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings.back(), StartsWith(path + ": expected certificates in PEM in cert_file '") &&
                                    ContainsSubstring("No such file or directory; the old one stays in use\nhint: "));
    copy_to(folder / "next.crt", next.cert_file);
    CHECK(is_old());
    REQUIRE(warnings.size() == 2);
    CHECK_THAT(warnings.back(),
               ContainsSubstring("key_file") && ContainsSubstring("; the old one stays in use\nhint: "));
    copy_to(folder / "next.key", next.key_file);
    const auto taken = (*file)->current();
    CHECK(taken->users.contains("alice"));
    REQUIRE(taken->tls);
    CHECK(taken->tls->cert_file == (folder / "next.crt").string());
    CHECK(warnings.size() == 2);
}
