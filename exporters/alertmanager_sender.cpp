// SPDX-License-Identifier: Apache-2.0
#include "exporters/alertmanager_sender.hpp"

#include "exporters/own_metrics.hpp"
#include "exporters/peer_clock.hpp"
#include "io/wake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

namespace recoverd::exporters {

using namespace std::chrono_literals;

namespace {

constexpr core::Duration kFirstBackOff = 5s;
constexpr core::Duration kSettling = 50ms;

/// Half of `wait` to one and a half: agents that lost the same Alertmanager shall not come back in step.
core::Duration jittered(core::Duration wait, std::minstd_rand& random) {
    return wait / 2 +
           core::Duration{static_cast<core::Duration::rep>(random()) % std::max<core::Duration::rep>(wait.count(), 1)};
}

/// `sends_total`'s outcome for what came back.
std::string_view outcome_of(const core::Result<io::HttpAnswer>& answer) {
    if (!answer)
        return name_of(answer.error().kind);
    if (answer->status / 100 == 2)
        return "accepted";
    return answer->status == 400 ? "rejected" : answer->status / 100 == 5 ? "failed" : "refused";
}

std::string words_of(const core::Result<io::HttpAnswer>& answer) {
    if (!answer)
        return answer.error().detail;
    std::string words = answer->body.substr(0, 200);
    std::ranges::replace_if(words, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return fmt::format("status {}: {}", answer->status, words);
}

} // namespace

struct AlertmanagerSender::Shared {
    struct Slot {
        explicit Slot(const io::Timers& timers) : clock(timers) {}

        AlertmanagerPlace place;
        PeerClock clock;
        /// By which it was told last.
        core::Duration ahead{0};
        io::Wake wake;
        SentAlerts sent;
        /// What it refused when sent alone; left out until it is over.
        std::set<core::Labels> refused;
        unsigned failures = 0;
        bool backing_off = false;
        std::minstd_rand random;
    };
    struct Running {
        std::shared_ptr<Slot> slot;
        io::Companion task;
    };

    io::World& world;
    AlertmanagerOptions options;
    Sources sources;
    std::map<std::string, Running> running;
    /// Per configured URL what it last resolved to: a broken DNS server makes no Alertmanager go away.
    std::map<std::string, std::vector<AlertmanagerPlace>> resolved;

    Shared(io::World& w, AlertmanagerOptions o, Sources s) : world(w), options(std::move(o)), sources(std::move(s)) {}

    using Ptr = std::shared_ptr<Shared>;
    static io::Task<void> until_in_time(Ptr shared);
    static io::Task<void> serve(Ptr shared, std::shared_ptr<Slot> slot);
    static io::Task<bool> send_all(Ptr shared, std::shared_ptr<Slot> slot);
    static io::Task<bool> send_singly(Ptr shared, std::shared_ptr<Slot> slot, std::vector<OutgoingAlert> alerts);
    static io::Task<core::Result<io::HttpAnswer>> post(Ptr shared, AlertmanagerPlace place, std::string body);
    static io::Task<void> find_places(Ptr shared);
    static io::Task<void> match_slots(Ptr shared);

