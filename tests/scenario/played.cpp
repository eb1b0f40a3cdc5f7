// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/played.hpp"

#include "agent/config/load.hpp"
#include "core/config/values.hpp"
#include "io/deadline.hpp"
#include "io/evidence_json.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <stdlib.h>

namespace recoverd::scenario {

namespace {

constexpr agent::Admission::Limits kLimits{8, 2, 2};

std::string words(const core::Labels& labels) {
    const auto label = [&](const char* name) {
        const auto found = labels.find(name);
        return found == labels.end() ? std::string{} : found->second;
    };
    std::string text = label("alertname") + " " + label("priority");
    for (const char* name : {"asset", "check", "target"})
        if (const std::string value = label(name); !value.empty()) {
            text += " " + value;
            break;
        }
    if (const std::string subject = label("subject"); !subject.empty())
        text += "/" + subject;
    return text;
}

void keep_firing(const core::Alert& alert, std::map<core::Labels, Time>& found) {
    if (alert.state == core::AlertState::firing && alert.finding.identity.rule != core::RuleId::recoverd_watchdog)
        found.emplace(alert.labels, alert.started_at);
}

std::string say_mistakes(const core::config::Diagnostics& diagnostics) {
    std::string text;
    for (const auto& diagnostic : diagnostics.all())
        if (diagnostic.severity == core::config::Severity::mistake)
            text += core::config::format(diagnostic) + "\n";
    return text;
}

} // namespace

Played::Played(std::string config, std::uint64_t seed)
    : world(ioc_, seed), alertmanager(world.timers()), config_(std::move(config)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "recoverd-played-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
        throw std::runtime_error("cannot make " + pattern);
    folder_ = pattern;
    world.on_http = [this](const io::HttpRequest& request) -> core::Result<io::HttpAnswer> {
        if (request.url.ends_with("/api/v2/alerts"))
            return alertmanager.answer(request);
        return core::failed(core::FailureKind::unreachable, "connection refused");
    };
}

Played::~Played() {
    if (life_)
        kill();
    std::error_code gone;
    std::filesystem::remove_all(folder_, gone);
}

agent::Setup Played::compile(const std::string& config) {
    const std::filesystem::path file = folder_ / "recoverd.toml";
    std::ofstream{file} << config;
    const agent::Loaded loaded = agent::load(file.string());
    if (const std::string mistakes = say_mistakes(loaded.diagnostics); !mistakes.empty())
        throw std::runtime_error(mistakes);
    return agent::make_setup(loaded, std::nullopt);
}

void Played::start() {
    life_ = std::make_unique<Life>();
    life_->store = std::make_unique<MemoryStore>(disk, world.timers());
    agent::Agent::Observer observer;
    observer.published = [this](bool transitions) {
        if (transitions && life_ && life_->sender)
            life_->sender->poke();
    };
    life_->agent = std::make_unique<agent::Agent>(world, *life_->store, kLimits, std::move(observer));
    const agent::Stored stored = life_->store->load();
    if (const std::string trouble = life_->agent->start(stored, compile(config_)); !trouble.empty())
        throw std::runtime_error("what was stored cannot be read: " + trouble);
    run_agent();
    run_sender();
    pass(0s);
}

void Played::run_agent() {
    asio::co_spawn(ioc_, life_->agent->run(),
                   asio::bind_cancellation_slot(life_->cancel_agent.slot(),
                                                [life = life_.get()](const std::exception_ptr& thrown) {
                                                    life->agent_ended = true;
                                                    if (thrown && !io::is_cancellation(thrown))
                                                        std::rethrow_exception(thrown);
                                                }));
}

void Played::run_sender() {
    exporters::AlertmanagerSender::Sources sources;
    sources.snapshot = [agent = life_->agent.get()] { return agent->snapshot().get(); };
    sources.in_time = [agent = life_->agent.get()] { return agent->in_time(); };
    sources.facts = [this] {
        exporters::AgentFacts facts;
        facts.external_url = "http://db1:9754";
        facts.started_at = now();
        return facts;
    };
    sources.warn = [](const std::string&) {};
    exporters::AlertmanagerOptions options;
    options.urls = {"http://127.0.0.1:9093"};
    life_->sender = std::make_shared<exporters::AlertmanagerSender>(world, options, std::move(sources));
    asio::co_spawn(ioc_, life_->sender->run(),
                   asio::bind_cancellation_slot(life_->cancel_sender.slot(),
                                                [life = life_.get()](const std::exception_ptr& thrown) {
                                                    life->sender_ended = true;
                                                    if (thrown && !io::is_cancellation(thrown))
                                                        std::rethrow_exception(thrown);
                                                }));
}

/// Ends what is left of a life. Nothing that its coroutines do on their way out leaves any trace.
void Played::bury() {
    life_->store->cut_off();
    life_->cancel_sender.emit(asio::cancellation_type::terminal);
    life_->cancel_agent.emit(asio::cancellation_type::terminal);
    bool stopped = false;
    asio::co_spawn(ioc_, life_->agent->stop(), [&](const std::exception_ptr&, const auto&) { stopped = true; });
    for (int i = 0; i < 1'000 && !(stopped && life_->agent_ended && life_->sender_ended); ++i)
        world.timers().advance(10ms);
    if (!stopped || !life_->agent_ended || !life_->sender_ended)
        throw std::runtime_error("the agent does not end");
    // Companions and checks may end one turn of the loop later than who started them.
    world.timers().advance(100ms);
    life_.reset();
}

void Played::kill() {
    const bool away = std::exchange(alertmanager.away, true);
    bury();
    alertmanager.away = away;
}

void Played::terminate() {
    bool stopped = false;
    life_->cancel_sender.emit(asio::cancellation_type::terminal);
    life_->cancel_agent.emit(asio::cancellation_type::terminal);
    asio::co_spawn(ioc_, life_->agent->stop(), [&](const std::exception_ptr&, const auto&) { stopped = true; });
    for (int i = 0; i < 1'000 && !stopped; ++i)
        world.timers().advance(10ms);
    bury();
}

void Played::reload(std::string config) {
    config_ = std::move(config);
    agent().configure(compile(config_));
    pass(100ms);
}

void Played::pass(Duration duration) { world.timers().advance(duration); }

agent::Agent::Answer Played::post(std::string body, const std::function<void()>& meanwhile) {
    std::optional<agent::Agent::Answer> answer;
    asio::co_spawn(ioc_, agent().record_outcome(std::move(body)),
                   [&](const std::exception_ptr& thrown, agent::Agent::Answer came) {
                       if (thrown)
                           std::rethrow_exception(thrown);
                       answer = std::move(came);
                   });
    pass(0s);
    if (meanwhile)
        meanwhile();
    for (int i = 0; i < 10'000 && !answer; ++i)
        pass(1ms);
    if (!answer)
        throw std::runtime_error("no answer to an outcome");
    return *answer;
}

core::VerdictState Played::verdict(const std::string& asset) {
    std::optional<core::VerdictState> found;
    snapshot()->assets.for_each([&](const core::AssetSnapshot& shown) {
        if (shown.asset.name == asset)
            found = shown.verdict.state;
    });
    if (!found)
        throw std::runtime_error("no asset " + asset);
    return *found;
}

std::set<std::string> Played::firing() const {
    std::set<std::string> found;
    for (const auto& [labels, since] : alertmanager.firing())
        found.insert(words(labels));
    return found;
}

std::multiset<std::string> Played::notified() const {
    std::multiset<std::string> found;
    for (const auto& [labels, since] : alertmanager.notified())
        found.insert(words(labels));
    return found;
}

std::map<core::Labels, Time> Played::firing_on_disk() const {
    std::map<core::Labels, Time> found;
    for (const auto& [name, row] : disk.rows)
        for (const auto& [labels, alert] : io::read_alerts(io::Json::parse(row.alerts)))
            keep_firing(alert, found);
    return found;
}

std::map<core::Labels, Time> Played::firing_in_snapshot() {
    std::map<core::Labels, Time> found;
    core::for_each_alert(*snapshot(), [&](const core::Alert& alert) { keep_firing(alert, found); });
    return found;
}

bool Played::books_agree() {
    for (int i = 0; i < 100; ++i) {
        const auto shown = firing_in_snapshot();
        if (shown == firing_on_disk() && shown == alertmanager.firing())
            return true;
        pass(100ms);
    }
    return false;
}

std::string Played::books() {
    std::string text;
    const auto tell = [&](const char* whose, const std::map<core::Labels, Time>& held) {
        text += fmt::format("{}:", whose);
        for (const auto& [labels, since] : held)
            text += fmt::format(" [{} since {}]", words(labels), core::config::format_time(since));
        text += "\n";
    };
    tell("snapshot", firing_in_snapshot());
    tell("disk", firing_on_disk());
    tell("Alertmanager", alertmanager.firing());
    return text + "now " + core::config::format_time(now());
}

} // namespace recoverd::scenario
