// SPDX-License-Identifier: Apache-2.0
#include "agent/reloader.hpp"

#include "agent/config/file_watch.hpp"
#include "io/deadline.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace recoverd::agent {

namespace {

/// To whoever asks why nobody reads it.
constexpr const char* kConfiguration = "the configuration";

std::vector<std::string> watched_of(const Loaded& loaded) {
    std::vector<std::string> paths = loaded.files;
    paths.insert(paths.end(), loaded.folders.begin(), loaded.folders.end());
    return paths;
}

std::optional<std::string> mistakes_of(const Loaded& loaded) {
    std::optional<std::string> mistakes;
    for (const auto& diagnostic : loaded.diagnostics.all())
        if (diagnostic.severity == core::config::Severity::mistake)
            (mistakes ? *mistakes : mistakes.emplace()).append(core::config::format(diagnostic)).append("\n");
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
    auto from_file = [file = file_, read = hooks_.read, touched = touched_] {
        const auto touching = [&](const std::string& path) { touched->set(std::make_shared<const std::string>(path)); };
        return core::Result<Configuration>{read(file, touching)};
    };
    auto reading = io::run_unless_hung(pool_, std::move(from_file), kConfiguration);
    auto in_time = io::with_deadline(timers_, kReadWithin, std::move(reading));
    auto came = co_await std::move(in_time);
    hung_ = !came;
    if (hung_) {
        const std::string mistake = hanging(came.error().detail);
        hooks_.refuse(mistake);
        co_return mistake;
    }
    touched_->set(std::make_shared<const std::string>());
    Configuration configuration = std::move(*came);
    watched_ = watched_of(configuration.loaded);
    auto mistakes = mistakes_of(configuration.loaded);
    if (mistakes)
        hooks_.refuse(*mistakes);
    else
        hooks_.take(std::move(configuration));
    co_return mistakes;
}

std::string Reloader::hanging(const std::string& why) const {
    const auto touched = touched_->get();
    const std::string& where = touched->empty() ? file_ : *touched;
    return fmt::format("{}: {}\n", where, why);
}

/// For where nobody sends a signal: kubelet changes a ConfigMap below the agent and tells no one. The first look always
/// reads anew: what changed between the start's reading and that look would be lost for ever.
io::Task<void> Reloader::watch(core::Duration interval) {
    const auto watch = std::make_shared<FileWatch>();
    bool in_vain = false;
    for (;;) {
        co_await timers_.sleep(interval);
        auto look = [watch, paths = watched_] { return core::Result<bool>{watch->changed(paths)}; };
        auto looking = io::run_unless_hung(pool_, std::move(look), "the files of the configuration");
        auto in_time = io::with_deadline(timers_, kReadWithin, std::move(looking));
        const auto changed = co_await std::move(in_time);
        // What a look saw that nobody waited for is not known: the first one after it counts as a change. So does the
        // first that hangs, since whoever reads can say where; and what hung is read once it does no more.
        const bool looked_in_vain = std::exchange(in_vain, !changed);
        const bool differs = changed ? *changed || looked_in_vain : !looked_in_vain;
        const bool again = hung_ && !pool_.refusal(kConfiguration);
        Done nobody_waits;
        if (differs || again)
            co_await reload(std::move(nobody_waits));
    }
}

} // namespace recoverd::agent
