// SPDX-License-Identifier: Apache-2.0
// Asks Aiven's API, one thing after the other: with its manners when it is asked too often, and within the time of a
// run.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::aiven_parts {

/// What an answer says, `secret` never: a document by its status alone, whatever else its body says.
Result<io::Json> read_answer(const io::HttpAnswer& answer, const std::string& secret);
/// How long to wait before asking again, as its status and headers say; nothing for an answer that another one would
/// not change. `tries`: how often it was asked already.
std::optional<Duration> wait_before(const io::HttpAnswer& answer, unsigned tries);

class Api {
  public:
    struct Settings {
        std::string url;
        io::TlsOptions tls;
        std::string proxy;
    };

    Api(Run run, Settings settings, io::Secret token)
        : run_(std::move(run)),
          settings_(std::move(settings)),
          token_(std::move(token)),
          until_(run_.world.timers().elapsed() + run_.timeout) {}

    /// What it answers to GET `path`, or why nothing was learned. Once it has asked to be left alone for longer than
    /// this run lasts it is not asked again.
    Task<Result<io::Json>> get(std::string path);

  private:
    Duration left() const { return until_ - run_.world.timers().elapsed(); }
    io::HttpRequest request(const std::string& path) const;

    Run run_;
    Settings settings_;
    io::Secret token_;
    Duration until_;
    std::optional<Failure> stopped_;
};

} // namespace recoverd::collectors::aiven_parts
