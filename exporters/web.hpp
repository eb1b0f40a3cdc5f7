// SPDX-License-Identifier: Apache-2.0
// Which path shows what: all of the agent's web, as a handler for io::HttpServer. It changes nothing by itself: a
// reload and an outcome are handed to whoever can.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"
#include "exporters/prometheus.hpp"
#include "io/http_server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace recoverd::exporters {

/// Where the web gets what it shows. Called on the web thread; none may block.
struct WebSources {
    std::function<std::shared_ptr<const core::Snapshot>()> snapshot;
    std::function<AgentFacts()> facts;
    /// The running configuration, secrets replaced.
    std::function<std::string()> config;
    std::function<bool()> ready;
    /// Loads the configuration anew, then says what was wrong, or nothing.
    std::function<void(std::function<void(std::optional<std::string> mistakes)>)> reload;
    /// Records an outcome, then replies.
    std::function<void(io::HttpIncoming, io::HttpReplier)> outcome;
    /// Drops a subject that is gone for good, then replies.
    std::function<void(io::HttpIncoming, io::HttpReplier)> forget;
    /// What must be shown by those who do either from elsewhere; empty: nobody may.
    std::function<std::string()> outcome_token;
};

struct WebOptions {
    /// "/recoverd", or empty.
    std::string route_prefix;
    /// Is `POST /-/reload` allowed?
    bool lifecycle = false;
};

struct Route {
    std::string_view path;
    /// GET routes answer HEAD too.
    std::string_view verb;
    std::string_view shows;
};
std::span<const Route> routes();

/// One web thread only.
class Web {
  public:
    Web(WebSources sources, WebOptions options);

    std::optional<io::HttpReply> operator()(const io::HttpIncoming& request, const io::HttpReplier& later);

  private:
    std::optional<io::HttpReply> get(std::string_view path, const io::HttpIncoming& request);
    std::optional<io::HttpReply> reload(const io::HttpReplier& later);
    /// Why this request may change nothing, or nothing.
    std::optional<io::HttpReply> refusal(const io::HttpIncoming& request) const;

    WebSources sources_;
    WebOptions options_;
    PrometheusRenderer prometheus_;
};

} // namespace recoverd::exporters
