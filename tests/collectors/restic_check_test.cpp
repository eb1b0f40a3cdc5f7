// SPDX-License-Identifier: Apache-2.0
// What `restic check` could not read, told from what it found to be wrong.
#include "collectors/restic.hpp"

#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

/// A check that ended with these lines.
io::Finished checked(const std::string& lines) {
    return test::exited("", 1, lines + "\nFatal: repository contains errors\n");
}

const std::string kPack = "pack e73a0f6cc72ae57f18f8fd641a04b973ff8fae6548aee96cdafe5ae01d4b4f00";

} // namespace

TEST_CASE("restic: what a check could not read is no damage, and the failure says why") {
    struct Case {
        std::string lines;
        FailureKind kind;
        const char* words;
    };
    for (
        const auto& [lines, kind, words] : {
            // Until 0.16 and since 0.17: a pack, the same one that broke off, and the trees of a key that may not read.
            Case{kPack + " failed to download: StreamPack: Get \"http://nas:8000/data/e7\": dial tcp 10.0.0.1:8000: "
                         "connect: connection refused",
                 FailureKind::unreachable, "connection refused"},
            Case{"download error: connection lost", FailureKind::unreachable, "download error: connection lost"},
            Case{kPack +
                     " contains 1 errors: [partial download error: readFull: read tcp 10.0.0.2:50000->10.0.0.1:8000: "
                     "read: connection reset by peer]",
                 FailureKind::unreachable, "connection reset by peer"},
            Case{kPack + " failed to download: StreamPack: ReadFull: unexpected EOF", FailureKind::bad_answer, "EOF"},
            Case{"error for tree 27b7a3d5:\n  ReadFull(<data/e73a0f6cc7>): Access Denied.\n"
                 "error for tree e45ab788:\n  ReadFull(<data/e73a0f6cc7>): Access Denied.",
                 FailureKind::refused, "ReadFull(<data/e73a0f6cc7>): Access Denied."},
            Case{"error for tree 27b7a3d5:\n  ReadFull(<data/e73a0f6cc7>): unexpected HTTP response (403): 403 "
                 "Forbidden",
                 FailureKind::refused, "403 Forbidden"},
            Case{"error: failed to load snapshot 929f327c: open /srv/repo/snapshots/929f: permission denied",
                 FailureKind::refused, "permission denied"},
            // A disk that was full, and one that was read well when it was read again.
            Case{
                "error for tree 27b7a3d5:\n  ReadFull(<data/e73a0f6cc7>): write /tmp/restic-check-cache-1/e7: no space "
                "left on device",
                FailureKind::bad_answer, "no space left"},
            Case{"check successful on second attempt, original error " + kPack +
                     " contains 1 errors: [blob 27b7a3d5: ciphertext verification failed]",
                 FailureKind::bad_answer, "successful on second attempt"},
            // In JSON.
            Case{R"({"message_type":"error","message":"download error: Access Denied.\n"})", FailureKind::refused,
                 "download error"},
        }) {
        CAPTURE(lines);
        CHECK_FALSE(restic_errors(checked(lines)));
        const auto failure = restic_failure(checked(lines), false);
        REQUIRE(failure);
        CHECK(failure->kind == kind);
        CHECK_THAT(failure->detail, ContainsSubstring(words));
    }
}

TEST_CASE("restic: one line of damage is enough, whatever else could not be read") {
    const std::string unread = "error for tree 27b7a3d5:\n  ReadFull(<data/e73a0f6cc7>): Access Denied.\n";
    for (const std::string& damage :
         {kPack + ": does not exist", kPack + ": unexpected file size: got 100, expected 3000356",
          kPack +
              " contains 1 errors: [blob 27b7a3d5: decrypting blob <data/27b7a3d5> from e73a0f6c failed: ciphertext "
              "verification failed]",
          kPack + " contains 2 errors: [blob 27b7a3d5: wrong data returned partial download error: readFull: EOF]",
          kPack + " contains 1 errors: [unexpected pack id 27b7a3d5]",
          kPack + " failed to download: overlapping blobs in " + kPack, kPack + " is empty or not indexed",
          kPack + " has different data in indexes: [27b7a3d5 e45ab788]",
          std::string{"Pack ID does not match, want e73a0f6c, got 27b7a3d5"},
          std::string{"  tree 27b7a3d5: file \"1\" blob e45ab788 not found in index"},
          std::string{"  id 27b7a3d5 not found in repository"},
          std::string{"  decrypting blob 27b7a3d5 failed: ciphertext verification failed"},
          std::string{"  invalid character 'x' looking for beginning of value"},
          std::string{"error: load <snapshot/929f327c02>: invalid data returned"},
          std::string{"error: failed to load snapshot 929f327c: json: cannot unmarshal array into Go value"}}) {
        CAPTURE(damage);
        for (const std::string& lines : {unread + damage, unread + damage + "\ndownload error: connection lost"}) {
            const auto errors = restic_errors(checked(lines));
            REQUIRE(errors);
            CHECK_THAT(*errors, StartsWith("restic check: ") && !ContainsSubstring("Access Denied"));
        }
    }
}

TEST_CASE("restic: that it tries again is no error by itself") {
    const std::string again = "Load(<data/e73a0f6cc7>, 0, 0) returned error, retrying after 1s: connection lost\n";
    CHECK(restic_errors(checked(again + kPack + ": unexpected file size: got 100, expected 3000356")));
    CHECK_FALSE(restic_errors(checked(again + "Load(<data/e73a0f6cc7>, 0, 0) failed: connection lost\n"
                                              "download error: connection lost")));
    // Words that are not known here are damage all the same: restic says so.
    CHECK(restic_errors(checked(again + "pieces of the pack are missing")).value_or("") ==
          "restic check: pieces of the pack are missing");
    CHECK(restic_errors(checked(again)).value_or("") == "restic check: repository contains errors");
}

TEST_CASE("restic: of packs that could not be listed nobody knows whether they exist") {
    const std::string gone = kPack + ": does not exist\n";
    const std::string again = "List(data) returned error, retrying after 1s: Access Denied.\n";
    for (const std::string& unlisted :
         {"List(data) failed: Access Denied.\nAccess Denied.\n" + gone, again + again + "Access Denied.\n" + gone}) {
        CAPTURE(unlisted);
        CHECK_FALSE(restic_errors(checked(unlisted)));
        const auto failure = restic_failure(checked(unlisted), false);
        REQUIRE(failure);
        CHECK(failure->kind == FailureKind::refused);
        CHECK_THAT(failure->detail, ContainsSubstring("Access Denied"));
        // What was listed is.
        CHECK(restic_errors(checked(unlisted + kPack + ": unexpected file size: got 100, expected 3000356")));
    }
    // At a second attempt they could: newer versions say so, 0.14 just goes on.
    CHECK(restic_errors(checked(again + "List(data) operation successful after 1 retries\n" + gone)));
    CHECK(restic_errors(checked(again + gone)));
}
