// SPDX-License-Identifier: Apache-2.0
// A throw-away PostgreSQL 15 for tests: its own port and directory, nothing synced, gone with the test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace recoverd::test {

class PostgresServer {
  public:
    /// Are the server's programs installed here?
    static bool available();
    /// The newest major version that is installed, such as 15; 0 without any.
    static int version();

    /// Starts a fresh cluster with these lines added to postgresql.conf; throws when it does not come up. Local
    /// connections are trusted; over TCP, so is everybody but the role `locked`, who needs a password.
    explicit PostgresServer(const std::vector<std::string>& settings = {});
    /// Starts a streaming standby of `primary` that calls itself `name`.
    PostgresServer(PostgresServer& primary, const std::string& name, const std::vector<std::string>& settings = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    /// Over its unix socket.
    std::string dsn(const std::string& user = "postgres") const;
    std::string tcp_dsn(const std::string& user = "postgres") const;
    /// What psql prints for `statement`, as superuser, without the last newline; throws when it fails.
    std::string sql(const std::string& statement) const;
    /// Asks until the answer is `wanted`; throws after 20 s.
    void await(const std::string& statement, const std::string& wanted) const;
    /// Sets one parameter and reloads.
    void set(const std::string& name, const std::string& value) const;

    void stop();
    void start();
    pid_t pid() const { return pid_; }
    int port() const { return port_; }
    const std::filesystem::path& directory() const { return directory_; }

  private:
    void configure(const std::vector<std::string>& settings) const;

    std::filesystem::path directory_;
    int port_;
    pid_t pid_ = -1;
};

} // namespace recoverd::test
