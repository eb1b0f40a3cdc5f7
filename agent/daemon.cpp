// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon.hpp"

#include "agent/agent.hpp"
#include "agent/alertmanager_options.hpp"
#include "agent/configuration.hpp"
#include "agent/left_out.hpp"
#include "agent/log.hpp"
#include "agent/memory.hpp"
#include "agent/observe.hpp"
#include "agent/reloader.hpp"
#include "agent/service_manager.hpp"
#include "agent/store/sqlite_store.hpp"
#include "agent/store/state_lock.hpp"
#include "agent/version.hpp"
#include "agent/web/outcome_token.hpp"
#include "agent/web/web_address.hpp"
#include "agent/web/web_server.hpp"
#include "agent/web/web_sources.hpp"
#include "core/config/values.hpp"
#include "exporters/alertmanager_sender.hpp"
#include "exporters/own_metrics.hpp"
#include "io/deadline.hpp"
#include "io/descriptors.hpp"
#include "io/gzip.hpp"
#include "io/real_world.hpp"
#include "io/spawn.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

namespace recoverd::agent {

namespace {

/// What is left to be written at the end gets this long; systemd sends SIGKILL long after.
constexpr core::Duration kStopWithin{3'000};
constexpr core::Duration kFirstSnapshotWithin{5'000};
/// As long as one that was told to stop may take.
constexpr core::Duration kLockWithin{5'000};
constexpr core::Duration kSettleAfter{30'000};

class Daemon {
  public:
    Daemon(DaemonOptions options, Configuration configuration);

    int run();

  private:
    bool take_state();
    void start_agent();
    bool start_web();
    void start_sender();
    void spawn(io::Task<void> task);

    io::Task<void> on_signal();
    io::Task<void> settle();
    io::Task<void> ping();
    io::Task<void> stop();
    void show_configuration();
    void begin();
    void take_over(Configuration configuration);
    void refuse(const std::string& mistakes);
    /// What of the configuration an agent of this scope runs.
    Setup setup();
    void tell_left_out() const { agent::tell_left_out(*configuration_.loaded.config, options_.scope); }
    void await_snapshot();
    exporters::AgentFacts facts();
    exporters::WebSources sources();

    DaemonOptions options_;
    Configuration configuration_;
    std::shared_ptr<const core::Config> running_;
    asio::io_context loop_{1};
    io::RealWorld world_;
    io::Fd state_lock_;
    std::unique_ptr<Store> store_;
    exporters::OwnMetrics metrics_;
    StatusLine status_;
    Agent agent_;
    asio::signal_set signals_{loop_};
    asio::cancellation_signal cancel_agent_;
    /// Of the sender that runs now; one that was told to stop holds its own until it has.
    std::shared_ptr<asio::cancellation_signal> cancel_sender_ = std::make_shared<asio::cancellation_signal>();
    std::shared_ptr<exporters::AlertmanagerSender> sender_;
    exporters::AlertmanagerOptions sender_options_;
    std::unique_ptr<io::HttpServer> server_;
    Reloader reloader_;
    // What the web thread asks for; the loop hands it over whole.
    Published<exporters::AgentFacts> facts_;
    Published<std::string> config_text_;
    OutcomeToken token_{world_, [](const std::string& why) {
                            log(LogLevel::warn, "no other host may report outcomes", {{"error", why}});
                        }};
};

Daemon::Daemon(DaemonOptions options, Configuration configuration)
    : options_(std::move(options)),
      configuration_(std::move(configuration)),
      world_(loop_, {.worker_path = find_worker()}),
      store_(make_sqlite_store(options_.storage_path)),
      agent_(world_, *store_, Admission::kUsual, observe(metrics_, sender_, agent_, status_)),
      reloader_(world_.timers(), world_.pool(), options_.config_file, configuration_.loaded,
                {tell_reloading, [this](Configuration read) { take_over(std::move(read)); },
                 [this](const std::string& mistakes) { refuse(mistakes); }}) {
    world_.withhold(configuration_.loaded.secret_variables);
    observe_lag(world_.timers(), metrics_);
}

void Daemon::spawn(io::Task<void> task) {
    asio::co_spawn(loop_, std::move(task), [](const std::exception_ptr& thrown) {
        // A coroutine of the daemon's own that dies is a bug; going on without it would be silence.
        if (thrown && !io::is_cancellation(thrown))
            std::rethrow_exception(thrown);
    });
}

bool Daemon::take_state() {
    std::error_code made;
    std::filesystem::create_directories(options_.storage_path, made);
    auto lock = lock_state(options_.storage_path, kLockWithin);
    if (!lock) {
        log(LogLevel::error, "cannot start",
            {{"error", lock.error()}, {"hint", "--storage.path names another folder"}});
        return false;
    }
    state_lock_ = std::move(*lock);
    return true;
}

Setup Daemon::setup() {
    Setup made = make_setup(configuration_.loaded, options_.scope);
    running_ = made.config;
    return made;
}

void Daemon::start_agent() {
    const Stored stored = store_->load();
    if (!stored.trouble.empty())
        log(LogLevel::error, "stored state is not whole", {{"error", stored.trouble}});
    if (const std::string trouble = agent_.start(stored, setup()); !trouble.empty())
        log(LogLevel::error, "stored state is not whole", {{"error", trouble}});
    asio::co_spawn(loop_, agent_.run(),
                   asio::bind_cancellation_slot(cancel_agent_.slot(), [](const std::exception_ptr& thrown) {
                       if (thrown && !io::is_cancellation(thrown))
                           std::rethrow_exception(thrown);
                   }));
}

exporters::AgentFacts Daemon::facts() {
    exporters::AgentFacts facts = *facts_.get();
    facts.now = world_.timers().now();
    facts.store_size_bytes = store_->size_bytes();
    facts.clock_skew = agent_.clock_skew();
    facts.killed_children = io::killed_children();
    facts.own = &metrics_;
    return facts;
}

exporters::WebSources Daemon::sources() {
    return web_sources({loop_, agent_, [this] { return facts(); }, [this] { return io::gunzip(*config_text_.get()); },
                        [this] { return token_.get(); }, [this](io::Task<void> task) { spawn(std::move(task)); },
                        [this](Reloader::Done done) { return reloader_.reload(std::move(done)); }});
}

bool Daemon::start_web() {
    server_ = start_web_server(options_, sources());
    return server_ != nullptr;
}

/// Begins to send as the configuration says; who was sending otherwise before stops.
void Daemon::start_sender() {
    exporters::AlertmanagerOptions wanted = alertmanager_options(configuration_.loaded);
    // It knows what it has told, and by whose clock.
    if (sender_ && wanted == sender_options_)
        return;
    sender_options_ = wanted;
    cancel_sender_->emit(asio::cancellation_type::terminal);
    cancel_sender_ = std::make_shared<asio::cancellation_signal>();
    sender_.reset();
    if (configuration_.loaded.alertmanager.urls.empty())
        return;
    exporters::AlertmanagerSender::Sources sources;
    sources.snapshot = [this] { return agent_.snapshot().get(); };
    sources.facts = [this] { return facts(); };
    sources.in_time = [this] { return agent_.in_time(); };
    sources.warn = [](const std::string& line) { log(LogLevel::warn, line); };
    sources.metrics = &metrics_;
    sender_ = std::make_shared<exporters::AlertmanagerSender>(world_, std::move(wanted), std::move(sources));
    asio::co_spawn(loop_, sender_->run(),
                   asio::bind_cancellation_slot(cancel_sender_->slot(),
                                                [signal = cancel_sender_](const std::exception_ptr& thrown) {
                                                    if (thrown && !io::is_cancellation(thrown))
                                                        std::rethrow_exception(thrown);
                                                }));
}

/// Of the configuration what the web thread tells, before it answers anybody: a Prometheus that is told once of an
/// agent that pushes that it does not notifies as well.
void Daemon::show_configuration() {
    config_text_.set(std::make_shared<const std::string>(std::move(configuration_.text)));
    auto facts = std::make_shared<exporters::AgentFacts>(*facts_.get());
    facts->push_enabled = !configuration_.loaded.alertmanager.urls.empty();
    facts->config_reload_successful = true;
    facts->config_reloaded_at = world_.timers().now();
    facts_.set(std::move(facts));
}

/// What else goes by the configuration than checks and pages.
void Daemon::begin() {
    token_.use(configuration_.loaded.outcomes.token);
    spawn(token_.read());
    start_sender();
    spawn(settle());
}

/// Once the first round of checks has been, most of what a new configuration took is not needed again.
io::Task<void> Daemon::settle() {
    co_await world_.timers().sleep(kSettleAfter);
    co_await io::run_blocking(world_.pool(), give_back_memory);
}

void Daemon::take_over(Configuration configuration) {
    world_.withhold(configuration.loaded.secret_variables);
    configuration_ = std::move(configuration);
    agent_.configure(setup());
    show_configuration();
    begin();
    log(LogLevel::info, "configuration reloaded", {{"checks", std::to_string(running_->checks.size())}});
    tell_left_out();
    status_.ready(*agent_.snapshot().get());
}

void Daemon::refuse(const std::string& mistakes) {
    log(LogLevel::error, "the configuration was not reloaded", {{"mistakes", mistakes}});
    agent_.configuration_failed(mistakes.substr(0, mistakes.find('\n')));
    auto facts = std::make_shared<exporters::AgentFacts>(*facts_.get());
    facts->config_reload_successful = false;
    facts_.set(std::move(facts));
    status_.ready(*agent_.snapshot().get());
}

/// A scrape that finds no series ends every alert that Prometheus has: whoever asks at once waits for the first
/// snapshot, though not for a disk that hangs.
void Daemon::await_snapshot() {
    const auto deadline = std::chrono::steady_clock::now() + kFirstSnapshotWithin;
    while (agent_.snapshot().get()->sequence == 0 && loop_.run_one_until(deadline) > 0) {
    }
}

io::Task<void> Daemon::on_signal() {
    for (;;) {
        const int signal = co_await signals_.async_wait(asio::use_awaitable);
        if (signal == SIGHUP) {
            spawn(reloader_.reload({}));
            continue;
        }
        log(LogLevel::info, "stopping", {{"signal", ::strsignal(signal)}});
        spawn(stop());
        co_return;
    }
}

io::Task<void> Daemon::stop() {
    tell_stopping();
    server_.reset();
    cancel_sender_->emit(asio::cancellation_type::terminal);
    cancel_agent_.emit(asio::cancellation_type::terminal);
    co_await io::with_deadline(world_.timers(), kStopWithin, agent_.stop());
    loop_.stop();
}

io::Task<void> Daemon::ping() {
    const auto interval = watchdog_interval();
    if (!interval)
        co_return;
    auto feeding = feed_watchdog(world_.timers(), *interval, [this] { return agent_.is_stuck(); }, ping_watchdog);
    co_await std::move(feeding);
}

int Daemon::run() {
    auto facts = std::make_shared<exporters::AgentFacts>();
    facts->revision = std::string{revision()};
    facts->started_at = world_.timers().now();
    facts->external_url = options_.external_url;
    facts_.set(std::move(facts));
    if (!take_state())
        return 1;
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    start_agent();
    await_snapshot();
    show_configuration();
    if (!start_web()) {
        spawn(stop());
        loop_.run();
        return 1;
    }
    begin();
    spawn(on_signal());
    spawn(ping());
    spawn(token_.run());
    if (options_.auto_reload_interval)
        spawn(reloader_.watch(*options_.auto_reload_interval));
    status_.ready(*agent_.snapshot().get());
    log(LogLevel::info, "recoverd has started",
        {{"version", RECOVERD_VERSION},
         {"assets", std::to_string(running_->assets.size())},
         {"checks", std::to_string(running_->checks.size())}});
    tell_left_out();
    loop_.run();
    log(LogLevel::info, "stopped");
    return 0;
}

} // namespace

std::string find_worker() {
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    // The one beside it is that of a build tree; in /usr/bin it would be another program (an X11 file manager's).
    for (const auto& candidate : {self / "../libexec/recoverd/worker", self / "worker"})
        if (std::filesystem::exists(candidate, failed))
            return candidate.lexically_normal();
    return "/usr/libexec/recoverd/worker";
}

int run_daemon(const DaemonOptions& options, Loaded loaded) {
    // One arena: threads are few, and what they allocate is small; each arena costs resident memory for ever.
    ::mallopt(M_ARENA_MAX, 1);
    // Buffers as large as an answer of /metrics go back once they are not needed. Left to itself glibc would take the
    // first of them for a sign to keep the next ones (mallopt(3), M_MMAP_THRESHOLD).
    constexpr int kLargeBytes = 128 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);
    ::signal(SIGPIPE, SIG_IGN);
    const io::MoreDescriptors more;
    DaemonOptions served = options;
    const WebAddress address = normalized({options.external_url, options.route_prefix});
    served.external_url = address.external_url;
    served.route_prefix = address.route_prefix;
    Daemon daemon{std::move(served), prepare(std::move(loaded))};
    return daemon.run();
}

} // namespace recoverd::agent
