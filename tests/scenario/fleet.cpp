// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fleet.hpp"

#include "core/config/values.hpp"

namespace recoverd::scenario {

namespace {

/// As the configuration writes it.
std::string text_of(Duration duration) {
    return fmt::format("{}m", std::chrono::duration_cast<std::chrono::minutes>(duration).count());
}

std::string check(int asset, std::string_view what, int i, Duration every, std::string_view options) {
    return fmt::format("[check.{}]\nasset = \"a{}\"\nevery = \"{}\"\n{}\n", Fleet::name(asset, what, i), asset,
                       text_of(every), options);
}

std::string port_check(int asset, int i) {
    return check(asset, "port", i, Fleet::every_of_port(i),
                 fmt::format("collector = \"tcp\"\naddress = \"{}\"\nlabels = {{ tier = \"edge\" }}\n"
                             "location = {{ zone = \"z{}\" }}",
                             Fleet::port(asset, i), i));
}

std::string checks(int asset) {
    const std::string a = fmt::format("a{}", asset);
    std::string text = fmt::format("[asset.{}]\nbackup_every = \"2h\"\nsince = 2026-01-01\n", a);
    text += check(asset, "dumps", 0, Fleet::kEvery,
                  fmt::format("collector = \"files\"\npath = \"/b/{}/{{subject}}-*\"", a));
    for (int i = 0; i < Fleet::kPorts; ++i)
        text += port_check(asset, i);
    for (int i = 0; i < Fleet::kPlugins; ++i)
        text += check(asset, "plugin", i, Fleet::kEvery,
                      fmt::format("collector = \"exec\"\ncommand = [\"/check\", \"{}\"]", Fleet::plugin(asset, i)));
    for (int i = 0; i < Fleet::kPages; ++i)
        text += check(asset, "page", i, Fleet::kEvery,
                      fmt::format("collector = \"http\"\nurl = \"{}\"\nexpect_body = \"well\"", Fleet::page(asset, i)));
    return text;
}

std::string scenarios() {
    const auto over_edge = [](std::string_view name, std::string_view priority, Duration rto, std::string_view rest) {
        return fmt::format("[[scenario]]\nname = \"{}\"\npriority = \"{}\"\nrto = \"{}\"\n"
                           "labels = {{ tier = \"edge\" }}\n{}\n",
                           name, priority, text_of(rto), rest);
    };
    return over_edge("service", "P3", Fleet::kServiceRto, "by = \"asset\"") +
           over_edge("zone", "P2", Fleet::kZoneRto, "by = \"zone\"\nat_least = \"50%\"") +
           over_edge("site", "P1", Fleet::kSiteRto, "at_least = \"60%\"\nexplains = [\"zone\", \"service\"]");
}

std::string exercises() {
    std::string text;
    for (int i = 0; i < Fleet::kDrills; ++i) {
        text += fmt::format("[asset.{0}]\n[[exercise]]\nname = \"{1}\"\nasset = \"{0}\"\ncadence = \"{2}\"\n",
                            Fleet::drilled(i), Fleet::exercise(i), text_of(Fleet::kCadence));
        text += Fleet::is_chaos(i) ? fmt::format("duration = \"{}\"\nkeeps = [\"zone\"]\ndowntime = \"{}\"\n",
                                                 text_of(Fleet::kChaosTakes), text_of(Fleet::kDowntime))
                                   : fmt::format("duration = \"{}\"\n", text_of(Fleet::kFailoverTakes));
    }
    return text;
}

/// The 7 of "…/b/a7/…".
int asset_in(const std::string& input) { return std::stoi(input.substr(input.find("/b/a") + 4)); }

} // namespace

std::string Fleet::config(const std::string& labels) {
    std::string text;
    for (int asset = 0; asset < kAssets; ++asset)
        text += checks(asset);
    return text + scenarios() + exercises() + "[alertmanager]\nurls = [\"http://127.0.0.1:9093\"]\n" + labels;
}

Fleet::Ports Fleet::ports_of(int asset) {
    Ports ports;
    for (int i = 0; i < kPorts; ++i)
        ports.emplace_back(asset, i);
    return ports;
}

Fleet::Ports Fleet::ports_in(const std::vector<int>& zones) {
    Ports ports;
    for (const int zone : zones)
        for (int asset = 0; asset < kAssets; ++asset)
            ports.emplace_back(asset, zone);
    return ports;
}

Fleet::Fleet(std::uint64_t seed) : played(config(""), seed) {
    answer_probes();
    // On some day of their lives: between one dump and the next.
    for (int asset = 0; asset < kAssets; ++asset)
        for (const char* series : kSeries)
            for (int back = 9; back >= 1; --back) {
                last_dump_[{asset, series}] = played.now() - back * kDumpEvery + asset * 5min;
                dumps[asset].write(series, last_dump_[{asset, series}]);
            }
    played.start();
}

void Fleet::write_dumps() {
    for (auto& [made, last] : last_dump_)
        if (!stopped_.contains(made) && played.now() >= last + kDumpEvery) {
            last = played.now();
            dumps[made.first].write(made.second, last);
        }
}

Time Fleet::stop_dumps(int asset, const std::string& series) {
    stopped_.emplace(asset, series);
    return last_dump_.at({asset, series});
}

void Fleet::go_on_with_dumps(int asset, const std::string& series) {
    stopped_.erase({asset, series});
    write_dumps();
}

void Fleet::answer_probes() {
    played.world.on_worker = [this](const std::string&, const std::string& input) {
        return dumps.at(asset_in(input)).answer();
    };
    played.world.on_connect = [this](const io::ConnectRequest& asked) -> core::Result<io::Connected> {
        if (closed_ports.contains(asked.address))
            return core::failed(core::FailureKind::refused, "connection refused");
        return io::Connected{"127.0.0.1", 1ms, {}, {}};
    };
    played.world.on_run = [this](const io::Command& asked) -> core::Result<io::Finished> {
        return bad_plugins.contains(asked.argv[1]) ? test::exited("CRITICAL: it broke", 2) : test::exited("OK");
    };
    played.world.hangs = [this](const std::string& asked) {
        return asked.starts_with("run ") && silent_plugins.contains(asked.substr(asked.rfind(' ') + 1));
    };
    played.world.on_http = [this](const io::HttpRequest& asked) -> core::Result<io::HttpAnswer> {
        if (asked.url.ends_with("/api/v2/alerts"))
            return played.alertmanager.answer(asked);
        io::HttpAnswer answer;
        answer.status = 200;
        answer.body = wrong_pages.contains(asked.url) ? "it broke" : "all is well";
        return answer;
    };
}

agent::Agent::Answer Fleet::restore(int asset, const std::string& outcome) {
    return played.post(
        fmt::format(R"({{"asset":"a{}","exercise":"restore-test","outcome":"{}","depth":"queried","ended_at":"{}"}})",
                    asset, outcome, core::config::format_time(played.now())));
}

agent::Agent::Answer Fleet::report_drill(int drill, const std::string& run, const std::string& outcome, Time started) {
    const std::string ended =
        outcome == "started" ? "" : fmt::format(R"(,"ended_at":"{}")", core::config::format_time(played.now()));
    return played.post(fmt::format(R"({{"id":"{}","asset":"{}","exercise":"{}","outcome":"{}","started_at":"{}"{}}})",
                                   run, drilled(drill), exercise(drill), outcome, core::config::format_time(started),
                                   ended));
}

} // namespace recoverd::scenario
