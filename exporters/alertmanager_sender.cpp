// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager_sender.hpp"

#include "exporters/own_metrics.hpp"
#include "io/wake.hpp"

#include <fmt/format.h>

#include <map>

namespace recoverd::exporters {

struct AlertmanagerSender::Shared {
    struct Running {
        AlertmanagerSlot::Ptr slot;
        io::Companion task;
    };

    std::shared_ptr<const AlertmanagerSending> sending;
    std::map<std::string, Running> running;
    /// Per configured URL what it last resolved to: a broken DNS server makes no Alertmanager go away.
    std::map<std::string, std::vector<AlertmanagerPlace>> resolved;

    using Ptr = std::shared_ptr<Shared>;
    static io::Task<void> find_places(Ptr shared);
    static io::Task<void> match_slots(Ptr shared);
    /// Ends all slots, and takes back what metrics tell of them.
    void stop();
    struct StopAtEnd;
};

io::Task<void> AlertmanagerSender::Shared::find_places(Ptr shared) {
    for (const std::string& url : shared->sending->options.urls) {
        const std::vector<AlertmanagerPlace> before = shared->resolved[url];
        auto places = co_await places_of(shared->sending->world, url, before);
        std::vector<AlertmanagerPlace>& known = shared->resolved[url];
        if (places && !places->empty())
            known = std::move(*places);
        else if (known.empty())
            // Its slot fails and says so, which is better than an Alertmanager nobody hears of.
            known = {AlertmanagerPlace{io::bare_url(url), {}, {}, false}};
    }
}

io::Task<void> AlertmanagerSender::Shared::match_slots(Ptr shared) {
    std::map<std::string, AlertmanagerPlace> wanted;
    for (const auto& [url, places] : shared->resolved)
        for (const AlertmanagerPlace& place : places)
            wanted.emplace(place.url, place);
    for (auto it = shared->running.begin(); it != shared->running.end();) {
        if (wanted.contains(it->first)) {
            ++it;
            continue;
        }
        if (shared->sending->sources.metrics != nullptr)
            shared->sending->sources.metrics->forget_alertmanager(it->first);
        it = shared->running.erase(it);
    }
    for (const auto& [url, place] : wanted) {
        if (const auto known = shared->running.find(url); known != shared->running.end()) {
            if (!known->second.task.ended())
                continue;
            // By an error that nobody foresaw: one alert that cannot be told must not silence all others for ever.
            shared->sending->warn(
                fmt::format("sending to alertmanager {} ended by an error of recoverd's; it begins anew", url));
        }
        auto slot = std::make_shared<AlertmanagerSlot>(shared->sending, place);
        io::Companion task = co_await io::Companion::start(AlertmanagerSlot::serve(slot));
        shared->running.insert_or_assign(url, Running{slot, std::move(task)});
    }
}

AlertmanagerSender::AlertmanagerSender(io::World& world, AlertmanagerOptions options, Sources sources)
    : shared_(std::make_shared<Shared>(
          std::make_shared<const AlertmanagerSending>(world, std::move(options), std::move(sources)))) {}

AlertmanagerSender::~AlertmanagerSender() { shared_->stop(); }

void AlertmanagerSender::Shared::stop() {
    if (sending->sources.metrics != nullptr)
        for (const auto& [url, slot] : running)
            sending->sources.metrics->forget_alertmanager(url);
    running.clear();
}

/// Its slots end with the coroutine that started them.
struct AlertmanagerSender::Shared::StopAtEnd {
    Shared& shared;
    explicit StopAtEnd(Shared& s) : shared(s) {}
    ~StopAtEnd() { shared.stop(); }
    StopAtEnd(const StopAtEnd&) = delete;
    StopAtEnd& operator=(const StopAtEnd&) = delete;
};

io::Task<void> AlertmanagerSender::run() {
    const auto shared = shared_;
    const Shared::StopAtEnd stop(*shared);
    for (;;) {
        co_await Shared::find_places(shared);
        co_await Shared::match_slots(shared);
        co_await shared->sending->world.timers().sleep(shared->sending->options.interval);
    }
}

void AlertmanagerSender::poke() {
    for (auto& [url, running] : shared_->running)
        running.slot->poke();
}

io::Task<std::vector<Delivery>> AlertmanagerSender::deliver_test(core::Priority priority) {
    const auto sending = shared_->sending;
    const auto snapshot = sending->sources.snapshot();
    const OutgoingAlert alert = test_alert(priority, *snapshot->config, sending->sources.facts(), sending->now());
    std::vector<Delivery> deliveries;
    for (const std::string& url : sending->options.urls) {
        const std::vector<AlertmanagerPlace> none_before;
        const auto places = co_await places_of(sending->world, url, none_before);
        if (!places) {
            deliveries.push_back({io::bare_url(url), false, places.error().detail});
            continue;
        }
        if (places->empty())
            deliveries.push_back({io::bare_url(url), false, "expected an address behind its name, found none"});
        for (const AlertmanagerPlace& place : *places) {
            std::string body = batches({alert}).front();
            const auto answer = co_await post_alerts(sending->world, sending->options, place, std::move(body));
            const bool taken = outcome_of(answer) == "accepted";
            deliveries.push_back({place.url, taken, taken ? "" : words_of(answer)});
        }
    }
    co_return deliveries;
}

} // namespace recoverd::exporters
