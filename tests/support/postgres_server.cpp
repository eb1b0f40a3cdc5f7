// SPDX-License-Identifier: Apache-2.0
#include "tests/support/postgres_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace recoverd::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

int find_newest() {
    std::error_code none;
    int newest = 0;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none))
        newest = std::max(newest, std::atoi(version.path().filename().c_str()));
    return newest;
}

/// With a slash at the end.
std::string programs() { return fmt::format("/usr/lib/postgresql/{}/bin/", PostgresServer::version()); }

/// The server refuses to run as root; then everything runs as `postgres`, and dies with this process.
std::vector<std::string> as_postgres(std::vector<std::string> argv) {
    if (!argv.front().contains('/'))
        argv.front().insert(0, programs());
    std::vector<std::string> prefix{"setpriv", "--pdeathsig", "QUIT"};
    if (::geteuid() == 0)
        prefix.insert(prefix.end(), {"--reuid", "postgres", "--regid", "postgres", "--clear-groups"});
    argv.insert(argv.begin(), prefix.begin(), prefix.end());
    return argv;
}

pid_t spawn(std::vector<std::string> argv, int output) {
    argv = as_postgres(std::move(argv));
    std::vector<char*> words;
    for (std::string& word : argv)
        words.push_back(word.data());
    words.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::dup2(null, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        if (::chdir("/") == 0)
            ::execvp(words[0], words.data());
        ::_exit(127);
    }
    return pid;
}

std::string run(const std::vector<std::string>& argv) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    const pid_t pid = spawn(argv, pipe[1]);
    ::close(pipe[1]);
    std::string out;
    std::array<char, 4096> chunk{};
    for (ssize_t n = 0; (n = ::read(pipe[0], chunk.data(), chunk.size())) > 0;)
        out.append(chunk.data(), static_cast<std::size_t>(n));
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0)
        throw std::runtime_error(fmt::format("{} ended with {}: {}", argv.front(), status, out));
    while (!out.empty() && out.back() == '\n')
        out.pop_back();
    return out;
}

int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(socket);
    if (!bound)
        throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

/// Short: the path of a unix socket may have 107 characters.
fs::path fresh_directory() {
    std::string name = "/tmp/pgtest.XXXXXX";
    if (!::mkdtemp(name.data()))
        throw std::runtime_error("no directory for a cluster");
    if (::geteuid() == 0) {
        const passwd* owner = ::getpwnam("postgres");
        if (!owner || ::chown(name.c_str(), owner->pw_uid, owner->pw_gid) != 0)
            throw std::runtime_error("no user postgres to own a cluster");
    }
    return name;
}

/// A cluster as initdb leaves it, made once per process: copying takes a tenth of the time. All copies share its
/// system identifier.
const fs::path& pristine() {
    static const struct Pristine {
        fs::path directory = fresh_directory();
        fs::path data = directory / "data";
        Pristine() {
            run({"initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"});
        }
        ~Pristine() {
            std::error_code ignored;
            fs::remove_all(directory, ignored);
        }
    } cluster;
    return cluster.data;
}

} // namespace

int PostgresServer::version() {
    static const int newest = find_newest();
    return newest;
}

bool PostgresServer::available() {
    return fs::exists(programs() + "initdb") && (::geteuid() != 0 || ::getpwnam("postgres"));
}

PostgresServer::PostgresServer(const std::vector<std::string>& settings)
    : directory_(fresh_directory()), port_(free_port()) {
    run({"/bin/cp", "-a", pristine(), directory_ / "data"});
    std::ofstream(directory_ / "data/pg_hba.conf") << "local all,replication all trust\n"
                                                      "local replication all trust\n"
                                                      "host all locked 127.0.0.1/32 scram-sha-256\n"
                                                      "host all all 127.0.0.1/32 trust\n";
    configure(settings);
    start();
}

PostgresServer::PostgresServer(PostgresServer& primary, const std::string& name,
                               const std::vector<std::string>& settings)
    : directory_(fresh_directory()), port_(free_port()) {
    run({"pg_basebackup", "-D", directory_ / "data", "-h", primary.directory_, "-p", std::to_string(primary.port_),
         "-U", "postgres", "--no-sync", "-c", "fast", "-R"});
    std::vector<std::string> lines = settings;
    lines.push_back(fmt::format("cluster_name = '{}'", name));
    lines.push_back(fmt::format("primary_conninfo = 'host={} port={} user=postgres application_name={}'",
                                primary.directory_.string(), primary.port_, name));
    // -R wrote it there, where it would win.
    fs::remove(directory_ / "data/postgresql.auto.conf");
    configure(lines);
    start();
}

PostgresServer::~PostgresServer() {
    stop();
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

void PostgresServer::configure(const std::vector<std::string>& settings) const {
    std::ofstream conf(directory_ / "data/postgresql.conf", std::ios::app);
    conf << fmt::format("port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n", port_,
                        directory_.string())
         << "fsync = off\nshared_buffers = 16MB\nmax_wal_size = 64MB\nlog_min_messages = warning\n";
    for (const std::string& line : settings)
        conf << line << '\n';
}

void PostgresServer::start() {
    const std::string log = directory_ / "log";
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    pid_ = spawn({"postgres", "-D", directory_ / "data"}, output);
    ::close(output);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    // The postmaster writes its own state into the last line of its lock file.
    for (std::string all; !all.contains("ready ");) {
        if (std::chrono::steady_clock::now() > until || ::waitpid(pid_, nullptr, WNOHANG) == pid_)
            throw std::runtime_error("PostgreSQL did not start: " + log);
        std::this_thread::sleep_for(20ms);
        std::ifstream lock(directory_ / "data/postmaster.pid");
        all.assign(std::istreambuf_iterator<char>(lock), {});
    }
}

void PostgresServer::stop() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGCONT);
    ::kill(pid_, SIGQUIT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

std::string PostgresServer::dsn(const std::string& user) const {
    return fmt::format("host={} port={} user={} dbname=postgres", directory_.string(), port_, user);
}

std::string PostgresServer::tcp_dsn(const std::string& user) const {
    return fmt::format("host=127.0.0.1 port={} user={} dbname=postgres", port_, user);
}

std::string PostgresServer::sql(const std::string& statement) const {
    return run({"psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn(), "-c", statement});
}

void PostgresServer::await(const std::string& statement, const std::string& wanted) const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    std::string found;
    while ((found = sql(statement)) != wanted) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error(fmt::format("{}: expected {}, found {}", statement, wanted, found));
        std::this_thread::sleep_for(50ms);
    }
}

void PostgresServer::set(const std::string& name, const std::string& value) const {
    sql(fmt::format("ALTER SYSTEM SET {} = '{}'", name, value));
    sql("SELECT pg_reload_conf()");
    await(fmt::format("SELECT current_setting('{}')", name), value);
}

} // namespace recoverd::test
