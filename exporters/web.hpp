// SPDX-License-Identifier: Apache-2.0
// Which path shows what: all of the agent's web, as a handler for io::HttpServer. It changes nothing by itself: a
// reload and an outcome are handed to whoever can.
#pragma once

#include "core/history.hpp"
#include "core/snapshot.hpp"
#include "exporters/facts.hpp"
#include "exporters/prometheus.hpp"
#include "io/http_server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::exporters {

using HistoryReader = std::function<void(const core::Result<std::vector<core::Event>>&)>;

/// Where the web gets what it shows. Called on the web thread; none may block.
struct WebSources {
    std::function<std::shared_ptr<const core::Snapshot>()> snapshot;
    std::function<AgentFacts()> facts;
    /// The running configuration, secrets replaced.
    std::function<std::string()> config;
    std::function<bool()> ready;
    /// Has the judging stopped, so that what is shown is no news? May be empty: never.
    std::function<bool()> is_stuck;
    /// Reads what happened, the newest first, then hands it on.
    std::function<void(core::HistoryOf of, std::string name, std::size_t most, HistoryReader then)> history;
    /// Loads the configuration anew, then says what was wrong, or nothing.
    std::function<void(std::function<void(std::optional<std::string> mistakes)>)> reload;
    /// Records an outcome, then replies.
    std::function<void(io::HttpIncoming, io::HttpReplier)> outcome;
    /// Drops a subject that is gone for good, then replies.
    std::function<void(io::HttpIncoming, io::HttpReplier)> forget;
    std::function<void(io::HttpIncoming, io::HttpReplier)> validate;
    /// Has a check look out of turn, then replies.
    std::function<void(std::string check, io::HttpReplier)> look;
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
    std::optional<io::HttpReply> get(std::string_view path, const io::HttpIncoming& request,
                                     const io::HttpReplier& later);
    /// The page of one asset or check.
    std::optional<io::HttpReply> detail(core::HistoryOf of, std::string name, const io::HttpIncoming& request,
                                        const io::HttpReplier& later) const;
    void ask_history(core::HistoryOf of, std::string name, std::size_t most, HistoryReader then) const;
    std::optional<io::HttpReply> history(std::string_view query, const io::HttpReplier& later) const;
    std::optional<io::HttpReply> reload(const io::HttpReplier& later);
    /// By JSON, or by the button of a check's page.
    std::optional<io::HttpReply> look(std::string_view check, const io::HttpIncoming& request,
                                      const io::HttpReplier& later);
    bool has_stopped() const { return sources_.is_stuck && sources_.is_stuck(); }
    bool is_from_another_page(const io::HttpIncoming& request) const;
    /// From this host, or by a user: a browser that shows our page may change something without a token.
    bool is_trusted(const io::HttpIncoming& request) const;
    /// Why this request may change nothing, or nothing. `form`: may it come as one?
    std::optional<io::HttpReply> refusal(const io::HttpIncoming& request, bool form = false) const;

    WebSources sources_;
    WebOptions options_;
    PrometheusRenderer prometheus_;
};

} // namespace recoverd::exporters
