// SPDX-License-Identifier: Apache-2.0
#include "agent/web_sources.hpp"

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

io::Task<void> take_outcome(Agent& agent, std::string body, io::HttpReplier reply) {
    const Agent::Answer answer = co_await agent.record_outcome(std::move(body));
    reply(to_reply(answer));
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
    sources.outcome_token = shared->token;
    return sources;
}

} // namespace recoverd::agent
