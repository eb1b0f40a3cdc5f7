// SPDX-License-Identifier: Apache-2.0
#include "io/web/request_parser.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#pragma GCC diagnostic pop

#include <algorithm>

namespace recoverd::io::web {

namespace http = boost::beast::http;

struct RequestParser::Parser {
    http::request_parser<http::string_body> parser;
};

RequestParser::RequestParser(const HttpServerLimits& limits)
    : parser_(std::make_unique<Parser>()), most_left_(limits.max_headers) {
    parser_->parser.eager(true);
    parser_->parser.header_limit(static_cast<std::uint32_t>(limits.max_headers));
    parser_->parser.body_limit(limits.max_body);
}

RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::feed(std::string& bytes) {
    auto& parser = parser_->parser;
    boost::system::error_code error;
    while (!bytes.empty() && !parser.is_done()) {
        const std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
        bytes.erase(0, used);
        if (error == http::error::need_more) {
            error.clear();
            break;
        }
        if (error) {
            error_status_ = error == http::error::header_limit  ? 431
                            : error == http::error::body_limit  ? 413
                            : error == http::error::bad_version ? 505
                                                                : 400;
            return State::failed;
        }
        if (used == 0)
            break;
    }
    if (parser.is_done())
        return State::done;
    if (!parser.is_header_done())
        return State::in_headers;
    // Of a body all is taken that has come, but for the line before a chunk and the trailer, of which Beast waits for
    // the end, however far that is.
    if (bytes.size() > most_left_) {
        error_status_ = 431;
        return State::failed;
    }
    return State::in_body;
}

bool RequestParser::expects_continue() const {
    const auto& fields = parser_->parser.get();
    return fields.version() >= 11 && boost::beast::iequals(fields[http::field::expect], "100-continue");
}

bool RequestParser::keep_alive() const { return parser_->parser.get().keep_alive(); }

HttpIncoming RequestParser::take() {
    auto message = parser_->parser.release();
    HttpIncoming request;
    request.verb = message.method_string();
    const std::string target = message.target();
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos)
        request.query = target.substr(question + 1);
    for (const auto& field : message) {
        std::string name = field.name_string();
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        request.headers.emplace_back(std::move(name), field.value());
    }
    request.body = std::move(message.body());
    return request;
}

} // namespace recoverd::io::web
