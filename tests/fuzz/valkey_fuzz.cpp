// SPDX-License-Identifier: Apache-2.0
// What a Valkey, a Redis or a sentinel replies: bytes of RESP, and the text of INFO in them.
#include "collectors/valkey.hpp"
#include "io/json.hpp"
#include "io/resp_reader.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/replies.hpp"

namespace recoverd::fuzz {

namespace {

/// However the bytes are cut, the same comes of them.
void must_not_depend_on_cuts(std::string_view bytes, const std::vector<io::RespValue>& whole) {
    io::RespReader reader;
    std::vector<io::RespValue> values;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        reader.feed(bytes.substr(at, 3));
        while (auto value = reader.next())
            values.push_back(std::move(*value));
    }
    must(values == whole, "values do not depend on how the bytes are cut", bytes);
}

void look(const std::vector<io::RespValue>& replies) {
    const collectors::ValkeyExpected expected{
        .role = "primary", .replicas = {"127.0.0.1"}, .settings = {{"save", "3600 1"}, {"appendonly", "yes"}}};
    for (const auto& asked : {expected, collectors::ValkeyExpected{}}) {
        const std::size_t first_size = collectors::valkey_commands(asked).size();
        if (replies.size() < first_size)
            continue;
        const auto behind = replies.begin() + static_cast<std::ptrdiff_t>(first_size);
        const io::RespAnswer first{{replies.begin(), behind}};
        const io::RespAnswer more{{behind, replies.end()}};
        const auto seen = collectors::interpret_valkey(asked, first, more, {}, kNow);
        if (!seen) {
            must_be_sound(seen.error());
            continue;
        }
        must_be_sound(*seen);
        const auto again =
            collectors::interpret_valkey(asked, first, more, seen->cursor, kNow + std::chrono::minutes{1});
        must(again.has_value(), "the same replies are understood again");
        must_be_sound(*again);
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    try {
        const std::vector<io::RespValue> replies = test::replies(bytes);
        must_not_depend_on_cuts(bytes, replies);
        look(replies);
    } catch (const io::BadDocument&) {
    }
    // INFO as it stands, without RESP around it, and what another version of ours left behind.
    try {
        const io::RespAnswer info{{{.kind = io::RespValue::Kind::text, .text = std::string{bytes}}}};
        look(info.replies);
        (void)collectors::interpret_valkey({}, info, {}, bytes, kNow);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
