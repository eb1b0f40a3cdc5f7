// SPDX-License-Identifier: Apache-2.0
#include "io/url.hpp"

#include "core/ascii.hpp"
#include "io/client_options.hpp"

#include <asio/ip/address.hpp>

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>

namespace recoverd::io {

namespace {

using Handle = std::shared_ptr<CURLU>;

Handle new_handle() { return {::curl_url(), &::curl_url_cleanup}; }

Handle copy_of(const Handle& handle) { return {::curl_url_dup(handle.get()), &::curl_url_cleanup}; }

std::string part(const Handle& handle, CURLUPart what, unsigned flags = 0) {
    char* text = nullptr;
    if (::curl_url_get(handle.get(), what, &text, flags) != CURLUE_OK)
        return {};
    const std::unique_ptr<char, decltype(&::curl_free)> owner{text, &::curl_free};
    return text;
}

/// Whether `text` has `host` when it is read. curl reads an IPv4 address before it decodes: "33%330" is the host
/// "3330", and that, read again, 0.0.13.2. What was checked would not be what is asked.
bool reads_as_host(const std::string& text, const std::string& host) {
    const auto again = new_handle();
    return ::curl_url_set(again.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK &&
           part(again, CURLUPART_HOST) == host;
}

/// The whole of what `handle` holds, once its secrets are gone from it.
std::string text_of(const Handle& handle, const Url& url) {
    if (url.host.starts_with('[')) // its zone is a part of its own
        return part(handle, CURLUPART_URL);
    // What curl would print, which it does letter by letter: that was a thirtieth of what a small HTTP check takes in
    // user space.
    const std::string port = part(handle, CURLUPART_PORT);
    const std::string query = part(handle, CURLUPART_QUERY);
    std::string text = url.scheme + "://" + url.host;
    if (!port.empty())
        text.append(":").append(port);
    text += part(handle, CURLUPART_PATH);
    if (!query.empty())
        text.append("?").append(query);
    return text;
}

/// Reads what `handle` holds; an error in words otherwise. `written`: what it was made from.
std::expected<Url, std::string> read(const Handle& handle, std::string_view written) {
    Url url;
    url.scheme = part(handle, CURLUPART_SCHEME);
    if (url.scheme != "http" && url.scheme != "https")
        return std::unexpected(fmt::format("expected http or https, found '{}'", url.scheme));
    url.username = part(handle, CURLUPART_USER, CURLU_URLDECODE);
    url.password = part(handle, CURLUPART_PASSWORD, CURLU_URLDECODE);
    url.port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    url.host = part(handle, CURLUPART_HOST);
    // curl would translate other letters by the locale, which a daemon does not have, and leaks memory as it does.
    if (std::ranges::any_of(url.host, [](unsigned char c) { return c >= 0x80; }))
        return std::unexpected("expected a host name in ASCII, found other letters in it\n"
                               "hint: write the name as DNS has it, 'xn--bcher-kva.example' for 'bücher.example'");
    if (url.host.empty())
        return std::unexpected("expected a host, found none");
    if (std::string lower = core::ascii_lower(url.host); lower != url.host) {
        url.host = std::move(lower);
        ::curl_url_set(handle.get(), CURLUPART_HOST, url.host.c_str(), 0);
    }
    // curl lets '%' and some others pass, and escapes them once more each time that it prints them.
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    if (!url.host.starts_with('[') && url.host.find_first_not_of(kPlain) != std::string::npos)
        return std::unexpected("expected a host in plain letters, found other characters in it");
    for (const CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT})
        ::curl_url_set(handle.get(), secret, nullptr, 0);
    url.text = text_of(handle, url);
    if (written.contains('%') && !reads_as_host(url.text, url.host))
        return std::unexpected("expected a host in plain letters, found an address in percent signs");
    if (url.host.front() == '[')
        url.host = url.host.substr(1, url.host.size() - 2);
    asio::error_code not_numeric;
    asio::ip::make_address(url.host, not_numeric);
    url.numeric = !not_numeric;
    url.as_read = handle;
    return url;
}

} // namespace

std::string bracketed(const std::string& host) { return host.contains(':') ? "[" + host + "]" : host; }

Result<Url> Url::parse(const std::string& text) {
    const auto handle = new_handle();
    const CURLUcode code = ::curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
    std::string wrong;
    if (text.contains('\0'))
        wrong = "expected a URL, found a zero byte in it";
    else if (code != CURLUE_OK)
        wrong = fmt::format("expected a URL such as 'https://host/path': {}", ::curl_url_strerror(code));
    else if (auto url = read(handle, text))
        return std::move(*url);
    else
        wrong = url.error();
    return core::failed(FailureKind::misconfigured, fmt::format("{}: {}", bare_url(text), wrong));
}

Result<Url> Url::follow(const std::string& location) const {
    const auto handle = copy_of(as_read);
    const CURLUcode code =
        ::curl_url_set(handle.get(), CURLUPART_URL, location.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
    const auto url =
        code == CURLUE_OK ? read(handle, location) : std::unexpected(std::string{::curl_url_strerror(code)});
    if (!url)
        return core::failed(FailureKind::bad_answer, fmt::format("redirected by {} to '{}': {}", bare_url(text),
                                                                 bare_url(location), url.error()));
    Url next = *url;
    next.username.clear();
    next.password.clear();
    return next;
}

std::string Url::address() const { return bracketed(host) + ":" + port; }

std::string Url::authority() const {
    const bool usual = port == (scheme == "https" ? "443" : "80");
    return usual ? bracketed(host) : address();
}

std::shared_ptr<Curl_URL> Url::read_with_host(const std::string& other) const {
    auto handle = copy_of(as_read);
    ::curl_url_set(handle.get(), CURLUPART_HOST, other.c_str(), 0);
    return handle;
}

} // namespace recoverd::io
