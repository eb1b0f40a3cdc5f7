// SPDX-License-Identifier: Apache-2.0
#include "tests/worker/folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::FailureKind;
using core::PointState;

namespace {

std::vector<std::string> ids(const core::RecoveryPoints& points) {
    std::vector<std::string> found;
    for (const auto& point : points.points)
        found.push_back(point.id);
    return found;
}

std::vector<std::string> subjects(const core::Seen& seen) {
    std::vector<std::string> found;
    for (const auto& report : seen.subjects)
        found.push_back(report.subject);
    return found;
}

/// "2 since 48h"
std::string kept_words(const core::RecoveryPoints& points) {
    const auto hours = [](core::Time at) {
        return std::to_string(std::chrono::round<std::chrono::hours>(std::chrono::system_clock::now() - at).count());
    };
    return std::to_string(points.count) + (points.oldest_at ? " since " + hours(*points.oldest_at) + "h" : "");
}

/// What a process without root's rights sees: permissions mean nothing to root, as which tests may run.
core::Result<core::Seen> look_as_nobody(const worker::files::Options& options) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const uid_t nobody = 65534;
        if (::getuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0))
            ::_exit(9);
        const auto seen = look(options);
        std::string said = seen ? "seen" : std::string{core::name_of(seen.error().kind)} + " " + seen.error().detail;
        if (seen)
            for (const auto& report : seen->subjects)
                said += " " + report.subject + "=" +
                        (report.failure ? std::string{core::name_of(report.failure->kind)} : "") +
                        (report.evidence.empty() ? "" : kept_words(std::get<core::RecoveryPoints>(report.evidence[0])));
        (void)!::write(ends[1], said.data(), said.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    char block[4096];
    const ssize_t got = ::read(ends[0], block, sizeof block);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
    return core::failed(FailureKind::bad_answer, std::string(block, got > 0 ? static_cast<std::size_t>(got) : 0));
}

} // namespace

TEST_CASE("files that match become points, oldest first, with size, last write and the time in the name") {
    const Folder folder;
    Folder& f = const_cast<Folder&>(folder);
    f.write("orders-2026-01-02T03:04:05Z.dump", "12345", 2h);
    f.write("orders-b.dump", "123", 1h);
    f.write("other.txt", "x");
    const auto found = points(seen_by({.path = f / "orders-*.dump"}));
    CHECK(found.method == "file");
    CHECK(ids(found) == std::vector<std::string>{"orders-2026-01-02T03:04:05Z.dump", "orders-b.dump"});
    CHECK(found.count == 2);
    CHECK(found.points[0].size_bytes == 5);
    CHECK(found.points[0].data_at == core::Time{std::chrono::seconds{1'767'323'045}});
    CHECK(found.points[1].data_at == found.points[1].ended_at);
    CHECK(found.oldest_at == found.points[0].data_at);
    CHECK(found.points[0].depth == core::Depth::exists);
    CHECK(found.tells_jobs == core::Told::yes);
    CHECK(found.jobs.empty());
}

TEST_CASE("a folder without any match has no backups, and that is seen") {
    Folder f;
    const auto seen = seen_by({.path = f / "*.dump"});
    CHECK(seen.complete);
    CHECK(points(seen).count == 0);
}

TEST_CASE("a folder that is not there proves nothing: unreachable, not 'no backups'") {
    Folder f;
    const auto seen = look({.path = f / "not-mounted/*.dump"});
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::unreachable);
    CHECK_THAT(seen.error().detail, ContainsSubstring("not-mounted"));
}

TEST_CASE("a file where a folder should be is a mistake in the configuration") {
    Folder f;
    f.write("b", "x");
    const auto seen = look({.path = f / "b/*.dump"});
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("a folder that may not be read fails the run") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    f.write("closed/orders-1.dump", "x");
    ::chmod((f / "closed").c_str(), 0700);
    if (::getuid() != 0)
        ::chmod((f / "closed").c_str(), 0);
    CHECK_THAT(look_as_nobody({.path = f / "closed/*.dump"}).error().detail, ContainsSubstring("refused cannot read"));
    // Not even one of several: the list would have a hole that nobody sees.
    CHECK_THAT(look_as_nobody({.path = f / "*/*.dump"}).error().detail, ContainsSubstring("refused cannot read"));
    ::chmod((f / "closed").c_str(), 0755);
}

TEST_CASE("a series whose folder may not be read fails alone") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    f.write("orders/1.dump", "x");
    f.write("stock/1.dump", "x");
    ::chmod((f / "stock").c_str(), 0755);
    ::chmod((f / "orders").c_str(), ::getuid() == 0 ? 0700 : 0);
    CHECK(look_as_nobody({.path = f / "{subject}/*.dump"}).error().detail == "seen orders=refused stock=1 since 1h");
    ::chmod((f / "orders").c_str(), 0755);
}

TEST_CASE("a backup that is a folder and may not be read is no good one: it may be cut off or empty") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    f.write("base-1/base.tar", "x", 24h);
    f.make("base-2");
    // As pg_basebackup makes it, from the first moment on.
    ::chmod((f / "base-2").c_str(), ::getuid() == 0 ? 0700 : 0);
    const auto detail = look_as_nobody({.path = f / "base-*", .min_size = 1000}).error().detail;
    CHECK_THAT(detail, ContainsSubstring("refused cannot read the folder '" + f / "base-2" + "': Permission denied"));
    ::chmod((f / "base-2").c_str(), 0755);
}

