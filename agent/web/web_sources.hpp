// SPDX-License-Identifier: Apache-2.0
// From the web thread to the loop and back: what the web shows and hands over, as the agent has it.
#pragma once

#include "agent/agent.hpp"
#include "exporters/web.hpp"

#include <asio/io_context.hpp>

namespace recoverd::agent {

/// Everything must outlive the web server. `facts`, `config` and `token` are asked on the web thread.
struct WebParts {
    asio::io_context& loop;
    Agent& agent;
    std::function<exporters::AgentFacts()> facts;
    std::function<std::string()> config;
    std::function<std::string()> token;
    /// Runs a task on the loop; called there.
    std::function<void(io::Task<void>)> spawn;
    /// Called on the loop.
    std::function<io::Task<void>(std::function<void(std::optional<std::string>)> done)> reload;
};

exporters::WebSources web_sources(WebParts parts);

} // namespace recoverd::agent
