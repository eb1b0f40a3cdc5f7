// SPDX-License-Identifier: Apache-2.0
// What the disk, or the machine, did not give says nothing of a backup: neither that it is good nor that it is bad.
// What is wrong in a backup itself is in proof_test.cpp.
#include "tests/worker/folder.hpp"

#include "worker/files/formats.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using core::Depth;
using core::PointState;
using worker::files::Proof;

namespace {

/// So many reads until one fails, as on a file server that restarts; those after it work again.
int reads_before_error = 0;

ssize_t read_from_failing_disk(int fd, void* to, std::size_t size, off_t at) {
    if (reads_before_error-- == 0) {
        errno = EIO;
        return -1;
    }
    return ::pread(fd, to, size, at);
}

/// While it is there, SQLite reads all files by `how`.
class SqliteReadsBy {
  public:
    explicit SqliteReadsBy(worker::files::ReadAt how) { use(reinterpret_cast<sqlite3_syscall_ptr>(how)); }
    ~SqliteReadsBy() { use(nullptr); }
    SqliteReadsBy(const SqliteReadsBy&) = delete;
    SqliteReadsBy& operator=(const SqliteReadsBy&) = delete;

  private:
    static void use(sqlite3_syscall_ptr call) {
        sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
        // Whoever builds SQLite chooses between them.
        for (const char* name : {"pread", "pread64"})
            vfs->xSetSystemCall(vfs, name, call);
    }
};

/// Enough to read, and much time.
struct Plenty {
    HandClock hand;
    worker::files::Clock clock = hand.clock();
    worker::files::Budget budget{std::uint64_t{1} << 40U, hand.now + 1min, clock};
};

std::uint64_t size_of(const std::string& path) {
    struct stat seen{};
    REQUIRE(::stat(path.c_str(), &seen) == 0);
    return static_cast<std::uint64_t>(seen.st_size);
}

/// As the walk finds it.
worker::files::File listed(const std::string& path) {
    struct stat seen{};
    REQUIRE(::stat(path.c_str(), &seen) == 0);
    worker::files::File file;
    file.name = path.substr(path.rfind('/') + 1);
    file.size = static_cast<std::uint64_t>(seen.st_size);
    file.mtime = worker::files::mtime_of(seen);
    return file;
}

/// A database of some twenty pages, and an index.
std::string small_database(Folder& f) {
    std::string path = f / "b.sqlite";
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db,
                         "CREATE TABLE t(a PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 "
                         "FROM n WHERE i < 500) INSERT INTO t SELECT i, hex(zeroblob(50)) FROM n;",
                         nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
    f.set_age("b.sqlite", 1h);
    return path;
}

std::string dump_folder(Folder& f) {
    f.write("b/toc.dat", "PGDMP");
    f.write("b/3001.dat.gz", "a table");
    f.set_age("b", 1h);
    return f / "b";
}

/// `prove` with each of its reads failing once, until none of them does: whichever it is, nothing is known.
template <class Prove>
void check_each_read(Prove prove) {
    int failing = 0;
    for (;; ++failing) {
        INFO("with read " << failing << " failing");
        REQUIRE(failing < 10'000);
        reads_before_error = failing;
        const Proof proof = prove();
        if (reads_before_error >= 0) {
            CHECK(proof.state == PointState::good);
            CHECK(proof.depth == Depth::checksummed);
            break;
        }
        CHECK(proof.unreadable);
        CHECK_THAT(proof.detail, StartsWith("cannot be read: "));
    }
    CHECK(failing > 2);
}

} // namespace

TEST_CASE("a zip archive of which a part cannot be read is not told to be broken, whichever part it is") {
    Folder f;
    const std::string path = f.write("b.zip", zip({{"a", noise(1'500'000)}, {"b", noise(50'000)}}));
    Plenty plenty;
    check_each_read([&] { return worker::files::prove_zip(path, true, plenty.budget, read_from_failing_disk); });
    CHECK(worker::files::prove_zip(f / "removed.zip", true, plenty.budget).unreadable);
}

TEST_CASE("a zip archive that points behind its end is broken, not unreadable") {
    // APPNOTE.TXT 4.3.16 and 4.3.12: where the central directory begins stands 6 bytes before the end, when there is no
    // comment; where a member does, 42 bytes into its entry there.
    const std::string whole = zip({{"a", noise(10'000)}});
    const std::size_t entry = whole.rfind("PK\x01\x02");
    REQUIRE(entry != std::string::npos);
    Folder f;
    Plenty plenty;
    for (const std::size_t at : {whole.size() - 6, entry + 42}) {
        INFO(at);
        std::string bytes = whole;
        bytes.replace(at, 4, "\xff\xff\xff\x7f");
        const Proof proof = worker::files::prove_zip(f.write("b.zip", bytes), true, plenty.budget);
        CHECK(proof.state == PointState::bad);
        CHECK_FALSE(proof.unreadable);
    }
}

TEST_CASE("a zip archive that is too large for the time there is says nothing") {
    Folder f;
    const std::string path = f.write("b.zip", zip({{"a", noise(10'000)}}));
    HandClock hand;
    const auto clock = hand.clock();
    worker::files::Budget late{std::uint64_t{1} << 40U, hand.now, clock};
    const Proof proof = worker::files::prove_zip(path, true, late);
    CHECK_FALSE(proof.finished);
    CHECK(proof.state == PointState::good);
}

TEST_CASE("a SQLite database of which a page cannot be read is not told to be broken, whichever page it is") {
    Folder f;
    const std::string path = small_database(f);
    Plenty plenty;
    {
        const SqliteReadsBy failing(read_from_failing_disk);
        check_each_read([&] { return worker::files::prove_sqlite(path, size_of(path), true, plenty.budget); });
        // The header, that is.
        reads_before_error = 0;
        CHECK(worker::files::prove_sqlite(path, size_of(path), false, plenty.budget).unreadable);
    }
    const Proof removed = worker::files::prove_sqlite(f / "removed.sqlite", 4096, true, plenty.budget);
    CHECK(removed.unreadable);
    CHECK_THAT(removed.detail, StartsWith("cannot be read: "));
}

TEST_CASE("a SQLite database is not told to be broken for want of memory, however much is missing") {
    Folder f;
    const std::string path = small_database(f);
    Plenty plenty;
    const sqlite3_int64 used = sqlite3_memory_used();
    int short_of_it = 0;
    for (sqlite3_int64 more = 1;; more += 2048) {
        INFO("with " << more << " bytes");
        REQUIRE(more < 64'000'000);
        sqlite3_hard_heap_limit64(used + more);
        const Proof proof = worker::files::prove_sqlite(path, size_of(path), true, plenty.budget);
        sqlite3_hard_heap_limit64(0);
        CHECK(proof.state == PointState::good);
        if (proof.finished) {
            CHECK(proof.depth == Depth::checksummed);
            break;
        }
        ++short_of_it;
    }
    CHECK(short_of_it > 5);
}

TEST_CASE("a file that is replaced while it is read is left for the next run") {
    Folder f;
    const std::string path = small_database(f);
    const auto file = listed(path);
    f.write("next", "something else");
    static std::string from;
    static std::string to;
    from = f / "next";
    to = path;
    const SqliteReadsBy replacing([](int fd, void* bytes, std::size_t size, off_t at) {
        std::rename(from.c_str(), to.c_str());
        return ::pread(fd, bytes, size, at);
    });
    Plenty plenty;
    CHECK_FALSE(worker::files::prove(path, file, Depth::checksummed, {}, plenty.budget).finished);
}

TEST_CASE("what pg_restore says of the disk, or of memory, is no word against a dump; what it says of the dump is") {
    enum class Said : std::uint8_t { unreadable, bad, not_proven };
    struct Case {
        const char* err;
        Said said;
    };
    const std::vector<Case> cases{
        {"could not read from input file: Input/output error", Said::unreadable},
        {"could not open input file \"b/3001.dat.gz\": Stale file handle", Said::unreadable},
        {"could not close data file \"b/3001.dat.gz\": Connection timed out", Said::unreadable},
        {"could not open input file \"b/toc.dat\": Too many open files", Said::unreadable},
        {"out of memory", Said::unreadable},
        {"could not read from input file: out of memory", Said::unreadable},
        {"directory \"b\" does not appear to be a valid archive (\"toc.dat\" does not exist)", Said::unreadable},
        {"could not open input file \"b/3001.dat.gz\": Permission denied", Said::not_proven},
        {"could not open input file \"b/3001.dat.gz\": No such file or directory", Said::bad},
        {"could not read from input file: end of file", Said::bad},
        {"could not read from input file: invalid block type", Said::bad},
        {"could not read from input file: incorrect data check", Said::bad},
        {"input file does not appear to be a valid archive", Said::bad},
        {"could not find block ID 7 in archive -- possibly corrupt archive", Said::bad},
        {"entry named Input/output error is out of range", Said::bad},
    };
    Folder f;
    const std::string folder = dump_folder(f);
    const std::string file = f.write("b.dump", "PGDMP" + noise(1000));
    Plenty plenty;
    for (const auto& [err, said] : cases) {
        INFO(err);
        const PgRestore failing{"echo 'pg_restore: warning: first\npg_restore: error: " + std::string{err} +
                                "' >&2\nexit 1"};
        for (const std::string& path : {folder, file}) {
            worker::files::File as_listed = listed(path);
            if (path == folder)
                as_listed.kind = worker::files::FileKind::folder;
            const Proof proof = worker::files::prove(path, as_listed, Depth::checksummed, {}, plenty.budget);
            CHECK(proof.finished);
            CHECK(proof.unreadable == (said == Said::unreadable));
            CHECK(proof.state == (said == Said::not_proven ? PointState::good : PointState::bad));
            CHECK(proof.depth == Depth::exists);
            CHECK_THAT(proof.detail, ContainsSubstring(err));
        }
    }
}

TEST_CASE("a dump that is taken away while it is read is not told to be broken") {
    // Part by part, as rm does it.
    for (const char* part : {"/3001.dat.gz", "/toc.dat", ""}) {
        INFO(part);
        Folder f;
        dump_folder(f);
        const PgRestore too_late{"/bin/rm -r \"$2" + std::string{part} +
                                 "\"\necho 'pg_restore: error: could not open input file: No such file or directory' "
                                 ">&2\nexit 1"};
        const auto point = points(seen_by({.path = f / "b", .verify = Depth::checksummed})).points.at(0);
        CHECK(point.state == PointState::good);
        CHECK(point.depth == Depth::exists);
    }
    Folder f;
    f.write("b.dump", "PGDMP" + noise(1000));
    const PgRestore too_late{"/bin/rm \"$2\"\necho 'pg_restore: error: could not open input file: No such file' >&2\n"
                             "exit 1"};
    const auto point = points(seen_by({.path = f / "b.dump", .verify = Depth::checksummed})).points.at(0);
    CHECK(point.state == PointState::good);
    CHECK(point.depth == Depth::exists);
}

TEST_CASE("pg_restore is made to speak English, whatever the host speaks") {
    Folder f;
    dump_folder(f);
    const PgRestore failing{"[ \"$LC_ALL\" = C ] && echo ': Input/output error' >&2 || echo ': Fehler' >&2\nexit 1"};
    const char* before = std::getenv("LC_ALL");
    const std::string kept = before ? before : "";
    ::setenv("LC_ALL", "de_DE.UTF-8", 1);
    const auto seen = seen_by({.path = f / "b", .verify = Depth::listed});
    if (before)
        ::setenv("LC_ALL", kept.c_str(), 1);
    else
        ::unsetenv("LC_ALL");
    CHECK(points(seen).points.at(0).state == PointState::good);
}
