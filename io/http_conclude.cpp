// SPDX-License-Identifier: Apache-2.0
// What became of an exchange, in words that stay the same while nothing changes.
#include "core/ascii.hpp"
#include "core/config/values.hpp"
#include "io/http_exchange.hpp"
#include "io/socket_failure.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstring>

namespace recoverd::io {

Result<HttpAnswer> Exchange::conclude(int code) {
    answer_.cut = stopped_ == Stopped::body_too_large && request_.cut_body;
    if (answer_.cut)
        code = CURLE_OK;
    answer_.status = status();
    if (code == CURLE_PEER_FAILED_VERIFICATION && shown_ && shown_->fault.empty())
        shown_->fault = fmt::format("it does not hold the name '{}'",
                                    request_.tls.server_name.empty() ? url_.host : request_.tls.server_name);
    // By the fault and not by curl's code, which depends on what else OpenSSL found to complain of.
    const bool distrusted = code != CURLE_OK && shown_ && !shown_->fault.empty();
    if (request_.want_certificate && (code == CURLE_OK || distrusted))
        answer_.certificate = shown_;
    if (request_.want_certificate && distrusted)
        answer_.status = 0;
    if (code == CURLE_OK || answer_.certificate)
        return std::move(answer_);
    if (distrusted)
        return core::failed(FailureKind::bad_answer, fmt::format("{}: the certificate is not trusted: {}",
                                                                 name_of(request_, url_), shown_->fault));
    return core::failed(kind_of(code), fmt::format("{}: {}", name_of(request_, url_), words_for(code)));
}

/// An errno, or 0.
int Exchange::connect_error() const {
    // Of a socket that was never opened curl keeps none: it would tell of the last one that was.
    if (shortage_ != 0)
        return shortage_;
    if (lacks_family_ && trying_size_ == 0)
        return EAFNOSUPPORT;
    // As in reach(): an address of a family that this host lacks says nothing of the others.
    const int last = last_error();
    const bool says_nothing =
        tried_ != 0 && is_own_shortage(last) &&
        (last == EAFNOSUPPORT || lacks_family(reinterpret_cast<const sockaddr*>(&trying_), trying_size_));
    return says_nothing ? tried_ : last;
}

FailureKind Exchange::kind_of(int code) const {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return FailureKind::unreachable;
    case CURLE_COULDNT_CONNECT:
        return kind_of_socket(connect_error());
    case CURLE_OPERATION_TIMEDOUT:
        return FailureKind::timed_out;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_URL_MALFORMAT:
        return FailureKind::misconfigured;
    default:
        return FailureKind::bad_answer;
    }
}

std::string Exchange::words_for(int code) const {
    // What was asked for, not what resolving a name and following redirects left of it: the words stay the same.
    const auto within = core::config::format_duration(request_.timeout);
    curl_off_t connected = 0;
    ::curl_easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
    switch (code) {
    case CURLE_WRITE_ERROR:
        if (stopped_ == Stopped::body_too_large)
            return fmt::format("expected a body of at most {}, found a larger one",
                               core::config::format_size(request_.max_body));
        if (stopped_ == Stopped::body_not_taken)
            return fmt::format("its body could not be kept, after {} bytes", taken_);
        if (stopped_ == Stopped::headers_too_large)
            return fmt::format("expected headers of at most {}, found larger ones",
                               core::config::format_size(kMostHeaderBytes));
        break;
    case CURLE_COULDNT_CONNECT: {
        const int error = connect_error();
        return error == 0 ? "cannot connect" : fmt::format("cannot connect: {}", std::strerror(error));
    }
    case CURLE_OPERATION_TIMEDOUT:
        if (connected == 0)
            return fmt::format("no connection within {}", within);
        if (answer_.status == 0)
            return fmt::format("connected, but no answer within {}", within);
        return fmt::format("the answer was not complete within {}, after {} bytes of its body", within,
                           answer_.body.size() + taken_);
    case CURLE_GOT_NOTHING:
        return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE:
        return fmt::format("the answer was cut off after {} bytes of its body", answer_.body.size() + taken_);
    case CURLE_RECV_ERROR:
        if (answer_.status != 0)
            return fmt::format("the answer was cut off after {} bytes of its body", answer_.body.size() + taken_);
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        return "the body cannot be decompressed";
    default:
        break;
    }
    std::string words = error_[0] != '\0' ? error_.data() : ::curl_easy_strerror(static_cast<CURLcode>(code));
    if (words.size() > 1 && words[1] >= 'a')
        words[0] = core::ascii_lower(words.substr(0, 1))[0];
    return words;
}

} // namespace recoverd::io
