// SPDX-License-Identifier: Apache-2.0
#include "io/scratch_folders.hpp"

#include "io/fd.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>

namespace recoverd::io {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "recoverd-scratch-";
/// Nobody takes longer from making a folder to locking it.
constexpr std::time_t kYoung = 60;
/// How long the end of a process waits for what is still being removed.
constexpr std::chrono::seconds kPatience{10};
/// A program that was killed may write for a moment: what it wrote then is removed by the next attempt.
constexpr int kAttempts = 100;
constexpr std::chrono::milliseconds kBetweenAttempts{20};

void remove_all_of(const std::string& path) {
    for (int i = 0; i < kAttempts; ++i) {
        std::error_code failed;
        fs::remove_all(path, failed);
        std::error_code unknown;
        if (!fs::exists(fs::symlink_status(path, unknown)))
            return;
        std::this_thread::sleep_for(kBetweenAttempts);
    }
}

/// An open folder that nobody else holds; a lock goes with the process that has it.
Fd locked(const std::string& path) {
    Fd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0)
        return Fd{};
    return folder;
}

/// Removes what agents left behind that no longer live.
void sweep(const std::string& parent) {
    std::error_code failed;
    for (fs::directory_iterator at{parent, failed}, end; !failed && at != end; at.increment(failed)) {
        if (!at->path().filename().string().starts_with(kPrefix))
            continue;
        struct stat found{};
        const std::string path = at->path().string();
        if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() ||
            found.st_mtime + kYoung > std::time(nullptr))
            continue;
        if (const Fd ours = locked(path))
            remove_all_of(path);
    }
}

struct Made {
    std::string path;
    Fd lock;

    Made() = default;
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;
    /// Of one that its caller did not wait for; where it was used it is gone by now.
    ~Made() { ::rmdir(path.c_str()); }
};

core::Result<std::shared_ptr<Made>> make_folder(const std::string& parent) {
    sweep(parent);
    auto made = std::make_shared<Made>();
    std::string path = fmt::format("{}/{}XXXXXX", parent, kPrefix);
    if (::mkdtemp(path.data()) == nullptr)
        return core::failed(core::FailureKind::misconfigured, fmt::format("cannot make a folder in '{}': {}", parent,
                                                                          std::system_category().message(errno)));
    made->path = std::move(path);
    made->lock = locked(made->path);
    return made;
}

} // namespace

struct ScratchFolders::State {
    explicit State(BlockingPool& shared) : pool(shared) {}

    /// For making them.
    BlockingPool& pool;
    /// For removing them, which may take a while, and is nothing that others should wait for.
    std::unique_ptr<BlockingPool> remover;
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left = 0;

    void remove(const std::shared_ptr<Made>& made, const std::shared_ptr<State>& self) {
        {
            const std::lock_guard lock{mutex};
            ++left;
        }
        auto removal = [made, self] {
            remove_all_of(made->path);
            {
                const std::lock_guard lock{self->mutex};
                --self->left;
            }
            self->changed.notify_all();
        };
        remover->post(std::move(removal), {});
    }
};

ScratchFolders::ScratchFolders(BlockingPool& pool) : state_(std::make_shared<State>(pool)) {}

ScratchFolders::~ScratchFolders() {
    std::unique_lock lock{state_->mutex};
    state_->changed.wait_for(lock, kPatience, [&] { return state_->left == 0; });
    // A thread that is stuck in a dead file system is left to itself.
    auto remover = std::move(state_->remover);
    lock.unlock();
}

Task<core::Result<Scratch>> ScratchFolders::make(std::string parent) {
    if (!state_->remover)
        state_->remover = std::make_unique<BlockingPool>(1);
    const std::weak_ptr<State> state = state_;
    std::string about = fmt::format("folder '{}'", parent);
    auto work = [parent = std::move(parent)] { return make_folder(parent); };
    auto making = run_unless_hung(state_->pool, std::move(work), std::move(about));
    auto made = co_await std::move(making);
    if (!made)
        co_return std::unexpected(made.error());
    co_return Scratch{(*made)->path, [state, made = *made](const std::string&) {
                          // Without its world the process is about to end: then it may as well wait.
                          const auto alive = state.lock();
                          if (alive && alive->remover)
                              alive->remove(made, alive);
                          else
                              remove_all_of(made->path);
                      }};
}

} // namespace recoverd::io
