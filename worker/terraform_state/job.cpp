// SPDX-License-Identifier: Apache-2.0
#include "worker/terraform_state/job.hpp"

#include "core/config/values.hpp"
#include "io/fd.hpp"
#include "io/json.hpp"
#include "worker/all.hpp"
#include "worker/terraform_state/state.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

namespace recoverd::worker::terraform_state {

namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10U;
/// Terraform's local backend empties the file and writes it anew, in place. That takes moments.
constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kPause{250};
/// A lock's information is a few hundred bytes.
constexpr std::size_t kMaxLock = std::size_t{64} << 10U;

struct Opened {
    io::Fd fd;
    struct stat status{};
};

core::Failure unreadable(const std::string& path, int error) {
    const bool refused = error == EACCES || error == EPERM;
    return {refused ? core::FailureKind::refused : core::FailureKind::unreachable,
            fmt::format("'{}' cannot be read: {}", path, std::generic_category().message(error))};
}

/// Nothing when there is no such file in a folder that is there.
core::Result<std::optional<Opened>> open_file(const std::string& path) {
    Opened opened{io::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)}, {}};
    if (!opened.fd) {
        const int error = errno;
        std::error_code ignored;
        if (error == ENOENT && std::filesystem::is_directory(std::filesystem::path{path}.parent_path(), ignored))
            return std::nullopt;
        return std::unexpected(unreadable(path, error));
    }
    if (::fstat(opened.fd.get(), &opened.status) != 0)
        return std::unexpected(unreadable(path, errno));
    if (!S_ISREG(opened.status.st_mode))
        return core::failed(core::FailureKind::misconfigured, fmt::format("expected a file, '{}' is none", path));
    return opened;
}

bool same(const struct stat& a, const struct stat& b) {
    return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

core::Time time_of(const struct stat& status) {
    constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
    return core::from_unix_seconds(status.st_mtim.tv_sec) +
           core::Duration{status.st_mtim.tv_nsec / kNanosecondsPerMillisecond};
}

struct Read {
    State state;
    core::Time modified_at;
};

/// Nothing when it was written to meanwhile.
core::Result<std::optional<Read>> read_once(const Opened& opened, const std::string& path) {
    std::vector<char> block(kBlock);
    int error = 0;
    State state = read_state([&]() -> std::string_view {
        ssize_t got = -1;
        while ((got = ::read(opened.fd.get(), block.data(), block.size())) < 0 && errno == EINTR) {
        }
        error = got < 0 ? errno : 0;
        return {block.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    });
    if (error != 0)
        return std::unexpected(unreadable(path, error));
    struct stat now{};
    if (::fstat(opened.fd.get(), &now) != 0 || !same(now, opened.status))
        return std::nullopt;
    return Read{std::move(state), time_of(opened.status)};
}

/// The file once it is left alone and whole, or as it is after some attempts. Nothing when there is none.
core::Result<std::optional<Read>> read_settled(const std::string& path, std::uint64_t max_size,
                                               const std::function<void()>& pause) {
    std::optional<Read> last;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (attempt > 0)
            pause();
        const auto opened = open_file(path);
        if (!opened)
            return std::unexpected(opened.error());
        if (!*opened)
            return std::nullopt;
        if (static_cast<std::uint64_t>((*opened)->status.st_size) > max_size)
            return core::failed(
                core::FailureKind::bad_answer,
                fmt::format("expected at most {} bytes, found {} in '{}'", max_size, (*opened)->status.st_size, path));
        auto read = read_once(**opened, path);
        if (!read)
            return std::unexpected(read.error());
        if (*read)
            last = std::move(**read);
        if (last && last->state.fault.empty())
            return last;
    }
    if (!last)
        return core::failed(core::FailureKind::bad_answer,
                            fmt::format("'{}' was written to each time it was being read", path));
    return last;
}

/// The text beside it that tells of a lock, and when it was written; null when there is none, nothing when nobody can
/// tell. Terraform lets nobody but its owner read it, which does not hide that it is there.
void write_lock(const std::string& path, io::JsonWriter& out) {
    const std::filesystem::path state{path};
    const std::string lock = (state.parent_path() / ("." + state.filename().string() + ".lock.info")).string();
    std::string text;
    const auto opened = open_file(lock);
    struct stat status{};
    if (opened && *opened) {
        status = (*opened)->status;
        text.resize(kMaxLock);
        const ssize_t got = ::read((*opened)->fd.get(), text.data(), text.size());
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    } else if (opened) {
        out.key("lock").null();
        return;
    } else if (::stat(lock.c_str(), &status) != 0) {
        return;
    }
    out.key("lock").begin_object();
    out.field("info", text).field("modified_at", core::config::format_time(time_of(status)));
    out.end_object();
}

void write_state(const State& state, io::JsonWriter& out) {
    out.field("bytes", state.bytes);
    if (!state.fault.empty()) {
        out.field("fault", state.fault);
        return;
    }
    out.field("sha256", state.sha256).field("md5", state.md5).field("encrypted", state.encrypted);
    if (state.serial)
        out.field("serial", *state.serial);
    if (!state.lineage.empty())
        out.field("lineage", state.lineage);
    if (state.resources)
        out.field("resources", *state.resources);
}

core::Result<std::string> look_at_file(const std::string& path, std::uint64_t max_size,
                                       const std::function<void()>& pause) {
    io::JsonWriter out;
    out.begin_object();
    // Before the state: an apply that ends in between took its lock away after its last write.
    write_lock(path, out);
    const auto read = read_settled(path, max_size, pause);
    if (!read)
        return std::unexpected(read.error());
    if (*read) {
        out.field("modified_at", core::config::format_time((*read)->modified_at));
        write_state((*read)->state, out);
    } else {
        out.field("missing", true);
    }
    return out.end_object().take();
}

core::Result<std::string> look_at_rest(std::istream& more) {
    std::vector<char> block(kBlock);
    const State state = read_state([&]() -> std::string_view {
        more.read(block.data(), static_cast<std::streamsize>(block.size()));
        return {block.data(), static_cast<std::size_t>(more.gcount())};
    });
    io::JsonWriter out;
    out.begin_object();
    write_state(state, out);
    return out.end_object().take();
}

} // namespace

core::Result<std::string> look(std::string_view options, std::istream& more, const std::function<void()>& pause) {
    const auto json = io::Json::parse(options);
    if (const auto& path = json["path"])
        return look_at_file(path.text(), json["max_size"].natural(), pause);
    return look_at_rest(more);
}

core::Result<std::string> run(std::string_view options, std::istream& more) {
    return look(options, more, [] { std::this_thread::sleep_for(kPause); });
}

} // namespace recoverd::worker::terraform_state
