// SPDX-License-Identifier: Apache-2.0
#include "tests/worker/folder.hpp"

#include "tests/support/fake_world.hpp"
#include "worker/files/proof.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using core::Depth;
using core::PointState;

namespace {

core::RecoveryPoint proven(Folder& f, Depth asked) {
    const auto found = points(seen_by({.path = f / "b*", .verify = asked}));
    REQUIRE(found.points.size() == 1);
    return found.points[0];
}

/// The only backup in a folder of its own.
core::RecoveryPoint proven(const std::string& name, const std::string& bytes, Depth asked = Depth::checksummed) {
    Folder f;
    f.write(name, bytes);
    return proven(f, asked);
}

const std::vector<std::pair<std::string, std::string>> kFiles{{"a", noise(100'000)}, {"b", noise(50'000)}};

std::string cut(std::string bytes, std::size_t by = 1000) {
    bytes.resize(bytes.size() - by);
    return bytes;
}

std::string flipped(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    return bytes;
}

/// A zip archive whose headers say something else at this place of the local ones; the central ones have two bytes more
/// before it.
std::string saying(std::string bytes, std::size_t place, char value) {
    using namespace std::string_view_literals;
    for (const auto& [mark, at] : {std::pair{"PK\x03\x04"sv, place}, std::pair{"PK\x01\x02"sv, place + 2}})
        for (auto found = bytes.find(mark); found != std::string::npos; found = bytes.find(mark, found + 1))
            bytes[found + at] = value;
    return bytes;
}

void good(const core::RecoveryPoint& point, Depth depth) {
    INFO(point.detail);
    CHECK(point.state == PointState::good);
    CHECK(point.depth == depth);
}

void bad(const core::RecoveryPoint& point, const std::string& why) {
    CHECK(point.state == PointState::bad);
    CHECK(point.depth == Depth::exists);
    CHECK_THAT(point.detail, ContainsSubstring(why));
}

std::string sqlite(Folder& f, int rows) {
    const std::string path = f / "made.sqlite";
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    const std::string sql =
        "CREATE TABLE t(a PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
        "WHERE i < " +
        std::to_string(rows) + ") INSERT INTO t SELECT i, hex(zeroblob(50)) FROM n;";
    REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
    return read_bytes(path);
}

} // namespace

TEST_CASE("nothing is proven where no proof is asked for") {
    Folder f;
    f.write("b.tar.gz", "not gzip at all");
    CHECK(points(seen_by({.path = f / "b*"})).points[0].state == PointState::good);
    CHECK(points(seen_by({.path = f / "b*"})).points[0].depth == Depth::exists);
}

