// SPDX-License-Identifier: Apache-2.0
// What `borg list` and `borg check` say: 1.1 to 1.4. Times have no zone; the collector asks for UTC.
#include "collectors/borg.hpp"

#include "collectors/tool.hpp"
#include "core/config.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recoverd::collectors {

namespace {

using io::Json;

constexpr std::size_t kMaxSeries = 1'000;
/// Far beyond what anybody calls an archive; finding the series in a name costs its square.
constexpr std::size_t kMaxName = 256;
constexpr std::string_view kSubject = "{subject}";

Time utc_time(const Json& json) {
    const std::string& text = json.text();
    const bool zoned = text.find_first_of("Z+", 10) != std::string::npos;
    const auto time = core::config::parse_time(zoned ? text : text + "Z");
    if (!time)
        json.bad("a time such as 2026-11-25T03:00:00.000000");
    return *time;
}

core::RecoveryPoint point_of(const Json& archive, core::Told encrypted) {
    core::RecoveryPoint point;
    point.id = archive["name"].text();
    // When it began, and all that stands in the manifest.
    point.data_at = point.ended_at = utc_time(archive["start"] ? archive["start"] : archive["time"]);
    point.encrypted = encrypted;
    // Written every half an hour while a backup runs, and left behind by one that was interrupted.
    if (point.id.contains(".checkpoint")) {
        point.state = core::PointState::incomplete;
        point.detail = "a checkpoint: its backup still runs, or was interrupted";
    }
    return point;
}

/// An error that Borg logged, and its name for it.
struct Said {
    std::string words;
    std::string id;
};

/// The first line; of a traceback, which says on its last one what happened, that one.
std::string essence(std::string_view message) {
    if (message.starts_with("Traceback")) {
        message = message.substr(0, message.find("\n\nPlatform:"));
        return io::last_words(std::string{message});
    }
    return std::string{message.substr(0, message.find('\n'))};
}

std::optional<Said> read_message(const Json& json) {
    if (json["type"].text() != "log_message")
        return std::nullopt;
    const std::string& level = json["levelname"].text();
    if (level != "ERROR" && level != "CRITICAL")
        return std::nullopt;
    return Said{essence(json["message"].text()), json["msgid"] ? json["msgid"].text() : ""};
}

/// The errors among the lines of `--log-json`, oldest first; what is no such line is passed over.
std::vector<Said> errors_of(const std::string& err) {
    std::vector<Said> errors;
    for (std::string_view rest = err; !rest.empty();) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        // A prompt that nobody answers may stand before it.
        line.remove_prefix(std::min(line.find('{'), line.size()));
        if (line.empty())
            continue;
        const auto error = understood([&] { return read_message(Json::parse_lenient(line)); });
        if (error && *error)
            errors.push_back(**error);
    }
    return errors;
}

/// The last error that Borg gave; its last words when it gave none.
Said last_error(const std::string& err) {
    const auto errors = errors_of(err);
    return errors.empty() ? Said{io::last_words(err), {}} : errors.back();
}

FailureKind kind_of(const Said& said) {
    const std::string& id = said.id;
    if (id.starts_with("Passphrase") || id == "NoPassphraseFailure" || id == "Repository.DoesNotExist" ||
        id == "Repository.InvalidRepository" || id == "Repository.PathDoesNotExist" || id.starts_with("Cache.") ||
        id.contains("KeyfileNotFound"))
        return FailureKind::misconfigured;
    if (id.starts_with("Lock") || id == "Repository.PathPermissionDenied" || said.words.starts_with("PermissionError"))
        return FailureKind::refused;
    if (id.starts_with("Connection"))
        return FailureKind::unreachable;
    return FailureKind::bad_answer;
}

} // namespace

std::optional<std::string> borg_series(std::string_view pattern, std::string_view name) {
    const auto at = pattern.find(kSubject);
    if (at == std::string_view::npos)
        return core::glob_matches(pattern, name) ? std::optional<std::string>{""} : std::nullopt;
    const std::string_view before = pattern.substr(0, at);
    const std::string_view after = pattern.substr(at + kSubject.size());
    for (std::size_t begin = 0; begin < name.size(); ++begin) {
        if (!core::glob_matches(before, name.substr(0, begin)))
            continue;
        for (std::size_t length = 1; begin + length <= name.size(); ++length)
            if (core::glob_matches(after, name.substr(begin + length)))
                return std::string{name.substr(begin, length)};
    }
    return std::nullopt;
}

BorgRepository interpret_borg(const Json& list, std::string_view pattern) {
    BorgRepository repository;
    repository.id = list["repository"]["id"].text();
    const std::string& mode = list["encryption"]["mode"].text();
    // `authenticated` modes sign and do not encrypt.
    const auto encrypted = core::told(mode != "none" && !mode.starts_with("authenticated"));
    std::set<std::string_view> names;
    for (const Json& archive : list["archives"].items()) {
        const std::string& name = archive["name"].text();
        if (!names.insert(name).second)
            archive["name"].bad("each archive once");
        if (name.size() > kMaxName)
            archive["name"].bad(fmt::format("a name of at most {} bytes", kMaxName));
        const auto subject = borg_series(pattern, name.substr(0, name.find(".checkpoint")));
        if (!subject)
            continue;
        repository.series[*subject].points.push_back(point_of(archive, encrypted));
        repository.archive_ids.emplace(name, archive["id"].text());
        if (repository.series.size() > kMaxSeries)
            throw io::BadDocument(fmt::format("expected at most {} series of archives, found more", kMaxSeries));
    }
    for (auto& [subject, points] : repository.series) {
        points.method = "borg";
        points.tells_jobs = core::Told::no;
    }
    return repository;
}

std::optional<Failure> borg_failure(const io::Finished& finished, bool prefixed) {
    // 1 is a warning: it did what was asked.
    if (finished.status == 0 || finished.status == 1)
        return std::nullopt;
    const Said said = last_error(finished.err);
    return tool_failure(finished, "borg", kind_of(said), said.words, prefixed);
}

std::optional<std::string> borg_errors(const io::Finished& finished) {
    if (finished.status != 1)
        return std::nullopt;
    const auto errors = errors_of(finished.err);
    if (errors.empty())
        return std::nullopt;
    return fmt::format("borg check: {}", shown(errors.front().words));
}

} // namespace recoverd::collectors