TEST_CASE("a folder that may not be read and is older than a backup that was read blinds nobody") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    const auto close = [&](const std::string& name, core::Duration age) {
        f.make(name);
        f.set_age(name, age);
        ::chmod((f / name).c_str(), ::getuid() == 0 ? 0700 : 0);
    };
    close("orders-1", 48h);
    f.write("orders-2/base.tar", "x", 24h);
    f.set_age("orders-2", 24h);
    close("stock-1", 48h);
    f.write("stock-2/base.tar", "x", 24h);
    f.set_age("stock-2", 24h);
    close("stock-3", 1h);
    // It is there, whatever is in it, and tells how far back goes what is kept.
    CHECK(look_as_nobody({.path = f / "{subject}-*"}).error().detail == "seen orders=2 since 48h stock=refused");
    CHECK(look_as_nobody({.path = f / "orders-*"}).error().detail == "seen =2 since 48h");
    CHECK_THAT(look_as_nobody({.path = f / "stock-*"}).error().detail, ContainsSubstring("refused cannot read"));
    // What is no whole backup does not stand for one that may be.
    CHECK(look_as_nobody({.path = f / "{subject}-*", .min_size = 1000}).error().detail ==
          "seen orders=refused stock=refused");
    f.write("orders-2/base.tar", "", 24h);
    f.set_age("orders-2", 24h);
    CHECK(look_as_nobody({.path = f / "{subject}-*"}).error().detail == "seen orders=refused stock=refused");
    for (const auto* name : {"orders-1", "stock-1", "stock-3"})
        ::chmod((f / name).c_str(), 0755);
}

TEST_CASE("a series of folders fails alone when some of one, however deep, cannot be seen") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    f.write("orders-1/base/1/2", "x");
    f.write("parts-1/base/1/2", "x");
    f.write("stock-1/base/1/2", "x");
    // Not to be opened; to be listed, but no more.
    ::chmod((f / "orders-1/base/1").c_str(), ::getuid() == 0 ? 0700 : 0);
    ::chmod((f / "parts-1/base/1").c_str(), ::getuid() == 0 ? 0744 : 0400);
    CHECK(look_as_nobody({.path = f / "{subject}-*"}).error().detail ==
          "seen orders=refused parts=refused stock=1 since 0h");
    ::chmod((f / "orders-1/base/1").c_str(), 0755);
    ::chmod((f / "parts-1/base/1").c_str(), 0755);
}

TEST_CASE("fsck's own folder is no part of a backup that fills a file system") {
    Folder f;
    ::chmod(f.path().c_str(), 0755);
    f.write("orders-1/base.tar", "x");
    f.make("orders-1/lost+found");
    ::chmod((f / "orders-1/lost+found").c_str(), ::getuid() == 0 ? 0700 : 0);
    CHECK(look_as_nobody({.path = f / "{subject}-*"}).error().detail == "seen orders=1 since 0h");
    ::chmod((f / "orders-1/lost+found").c_str(), 0755);
}

