// SPDX-License-Identifier: Apache-2.0
#include "io/secret.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/core.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace recoverd::io {

using Catch::Matchers::ContainsSubstring;
using core::FailureKind;
using core::config::SecretRef;

static_assert(!fmt::is_formattable<Secret>::value);

namespace {

struct Folder {
    std::string path = "/tmp/recoverd-secret-XXXXXX";

    Folder() { REQUIRE(::mkdtemp(path.data())); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream{path + "/" + name, std::ios::binary | std::ios::trunc} << content;
        return path + "/" + name;
    }
};

SecretRef file(std::string path) { return {SecretRef::Source::file, std::move(path)}; }

void check_misconfigured(const SecretRef& ref, const std::string& words) {
    const auto secret = open_secret(ref);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().kind == FailureKind::misconfigured);
    CHECK_THAT(secret.error().detail, ContainsSubstring(words));
}

} // namespace

TEST_CASE("a reference to nothing is an empty secret") { CHECK(open_secret({})->empty()); }

TEST_CASE("a secret is the file's content without white space at its end") {
    const Folder folder;
    CHECK(open_secret(file(folder.write("a", "s3cret \r\n\n")))->reveal() == "s3cret");
    CHECK(open_secret(file(folder.write("b", " in front\nsecond line\n")))->reveal() == " in front\nsecond line");
    CHECK(open_secret(file(folder.write("c", std::string(65'536, 'x'))))->reveal().size() == 65'536);
    std::filesystem::create_symlink("a", folder.path + "/link");
    CHECK(open_secret(file(folder.path + "/link"))->reveal() == "s3cret");
}

TEST_CASE("a file that changed is read anew") {
    const Folder folder;
    const SecretRef ref = file(folder.write("a", "old"));
    CHECK(open_secret(ref)->reveal() == "old");
    folder.write("a", "new");
    CHECK(open_secret(ref)->reveal() == "new");
}

TEST_CASE("a secret that is missing, empty, endless or no file says so and where") {
    const Folder folder;
    check_misconfigured(file(folder.path + "/none"), "/none': No such file");
    check_misconfigured(file(folder.write("empty", "")), "/empty', found nothing");
    check_misconfigured(file(folder.write("blank", " \n")), "found nothing");
    check_misconfigured(file(folder.write("big", std::string(65'537, 'x'))), "at most 65536 bytes");
    check_misconfigured(file("/dev/zero"), "expected a regular file at '/dev/zero'");
    check_misconfigured(file(folder.path), "expected a regular file");
}

TEST_CASE("a FIFO without a writer does not hold anybody") {
    const Folder folder;
    const std::string path = folder.path + "/fifo";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    check_misconfigured(file(path), "expected a regular file");
}

TEST_CASE("a secret comes from the environment or from systemd") {
    const Folder folder;
    folder.write("orders-db", "from systemd\n");
    ::setenv("RECOVERD_TEST_SECRET", "from env", 1);
    ::setenv("CREDENTIALS_DIRECTORY", folder.path.c_str(), 1);
    CHECK(open_secret({SecretRef::Source::env, "RECOVERD_TEST_SECRET"})->reveal() == "from env");
    CHECK(open_secret({SecretRef::Source::credential, "orders-db"})->reveal() == "from systemd");
    check_misconfigured({SecretRef::Source::credential, "other"}, "No such file");
    check_misconfigured({SecretRef::Source::credential, "../orders-db"}, "expected the name of a credential");
    ::setenv("RECOVERD_TEST_SECRET", "", 1);
    check_misconfigured({SecretRef::Source::env, "RECOVERD_TEST_SECRET"}, "found nothing");
    ::unsetenv("RECOVERD_TEST_SECRET");
    ::unsetenv("CREDENTIALS_DIRECTORY");
    check_misconfigured({SecretRef::Source::env, "RECOVERD_TEST_SECRET"}, "found it unset");
    check_misconfigured({SecretRef::Source::credential, "orders-db"}, "$CREDENTIALS_DIRECTORY unset");
}

TEST_CASE("no complaint repeats what was read") {
    const Folder folder;
    const auto secret = open_secret(file(folder.write("big", std::string(70'000, 'k'))));
    CHECK(!secret.error().detail.contains("kkk"));
}

} // namespace recoverd::io
