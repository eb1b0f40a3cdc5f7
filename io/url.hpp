// SPDX-License-Identifier: Apache-2.0
// A URL of http or https taken apart. The parser is curl's own, so that what was checked is what is asked.
#pragma once

#include "io/task.hpp"

#include <memory>
#include <string>

struct Curl_URL; // NOLINT(readability-identifier-naming): curl's

namespace recoverd::io {

struct Url {
    /// Fails with `misconfigured` for what is no URL, has no host or one that is not ASCII, or is neither http nor
    /// https.
    static Result<Url> parse(const std::string& text);
    /// This URL after a redirect to `location`, which may be relative. Credentials in it were chosen by the server:
    /// they are dropped. Fails with `bad_answer`.
    Result<Url> follow(const std::string& location) const;

    bool same_server(const Url& other) const {
        return scheme == other.scheme && host == other.host && port == other.port;
    }
    /// host:port, [v6]:port.
    std::string address() const;
    /// The same, without a port that is the scheme's own: what a Host header says.
    std::string authority() const;
    /// `as_read` with another host in its place.
    std::shared_ptr<Curl_URL> read_with_host(const std::string& other) const;

    /// The whole, without credentials and fragment.
    std::string text;
    std::string scheme;
    /// In ASCII, in lower case, an IPv6 address without brackets.
    std::string host;
    std::string port;
    /// From the URL itself.
    std::string username;
    std::string password;
    bool numeric = false;
    /// `text` as curl has read it. Nobody changes it.
    std::shared_ptr<Curl_URL> as_read;
};

/// A host as URLs and addresses with a port have it: a numeric one of IPv6 in brackets.
std::string bracketed(const std::string& host);

} // namespace recoverd::io
