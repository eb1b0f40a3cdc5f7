// SPDX-License-Identifier: Apache-2.0
#include "agent/report/spool.hpp"

#include "io/fd.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace recoverd::agent {

namespace {

constexpr std::string_view kWaiting = ".json";
constexpr std::string_view kRefused = ".refused";
/// A daemon takes 1 MiB; quoted once more it is no larger than this.
constexpr std::size_t kLargest = std::size_t{8} << 20U;

std::unexpected<std::string> failed(std::string_view what, const std::string& path) {
    return std::unexpected(fmt::format("cannot {} '{}': {}", what, path, std::generic_category().message(errno)));
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string to_text(const Spooled& spooled) {
    io::JsonWriter out;
    out.begin_object().field("url", spooled.url).field("body", spooled.body).end_object();
    return out.take() + "\n";
}

} // namespace

std::expected<void, std::string> Spool::put(const Spooled& spooled) {
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
        return failed("make folder", folder_);
    // Names in the order of time, and no two alike.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string path =
        fmt::format("{}/{:020}-{}-{}", folder_, std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(),
                    ::getpid(), count_++);
    const std::string unfinished = path + ".part";
    const io::Fd file{::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file)
        return failed("write", unfinished);
    if (!write_all(file.get(), to_text(spooled)) || ::fsync(file.get()) != 0 ||
        ::rename(unfinished.c_str(), (path + std::string{kWaiting}).c_str()) != 0) {
        auto failure = failed("write", unfinished);
        ::unlink(unfinished.c_str());
        return failure;
    }
    const io::Fd folder{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder || ::fsync(folder.get()) != 0)
        return failed("write", folder_);
    return {};
}

namespace {

/// What another user left is sent by nobody else, root included: it would go out with a right that it never had.
bool ours(const std::filesystem::path& path) {
    struct ::stat status{};
    return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
}

} // namespace

std::vector<std::string> Spool::names() const {
    std::vector<std::string> names;
    std::error_code failed;
    for (std::filesystem::directory_iterator it{folder_, failed}, end; !failed && it != end; it.increment(failed))
        if (std::string name = it->path().filename().string(); name.ends_with(kWaiting) && ours(it->path()))
            names.push_back(std::move(name));
    std::ranges::sort(names);
    return names;
}

std::expected<std::optional<Spooled>, std::string> Spool::read(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    const io::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    if (!file && errno == ENOENT)
        return std::nullopt;
    if (!file)
        return failed("read", path);
    // Not what was put there under its name since it was listed.
    struct ::stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid())
        return std::nullopt;
    std::string text;
    char buffer[4096];
    ssize_t count = 0;
    while (text.size() <= kLargest && (count = ::read(file.get(), buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<std::size_t>(count));
    if (count < 0)
        return failed("read", path);
    if (text.size() > kLargest) {
        set_aside(name);
        return std::unexpected(fmt::format("cannot read '{}', which is set aside: it is no report of ours", path));
    }
    try {
        const io::Json json = io::Json::parse(text);
        return Spooled{json["url"].text(), json["body"].text()};
    } catch (const io::BadDocument& bad) {
        set_aside(name);
        return std::unexpected(fmt::format("cannot read '{}', which is set aside: {}", path, bad.what()));
    }
}

void Spool::remove(const std::string& name) { ::unlink((folder_ + "/" + name).c_str()); }

void Spool::set_aside(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    ::rename(path.c_str(), (path + std::string{kRefused}).c_str());
}

} // namespace recoverd::agent
