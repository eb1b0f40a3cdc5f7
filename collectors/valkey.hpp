// SPDX-License-Identifier: Apache-2.0
// What the `valkey` collector asks a Valkey, a Redis or a sentinel of either, and what the replies mean. Pure: tests
// feed it captured replies.
#pragma once

#include "core/labels.hpp"
#include "core/report.hpp"
#include "io/resp.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the server.
struct ValkeyExpected {
    /// primary, replica or any.
    std::string role = "any";
    /// address:port or address of each replica that must follow, as the primary shows them.
    std::vector<std::string> replicas;
    /// Settings and the values they must have.
    core::Labels settings;
    /// Keys that a sound dataset never falls below.
    std::optional<std::int64_t> min_keys;
    /// For what is refused.
    std::string user = "default";
};

/// What is asked first, of whatever it turns out to be.
std::vector<io::RespCommand> valkey_commands(const ValkeyExpected& expected);

/// What is asked then, as the first replies say: of a member of a cluster, and of a sentinel. Empty for others. Fails
/// when the server told nothing: `refused` with its words (NOAUTH, NOPERM, LOADING, MISCONF …), `bad_answer` for other
/// errors.
core::Result<std::vector<io::RespCommand>> valkey_more(const io::RespAnswer& first);

/// What a server's replies say. `more` are those to valkey_more; `cursor` is what the last call left in `Seen::cursor`,
/// or empty. Fails as valkey_more does; throws io::BadDocument for replies that are not those to its commands.
core::Result<core::Seen> interpret_valkey(const ValkeyExpected& expected, const io::RespAnswer& first,
                                          const io::RespAnswer& more, std::string_view cursor, core::Time now);

} // namespace recoverd::collectors
