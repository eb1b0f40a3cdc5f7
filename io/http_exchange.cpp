// SPDX-License-Identifier: Apache-2.0
#include "io/http_exchange.hpp"

#include "core/ascii.hpp"
#include "io/certificate.hpp"
#include "io/client_options.hpp"
#include "io/socket_failure.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace recoverd::io {

namespace {

// A certificate that is renewed, an authority that is replaced, a name that moved, or a server that takes nobody new is
// noticed this late when connections are kept.
constexpr long kLongestConnection = 600;
constexpr long kLongestAuthorities = 60;

template <class T>
void set(void* easy, CURLoption option, T value) {
    ::curl_easy_setopt(easy, option, value);
}

/// A file, or the PEM text itself, as a kubeconfig holds it.
void set_pem(void* easy, CURLoption file, CURLoption blob, const std::string& pem) {
    if (!pem.starts_with("-----BEGIN "))
        return set(easy, file, pem.c_str());
    std::string text = pem;
    ::curl_blob whole{text.data(), text.size(), CURL_BLOB_COPY};
    set(easy, blob, &whole);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// What may be told to a server that we were only redirected to: any other header may be somebody's credentials.
bool is_harmless(std::string_view header) {
    const auto name = core::ascii_lower(header);
    return name == "accept" || name == "accept-language" || name == "user-agent" || name == "content-type";
}

} // namespace

struct Exchange::Callbacks {
    static std::size_t header(char* data, std::size_t size, std::size_t count, void* exchange) {
        auto& self = *static_cast<Exchange*>(exchange);
        self.header_bytes_ += size * count;
        if (self.header_bytes_ > kMostHeaderBytes) {
            self.stopped_ = Stopped::headers_too_large;
            return 0;
        }
        self.keep_header({data, size * count});
        return size * count;
    }

    static std::size_t body(char* data, std::size_t size, std::size_t count, void* exchange) {
        auto& self = *static_cast<Exchange*>(exchange);
        const std::size_t room = self.request_.max_body - self.answer_.body.size() - self.taken_;
        if (size * count > room) {
            self.stopped_ = Stopped::body_too_large;
            if (self.request_.cut_body)
                self.answer_.body.append(data, room);
            return 0;
        }
        if (self.take_ && self.status() == 200) {
            self.taken_ += size * count;
            if (self.take_({data, size * count}))
                return size * count;
            self.stopped_ = Stopped::body_not_taken;
            return 0;
        }
        self.answer_.body.append(data, size * count);
        return size * count;
    }

    /// curl opens its sockets without CLOEXEC: a child process would hold them open.
    static curl_socket_t open_socket(void* exchange, curlsocktype /*purpose*/, curl_sockaddr* address) {
        auto& self = *static_cast<Exchange*>(exchange);
        self.keep_error();
        const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        const int error = opened < 0 ? errno : 0;
        if (error == EAFNOSUPPORT) {
            self.lacks_family_ = true;
            return opened;
        }
        self.keep_address(&address->addr, address->addrlen);
        if (is_own_shortage(error))
            self.shortage_ = error;
        return opened;
    }

    static CURLcode ssl_context(CURL* /*easy*/, void* context, void* exchange) {
        auto* const ssl = static_cast<SSL_CTX*>(context);
        // The connection may outlive the exchange: no second handshake may ask it.
        SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_cert_verify_callback(ssl, &verify, exchange);
        return CURLE_OK;
    }

    static int verify(X509_STORE_CTX* chain, void* exchange) {
        auto& self = *static_cast<Exchange*>(exchange);
        const int trusted = X509_verify_cert(chain);
        if (const X509* shown = X509_STORE_CTX_get0_cert(chain)) {
            self.shown_ = read_certificate(*shown);
            if (trusted != 1 && !self.request_.tls.insecure_skip_verify)
                self.shown_->fault = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain));
        }
        return trusted;
    }
};

Exchange::Exchange(void* easy, const HttpRequest& request, const Url& url, bool trusted)
    : easy_(easy), request_(request), url_(url), trusted_(trusted) {
    static_assert(std::tuple_size_v<decltype(error_)> >= CURL_ERROR_SIZE);
    set_manners();
    set_method();
    set_headers();
    if (trusted_)
        set_auth();
    if (url_.scheme == "https")
        set_tls();
}

