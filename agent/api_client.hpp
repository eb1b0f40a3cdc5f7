// SPDX-License-Identifier: Apache-2.0
// How commands ask a daemon that runs: one request at a time, waiting for its answer.
#pragma once

#include "agent/cli.hpp"
#include "io/http.hpp"

#include <string>

namespace recoverd::agent {

/// Where the daemon is and how to get in.
struct DaemonAddress {
    /// Without a path beyond the route prefix; also unix:PATH.
    std::string url = "http://127.0.0.1:9754";
    /// What must be shown off its host; else $RECOVERD_TOKEN.
    std::string token_file;
    std::string ca_file;

    /// For messages and to compare: without credentials.
    std::string shown() const;
};

void declare_address(Arguments& arguments, DaemonAddress& address);

class ApiClient {
  public:
    explicit ApiClient(DaemonAddress address) : address_(std::move(address)) {}

    /// Any status is an answer. Fails when nobody answered within `timeout`, or with `misconfigured` when the address
    /// or the token makes no sense.
    core::Result<io::HttpAnswer> get(const std::string& path, core::Duration timeout = kTimeout) const;
    /// `body` is JSON.
    core::Result<io::HttpAnswer> post(const std::string& path, std::string body,
                                      core::Duration timeout = kTimeout) const;
    const DaemonAddress& address() const { return address_; }

    static constexpr core::Duration kTimeout{10'000};

  private:
    core::Result<io::HttpAnswer> ask(io::HttpRequest request, const std::string& path) const;

    DaemonAddress address_;
};

/// The daemon did not answer: what happened, and what to try.
void print_away(const DaemonAddress& address, const core::Failure& failure, Console& console);
/// What stands in an answer that is an error: each of its `errors`, or the text itself, line by line.
std::vector<std::string> errors_in(const io::HttpAnswer& answer);

} // namespace recoverd::agent
