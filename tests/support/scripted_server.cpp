// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_server.hpp"

#include "core/ascii.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <zlib.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include <csignal>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace recoverd::test {

namespace {

using Context = std::shared_ptr<SSL_CTX>;

Context make_context(const ServerTls& tls) {
    const Context context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
    if (SSL_CTX_use_certificate_chain_file(context.get(), tls.cert_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("the scripted server cannot read its certificate");
    if (!tls.client_ca_file.empty()) {
        SSL_CTX_load_verify_file(context.get(), tls.client_ca_file.c_str());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return context;
}

/// A socket, with or without TLS on it.
class Stream {
  public:
    Stream(int fd, const Context& context) : fd_(fd), ssl_(nullptr, &SSL_free) {
        if (context)
            ssl_.reset(SSL_new(context.get()));
        if (ssl_)
            SSL_set_fd(ssl_.get(), fd_);
    }

    bool shake_hands() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }

    bool read(std::string& into) {
        std::array<char, 16'384> bytes{};
        const auto size = static_cast<int>(bytes.size());
        const auto count = ssl_ ? SSL_read(ssl_.get(), bytes.data(), size)
                                : static_cast<int>(::recv(fd_, bytes.data(), bytes.size(), 0));
        if (count > 0)
            into.append(bytes.data(), static_cast<std::size_t>(count));
        return count > 0;
    }

    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                                    : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
            if (count <= 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

  private:
    int fd_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

ServedRequest parse_head(std::string_view head) {
    ServedRequest request;
    const auto next_line = [&head] {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        head.remove_prefix(std::min(head.size(), end + 2));
        return std::string{line};
    };
    const std::string first = next_line();
    const auto verb_end = first.find(' ');
    const std::string target = first.substr(verb_end + 1, first.rfind(' ') - verb_end - 1);
    request.verb = first.substr(0, verb_end);
    request.path = target.substr(0, target.find('?'));
    request.query = request.path.size() < target.size() ? target.substr(request.path.size() + 1) : std::string{};
    while (!head.empty()) {
        const std::string line = next_line();
        const auto colon = line.find(':');
        const auto value = line.find_first_not_of(' ', colon + 1);
        if (colon != std::string::npos)
            request.headers.emplace_back(core::ascii_lower(line.substr(0, colon)),
                                         value == std::string::npos ? std::string{} : line.substr(value));
    }
    return request;
}

/// The next request of a connection, or nothing at its end. `bytes` keeps what came beyond it.
std::optional<ServedRequest> read_request(Stream& stream, std::string& bytes) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    while (!bytes.contains(kEnd))
        if (!stream.read(bytes))
            return std::nullopt;
    const auto head = bytes.find(kEnd) + 2;
    auto request = parse_head(std::string_view{bytes}.substr(0, head));
    bytes.erase(0, head + 2);
    const auto length = request.header("content-length");
    const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
    while (bytes.size() < wanted)
        if (!stream.read(bytes))
            return std::nullopt;
    request.body = bytes.substr(0, wanted);
    bytes.erase(0, wanted);
    return request;
}

} // namespace

std::string ServedRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return {};
}

void Conversation::answer(int status, std::string_view body, const Headers& headers) {
    std::string head = fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n", status, body.size());
    for (const auto& [name, value] : headers)
        head += fmt::format("{}: {}\r\n", name, value);
    head += "\r\n";
    if (request().verb != "HEAD")
        head += body;
    send(head);
}

class ScriptedServer::State {
  public:
    explicit State(Context context)
        : context_(std::move(context)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const raw_address = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        if (listener_ < 0 || ::bind(listener_, raw_address, size) != 0 || ::listen(listener_, SOMAXCONN) != 0 ||
            ::getsockname(listener_, raw_address, &size) != 0)
            throw std::runtime_error("the scripted server cannot listen");
        port_ = ntohs(address.sin_port);
        tls_ = context_ != nullptr;
    }

    static void start(const std::shared_ptr<State>& self) {
        self->acceptor_ = std::thread([state = self.get()] { state->accept(); });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            for (const int fd : open_)
                ::shutdown(fd, SHUT_RDWR);
            changed_.notify_all();
        }
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return threads_ == 0; });
    }

    void set_script(const std::string& path, Script script) {
        const std::lock_guard lock(mutex_);
        scripts_[path] = std::move(script);
    }
    void set_context(Context context) {
        const std::lock_guard lock(mutex_);
        context_ = std::move(context);
    }
    std::vector<ServedRequest> got() const {
        const std::lock_guard lock(mutex_);
        return got_;
    }
    int connections() const {
        const std::lock_guard lock(mutex_);
        return connections_;
    }
    int port() const { return port_; }
    bool tls() const { return tls_; }

    bool wait(core::Duration duration) {
        std::unique_lock lock(mutex_);
        return !changed_.wait_for(lock, duration, [this] { return stopping_; });
    }

  private:
    void accept() {
        // OpenSSL writes without MSG_NOSIGNAL; the threads of connections inherit this.
        sigset_t broken_pipe;
        ::sigemptyset(&broken_pipe);
        ::sigaddset(&broken_pipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const std::lock_guard lock(mutex_);
            if (stopping_ || fd < 0) {
                if (fd >= 0)
                    ::close(fd);
                return;
            }
            open_.insert(fd);
            ++connections_;
            ++threads_;
            std::thread([this, fd, context = context_] {
                serve(fd, context);
                const std::lock_guard done(mutex_);
                open_.erase(fd);
                ::close(fd);
                --threads_;
                changed_.notify_all();
            }).detach();
        }
    }

    void serve(int fd, const Context& context);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Script> scripts_;
    std::vector<ServedRequest> got_;
    std::set<int> open_;
    Context context_;
    int listener_;
    int port_ = 0;
    bool tls_ = false;
    int connections_ = 0;
    int threads_ = 0;
    bool stopping_ = false;
    std::thread acceptor_;
};