Exchange::~Exchange() {
    ::curl_easy_reset(easy_); // before what it points to goes
    for (curl_slist* list : lists_)
        ::curl_slist_free_all(list);
}

void Exchange::set_manners() {
    set(easy_, CURLOPT_ERRORBUFFER, error_.data());
    // As it was read: curl would take the text apart again. Without the text beside it, it would print that.
    set(easy_, CURLOPT_CURLU, url_.as_read.get());
    set(easy_, CURLOPT_URL, url_.text.c_str());
    set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    // One request at a time per connection is all that a check needs, and costs half of what HTTP/2 does.
    set(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy_, CURLOPT_NOSIGNAL, 1L);
    set(easy_, CURLOPT_QUICK_EXIT, 1L);
    set(easy_, CURLOPT_DNS_CACHE_TIMEOUT, -1L); // else each transfer walks the whole cache to prune it
    set(easy_, CURLOPT_MAXLIFETIME_CONN, kLongestConnection);
    set(easy_, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
    set(easy_, CURLOPT_FORBID_REUSE, request_.fresh_connection ? 1L : 0L);
    set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(easy_, CURLOPT_ACCEPT_ENCODING, "gzip"); // who compresses can do that; each further decoder reads foreign bytes
    set(easy_, CURLOPT_USERAGENT, "recoverd/" RECOVERD_VERSION);
    set(easy_, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open_socket);
    set(easy_, CURLOPT_OPENSOCKETDATA, this);
    if (!request_.unix_socket.empty())
        set(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
    set(easy_, CURLOPT_HEADERFUNCTION, &Callbacks::header);
    set(easy_, CURLOPT_HEADERDATA, this);
    set(easy_, CURLOPT_WRITEFUNCTION, &Callbacks::body);
    set(easy_, CURLOPT_WRITEDATA, this);
}

void Exchange::set_method() {
    if (request_.verb == "HEAD") {
        set(easy_, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request_.verb == "GET" && request_.body.empty())
        return;
    if (request_.verb == "POST" || request_.verb == "PUT" || request_.verb == "PATCH" || !request_.body.empty()) {
        set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    }
    set(easy_, CURLOPT_CUSTOMREQUEST, request_.verb.c_str());
}

void Exchange::set_headers() {
    curl_slist* list = nullptr;
    bool host = false;
    bool content_type = false;
    const auto add = [&](const std::string& name, const std::string& value) {
        // curl takes "Name:" for "leave it out" and "Name;" for an empty one.
        list = ::curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
    };
    for (const auto& [name, value] : request_.headers) {
        if (!trusted_ && !is_harmless(name))
            continue;
        host |= core::ascii_lower(name) == "host";
        content_type |= core::ascii_lower(name) == "content-type";
        add(name, value);
    }
    if (trusted_ && !request_.auth.header_name.empty())
        add(request_.auth.header_name, request_.auth.header_value.reveal());
    if (trusted_ && !request_.auth.bearer.empty())
        add("Authorization", "Bearer " + request_.auth.bearer.reveal());
    if (trusted_ && !request_.tls.server_name.empty() && !host)
        add("Host", url_.authority());
    if (!request_.body.empty()) {
        list = ::curl_slist_append(list, "Expect:"); // else a larger body waits a second for "100 Continue"
        if (!content_type)
            list = ::curl_slist_append(list, "Content-Type:");
    }
    if (list)
        lists_.push_back(list);
    set(easy_, CURLOPT_HTTPHEADER, list);
}

void Exchange::set_auth() {
    const bool own = !request_.auth.username.empty();
    const std::string& username = own ? request_.auth.username : url_.username;
    if (username.empty())
        return;
    if (request_.auth.sigv4.empty())
        set(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    else
        set(easy_, CURLOPT_AWS_SIGV4, request_.auth.sigv4.c_str());
    set(easy_, CURLOPT_USERNAME, username.c_str());
    set(easy_, CURLOPT_PASSWORD, (own ? request_.auth.password.reveal() : url_.password).c_str());
}

void Exchange::set_tls() {
    const TlsOptions& tls = request_.tls;
    const long verify = tls.insecure_skip_verify ? 0L : 1L;
    set(easy_, CURLOPT_SSL_VERIFYPEER, verify);
    set(easy_, CURLOPT_SSL_VERIFYHOST, verify * 2);
    set(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr)); // only a file's authorities are cached by curl
    set(easy_, CURLOPT_CA_CACHE_TIMEOUT, kLongestAuthorities);
    if (!tls.ca_file.empty())
        set_pem(easy_, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB, tls.ca_file);
    if (trusted_ && !tls.cert_file.empty()) {
        set_pem(easy_, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB, tls.cert_file);
        set_pem(easy_, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB, tls.file_of_key());
    }
    if (trusted_ && !tls.server_name.empty() && tls.server_name != url_.host) {
        // The URL gets the name that SNI and the certificate go by, and the way leads to the host nevertheless. Not by
        // an entry for that name in curl's cache: two hosts with one server_name would then share a connection.
        renamed_ = url_.read_with_host(tls.server_name);
        set(easy_, CURLOPT_CURLU, renamed_.get());
        const auto way = fmt::format("{}:{}:{}", tls.server_name, url_.port, url_.address());
        lists_.push_back(::curl_slist_append(nullptr, way.c_str()));
        set(easy_, CURLOPT_CONNECT_TO, lists_.back());
    }
    // A resumed session shows the certificate of the time when it began.
    set(easy_, CURLOPT_SSL_SESSIONID_CACHE, request_.want_certificate ? 0L : 1L);
    set(easy_, CURLOPT_SSL_CTX_FUNCTION, &Callbacks::ssl_context);
    set(easy_, CURLOPT_SSL_CTX_DATA, this);
}

void Exchange::set_places(const std::vector<Place>& places, const std::vector<std::string>& forgotten) {
    curl_slist* list = nullptr;
    for (const auto& name : forgotten)
        list = ::curl_slist_append(list, ("-" + name).c_str());
    for (const Place& place : places) {
        std::string entry = place.host + ":" + place.port;
        char separator = ':';
        for (const auto& address : place.addresses) {
            entry += separator + bracketed(address);
            separator = ',';
        }
        list = ::curl_slist_append(list, entry.c_str());
    }
    if (list)
        lists_.push_back(list);
    set(easy_, CURLOPT_RESOLVE, list);
}

void Exchange::set_proxy(const std::optional<Url>& proxy) {
    // Even none is said: else curl would take the environment's.
    set(easy_, CURLOPT_PROXY, proxy ? fmt::format("{}://{}", proxy->scheme, proxy->address()).c_str() : "");
    set(easy_, CURLOPT_NOPROXY, "");
    if (!proxy || proxy->username.empty())
        return;
    set(easy_, CURLOPT_PROXYUSERNAME, proxy->username.c_str());
    set(easy_, CURLOPT_PROXYPASSWORD, proxy->password.c_str());
}

void Exchange::set_timeout(core::Duration left) {
    left = std::max(left, core::Duration{1}); // 0 would mean for ever
    set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
}

void Exchange::keep_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {
        answer_.headers.clear(); // what came so far was for a 100 Continue
        if (request_.want_certificate && url_.scheme == "https" && !shown_)
            keep_certificate();
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !answer_.body.empty() ||
        taken_ != 0) // the rest of the body's trailers says nothing to us
        return;
    answer_.headers.emplace_back(core::ascii_lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
}

int Exchange::status() const {
    long status = 0;
    ::curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

int Exchange::last_error() const {
    long error = 0;
    ::curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &error);
    return static_cast<int>(error);
}

/// Before the next address is tried: curl keeps the errno of the last one only. What it holds before the first is of
/// another exchange.
void Exchange::keep_error() {
    const int error = last_error();
    if (trying_size_ != 0 && error != 0 && !is_own_shortage(error))
        tried_ = error;
}

void Exchange::keep_address(const sockaddr* address, std::size_t size) {
    trying_size_ = static_cast<socklen_t>(std::min(size, sizeof trying_));
    std::memcpy(&trying_, address, trying_size_);
}

/// Of a connection that was kept from before: nobody verified it during this exchange.
void Exchange::keep_certificate() {
    curl_tlssessioninfo* session = nullptr;
    if (::curl_easy_getinfo(easy_, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session || !session->internals)
        return;
    if (const X509* shown = SSL_get0_peer_certificate(static_cast<const SSL*>(session->internals)))
        shown_ = read_certificate(*shown);
}

} // namespace recoverd::io