    core::Time now() const { return world.timers().now(); }
    void warn(std::string line) const {
        if (sources.warn)
            sources.warn(std::move(line));
    }
    void count(const Slot& slot, std::string_view outcome) const {
        if (sources.metrics != nullptr)
            sources.metrics->count_send(slot.place.url, outcome);
    }
    void failed(Slot& slot, const std::string& words) const;
    void succeeded(Slot& slot) const;
};

// The first failure of a row is said, and its end; a minute's silence each would be a log nobody reads.
void AlertmanagerSender::Shared::failed(Slot& slot, const std::string& words) const {
    if (slot.failures++ == 0)
        warn(fmt::format("alertmanager {} does not take alerts: {}", slot.place.url, words));
}

void AlertmanagerSender::Shared::succeeded(Slot& slot) const {
    if (slot.failures > 0)
        warn(fmt::format("alertmanager {} takes alerts again", slot.place.url));
    slot.failures = 0;
    if (sources.metrics != nullptr)
        sources.metrics->push_succeeded(slot.place.url, now());
}

namespace {

io::HttpRequest request_to(const AlertmanagerPlace& place, const AlertmanagerOptions& options, std::string body) {
    io::HttpRequest request;
    request.verb = "POST";
    request.url = place.url + "/api/v2/alerts";
    request.headers.emplace_back("Content-Type", "application/json");
    if (!place.host_header.empty())
        request.headers.emplace_back("Host", place.host_header);
    request.body = std::move(body);
    request.tls = options.tls;
    if (request.tls.server_name.empty())
        request.tls.server_name = place.server_name;
    request.proxy = options.proxy;
    request.max_redirects = 0;
    request.timeout = options.timeout;
    return request;
}

} // namespace

io::Task<core::Result<io::HttpAnswer>> AlertmanagerSender::Shared::post(Ptr shared, AlertmanagerPlace place,
                                                                        std::string body) {
    io::HttpRequest request = request_to(place, shared->options, std::move(body));
    // Opened for each send: a rotated password counts from the next minute on.
    auto auth = co_await io::open_auth(shared->world, shared->options.auth);
    if (!auth)
        co_return std::unexpected(auth.error());
    request.auth = std::move(*auth);
    auto answer = co_await shared->world.http(std::move(request));
    co_return answer;
}

/// After a 400 the valid alerts of the batch are stored already, but nobody says which one was not: each is sent alone,
/// once, and what is refused then is left out until it is over.
io::Task<bool> AlertmanagerSender::Shared::send_singly(Ptr shared, std::shared_ptr<Slot> slot,
                                                       std::vector<OutgoingAlert> alerts) {
    std::vector<OutgoingAlert> taken;
    std::vector<OutgoingAlert> refused;
    std::string words;
    for (OutgoingAlert& alert : alerts) {
        std::string body = batches({alert}).front();
        const auto answer = co_await post(shared, slot->place, std::move(body));
        if (answer)
            slot->clock.answered(answer->header("date"));
        const auto outcome = outcome_of(answer);
        shared->count(*slot, outcome);
        if (outcome == "accepted") {
            taken.push_back(std::move(alert));
        } else if (outcome == "rejected") {
            words = words_of(answer);
            refused.push_back(std::move(alert));
        } else {
            shared->failed(*slot, words_of(answer));
            co_return false;
        }
    }
    slot->sent.accepted(taken, shared->now());
    // When it refuses every single one the fault is not an alert's.
    if (taken.empty() && refused.size() > 1) {
        shared->failed(*slot, words);
        co_return false;
    }
    for (const OutgoingAlert& alert : refused) {
        slot->refused.insert(alert.labels);
        shared->warn(fmt::format("alertmanager {} refuses one alert, which is left out from now on: {} ({})",
                                 slot->place.url, alert.json, words));
    }
    co_return true;
}

io::Task<bool> AlertmanagerSender::Shared::send_all(Ptr shared, std::shared_ptr<Slot> slot) {
    const auto snapshot = shared->sources.snapshot();
    slot->sent.clock_jumped(slot->clock.take_jump());
    slot->ahead = slot->clock.ahead();
    std::vector<OutgoingAlert> alerts =
        slot->sent.due(*snapshot, shared->sources.facts(), shared->now(), shared->options.interval, slot->ahead);
    std::erase_if(slot->refused, [&](const core::Labels& labels) {
        return std::ranges::none_of(alerts, [&](const OutgoingAlert& alert) { return alert.labels == labels; });
    });
    std::erase_if(alerts, [&](const OutgoingAlert& alert) { return slot->refused.contains(alert.labels); });
    for (std::size_t begin = 0; begin < alerts.size(); begin += kBatch) {
        const auto first = alerts.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto count = static_cast<std::ptrdiff_t>(std::min(kBatch, alerts.size() - begin));
        std::vector<OutgoingAlert> batch(first, first + count);
        std::string body = batches(batch).front();
        const auto answer = co_await post(shared, slot->place, std::move(body));
        if (answer)
            slot->clock.answered(answer->header("date"));
        const auto outcome = outcome_of(answer);
        shared->count(*slot, outcome);
        if (outcome == "accepted") {
            slot->sent.accepted(batch, shared->now());
        } else if (outcome == "rejected") {
            const bool went_on = co_await send_singly(shared, slot, std::move(batch));
            if (!went_on)
                co_return false;
        } else {
            shared->failed(*slot, words_of(answer));
            co_return false;
        }
    }
    shared->succeeded(*slot);
    co_return true;
}

/// Between a jump of the clock and the first snapshot after it, moments and clock do not belong together.
io::Task<void> AlertmanagerSender::Shared::until_in_time(Ptr shared) {
    while (shared->sources.in_time && !shared->sources.in_time())
        co_await shared->world.timers().sleep(kSettling);
}

io::Task<void> AlertmanagerSender::Shared::serve(Ptr shared, std::shared_ptr<Slot> slot) {
    bool is_second_try = false;
    for (;;) {
        co_await until_in_time(shared);
        const core::Duration began = shared->world.timers().elapsed();
        const bool taken = co_await send_all(shared, slot);
        // It was told in another time than it lives in, and may have taken what fires for over.
        is_second_try = taken && !is_second_try && !slot->clock.agrees(slot->ahead);
        if (is_second_try)
            continue;
        if (taken) {
            slot->backing_off = false;
            const core::Duration took = shared->world.timers().elapsed() - began;
            const core::Duration rest = std::max<core::Duration>(shared->options.interval - took, 1s);
            co_await slot->wake.wait(shared->world.timers(), rest);
            continue;
        }
        // What is poked meanwhile is in the snapshot that the next try will send.
        slot->backing_off = true;
        slot->wake.forget();
        const unsigned doublings = std::min(slot->failures - 1, 8U);
        const core::Duration back_off =
            std::min<core::Duration>(kFirstBackOff * (1U << doublings), shared->options.interval);
        co_await shared->world.timers().sleep(jittered(back_off, slot->random));
    }
}

io::Task<void> AlertmanagerSender::Shared::find_places(Ptr shared) {
    for (const std::string& url : shared->options.urls) {
        auto places = co_await places_of(shared->world, url);
        std::vector<AlertmanagerPlace>& known = shared->resolved[url];
        if (places && !places->empty())
            known = std::move(*places);
        else if (known.empty())
            // Its slot fails and says so, which is better than an Alertmanager nobody hears of.
            known = {AlertmanagerPlace{io::bare_url(url), {}, {}}};
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
        if (shared->sources.metrics != nullptr)
            shared->sources.metrics->forget_alertmanager(it->first);
        it = shared->running.erase(it);
    }
    for (const auto& [url, place] : wanted) {
        if (const auto known = shared->running.find(url); known != shared->running.end()) {
            if (!known->second.task.ended())
                continue;
            // By an error that nobody foresaw: one alert that cannot be told must not silence all others for ever.
            shared->warn(
                fmt::format("sending to alertmanager {} ended by an error of recoverd's; it begins anew", url));
        }
        auto slot = std::make_shared<Slot>(shared->world.timers());
        slot->place = place;
        slot->random.seed(static_cast<unsigned>(std::hash<std::string>{}(url + shared->sources.facts().external_url)));
        io::Companion task = co_await io::Companion::start(serve(shared, slot));
        shared->running.insert_or_assign(url, Running{slot, std::move(task)});
    }
}

AlertmanagerSender::AlertmanagerSender(io::World& world, AlertmanagerOptions options, Sources sources)
    : shared_(std::make_shared<Shared>(world, std::move(options), std::move(sources))) {}

AlertmanagerSender::~AlertmanagerSender() { shared_->running.clear(); }

namespace {

/// Its slots end with the coroutine that started them.
template <class Map>
struct ClearAtEnd {
    Map& map;
    explicit ClearAtEnd(Map& m) : map(m) {}
    ~ClearAtEnd() { map.clear(); }
    ClearAtEnd(const ClearAtEnd&) = delete;
    ClearAtEnd& operator=(const ClearAtEnd&) = delete;
};

} // namespace

io::Task<void> AlertmanagerSender::run() {
    const auto shared = shared_;
    const ClearAtEnd stop(shared->running);
    for (;;) {
        co_await Shared::find_places(shared);
        co_await Shared::match_slots(shared);
        co_await shared->world.timers().sleep(shared->options.interval);
    }
}

void AlertmanagerSender::poke() {
    for (auto& [url, running] : shared_->running)
        if (!running.slot->backing_off)
            running.slot->wake.wake();
}

io::Task<std::vector<Delivery>> AlertmanagerSender::deliver_test(core::Priority priority) {
    const auto shared = shared_;
    const auto snapshot = shared->sources.snapshot();
    const OutgoingAlert alert = test_alert(priority, *snapshot->config, shared->sources.facts(), shared->now());
    std::vector<Delivery> deliveries;
    for (const std::string& url : shared->options.urls) {
        const auto places = co_await places_of(shared->world, url);
        if (!places) {
            deliveries.push_back({io::bare_url(url), false, places.error().detail});
            continue;
        }
        if (places->empty())
            deliveries.push_back({io::bare_url(url), false, "expected an address behind its name, found none"});
        for (const AlertmanagerPlace& place : *places) {
            std::string body = batches({alert}).front();
            const auto answer = co_await Shared::post(shared, place, std::move(body));
            const bool taken = outcome_of(answer) == "accepted";
            deliveries.push_back({place.url, taken, taken ? "" : words_of(answer)});
        }
    }
    co_return deliveries;
}

} // namespace recoverd::exporters
