// SPDX-License-Identifier: Apache-2.0
#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

bool runs_here(const std::vector<std::string>& command) {
    const std::string_view program = command.front();
    const std::string_view name = program.substr(program.rfind('/') + 1);
    return command.size() == 1 || name == "sudo" || name == "runuser" || name == "setpriv" || name == "doas";
}

void check_command(const std::vector<std::string>& command, std::string_view name, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics) {
    if (command.empty() || command.front().empty())
        diagnostics.mistake(place.at, place.path, "expected a program in 'command', found nothing",
                            fmt::format("leave it out to run {} from PATH", name));
}

std::string shown(std::string_view words) {
    std::string line = io::last_words(std::string{words});
    for (auto at = line.find("://"); at != std::string::npos; at = line.find("://", at + 1)) {
        const auto end = std::min(line.find_first_of(" /\"'", at + 3), line.size());
        const auto user = line.rfind('@', end);
        if (user != std::string::npos && user > at + 2 && user < end)
            line.replace(at + 3, user - at - 3, "…");
    }
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ')
            c = '?';
    return line;
}

Failure tool_failure(const io::Finished& finished, std::string_view name, FailureKind kind, std::string_view words,
                     bool prefixed) {
    if (!finished.status)
        return {FailureKind::bad_answer, fmt::format("{} was ended by signal {}", name, finished.signal)};
    const int status = *finished.status;
    // 126 and 127 are what a shell or env gives for a program that is not there, 255 what ssh gives when it got
    // nowhere.
    if (status == 126 || status == 127)
        kind = FailureKind::misconfigured;
    else if (prefixed && status == 255)
        kind = FailureKind::unreachable;
    const std::string said = shown(words);
    return {kind, fmt::format("{} ended with status {}: {}", name, status, said.empty() ? "no words" : said)};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Result<std::string>> answer_of(io::World& world, io::Command command, Blame blame, bool prefixed) {
    auto finished = co_await world.run(std::move(command));
    if (!finished)
        co_return std::unexpected(finished.error());
    if (const auto failure = blame(*finished, prefixed))
        co_return std::unexpected(*failure);
    co_return std::move(finished->out);
}

void put_in_order(core::RecoveryPoints& points, const std::set<std::string>& apart) {
    std::ranges::stable_sort(points.points, {}, &core::RecoveryPoint::ended_at);
    points.count = points.points.size();
    std::optional<Time> among_all;
    std::optional<Time> among_others;
    const auto older = [](std::optional<Time>& oldest, Time at) { oldest = std::min(oldest.value_or(at), at); };
    for (const core::RecoveryPoint& point : points.points) {
        if (point.state != core::PointState::good)
            continue;
        older(among_all, point.data_at);
        if (!apart.contains(point.id))
            older(among_others, point.data_at);
    }
    points.oldest_at = among_others ? among_others : among_all;
}

void keep_newest(core::RecoveryPoints& points) {
    if (points.points.size() > core::kMaxPoints)
        points.points.erase(points.points.begin(), points.points.end() - core::kMaxPoints);
}

} // namespace recoverd::collectors
