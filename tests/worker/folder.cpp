// SPDX-License-Identifier: Apache-2.0
#include "tests/worker/folder.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

namespace recoverd::test {

namespace fs = std::filesystem;

Folder::Folder() {
    std::string name = (fs::temp_directory_path() / "recoverd-files-XXXXXX").string();
    if (!::mkdtemp(name.data()))
        throw std::runtime_error("cannot make a folder for the test");
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& bytes, core::Duration age) {
    const std::string path = *this / name;
    fs::create_directories(fs::path{path}.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    set_age(name, age);
    return path;
}

void Folder::make(const std::string& name) { fs::create_directories(*this / name); }

void Folder::link(const std::string& target, const std::string& name) { fs::create_symlink(target, *this / name); }

void Folder::set_age(const std::string& name, core::Duration age) {
    using namespace std::chrono;
    const auto at = system_clock::now().time_since_epoch() - age;
    const auto whole = floor<seconds>(at);
    const timespec time{whole.count(), duration_cast<nanoseconds>(at - whole).count()};
    const timespec both[2] = {time, time};
    if (::utimensat(AT_FDCWD, (*this / name).c_str(), both, AT_SYMLINK_NOFOLLOW) != 0)
        throw std::runtime_error("cannot set the time of " + name);
}

std::string read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

PgRestore::PgRestore(const std::string& lines) {
    const std::string program = folder_.write("pg_restore", "#!/bin/sh\n" + lines + "\n");
    fs::permissions(program, fs::perms::owner_all);
    const char* path = std::getenv("PATH");
    path_before_ = path ? path : "";
    ::setenv("PATH", folder_.path().c_str(), 1);
}

PgRestore::~PgRestore() { ::setenv("PATH", path_before_.c_str(), 1); }

namespace {

void add_filter(archive* a, Pack pack) {
    switch (pack) {
    case Pack::none:
        break;
    case Pack::gzip:
        archive_write_add_filter_gzip(a);
        break;
    case Pack::zstd:
        archive_write_add_filter_zstd(a);
        break;
    case Pack::xz:
        archive_write_add_filter_xz(a);
        break;
    case Pack::bzip2:
        archive_write_add_filter_bzip2(a);
        break;
    }
}

std::string archived(const std::vector<std::pair<std::string, std::string>>& files, Pack pack,
                     int (*set_format)(archive*)) {
    std::string out(std::size_t{64} << 20U, '\0');
    std::size_t used = 0;
    archive* a = archive_write_new();
    set_format(a);
    add_filter(a, pack);
    archive_write_set_bytes_in_last_block(a, 1);
    archive_write_open_memory(a, out.data(), out.size(), &used);
    for (const auto& [name, content] : files) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        archive_write_header(a, entry);
        archive_write_data(a, content.data(), content.size());
        archive_entry_free(entry);
    }
    const int closed = archive_write_close(a);
    archive_write_free(a);
    if (closed != ARCHIVE_OK)
        throw std::runtime_error("cannot make the test's archive");
    out.resize(used);
    return out;
}

} // namespace

std::string tar(const std::vector<std::pair<std::string, std::string>>& files, Pack pack) {
    return archived(files, pack, archive_write_set_format_ustar);
}

std::string zip(const std::vector<std::pair<std::string, std::string>>& files) {
    return archived(files, Pack::none, archive_write_set_format_zip);
}

std::string packed(const std::string& content, Pack pack) {
    return archived({{"data", content}}, pack, archive_write_set_format_raw);
}

std::string noise(std::size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (char& c : bytes)
        c = static_cast<char>(random());
    return bytes;
}

HandClock::HandClock() : now(std::chrono::floor<core::Duration>(std::chrono::system_clock::now())) {}

worker::files::Clock HandClock::clock() {
    return {[this] { return now; },
            [this](core::Duration duration) {
                now += duration;
                slept += duration;
                if (meanwhile)
                    meanwhile();
            }};
}

core::Result<core::Seen> look(const worker::files::Options& options) {
    HandClock hand;
    return worker::files::look(options, hand.clock());
}

core::Seen seen_by(const worker::files::Options& options) {
    auto seen = look(options);
    INFO((seen ? std::string{} : seen.error().detail));
    REQUIRE(seen);
    return *std::move(seen);
}

core::RecoveryPoints points(const core::Seen& seen, const std::string& subject) {
    for (const auto& report : seen.subjects)
        if (report.subject == subject) {
            REQUIRE(report.evidence.size() == 1);
            return std::get<core::RecoveryPoints>(report.evidence[0]);
        }
    FAIL("no subject '" << subject << "'");
    return {};
}

} // namespace recoverd::test
