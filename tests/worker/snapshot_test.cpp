// SPDX-License-Identifier: Apache-2.0
// Snapshots of Vault's raft storage, proven: the file of a real OpenBao (2.7.2, tests/data/vault/), and what breaks.
#include "tests/support/fake_world.hpp"
#include "tests/worker/snapshot.hpp"
#include "worker/vault/snapshot.hpp"

#include "io/json.hpp"
#include "worker/all.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <functional>

using namespace recoverd;
using namespace recoverd::test;
using Catch::Matchers::ContainsSubstring;
using core::Depth;
using core::PointState;

namespace {

core::RecoveryPoints points_in(const Folder& f, const std::string& pattern = "*.snap") {
    const std::string input =
        fmt::format(R"({{"path": {}, "verify": "checksummed", "settle": 0}})", io::json_quote(f / pattern));
    const auto seen = worker::vault::run(input);
    REQUIRE(seen);
    return points(*seen);
}

core::RecoveryPoint proven(const std::string& bytes, const std::string& name = "a.snap") {
    Folder f;
    f.write(name, bytes);
    const auto found = points_in(f, "a*");
    REQUIRE(found.points.size() == 1);
    return found.points[0];
}

void bad(const core::RecoveryPoint& point, const std::string& why) {
    INFO(point.detail);
    CHECK(point.state == PointState::bad);
    CHECK(point.depth == Depth::exists);
    CHECK(point.encrypted == core::Told::not_told);
    CHECK_THAT(point.detail, ContainsSubstring(why));
}

using Files = std::vector<std::pair<std::string, std::string>>;

std::string without(std::string_view name) {
    Files files = SnapshotMembers{}.list();
    std::erase_if(files, [name](const auto& file) { return file.first == name; });
    return tar(files, Pack::gzip);
}

std::string with(std::pair<std::string, std::string> more) {
    Files files = SnapshotMembers{}.list();
    files.push_back(std::move(more));
    return tar(files, Pack::gzip);
}

} // namespace

TEST_CASE("a snapshot that was cut off anywhere is bad, however it is cut") {
    const std::string real = data("vault/openbao.snap");
    // A download that breaks has no length that it could be held against: only the archive tells.
    for (std::size_t size = 1; size < real.size(); size += size < 100 ? 7 : 1'013) {
        CAPTURE(size);
        bad(proven(real.substr(0, size)), "not a whole snapshot");
    }
    bad(proven(real.substr(0, real.size() - 1)), "truncated gzip");
}

TEST_CASE("a snapshot whose state was changed is bad, although the archive around it is whole") {
    SnapshotMembers members;
    members.state[50'000] = static_cast<char>(members.state[50'000] ^ 1);
    bad(proven(members.bytes()), "the SHA-256 of state.bin is");
    SnapshotMembers other;
    other.meta.replace(other.meta.find("38"), 2, "39");
    bad(proven(other.bytes()), "the SHA-256 of meta.json is");
}

TEST_CASE("bits that flipped on disk are found by gzip's own checksum") {
    std::string bytes = SnapshotMembers{}.bytes();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
    CHECK(proven(bytes).state == PointState::bad);
}

TEST_CASE("a snapshot that lacks a member is bad, the sealed checksums included") {
    for (const std::string name : {"meta.json", "state.bin", "SHA256SUMS", "SHA256SUMS.sealed"})
        bad(proven(without(name)), "expected " + name + " in it, found none");
    SnapshotMembers empty;
    empty.sealed.clear();
    bad(proven(empty.bytes()), "expected SHA256SUMS.sealed in it, found no content");
}

TEST_CASE("a snapshot with a member too many, or one twice, is bad") {
    bad(proven(with({"notes.txt", "x"})), "found 'notes.txt'");
    bad(proven(with({"../../etc/cron.d/x", "x"})), "found '../../etc/cron.d/x'");
    bad(proven(with({"state.bin", "x"})), "state.bin twice");
    bad(proven(with({"meta.json", "x"})), "meta.json twice");
}

TEST_CASE("checksums that do not name both members prove nothing") {
    SnapshotMembers members;
    members.sums = sha256(members.state) + "  state.bin\n";
    bad(proven(members.bytes()), "expected the sums of meta.json and state.bin, found 1");
    members.sums = fmt::format("{}  state.bin\n{}  other\n", sha256(members.state), sha256(members.meta));
    bad(proven(members.bytes()), "expected the sum of meta.json, found none");
    members.sums = "not a list";
    bad(proven(members.bytes()), "SHA256SUMS");
}

