// SPDX-License-Identifier: Apache-2.0
// What a server says instead of an answer.
#include "collectors/valkey/parts.hpp"
#include "io/connection.hpp"
#include "io/json.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::vk {

core::Failure refusal(const std::string& error) {
    std::string words = io::printable(std::string_view{error}.substr(0, 300));
    if (words.empty())
        words = "ERR without a word why";
    // Every other code says that the server is there, understood, and will not: NOAUTH, NOPERM, LOADING, BUSY, MISCONF,
    // MASTERDOWN, DENIED. ERR is everything else; two of its meanings are refusals.
    const bool refused = !words.starts_with("ERR") || words.starts_with("ERR max number of clients") ||
                         words.starts_with("ERR operation not permitted");
    core::Failure failure{refused ? core::FailureKind::refused : core::FailureKind::bad_answer, words};
    if (words.starts_with("NOAUTH"))
        failure.detail +=
            "\nhint: the server asks for a password: password = { file = \"…\" }, and username for a user "
            "of its ACL";
    if (words.starts_with("NOPERM"))
        failure.detail += "\nhint: recoverd collectors valkey prints the ACL that is needed";
    return failure;
}

const std::string& text_of(const io::RespValue& reply, std::string_view what) {
    if (reply.is_error())
        throw io::BadDocument(fmt::format("{}: {}", what, io::printable(std::string_view{reply.text}.substr(0, 300))));
    if (reply.kind != io::RespValue::Kind::text)
        throw io::BadDocument(fmt::format("{}: expected text, found something else", what));
    return reply.text;
}

} // namespace recoverd::collectors::vk
