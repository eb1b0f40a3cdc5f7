// SPDX-License-Identifier: Apache-2.0
// Requests as clients send them, whole and in pieces.
#include "io/web/request_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <optional>

namespace recoverd::fuzz {

namespace {

struct Outcome {
    io::web::RequestParser::State state = io::web::RequestParser::State::in_headers;
    std::string path;
    std::string body;

    bool operator==(const Outcome&) const = default;
};

constexpr io::HttpServerLimits kLimits{};

Outcome parsed(std::string_view bytes, std::size_t piece) {
    using State = io::web::RequestParser::State;
    io::web::RequestParser parser{kLimits};
    std::string waiting;
    Outcome outcome;
    while (!bytes.empty() && outcome.state != State::done && outcome.state != State::failed) {
        waiting += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        outcome.state = parser.feed(waiting);
    }
    if (outcome.state != State::done)
        return outcome;
    parser.expects_continue();
    parser.keep_alive();
    const io::HttpIncoming request = parser.take();
    must(request.body.size() <= kLimits.max_body, "a body is bounded");
    for (const auto& [name, value] : request.headers)
        must(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }), "names are in lower case", name);
    outcome.path = request.path;
    outcome.body = request.body;
    return outcome;
}

} // namespace

void fuzz(std::string_view bytes) {
    const Outcome whole = parsed(bytes, std::max<std::size_t>(bytes.size(), 1));
    const Outcome pieces = parsed(bytes, 7);
    // Which of two faults is seen first may depend on the pieces; what is taken may not.
    if (whole.state == io::web::RequestParser::State::done && pieces.state == whole.state)
        must(whole == pieces, "a request is the same in pieces");
}

} // namespace recoverd::fuzz
