// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_sources.hpp"

#include "io/json.hpp"

#include <asio/post.hpp>

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

/// The subject that a posted body names; throws BadDocument.
std::string subject_in(std::string_view body) {
    const io::Json json = io::Json::parse(body);
    for (const auto& [name, value] : json.object())
        if (name != "subject")
            throw io::BadDocument("unknown member '" + name + "'");
    const std::string& subject = json["subject"].text();
    if (subject.empty())
        json["subject"].bad("the name of a subject");
    return subject;
}

Agent::Answer refused(int status, std::string why) { return {status, {}, {std::move(why)}}; }

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it ends after the loop
io::Task<void> forget(Agent& agent, std::string body, io::HttpReplier reply) {
    std::string subject;
    std::string mistake;
    try {
        subject = subject_in(body);
    } catch (const io::BadDocument& bad) {
        mistake = bad.what();
    }
    if (!mistake.empty()) {
        reply(to_reply(refused(400, mistake)));
        co_return;
    }
    const std::size_t dropped = agent.forget(subject);
    if (dropped == 0) {
        reply(to_reply(refused(404, "no check sees a subject '" + subject + "'")));
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

} // namespace

exporters::WebSources web_sources(WebParts parts) {
    const auto shared = std::make_shared<const WebParts>(std::move(parts));
    exporters::WebSources sources;
    sources.snapshot = [shared] { return shared->agent.snapshot().get(); };
    sources.facts = shared->facts;
    sources.config = shared->config;
    sources.ready = [shared] { return shared->agent.snapshot().get()->sequence > 0; };
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
    sources.outcome_token = shared->token;
    return sources;
}

} // namespace recoverd::agent
