// SPDX-License-Identifier: Apache-2.0
// An HTTP(S) server on a free port of loopback that does what a test tells it: answers by path, is slow, drips, cuts
// off, lies. A thread per connection; nothing here is fit for more than tests.
#pragma once

#include "core/time.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct ServedRequest {
    std::string verb;
    /// Without the query.
    std::string path;
    std::string query;
    /// Names in lower case.
    Headers headers;
    std::string body;

    /// The first header of that name, or empty.
    std::string header(std::string_view name) const;
};

/// One request that is being answered.
class Conversation {
  public:
    virtual ~Conversation() = default;
    virtual const ServedRequest& request() const = 0;
    /// False when the other side has left.
    virtual bool send(std::string_view bytes) = 0;
    /// False when the server is being stopped.
    virtual bool wait(core::Duration duration) = 0;
    /// Ends the connection after the script, without the closing words of TLS; else it is kept for the next request.
    virtual void hang_up() = 0;

    void answer(int status, std::string_view body, const Headers& headers = {});
};

using Script = std::function<void(Conversation&)>;

// Scripts that several tests need.
Script says(int status, std::string body, Headers headers = {});
/// Says nothing for that long, then goes on.
Script after(core::Duration delay, Script then);
/// A byte of the body every `pause`, without end.
Script drips(core::Duration pause);
/// Promises more than it sends.
Script cuts_off(std::string part);
/// A body without end, as fast as it can be taken.
Script endless();
/// 64 MiB of zeros in a few KiB of gzip.
Script bomb();
Script redirects(std::string to, int status = 302);
/// Takes the request and closes.
Script hangs_up();
/// These very bytes, then closes.
Script raw(std::string bytes);

struct ServerTls {
    std::string cert_file;
    std::string key_file;
    /// Ask for a client certificate of this authority, and refuse others; empty: ask for none.
    std::string client_ca_file = {};
};

class ScriptedServer {
  public:
    ScriptedServer();
    explicit ScriptedServer(const ServerTls& tls);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    void on(const std::string& path, Script script);
    /// Another certificate from now on, for new connections.
    void change_certificate(const ServerTls& tls);

    int port() const;
    /// http(s)://127.0.0.1:port/path
    std::string url(const std::string& path, const std::string& host = "127.0.0.1") const;
    /// What was asked so far, oldest first.
    std::vector<ServedRequest> got() const;
    int connections() const;

  private:
    class State;
    std::shared_ptr<State> state_;
};

} // namespace recoverd::test
