// SPDX-License-Identifier: Apache-2.0
#include "agent/store/codec.hpp"

#include "core/config/values.hpp"
#include "io/evidence_json.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

constexpr std::string_view kAlert = "alert";
constexpr std::string_view kOutcome = "outcome";

/// Written by ourselves: a check of a thousand series with 200 points each is some 3 million values.
io::Json read_own(const std::string& text) {
    constexpr std::size_t kMaxBytes = std::size_t{512} << 20U;
    constexpr std::size_t kMaxValues = 20'000'000;
    return io::Json::parse(text, kMaxBytes, kMaxValues);
}

} // namespace

StateRow to_row(const core::CheckUnit& unit, std::optional<core::Time> due_at) {
    return {"check", unit.name, unit.check->fingerprint, due_at, io::to_json(*unit.memory), io::to_json(unit.alerts)};
}

StateRow to_row(const core::AssetUnit& unit) {
    io::JsonWriter memory;
    memory.begin_object().field("first_seen", core::config::format_time(unit.first_seen)).end_object();
    return {"asset", unit.name, {}, {}, memory.take(), io::to_json(unit.alerts)};
}

StateRow to_row(const core::ScenarioUnit& unit) {
    return {"scenario", unit.name, {}, {}, io::to_json(unit.outages), io::to_json(unit.alerts)};
}

StateRow to_row(const core::ValidationUnit& unit) {
    return {"validation", unit.name, {}, {}, io::to_json(unit.memory), io::to_json(unit.alerts)};
}

StateRow to_row(const core::Alerts& other) { return {"other", "", {}, {}, "{}", io::to_json(other)}; }

LogRow to_log(const core::Transition& transition, core::Time now) {
    io::JsonWriter body;
    body.begin_object();
    body.field("state", core::name_of(transition.alert.state));
    body.field("reason", transition.alert.finding.reason);
    body.key("labels").begin_object();
    for (const auto& [name, value] : transition.alert.labels)
        body.field(name, value);
    body.end_object().end_object();
    const core::Identity& identity = transition.alert.finding.identity;
    return {.at = now,
            .kind = std::string{kAlert},
            .body = body.take(),
            .asset = identity.asset,
            .check = identity.check,
            .scenario = identity.scenario,
            .alert = std::string{core::rule(identity.rule).name}};
}

LogRow to_log(const OutcomeRow& outcome, std::string check) {
    return {.at = outcome.received_at,
            .kind = std::string{kOutcome},
            .body = outcome.body,
            .asset = outcome.asset,
            .check = std::move(check),
            .scenario = {},
            .alert = {}};
}

namespace {

core::Event to_event(const LogRow& row) {
    const io::Json body = read_own(row.body);
    core::Event event{.at = row.at, .kind = row.kind, .name = {}, .state = {}, .reason = {}, .labels = {}};
    if (row.kind == kAlert) {
        for (const auto& [name, value] : body["labels"].object())
            event.labels.emplace(name, value.text());
        event.name = row.alert;
        event.state = body["state"].text();
        event.reason = body["reason"].text();
        return event;
    }
    event.labels = {{"asset", row.asset}, {"id", body["id"].text()}};
    event.name = body["exercise"] ? body["exercise"].text() : body["kind"].text();
    event.state = body["outcome"].text();
    if (body["message"])
        event.reason = body["message"].text();
    return event;
}

} // namespace

std::vector<core::Event> to_events(std::span<const LogRow> rows) {
    std::vector<core::Event> events;
    for (const LogRow& row : rows) {
        try {
            events.push_back(to_event(row));
        } catch (const io::BadDocument&) {
            continue;
        }
    }
    return events;
}

namespace {

void restore_row(core::Engine& engine, const StateRow& row) {
    core::Alerts alerts = io::read_alerts(read_own(row.alerts));
    const io::Json memory = read_own(row.memory);
    if (row.kind == "check")
        engine.restore_check(row.name, {row.fingerprint, io::read_memory(memory), std::move(alerts), row.due_at});
    else if (row.kind == "asset")
        engine.restore_asset(row.name, memory["first_seen"].time(), std::move(alerts));
    else if (row.kind == "scenario")
        engine.restore_scenario(row.name, io::read_outages(memory), std::move(alerts));
    else if (row.kind == "validation")
        engine.restore_validation(row.name, io::read_validation(memory), std::move(alerts));
    else
        engine.restore_other(std::move(alerts));
}

} // namespace

std::string restore(core::Engine& engine, const Stored& stored) {
    std::string trouble;
    for (const StateRow& row : stored.rows) {
        try {
            restore_row(engine, row);
        } catch (const io::BadDocument& bad) {
            if (trouble.empty())
                trouble =
                    fmt::format("the stored state of {} '{}' could not be read: {}", row.kind, row.name, bad.what());
        }
    }
    return trouble;
}

} // namespace recoverd::agent