namespace {

class Served final : public Conversation {
  public:
    Served(Stream& stream, ServedRequest request, std::function<bool(core::Duration)> wait)
        : stream_(stream), request_(std::move(request)), wait_(std::move(wait)) {}

    const ServedRequest& request() const override { return request_; }
    bool send(std::string_view bytes) override { return stream_.write(bytes); }
    bool wait(core::Duration duration) override { return wait_(duration); }
    void hang_up() override { over_ = true; }
    bool over() const { return over_; }

  private:
    Stream& stream_;
    ServedRequest request_;
    std::function<bool(core::Duration)> wait_;
    bool over_ = false;
};

} // namespace

void ScriptedServer::State::serve(int fd, const Context& context) {
    Stream stream(fd, context);
    if (!stream.shake_hands())
        return;
    std::string bytes;
    while (auto request = read_request(stream, bytes)) {
        Script script = says(404, "no script for it");
        {
            const std::lock_guard lock(mutex_);
            got_.push_back(*request);
            if (const auto found = scripts_.find(request->path); found != scripts_.end())
                script = found->second;
        }
        Served conversation(stream, std::move(*request), [this](core::Duration duration) { return wait(duration); });
        script(conversation);
        if (conversation.over())
            return;
    }
}

ScriptedServer::ScriptedServer() : state_(std::make_shared<State>(nullptr)) { State::start(state_); }
ScriptedServer::ScriptedServer(const ServerTls& tls) : state_(std::make_shared<State>(make_context(tls))) {
    State::start(state_);
}
ScriptedServer::~ScriptedServer() { state_->stop(); }

void ScriptedServer::on(const std::string& path, Script script) { state_->set_script(path, std::move(script)); }
void ScriptedServer::change_certificate(const ServerTls& tls) { state_->set_context(make_context(tls)); }
int ScriptedServer::port() const { return state_->port(); }
std::string ScriptedServer::url(const std::string& path, const std::string& host) const {
    return fmt::format("{}://{}:{}{}", state_->tls() ? "https" : "http", host, state_->port(), path);
}
std::vector<ServedRequest> ScriptedServer::got() const { return state_->got(); }
int ScriptedServer::connections() const { return state_->connections(); }

Script says(int status, std::string body, Headers headers) {
    return [=](Conversation& to) { to.answer(status, body, headers); };
}

Script after(core::Duration delay, Script then) {
    return [delay, then = std::move(then)](Conversation& to) {
        if (to.wait(delay))
            then(to);
    };
}

Script drips(core::Duration pause) {
    return [pause](Conversation& to) {
        to.hang_up();
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (to.send("x") && to.wait(pause)) {
        }
    };
}

Script cuts_off(std::string part) {
    return [part = std::move(part)](Conversation& to) {
        to.hang_up();
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + part);
    };
}

Script endless() {
    return [](Conversation& to) {
        to.hang_up();
        const std::string chunk = fmt::format("{:x}\r\n{}\r\n", 16'384, std::string(16'384, 'x'));
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (to.send(chunk)) {
        }
    };
}

Script bomb() {
    return [](Conversation& to) {
        const std::string zeros(std::size_t{1} << 20U, '\0');
        std::string packed(std::size_t{1} << 20U, '\0');
        z_stream stream{};
        constexpr int kGzip = 15 + 16;
        ::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
        stream.next_out = reinterpret_cast<Bytef*>(packed.data());
        stream.avail_out = static_cast<uInt>(packed.size());
        for (int i = 0; i < 64; ++i) {
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
            stream.avail_in = static_cast<uInt>(zeros.size());
            ::deflate(&stream, i == 63 ? Z_FINISH : Z_NO_FLUSH);
        }
        packed.resize(stream.total_out);
        ::deflateEnd(&stream);
        to.answer(200, packed, {{"Content-Encoding", "gzip"}});
    };
}

Script redirects(std::string to_url, int status) {
    return [=](Conversation& to) { to.answer(status, "elsewhere", {{"Location", to_url}}); };
}

Script hangs_up() {
    return [](Conversation& to) { to.hang_up(); };
}

Script raw(std::string bytes) {
    return [bytes = std::move(bytes)](Conversation& to) {
        to.hang_up();
        to.send(bytes);
    };
}

} // namespace recoverd::test
