// SPDX-License-Identifier: Apache-2.0
#include "collectors/pg_ask.hpp"

#include "io/pg_client.hpp"

#include <algorithm>

namespace recoverd::collectors {

void check_dsn(const std::string& dsn, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    const auto target = io::pg_target(dsn);
    if (target || dsn.empty())
        return;
    const std::string& detail = target.error().detail;
    const auto hint = detail.find("\nhint: ");
    diagnostics.mistake(place.at, place.path, detail.substr(0, hint),
                        hint == std::string::npos ? "" : detail.substr(hint + 7));
}

std::string dsn_target(const std::string& dsn) { return io::pg_target(dsn).value_or(""); }

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<io::PgAnswer>> ask_postgres(io::World& world, io::PgRequest request, SecretRef password, Duration timeout) {
    const Duration started = world.timers().elapsed();
    auto opened = co_await world.secret(std::move(password));
    if (!opened)
        co_return std::unexpected(opened.error());
    request.password = std::move(*opened);
    request.timeout = std::max(Duration{1}, timeout - (world.timers().elapsed() - started));
    co_return co_await world.postgres(std::move(request));
}

} // namespace recoverd::collectors