TEST_CASE("a snapshot with a member that a restore does not read to its end is bad, however well its sums fit") {
    // Spaces where neither JSON nor a list of sums minds them.
    const auto of_size = [](std::size_t size, std::size_t at, std::string text) {
        text.insert(at, size - text.size(), ' ');
        return text;
    };
    const SnapshotMembers whole;
    const std::vector<std::pair<std::string, std::function<SnapshotMembers(std::size_t)>>> members{
        {"meta.json", [&](std::size_t size) { return SnapshotMembers{.meta = of_size(size, 1, whole.meta)}; }},
        {"SHA256SUMS", [&](std::size_t size) { return SnapshotMembers{.sums = of_size(size, 64, whole.sums)}; }},
        {"SHA256SUMS.sealed", [&](std::size_t size) { return SnapshotMembers{.sealed = noise(size)}; }}};
    for (const auto& [name, with_size] : members) {
        const auto most = proven(with_size(8'191).bytes());
        CAPTURE(name, most.detail);
        CHECK(most.state == PointState::good);
        for (const std::size_t size : {std::size_t{8'192}, std::size_t{300} << 10U})
            bad(proven(with_size(size).bytes()), name + " is larger than 8191 bytes");
    }
}

TEST_CASE("meta.json is held against the state that it is of") {
    const auto of = [](const std::string& meta) {
        SnapshotMembers members{.meta = meta};
        return proven(members.bytes());
    };
    bad(of(R"({"Index":38,"Term":3,"Size":99999})"), "state.bin has 100000 bytes, meta.json says 99999");
    bad(of(R"({"Index":0,"Term":0,"Size":100000})"), "raft index 0");
    bad(of(R"({"Index":38})"), "meta.json: $.Size");
    bad(of("[]"), "meta.json: $");
    bad(of("{"), "meta.json: ");
    const SnapshotMembers empty{.state = "", .meta = R"({"Index":38,"Term":3,"Size":0})"};
    bad(proven(empty.bytes()), "state.bin is empty");
}

TEST_CASE("what is no snapshot at all is bad, whatever it is called") {
    bad(proven(noise(5'000)), "not a whole snapshot");
    bad(proven("<html>502 Bad Gateway</html>"), "not a whole snapshot");
    bad(proven(packed("permission denied", Pack::gzip)), "not a whole snapshot");
    bad(proven(tar(SnapshotMembers{}.list())), "not a whole snapshot");
    // A gigabyte of nothing in a few kilobytes ends where the first member is not one of a snapshot.
    bad(proven(packed(std::string(std::size_t{8} << 20U, '\0'), Pack::gzip)), "not a whole snapshot");
}

TEST_CASE("the order of the checksums does not matter") {
    SnapshotMembers members;
    members.sums = fmt::format("{}  state.bin\n{}  meta.json\n", sha256(members.state), sha256(members.meta));
    CHECK(proven(members.bytes()).state == PointState::good);
}

TEST_CASE("a snapshot of a real OpenBao is proven by all its checksums, and encrypted") {
    const auto point = proven(data("vault/openbao.snap"));
    INFO(point.detail);
    CHECK(point.state == PointState::good);
    CHECK(point.depth == Depth::checksummed);
    CHECK(point.encrypted == core::Told::yes);
}

TEST_CASE("a snapshot that was encrypted once more cannot be looked into, and is not called broken") {
    const auto point = proven(noise(5'000), "a.snap.gpg");
    CHECK(point.state == PointState::good);
    CHECK(point.depth == Depth::exists);
    CHECK(point.encrypted == core::Told::yes);
}

TEST_CASE("the newest snapshot may be broken while an older one is whole") {
    Folder f;
    f.write("1.snap", data("vault/openbao.snap"), std::chrono::hours{25});
    f.write("2.snap", data("vault/openbao.snap").substr(0, 10'000));
    const auto found = points_in(f);
    CHECK(found.method == "vault_snapshot");
    CHECK(found.count == 2);
    REQUIRE(found.points.size() == 2);
    CHECK(found.points[0].state == PointState::good);
    CHECK(found.points[1].state == PointState::bad);
}
