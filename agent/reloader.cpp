// SPDX-License-Identifier: Apache-2.0
#include "agent/reloader.hpp"

#include "agent/config/file_watch.hpp"

#include <memory>
#include <utility>

namespace recoverd::agent {

namespace {

std::vector<std::string> watched_of(const Loaded& loaded) {
    std::vector<std::string> paths = loaded.files;
    paths.insert(paths.end(), loaded.folders.begin(), loaded.folders.end());
    return paths;
}

std::optional<std::string> mistakes_of(const Loaded& loaded) {
    std::optional<std::string> mistakes;
    for (const auto& diagnostic : loaded.diagnostics.all())
        if (diagnostic.severity == core::config::Severity::mistake)
            mistakes = mistakes.value_or("") + core::config::format(diagnostic) + "\n";
    return mistakes;
}

} // namespace

Reloader::Reloader(io::Timers& timers, io::BlockingPool& pool, std::string file, const Loaded& running, Hooks hooks)
    : timers_(timers), pool_(pool), file_(std::move(file)), hooks_(std::move(hooks)), watched_(watched_of(running)) {}

/// Whoever asks while the files are being read has changed them since, as far as anybody knows: they are read again.
io::Task<void> Reloader::reload(Done done) {
    waiting_.push_back(std::move(done));
    if (std::exchange(reading_, true))
        co_return;
    while (!waiting_.empty()) {
        const auto asked = std::exchange(waiting_, {});
        const auto mistakes = co_await read();
        for (const Done& answer : asked)
            if (answer)
                answer(mistakes);
    }
    reading_ = false;
}

/// The mistakes for which the files were not taken.
io::Task<std::optional<std::string>> Reloader::read() {
    hooks_.begin();
    // Named first: g++ 12 destroys a lambda that is written into the awaited call twice.
    auto from_file = [file = file_] { return prepare(load(file)); };
    auto configuration = co_await io::run_blocking(pool_, from_file);
    watched_ = watched_of(configuration.loaded);
    auto mistakes = mistakes_of(configuration.loaded);
    if (mistakes)
        hooks_.refuse(*mistakes);
    else
        hooks_.take(std::move(configuration));
    co_return mistakes;
}

/// For where nobody sends a signal: kubelet changes a ConfigMap below the agent and tells no one. The first look always
/// reads anew: what changed between the start's reading and that look would be lost for ever.
io::Task<void> Reloader::watch(core::Duration interval) {
    const auto watch = std::make_shared<FileWatch>();
    for (;;) {
        co_await timers_.sleep(interval);
        auto look = [watch, paths = watched_] { return watch->changed(paths); };
        const bool changed = co_await io::run_blocking(pool_, look);
        Done nobody_waits;
        if (changed)
            co_await reload(std::move(nobody_waits));
    }
}

} // namespace recoverd::agent
