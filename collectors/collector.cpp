// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.hpp"

#include <asio/error.hpp>
#include <asio/system_error.hpp>

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using namespace core::config;

/// Where `inside` stands, such as ".tls.ca_file" or ".urls[0]"; `from` where it does not.
Position position_of_option(const Table& table, std::string_view inside, Position from) {
    if (!inside.starts_with('.'))
        return from;
    inside.remove_prefix(1);
    const std::size_t end = inside.find_first_of(".[");
    const Entry* entry = find(table, inside.substr(0, end));
    if (entry == nullptr)
        return from;
    const Table* below = entry->node.table();
    return end == std::string_view::npos || !below ? entry->node.at
                                                   : position_of_option(*below, inside.substr(end), entry->node.at);
}

} // namespace

void add_at_options(const Diagnostics& found, const Table& table, const Place& place, Diagnostics& diagnostics) {
    for (Diagnostic one : found.all()) {
        const std::string_view path = one.path;
        if (one.at == place.at && path.starts_with(place.path))
            one.at = position_of_option(table, path.substr(place.path.size()), one.at);
        diagnostics.add(std::move(one));
    }
}

Task<Collected> guarded(std::function<Task<Collected>(Run)> collect, Run run) {
    try {
        co_return co_await collect(std::move(run));
    } catch (const io::BadDocument& bad) {
        co_return core::failed(FailureKind::bad_answer, bad.what());
    } catch (const asio::system_error& error) {
        // Cancellation is neither a failure nor an answer: whoever cancelled is not waiting for one.
        if (error.code() == asio::error::operation_aborted)
            throw;
        co_return core::failed(FailureKind::bad_answer, error.what());
    } catch (const std::exception& error) {
        co_return core::failed(FailureKind::bad_answer, fmt::format("unexpected: {}", error.what()));
    }
}

} // namespace recoverd::collectors
