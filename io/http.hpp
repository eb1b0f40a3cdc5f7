// SPDX-License-Identifier: Apache-2.0
// HTTP as a client: what is asked, what comes back.
#pragma once

#include "core/evidence.hpp"
#include "io/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::io {

/// TLS, the same words everywhere.
struct TlsOptions {
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    /// Name that the certificate must hold and that SNI asks for; the host's when empty.
    std::string server_name;
    bool insecure_skip_verify = false;

    /// Where the key is: beside the certificate when nothing else is said.
    const std::string& file_of_key() const { return key_file.empty() ? cert_file : key_file; }

    bool operator==(const TlsOptions&) const = default;
};

/// Credentials after their secrets were opened.
struct HttpAuth {
    std::string username;
    Secret password;
    Secret bearer;
    /// A header of its own: name and value.
    std::string header_name;
    Secret header_value;
    /// Signs with AWS' signature version 4: "aws:amz:REGION:SERVICE". Then `username` is the access key's id and
    /// `password` the key. Of curl 7.88 the caller has to know: it signs path and query as they stand in the URL, so
    /// the query must be sorted, each parameter have its '=', and all be percent-encoded strictly; it sends no
    /// x-amz-content-sha256, on which S3 insists; it sorts headers wrongly when the name of one x-amz header begins
    /// with that of another.
    std::string sigv4;
};

struct HttpRequest {
    std::string verb = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    TlsOptions tls;
    HttpAuth auth;
    std::string proxy;
    /// Connect to this unix socket, whatever host the URL names.
    std::string unix_socket;
    /// Connect anew and close after it, instead of keeping the connection for the next run.
    bool fresh_connection = false;
    /// Hops followed, each resolved and checked by us; credentials go only to the first host.
    unsigned max_redirects = 5;
    /// A longer body ends in `bad_answer`, or is cut there when `cut_body` says so. Counted after decompression.
    std::size_t max_body = std::size_t{1} << 20U;
    bool cut_body = false;
    core::Duration timeout{10'000};
    /// Ask for the server's certificate in the answer (https only). One that is not trusted then comes as an answer of
    /// status 0 with the certificate and its fault: its dates are facts worth having. Nothing was sent to such a
    /// server.
    bool want_certificate = false;
};

struct HttpAnswer {
    int status = 0;
    /// Names in lower case, in order of arrival.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// The body was longer than asked for.
    bool cut = false;
    /// After redirects.
    std::string url;
    core::Duration latency{0};
    std::optional<core::Certificate> certificate;

    /// The first header of that (lower-case) name, or empty.
    std::string_view header(std::string_view name) const;
};

/// May it be a verb, or the name of a header (RFC 9110, 5.6.2)?
bool is_token(std::string_view text);
/// May it be the value of a header (RFC 9110, 5.5)? Nothing in it could end the header and begin another.
bool is_field_value(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT", as RFC 9110 wants it.
std::optional<core::Time> read_http_date(std::string_view text);

} // namespace recoverd::io
