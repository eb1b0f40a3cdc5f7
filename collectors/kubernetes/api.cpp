// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/api.hpp"

#include "collectors/kubernetes/words.hpp"
#include "core/config/values.hpp"
#include "io/client_options.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

/// A page has 100 objects, which are 10 KB on the average and 1.5 MB at most (etcd's limit). Where it is larger all the
/// same, fewer are asked for at a time.
constexpr std::size_t kMaxBody = std::size_t{8} << 20U;
/// 200,000 objects: what goes on for longer goes in circles.
constexpr int kMaxPages = 2'000;

/// The Status that the API server says instead of a list.
std::string message_in(const std::string& body) {
    const auto read = understood([&] {
        const io::Json json = io::Json::parse(body, kMaxBody);
        const io::Json& message = json["message"];
        return message.is_text() ? message.text() : std::string{};
    });
    return clean(read.value_or(std::string{}), 300);
}

Failure not_allowed(const Resource& resource, std::string_view where, const std::string& message) {
    return {
        FailureKind::refused,
        fmt::format("may not list {} {}{}{}\nhint: grant apiGroups [\"{}\"], resources [\"{}\"], verbs [\"list\"] in a "
                    "{}; `recoverd collectors kubernetes --rbac` prints all that is needed",
                    resource.full_name(), where, message.empty() ? "" : ": ", message, resource.group, resource.name,
                    where == "in the whole cluster" ? "ClusterRole" : "Role")};
}

Failure status_failure(const io::HttpAnswer& answer, const Resource& resource, std::string_view where) {
    const std::string message = message_in(answer.body);
    const std::string what = resource.full_name();
    switch (answer.status) {
    case 401:
        return {FailureKind::refused, fmt::format("{}: the API server does not accept the credentials (401)", what)};
    case 403:
        return not_allowed(resource, where, message);
    case 404:
        return {FailureKind::misconfigured,
                fmt::format("{}: the API server knows no such resource in version {}{}", what, resource.version,
                            resource.group.contains('.') ? ": is its operator installed?" : "")};
    default:
        break;
    }
    const bool not_now = answer.status == 429 || answer.status >= 500;
    return {not_now ? FailureKind::unreachable : FailureKind::bad_answer,
            fmt::format("{}: expected status 200, found {}{}{}", what, answer.status, message.empty() ? "" : ": ",
                        message)};
}

Failure too_large(const Resource& resource) {
    return {FailureKind::bad_answer, fmt::format("{}: expected objects of at most {} each, found a larger one",
                                                 resource.full_name(), core::config::format_size(kMaxBody))};
}

Page read_list(const io::HttpAnswer& answer, const Reader& reader) {
    const io::Json json = io::Json::parse(answer.body, kMaxBody);
    if (!json["kind"].text().ends_with("List"))
        json["kind"].bad("a list");
    if (!json["items"].null())
        for (const io::Json& item : json["items"].items())
            reader.object(item);
    const io::Json& next = json["metadata"]["continue"];
    return {.next = next ? next.text() : std::string{}};
}

} // namespace

Result<Page> read_page(const io::HttpAnswer& answer, const Resource& resource, std::string_view where,
                       const Reader& reader) {
    if (answer.status == 410)
        return Page{.next = {}, .expired = true};
    if (answer.status != 200)
        return std::unexpected(status_failure(answer, resource, where));
    auto page = understood([&] { return read_list(answer, reader); });
    if (!page)
        page.error().detail.insert(0, resource.full_name() + ": ");
    return page;
}

io::HttpRequest Api::request(const std::string& path) const {
    io::HttpRequest asked;
    asked.url = access_.server + path;
    asked.headers = {{"Accept", "application/json"}};
    asked.tls = access_.tls;
    asked.auth = access_.auth;
    asked.proxy = access_.proxy;
    // It sends nobody elsewhere: whoever does is no API server.
    asked.max_redirects = 0;
    asked.max_body = kMaxBody;
    asked.cut_body = true;
    asked.want_certificate = !latency_ && asked.url.starts_with("https:");
    asked.timeout = std::max(Duration{1}, left());
    return asked;
}