TEST_CASE("forty series are told apart, each with its own points") {
    Folder f;
    for (int i = 0; i < 40; ++i)
        for (int day = 10; day < 13; ++day)
            f.write("db-" + std::to_string(i) + "-2026-10-" + std::to_string(day) + ".dump", "x");
    const auto seen = seen_by({.path = f / "{subject}-*.dump"});
    REQUIRE(seen.subjects.size() == 40);
    for (const auto& report : seen.subjects)
        CHECK(points(seen, report.subject).count == 3);
}

TEST_CASE("a series' folder without backups is reported as empty, and fsck's folder is no series") {
    Folder f;
    f.write("orders/1.dump", "x");
    f.make("stock");
    f.make("lost+found");
    f.make(".snapshots");
    const auto seen = seen_by({.path = f / "{subject}/*.dump"});
    CHECK(subjects(seen) == std::vector<std::string>{"orders", "stock"});
    CHECK(points(seen, "stock").count == 0);
    CHECK(ids(points(seen, "orders")) == std::vector<std::string>{"orders/1.dump"});
}

TEST_CASE("a pattern that never matched any series is a failure; one that did reports that all are gone") {
    Folder f;
    const worker::files::Options options{.path = f / "{subject}-*.dump"};
    const auto nothing = look(options);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().kind == FailureKind::bad_answer);
    f.write("orders-1.dump", "x");
    worker::files::Options again = options;
    again.cursor = seen_by(options).cursor;
    ::unlink((f / "orders-1.dump").c_str());
    const auto gone = seen_by(again);
    CHECK(gone.subjects.empty());
    CHECK(gone.complete);
}

TEST_CASE("a pattern that makes a series of every file is refused before it floods the alerts") {
    Folder f;
    for (int i = 0; i < 1001; ++i)
        f.write("a" + std::to_string(i), "x");
    const auto seen = look({.path = f / "{subject}"});
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("what programs have not finished, hide, or put beside a backup is not a backup") {
    Folder f;
    f.write("orders.dump", "x");
    for (const auto* name :
         {".orders.dump", "orders.dump.sha256", "orders.dump.sha512", "orders.dump.sha1", "orders.dump.md5",
          "SHA256SUMS", "SHA512SUMS", "SHA1SUMS", "MD5SUMS", "orders.dump.asc", "orders.dump.sig",
          "orders.dump.minisig", "orders.dump.part", "orders.dump.tmp", "orders.dump.partial"})
        f.write(name, "x");
    CHECK(ids(points(seen_by({.path = f / "*"}))) == std::vector<std::string>{"orders.dump"});
}

TEST_CASE("a link to a backup beside it is not a second backup; a link to another file is one") {
    Folder f;
    Folder elsewhere;
    f.write("orders-1.dump", "12");
    f.link("orders-1.dump", "orders-latest.dump");
    f.link(elsewhere.write("far.dump", "123"), "orders-2.dump");
    const auto found = points(seen_by({.path = f / "orders-*.dump"}));
    auto names = ids(found);
    std::ranges::sort(names);
    CHECK(names == std::vector<std::string>{"orders-1.dump", "orders-2.dump"});
}

TEST_CASE("a link to nothing and a link to itself are told as broken backups") {
    Folder f;
    f.link("gone.dump", "a.dump");
    f.link("b.dump", "b.dump");
    const auto found = points(seen_by({.path = f / "*.dump"}));
    REQUIRE(found.points.size() == 2);
    for (const auto& point : found.points) {
        CHECK(point.state == PointState::bad);
        CHECK(point.detail == "a symbolic link that leads to no file");
        CHECK_FALSE(point.size_bytes);
    }
    CHECK_FALSE(found.oldest_at);
}

TEST_CASE("links to folders make no loop below **") {
    Folder f;
    f.write("a/b/1.dump", "x");
    f.link("..", "a/up");
    f.link(".", "here");
    CHECK(ids(points(seen_by({.path = f / "**/*.dump"}))) == std::vector<std::string>{"a/b/1.dump"});
}

TEST_CASE("pipes, sockets and devices are never opened") {
    Folder f;
    REQUIRE(::mkfifo((f / "orders.dump").c_str(), 0600) == 0);
    CHECK(points(seen_by({.path = f / "*.dump", .verify = core::Depth::checksummed})).count == 0);
    f.link("/dev/zero", "zero.dump");
    CHECK(points(seen_by({.path = f / "*.dump", .verify = core::Depth::checksummed})).count == 0);
}

TEST_CASE("a folder that matches is one backup with the size of all that is in it") {
    Folder f;
    f.write("base-2026-10-01/base.tar", std::string(1000, 'x'), 3h);
    f.write("base-2026-10-01/deep/er/wal.tar", std::string(24, 'x'), 2h);
    f.set_age("base-2026-10-01", 48h);
    const auto found = points(seen_by({.path = f / "base-*"}));
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].size_bytes == 1024);
    CHECK(found.points[0].ended_at >
          core::Time{std::chrono::floor<core::Duration>(std::chrono::system_clock::now() - 3h)});
}

