// SPDX-License-Identifier: Apache-2.0
#include "collectors/aiven/api.hpp"

#include "collectors/aiven/parts.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace recoverd::collectors::aiven_parts {

namespace {

/// Aiven's own clients ask up to six times and wait 2 to 15 s: but here the next run comes in a minute.
constexpr unsigned kTries = 3;
constexpr Duration kFirstWait{2'000};
/// Of one request: an answer that hangs leaves time for others.
constexpr Duration kRequest{15'000};
/// A project's services with all that belongs to them; the plans of a type with their prices in every cloud.
constexpr std::size_t kMaxBody = std::size_t{32} << 20U;

/// The first message among the errors, or the message beside them; empty when the body is none of Aiven's.
std::string message_in(const std::string& body) {
    const auto read = understood([&] {
        const io::Json json = io::Json::parse(body);
        const io::Json& first = json["errors"][std::size_t{0}]["message"];
        const io::Json& told = first ? first : json["message"];
        return told.is_text() ? told.text() : std::string{};
    });
    return read.value_or(std::string{});
}

void hide(std::string& text, const std::string& secret) {
    if (!secret.empty())
        for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
}

FailureKind kind_of(int status) {
    switch (status) {
    case 401:
    case 403:
    case 429:
        return FailureKind::refused;
    default:
        return FailureKind::bad_answer;
    }
}

} // namespace

Result<io::Json> read_answer(const io::HttpAnswer& answer, const std::string& secret) {
    const std::string url = io::bare_url(answer.url);
    if (answer.status == 200) {
        auto json = understood([&] { return io::Json::parse(answer.body, kMaxBody); });
        if (!json)
            return core::failed(FailureKind::bad_answer, fmt::format("{}: {}", url, json.error().detail));
        return json;
    }
    std::string message = message_in(answer.body);
    hide(message, secret);
    message = said(message);
    return core::failed(kind_of(answer.status), fmt::format("{}: expected status 200, found {}{}{}", url, answer.status,
                                                            message.empty() ? "" : ": ", message));
}

std::optional<Duration> wait_before(const io::HttpAnswer& answer, unsigned tries) {
    // 501: "retry later", as of the topics of a service that is still being built.
    const bool later = answer.status == 408 || answer.status == 429 || answer.status >= 500;
    if (!later)
        return std::nullopt;
    const std::string_view told = answer.header("retry-after");
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), seconds);
    // A date, which HTTP allows as well, is waited for as if nothing was said.
    if (error == std::errc{} && end == told.data() + told.size() && seconds >= 0)
        return Duration{std::min<std::int64_t>(seconds, 86'400) * 1000};
    return kFirstWait * (1U << std::min(tries - 1, 3U));
}

io::HttpRequest Api::request(const std::string& path) const {
    io::HttpRequest asked;
    asked.url = settings_.url + path;
    asked.headers = {{"Accept", "application/json"}};
    asked.tls = settings_.tls;
    asked.proxy = settings_.proxy;
    // Not "Bearer", which its OpenAPI document says beside the truth.
    asked.auth.header_name = "Authorization";
    asked.auth.header_value = io::Secret{"aivenv1 " + token_.reveal()};
    // It sends nobody elsewhere: whoever does is not Aiven.
    asked.max_redirects = 0;
    asked.max_body = kMaxBody;
    asked.timeout = std::clamp(left(), Duration{1}, kRequest);
    return asked;
}

Task<Result<io::Json>> Api::get(std::string path) {
    for (unsigned tries = 1;; ++tries) {
        if (stopped_)
            co_return std::unexpected(*stopped_);
        if (left() <= Duration{0})
            co_return core::failed(FailureKind::timed_out, fmt::format("{}: no time left to ask", path));
        io::HttpRequest asked = request(path);
        const auto answer = co_await run_.world.http(std::move(asked));
        if (!answer)
            co_return std::unexpected(answer.error());
        const std::optional<Duration> wait = wait_before(*answer, tries);
        auto read = read_answer(*answer, token_.reveal());
        if (!wait)
            co_return read;
        // Half of what is left, so that what comes after it can still be asked.
        const bool too_long = *wait > left() / 2;
        if (answer->status == 429 && (too_long || tries == kTries)) {
            read.error().detail += fmt::format(" (asks to be left alone for {})", core::config::format_duration(*wait));
            stopped_ = read.error();
        }
        if (too_long || tries == kTries)
            co_return read;
        co_await run_.world.timers().sleep(*wait);
    }
}

} // namespace recoverd::collectors::aiven_parts