Task<std::optional<Failure>> Api::read_token() {
    token_read_ = true;
    if (!access_.token)
        co_return std::nullopt;
    SecretRef ref = access_.token;
    auto token = co_await run_.world.secret(std::move(ref));
    if (!token) {
        Failure missing = std::move(token.error());
        if (!access_.hint.empty())
            missing.detail += "\nhint: " + access_.hint;
        co_return missing;
    }
    access_.auth.bearer = std::move(*token);
    co_return std::nullopt;
}

Task<Result<io::HttpAnswer>> Api::get(std::string path) {
    if (!token_read_) {
        auto missing = co_await read_token();
        if (missing)
            co_return std::unexpected(std::move(*missing));
    }
    for (;;) {
        if (left() <= Duration{0})
            co_return core::failed(FailureKind::timed_out, "no time left to ask");
        io::HttpRequest asked = request(path);
        auto answer = co_await run_.world.http(std::move(asked));
        if (answer && !latency_) {
            latency_ = answer->latency;
            certificate_ = answer->certificate;
        }
        if (!answer || answer->status != 401)
            co_return answer;
        // The kubelet exchanges the token on the disk while the old one is good for some time: it may just have been.
        if (read_again_ || !access_.token) {
            locked_out_ = true;
            co_return answer;
        }
        read_again_ = true;
        auto missing = co_await read_token();
        if (missing)
            co_return std::unexpected(std::move(*missing));
    }
}

Task<std::optional<Failure>> Api::list(Resource resource, Reader reader, std::size_t lists) {
    const Duration now = run_.world.timers().elapsed();
    // A list of many pages may take long, and one that hangs leaves half of the time to the others.
    share_until_ = lists > 1 ? now + (until_ - now) / 2 : until_;
    const bool everywhere = namespace_.empty() || !resource.namespaced;
    const std::string where = everywhere ? "in the whole cluster" : fmt::format("in namespace '{}'", namespace_);
    std::string first = resource.path(namespace_, selector_);
    std::string path = first;
    bool again = false;
    reader.begin();
    for (int pages = 0; pages < kMaxPages; ++pages) {
        std::string asked = path;
        const auto answer = co_await get(std::move(asked));
        if (!answer)
            co_return Failure{answer.error().kind, fmt::format("{}: {}", resource.full_name(), answer.error().detail)};
        // Nothing was sent to a server that is not trusted.
        if (answer->status == 0)
            co_return Failure{FailureKind::unreachable,
                              fmt::format("the API server's certificate is not trusted: {}",
                                          answer->certificate ? answer->certificate->fault : "none was shown")};
        if (answer->cut && answer->status == 200) {
            if (resource.page == 1)
                co_return too_large(resource);
            // What continues a list is good for the same question alone, so that it begins anew.
            resource.page /= 2;
            first = path = resource.path(namespace_, selector_);
            reader.begin();
            continue;
        }
        const Result<Page> page = read_page(*answer, resource, where, reader);
        if (!page)
            co_return page.error();
        if (page->expired && again)
            co_return Failure{FailureKind::bad_answer,
                              fmt::format("{}: the list expired twice while it was read (410)", resource.full_name())};
        if (page->expired) {
            // What was read belongs to a state that the rest cannot be had of any more.
            again = true;
            path = first;
            reader.begin();
            continue;
        }
        if (page->next.empty())
            co_return std::nullopt;
        std::string next = first + "&continue=" + io::percent_encoded(page->next);
        if (next == path)
            break;
        path = std::move(next);
    }
    co_return Failure{FailureKind::bad_answer, fmt::format("{}: the list does not end", resource.full_name())};
}

} // namespace recoverd::collectors::kubernetes_parts