TEST_CASE("whole archives are proven as deep as their format can") {
    for (const auto pack : {Pack::gzip, Pack::xz, Pack::bzip2}) {
        const std::string ending = pack == Pack::gzip ? ".gz" : pack == Pack::xz ? ".xz" : ".bz2";
        good(proven("b.tar" + ending, tar(kFiles, pack)), Depth::checksummed);
        good(proven("b.sql" + ending, packed(noise(100'000), pack)), Depth::checksummed);
        good(proven("b.tar" + ending, tar(kFiles, pack), Depth::listed), Depth::listed);
    }
    good(proven("b.zip", zip(kFiles)), Depth::checksummed);
    good(proven("b.zip", zip(kFiles), Depth::listed), Depth::listed);
}

TEST_CASE("tar has no checksums of its content, and is never told to be checksummed by itself") {
    good(proven("b.tar", tar(kFiles)), Depth::listed);
}

TEST_CASE("a zstd stream without a checksum in it is listed, with one it is checksummed") {
    std::string bytes = packed(noise(100'000), Pack::zstd);
    const bool has = (static_cast<unsigned char>(bytes[4]) & 0x04U) != 0;
    good(proven("b.zst", bytes), has ? Depth::checksummed : Depth::listed);
    good(proven("b.zst", data("files/checksummed.zst")), Depth::checksummed);
    good(proven("b.zst", data("files/unchecked.zst")), Depth::listed);
}

TEST_CASE("a zstd stream that wants more memory than there is for it is neither proven nor broken") {
    using namespace std::string_literals;
    // RFC 8878, 3.1.1: the mark, a frame without a size or a checksum, its window, and one raw block of six bytes.
    const auto frame = [](char window) { return "\x28\xb5\x2f\xfd\x00"s + window + "\x31\x00\x00"s + "hello\n"; };
    constexpr char kMebibyte = 10 << 3;
    constexpr char kTwoGibibytes = static_cast<char>(21 << 3);
    good(proven("b.zst", frame(kMebibyte)), Depth::listed);
    good(proven("b.zst", frame(kTwoGibibytes)), Depth::exists);
}

TEST_CASE("truncated archives are broken, wherever they were cut") {
    for (const auto pack : {Pack::gzip, Pack::zstd, Pack::xz, Pack::bzip2}) {
        const std::string ending = pack == Pack::gzip   ? ".gz"
                                   : pack == Pack::zstd ? ".zst"
                                   : pack == Pack::xz   ? ".xz"
                                                        : ".bz2";
        for (const auto asked : {Depth::listed, Depth::checksummed})
            for (const std::size_t by : {std::size_t{3}, std::size_t{1000}, std::size_t{60'000}}) {
                INFO(ending << " cut by " << by);
                CHECK(proven("b" + ending, cut(packed(noise(100'000), pack), by), asked).state == PointState::bad);
            }
    }
    bad(proven("b.gz", cut(packed(noise(100'000), Pack::gzip)), Depth::listed), "truncated gzip");
    bad(proven("b.tar", cut(tar(kFiles), 60'000), Depth::listed), "runcated");
    bad(proven("b.zip", cut(zip(kFiles), 100), Depth::listed), "zip: ");
    bad(proven("b.zip", cut(zip(kFiles), 60'000), Depth::listed), "zip: ");
}

TEST_CASE("one flipped bit in a checksummed archive is found") {
    bad(proven("b.gz", flipped(packed(noise(100'000), Pack::gzip), 50'000)), "corrupt gzip");
    // the CRC itself: libarchive alone would not notice
    const auto gzip = packed(noise(100'000), Pack::gzip);
    bad(proven("b.gz", flipped(gzip, gzip.size() - 7)), "incorrect data check");
    bad(proven("b.zst", flipped(data("files/checksummed.zst"), data("files/checksummed.zst").size() - 2)), "zstd: ");
    bad(proven("b.xz", flipped(packed(noise(100'000), Pack::xz), 50'000)), "xz: ");
    bad(proven("b.zip", flipped(zip(kFiles), 50'000)), "zip: ");
}

TEST_CASE("a zip archive that needs a password, or a method that is not known here, is listed and not broken") {
    constexpr std::size_t kFlags = 6;
    constexpr std::size_t kMethod = 8;
    constexpr char kEncrypted = 0x09; // and sizes behind the content, as before
    constexpr char kDeflate64 = 9;
    for (const std::string& closed :
         {saying(zip(kFiles), kFlags, kEncrypted), saying(zip(kFiles), kMethod, kDeflate64)}) {
        good(proven("b.zip", closed), Depth::listed);
        good(proven("b.zip", closed, Depth::listed), Depth::listed);
        bad(proven("b.zip", cut(closed, 60'000)), "zip: ");
    }
}

TEST_CASE("several gzip members are read to the last one, and padding behind them is none") {
    const auto one = packed(noise(10'000), Pack::gzip);
    good(proven("b.gz", one + one + std::string(512, '\0')), Depth::checksummed);
    bad(proven("b.gz", one + cut(one, 100)), "truncated gzip");
}

TEST_CASE("a compressed nothing, left by a dump that failed into a pipe, is broken") {
    bad(proven("b.sql.gz", packed("", Pack::gzip), Depth::listed), "nothing is inside");
    bad(proven("b.sql.zst", data("files/empty.zst"), Depth::listed), "nothing is inside");
}

TEST_CASE("a dump in SQL whose last line is missing is broken, packed or not") {
    const std::string head = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE t();\n";
    const std::string whole = head + "--\n-- PostgreSQL database dump complete\n--\n\n";
    good(proven("b.sql", whole), Depth::exists);
    good(proven("b.sql.gz", packed(whole, Pack::gzip)), Depth::checksummed);
    bad(proven("b.sql", head), "truncated SQL dump");
    bad(proven("b.sql.gz", packed(head, Pack::gzip)), "truncated SQL dump");
    bad(proven("b.sql", "-- MySQL dump 10.13\n" + std::string(9000, 'x')), "expected '-- Dump completed' at its end");
}

TEST_CASE("a file that is not what its name says is broken") {
    bad(proven("b.tar.gz", "<html>503 Service Unavailable</html>", Depth::listed), "named like gzip");
    bad(proven("b.zip", noise(1000), Depth::listed), "named like zip");
}

TEST_CASE("a file of unknown form stays at exists, whatever is asked") {
    good(proven("b.bin", noise(1000)), Depth::exists);
    good(proven("b.tar.gz.gpg", noise(1000)), Depth::exists);
}

TEST_CASE("a checksum beside a file proves it, in every form that tools write") {
    // of "hello\n"
    const std::string sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    const std::string md5 = "b1946ac92492d2347c6235b4d2611184";
    const std::vector<std::pair<std::string, std::string>> forms{
        {"b.bin.sha256", sha256 + "  b.bin\n"},
        {"b.bin.sha256", sha256},
        {"b.bin.sha256", sha256 + " *./dir/b.bin\r\n"},
        {"b.bin.sha256", "SHA256 (b.bin) = " + sha256 + "\n"},
        {"b.bin.sha256", sha256 + "  /tmp/made-elsewhere\n"},
        {"b.bin.md5", md5 + "  b.bin\n"},
        {"SHA256SUMS", std::string(64, '0') + "  other\n" + sha256 + "  b.bin\n"},
    };
    for (const auto& [name, text] : forms) {
        Folder f;
        f.write("b.bin", "hello\n");
        f.write(name, text);
        INFO(name << ": " << text);
        const auto found = points(seen_by({.path = f / "b.bin", .verify = Depth::checksummed})).points.at(0);
        good(found, Depth::checksummed);
        good(points(seen_by({.path = f / "b.bin", .verify = Depth::listed})).points.at(0), Depth::exists);
    }
}

TEST_CASE("a wrong checksum beside a file breaks it, though its own format is whole") {
    Folder f;
    f.write("b.gz", packed("hello", Pack::gzip));
    f.write("b.gz.sha256", std::string(64, 'a') + "  b.gz\n");
    const auto point = proven(f, Depth::checksummed);
    CHECK(point.state == PointState::bad);
    CHECK_THAT(point.detail, StartsWith("its sha256 is ") && ContainsSubstring("b.gz.sha256 says aaaa"));
}

TEST_CASE("a checksum of the file's former content says nothing while the new one may be under way") {
    Folder f;
    f.write("b.bin", "hello again", 10min);
    f.write("b.bin.sha256", std::string(64, 'a'), 24h);
    good(proven(f, Depth::checksummed), Depth::exists);
    f.set_age("b.bin", 3h);
    bad(proven(f, Depth::checksummed), "it was written to after that");
}

TEST_CASE("a sidecar that cannot be read to its end proves nothing") {
    Folder f;
    f.write("b.gz", packed("hello", Pack::gzip));
    std::filesystem::create_symlink("/proc/self/mem", f / "b.gz.sha256");
    good(points(seen_by({.path = f / "b.gz", .verify = Depth::checksummed})).points.at(0), Depth::checksummed);
}

TEST_CASE("a sidecar without a checksum in it proves nothing") {
    Folder f;
    f.write("b.bin", "hello\n");
    f.write("b.bin.sha256", "still computing\n");
    good(proven(f, Depth::checksummed), Depth::exists);
}

TEST_CASE("a SQLite database is listed by its schema and proven by its integrity check") {
    Folder f;
    const auto whole = sqlite(f, 3000);
    good(proven("b.sqlite", whole, Depth::listed), Depth::listed);
    good(proven("b.sqlite", whole), Depth::checksummed);
    bad(proven("b.sqlite", cut(whole, 8192), Depth::listed), "SQLite");
    std::string corrupt = whole;
    corrupt.replace(whole.size() / 2, 2000, std::string(2000, '\x55'));
    bad(proven("b.sqlite", corrupt), "SQLite");
}

TEST_CASE("a SQLite database whose log lies beside it proves nothing, and nothing is written beside it") {
    Folder f;
    const auto whole = sqlite(f, 10);
    f.write("b.sqlite", whole);
    f.write("b.sqlite-wal", "x");
    good(points(seen_by({.path = f / "b.sqlite", .verify = Depth::checksummed})).points.at(0), Depth::exists);
}

TEST_CASE("a pg_restore that is killed says nothing of the dump") {
    const PgRestore killed{"kill -9 $$"};
    good(proven("b.dump", "PGDMP" + noise(1000), Depth::listed), Depth::exists);
}

TEST_CASE("pg_dump's own format is listed by pg_restore, and its missing data is found by reading it") {
    const auto dump = data("files/orders.dump");
    good(proven("b.dump", dump, Depth::listed), Depth::listed);
    good(proven("b.dump", dump), Depth::listed);
    bad(proven("b.dump", dump.substr(0, 300), Depth::listed), "pg_dump archive: pg_restore: error");
    bad(proven("b.dump", cut(dump, 200)), "pg_dump archive: pg_restore: error");
}

TEST_CASE("a dump of a newer pg_dump than we have is not called broken") {
    std::string dump = data("files/orders.dump");
    dump[6] = 99; // minor version of the format
    good(proven("b.dump", dump), Depth::exists);
}

TEST_CASE("what was proven is remembered, and read again only when it or its checksum changes") {
    Folder f;
    f.write("b.gz", packed("hello", Pack::gzip), 2h);
    worker::files::Options options{.path = f / "b.gz", .verify = Depth::checksummed};
    options.cursor = seen_by(options).cursor;
    options.verify_budget = 0;
    good(points(seen_by(options)).points[0], Depth::checksummed);

    f.write("b.gz", packed("hello, world", Pack::gzip), 1h);
    good(points(seen_by(options)).points[0], Depth::exists);

    options.verify_budget = 1 << 20;
    options.cursor = seen_by(options).cursor;
    f.write("b.gz.sha256", std::string(64, 'a'));
    CHECK(points(seen_by(options)).points[0].state == PointState::bad);
}

TEST_CASE("a folder that is too large to be added up is proven once, too") {
    Folder f;
    f.write("b/toc.dat", "PGDMP");
    f.set_age("b", 1h);
    const PgRestore counting{"echo called >>'" + f / "calls" + "'"};
    worker::files::Options options{.path = f / "b", .verify = Depth::listed, .entries = 0};
    for (int run = 0; run < 3; ++run) {
        const auto seen = seen_by(options);
        good(points(seen).points.at(0), Depth::listed);
        options.cursor = seen.cursor;
    }
    CHECK(read_bytes(f / "calls") == "called\n");
}

TEST_CASE("a run reads no more than its budget, the newest first, and the next one goes on") {
    Folder f;
    const auto bytes = packed(noise(10'000), Pack::gzip);
    for (int i = 0; i < 4; ++i)
        f.write("b" + std::to_string(i) + ".gz", bytes, 1h * (i + 1));
    worker::files::Options options{.path = f / "b*", .verify = Depth::checksummed};
    options.verify_budget = bytes.size() * 2;
    const auto first = seen_by(options);
    const auto proven_of = [](const core::Seen& seen) {
        std::string names;
        for (const auto& point : points(seen).points)
            if (point.depth == Depth::checksummed)
                names += point.id + " ";
        return names;
    };
    CHECK(proven_of(first) == "b1.gz b0.gz ");
    options.cursor = first.cursor;
    CHECK(proven_of(seen_by(options)) == "b3.gz b2.gz b1.gz b0.gz ");
}

TEST_CASE("a file too large for one run does not keep the others from being proven") {
    Folder f;
    f.write("b-large.gz", packed(noise(100'000), Pack::gzip), 1h);
    f.write("b-small.gz", packed("hello", Pack::gzip), 2h);
    const auto found = points(seen_by({.path = f / "b*", .verify = Depth::listed, .verify_budget = 1000}));
    good(found.points[0], Depth::listed);
    good(found.points[1], Depth::exists);
    CHECK(found.points[1].detail == "not proven: it is larger than verify_budget");
}

TEST_CASE("a file that no run gets to is told to be unproven, once two have not") {
    Folder f;
    const auto bytes = packed(noise(10'000), Pack::gzip);
    for (const char* name : {"b0.gz", "b1.gz"})
        f.write(name, bytes, 1h);
    worker::files::Options options{.path = f / "b*", .verify = Depth::checksummed};
    options.verify_budget = bytes.size();
    options.of_kind = [](worker::files::Source&) { return worker::files::unfinished(); };
    const auto details = [&] {
        const auto seen = seen_by(options);
        options.cursor = seen.cursor;
        std::set<std::string> told;
        for (const auto& point : points(seen).points) {
            good(point, Depth::exists);
            told.insert(point.detail);
        }
        return told;
    };
    CHECK(details() == std::set<std::string>{""});
    CHECK(details() ==
          std::set<std::string>{"not proven: neither this run nor the last had the time or the budget to read it"});
}

TEST_CASE("a stream of zstd may begin with a frame that is passed over, as pzstd writes it") {
    const std::string frame{"\x50\x2a\x4d\x18\x04\0\0\0\x10\0\0\0", 12};
    good(proven("b.sql.zst", frame + packed("hello", Pack::zstd), Depth::listed), Depth::exists);
    bad(proven("b.sql.zst", "no such thing", Depth::listed), "named like zstd");
}

TEST_CASE("a tar that is compressed is proven as what it is, whatever its name says") {
    good(proven("b.tar", tar(kFiles, Pack::gzip), Depth::checksummed), Depth::checksummed);
    bad(proven("b.tar", cut(tar(kFiles, Pack::gzip)), Depth::checksummed), "");
}

TEST_CASE("what could not be read is told when the next run cannot read it either, and is tried again by each") {
    using worker::files::Proof;
    static bool broken;
    Folder f;
    f.write("b", "content");
    worker::files::Options options{.path = f / "b", .verify = Depth::checksummed};
    options.of_kind = [](worker::files::Source&) {
        return broken ? worker::files::unreadable("cannot be read: Stale file handle")
                      : Proof{Depth::checksummed, PointState::good, {}, true};
    };
    const auto look_again = [&] {
        const auto seen = seen_by(options);
        options.cursor = seen.cursor;
        return points(seen).points.at(0);
    };
    broken = true;
    good(look_again(), Depth::exists);
    bad(look_again(), "Stale file handle");
    bad(look_again(), "Stale file handle");
    broken = false;
    good(look_again(), Depth::checksummed);
}

TEST_CASE("one that was not reached before is no worse for an error that is met once") {
    static bool broken;
    Folder f;
    f.write("b", "content");
    worker::files::Options options{.path = f / "b", .verify = Depth::checksummed};
    options.of_kind = [](worker::files::Source&) {
        return broken ? worker::files::unreadable("cannot be read: Stale file handle") : worker::files::unfinished();
    };
    const auto look_again = [&] {
        const auto seen = seen_by(options);
        options.cursor = seen.cursor;
        return points(seen).points.at(0);
    };
    broken = false;
    good(look_again(), Depth::exists);
    broken = true;
    good(look_again(), Depth::exists);
    bad(look_again(), "Stale file handle");
}

TEST_CASE("what breaks off with an error while it is read is unreadable, and no word on what is in it") {
    // A folder opens like a file, and then gives EISDIR.
    Folder f;
    HandClock hand;
    const auto clock = hand.clock();
    worker::files::Budget budget{1 << 20, hand.now + 1min, clock};
    const worker::files::Checksum sum{"sha256", std::string(64, 'a'), "b.sha256", 0};
    const auto proof = worker::files::prove(f.path(), {}, Depth::checksummed, sum, budget);
    CHECK(proof.unreadable);
    CHECK_THAT(proof.detail, StartsWith("cannot be read: "));
    // That it does not begin like what it is named after is not known either.
    f.write("something", "so that the folder has a size everywhere");
    struct stat seen{};
    REQUIRE(::stat(f.path().c_str(), &seen) == 0);
    worker::files::File file;
    file.name = "b.gz";
    file.size = static_cast<std::uint64_t>(seen.st_size);
    file.mtime = worker::files::mtime_of(seen);
    CHECK(worker::files::prove(f.path(), file, Depth::listed, {}, budget).unreadable);
}

TEST_CASE("a checksum of a kind that this system does not compute proves nothing, and is no damage") {
    Folder f;
    f.write("b", "content");
    HandClock hand;
    const auto clock = hand.clock();
    worker::files::Budget budget{1 << 20, hand.now + 1min, clock};
    struct stat seen{};
    REQUIRE(::stat((f / "b").c_str(), &seen) == 0);
    worker::files::File file;
    file.name = "b";
    file.size = static_cast<std::uint64_t>(seen.st_size);
    file.mtime = worker::files::mtime_of(seen);
    const worker::files::Checksum sum{"none that there is", std::string(32, 'a'), "b.md5", 0};
    const auto proof = worker::files::prove(f / "b", file, Depth::checksummed, sum, budget);
    CHECK(proof.state == PointState::good);
    CHECK(proof.depth == Depth::exists);
    CHECK(proof.detail == "not proven: this system computes no none that there is");
}

TEST_CASE("when the time is up the rest is left for the next run") {
    Folder f;
    f.write("b.gz", packed("hello", Pack::gzip));
    worker::files::Options options{.path = f / "b*", .verify = Depth::listed};
    options.time_limit = 0s;
    const auto late = seen_by(options);
    good(points(late).points[0], Depth::exists);
    options.time_limit = 60s;
    options.cursor = late.cursor;
    good(points(seen_by(options)).points[0], Depth::listed);
}