TEST_CASE("names with odd bytes do not break the answer") {
    Folder f;
    f.write("b\xff\n\"-1.dump", "x");
    f.write("b\xfe\n\"-1.dump", "x");
    const auto seen = seen_by({.path = f / "{subject}-*.dump"});
    CHECK(subjects(seen) == std::vector<std::string>{"b\\xfe\\x0a\"", "b\\xff\\x0a\""});
}

TEST_CASE("a backup smaller than promised is broken, and does not count as the oldest") {
    Folder f;
    f.write("orders-1.dump", "12", 4h);
    f.write("orders-2.dump", std::string(100, 'x'), 2h);
    const auto found = points(seen_by({.path = f / "*.dump", .min_size = 100}));
    CHECK(found.points[0].state == PointState::bad);
    CHECK(found.points[0].detail == "2 bytes, expected 100B at least");
    CHECK(found.points[1].state == PointState::good);
    CHECK(found.oldest_at == found.points[1].data_at);
}

TEST_CASE("a file of no bytes is a job that failed, not a backup") {
    Folder f;
    f.write("orders-1.dump", "x", 26h);
    f.write("orders-2.dump", "", 2h);
    const auto found = points(seen_by({.path = f / "*.dump"}));
    CHECK(ids(found) == std::vector<std::string>{"orders-1.dump"});
    REQUIRE(found.jobs.size() == 1);
    CHECK(found.jobs[0].state == core::JobState::failed);
    CHECK(found.jobs[0].detail == "orders-2.dump is empty");
    CHECK(found.jobs[0].ended_at > found.points[0].ended_at);
}

TEST_CASE("of many files the newest 200 are shown, all are counted, and the oldest is known") {
    Folder f;
    for (int i = 0; i < 250; ++i)
        f.write("o-" + std::to_string(i) + ".dump", "x", 1h * (i + 1));
    const auto found = points(seen_by({.path = f / "*.dump"}));
    CHECK(found.points.size() == core::kMaxPoints);
    CHECK(found.count == 250);
    CHECK(found.points.back().id == "o-0.dump");
    CHECK(found.points.front().id == "o-199.dump");
    CHECK(found.oldest_at < found.points.front().data_at);
}

TEST_CASE("a time in the future is passed on as it is") {
    Folder f;
    f.write("orders.dump", "x", -48h);
    const auto found = points(seen_by({.path = f / "*.dump"}));
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].ended_at >
          core::Time{std::chrono::floor<core::Duration>(std::chrono::system_clock::now() + 47h)});
    CHECK(found.points[0].state == PointState::good);
}

TEST_CASE("an encrypted backup is known by its name") {
    Folder f;
    f.write("a.dump.gpg", "x");
    f.write("b.dump", "x");
    const auto found = points(seen_by({.path = f / "*"}));
    for (const auto& point : found.points)
        CHECK(point.encrypted == (point.id == "a.dump.gpg" ? core::Told::yes : core::Told::not_told));
}
