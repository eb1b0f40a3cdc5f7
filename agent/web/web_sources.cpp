// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_sources.hpp"

#include "core/config/values.hpp"
#include "io/json.hpp"

#include <asio/post.hpp>

#include <expected>

namespace recoverd::agent {

namespace {

io::HttpReply to_reply(const Agent::Answer& answer) {
    io::JsonWriter json;
    json.begin_object();
    if (!answer.id.empty())
        json.field("id", answer.id);
    if (!answer.mistakes.empty()) {
        json.key("errors").begin_array();
        for (const std::string& mistake : answer.mistakes)
            json.value(mistake);
        json.end_array();
    }
    json.end_object();
    return {answer.status, "application/json", json.take() + "\n", {}};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it ends after the loop
io::Task<void> take_outcome(Agent& agent, std::string body, io::HttpReplier reply) {
    const Agent::Answer answer = co_await agent.record_outcome(std::move(body));
    reply(to_reply(answer));
}

/// What a posted body names: its only member, "subject" or "validation"; or what is wrong with it.
std::expected<std::string, std::string> named_in(std::string_view body, std::string_view member) {
    try {
        const io::Json json = io::Json::parse(body);
        for (const auto& [name, value] : json.object())
            if (name != member)
                throw io::BadDocument("unknown member '" + name + "'");
        const std::string& named = json[member].text();
        if (named.empty())
            json[member].bad("the name of a " + std::string{member});
        return named;
    } catch (const io::BadDocument& bad) {
        return std::unexpected(bad.what());
    }
}

Agent::Answer refused(int status, std::string why) { return {status, {}, {std::move(why)}}; }

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it ends after the loop
io::Task<void> forget(Agent& agent, std::string body, io::HttpReplier reply) {
    const auto subject = named_in(body, "subject");
    if (!subject) {
        reply(to_reply(refused(400, subject.error())));
        co_return;
    }
    const std::size_t dropped = agent.forget(*subject);
    if (dropped == 0) {
        reply(to_reply(refused(404, "no check sees a subject '" + *subject + "'")));
        co_return;
    }
    const bool written = co_await agent.written();
    if (!written) {
        reply(to_reply(refused(503, "forgotten, but not on disk: a restart would remember it")));
        co_return;
    }
    io::JsonWriter json;
    json.begin_object().field("forgotten", std::uint64_t{dropped}).end_object();
    reply({200, "application/json", json.take() + "\n", {}});
}

io::HttpReply validate(Agent& agent, const std::string& body) {
    const auto validation = named_in(body, "validation");
    if (!validation)
        return to_reply(refused(400, validation.error()));
    switch (agent.validate(*validation)) {
    case core::Engine::Begun::unknown:
        return to_reply(refused(404, "there is no validation '" + *validation + "'"));
    case core::Engine::Begun::running_already:
        return to_reply(refused(409, "validation '" + *validation + "' is running already"));
    case core::Engine::Begun::yes:
        break;
    }
    io::JsonWriter json;
    json.begin_object().field("started", agent.engine().validation(*validation)->memory.running->id).end_object();
    return {202, "application/json", json.take() + "\n", {}};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it ends after the loop
io::Task<void> tell_history(Agent& agent, core::HistoryOf of, std::string name, std::size_t most,
                            exporters::HistoryReader then) {
    const auto told = co_await agent.history(of, std::move(name), most);
    then(told);
}

io::HttpReply to_reply(const std::string& check, const AskedRuns::Answer& answer) {
    if (!answer.why.empty()) {
        io::HttpReply reply = to_reply(refused(answer.status, answer.why));
        if (answer.again_in > core::Duration{0})
            reply.headers.emplace_back(
                "Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(answer.again_in).count()));
        return reply;
    }
    io::JsonWriter json;
    json.begin_object().field("check", check);
    if (answer.memory && answer.memory->last_run) {
        json.field("last_run", core::config::format_time(*answer.memory->last_run));
        json.field("last_took_seconds", core::to_seconds(answer.memory->last_took));
    }
    if (answer.memory && answer.memory->failure) {
        const core::Failure& failure = *answer.memory->failure;
        json.key("failure").begin_object();
        json.field("kind", name_of(failure.kind)).field("detail", failure.detail);
        json.field("since", core::config::format_time(answer.memory->failing_since)).end_object();
    }
    json.end_object();
    return {answer.status, "application/json", json.take() + "\n", {}};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it ends after the loop
io::Task<void> look(Agent& agent, std::string check, io::HttpReplier reply) {
    const AskedRuns::Answer answer = co_await agent.ask_to_look(check);
    reply(to_reply(check, answer));
}

} // namespace

exporters::WebSources web_sources(WebParts parts) {
    const auto shared = std::make_shared<const WebParts>(std::move(parts));
    exporters::WebSources sources;
    sources.snapshot = [shared] { return shared->agent.snapshot().get(); };
    sources.facts = shared->facts;
    sources.config = shared->config;
    sources.ready = [shared] { return shared->agent.snapshot().get()->sequence > 0; };
    sources.is_stuck = [shared] { return shared->agent.is_stuck(); };
    sources.history = [shared](core::HistoryOf of, std::string name, std::size_t most, exporters::HistoryReader then) {
        asio::post(shared->loop, [shared, of, name = std::move(name), most, then = std::move(then)] {
            shared->spawn(tell_history(shared->agent, of, name, most, then));
        });
    };
    sources.reload = [shared](std::function<void(std::optional<std::string>)> done) {
        asio::post(shared->loop, [shared, done = std::move(done)] { shared->spawn(shared->reload(done)); });
    };
    sources.outcome = [shared](io::HttpIncoming request, io::HttpReplier reply) {
        asio::post(shared->loop, [shared, body = std::move(request.body), reply = std::move(reply)] {
            shared->spawn(take_outcome(shared->agent, body, reply));
        });
    };
    sources.forget = [shared](io::HttpIncoming request, io::HttpReplier reply) {
        asio::post(shared->loop, [shared, body = std::move(request.body), reply = std::move(reply)] {
            shared->spawn(forget(shared->agent, body, reply));
        });
    };
    sources.validate = [shared](io::HttpIncoming request, io::HttpReplier reply) {
        asio::post(shared->loop, [shared, body = std::move(request.body), reply = std::move(reply)] {
            reply(validate(shared->agent, body));
        });
    };
    sources.look = [shared](std::string check, io::HttpReplier reply) {
        asio::post(shared->loop, [shared, check = std::move(check), reply = std::move(reply)] {
            shared->spawn(look(shared->agent, check, reply));
        });
    };
    sources.outcome_token = shared->token;
    return sources;
}

} // namespace recoverd::agent
