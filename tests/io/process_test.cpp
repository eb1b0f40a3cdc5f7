// SPDX-License-Identifier: Apache-2.0
// With real children: a fake one would not hang, flood, fork or die.
#include "io/deadline.hpp"
#include "io/process_runner.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace recoverd::io {

using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

namespace {

Command shell(std::string script, core::Duration timeout = 20s) {
    return {.argv = {"/bin/sh", "-c", std::move(script)}, .timeout = timeout};
}

Result<Finished> run(test::RealLoop& loop, Command command) {
    return loop.run(run_process(loop.timers, loop.pool, std::move(command)));
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder))
        ++count;
    ::closedir(folder);
    return count;
}

/// Waits until process `pid` is gone, or is a zombie that somebody else has to reap.
bool dies(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
        std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
        std::string number;
        std::string name;
        std::string state;
        if (!(stat >> number >> name >> state) || state == "Z" || state == "X")
            return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

/// Lets the loop work until this process has no child left, not even a zombie.
bool reaps_all(test::RealLoop& loop) {
    for (int i = 0; i < 500; ++i) {
        loop.ioc.restart();
        loop.ioc.run_for(10ms);
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
            return true;
    }
    return false;
}

/// A file for what a child wants to tell besides its output.
struct Note {
    std::string path;

    Note() : path("/tmp/recoverd-note-XXXXXX") { ::close(::mkstemp(path.data())); }
    ~Note() { ::unlink(path.c_str()); }
    Note(const Note&) = delete;
    Note& operator=(const Note&) = delete;

    pid_t pid() const {
        std::ifstream in{path};
        pid_t pid = 0;
        in >> pid;
        return pid;
    }
};

} // namespace

TEST_CASE("a program's output, errors and status are the answer, whatever the status") {
    test::RealLoop loop;
    const auto finished = run(loop, shell("echo out; echo err >&2; exit 3"));
    REQUIRE(finished);
    CHECK(finished->status == 3);
    CHECK(finished->signal == 0);
    CHECK(finished->out == "out\n");
    CHECK(finished->err == "err\n");
    CHECK(finished->took < 10s);
    CHECK(reaps_all(loop));
}

TEST_CASE("a program is looked up in PATH and gets its words as they are") {
    test::RealLoop loop;
    const Command command{.argv = {"printf", "%s|", "a b", "$HOME", "", "*"}};
    CHECK(run(loop, command)->out == "a b|$HOME||*|");
}

TEST_CASE("death by signal is told apart from a status") {
    test::RealLoop loop;
    const auto finished = run(loop, shell("kill -TERM $$"));
    REQUIRE(finished);
    CHECK_FALSE(finished->status);
    CHECK(finished->signal == SIGTERM);
}

TEST_CASE("a missing program, folder or permission is a mistake of the configuration") {
    test::RealLoop loop;
    for (const Command& command :
         {Command{.argv = {"recoverd-no-such-program"}}, Command{.argv = {"/no/such/program"}},
          Command{.argv = {"/etc/passwd"}}, Command{.argv = {"true"}, .directory = "/no/such/folder"}, Command{},
          Command{.argv = {""}}}) {
        const auto finished = run(loop, command);
        REQUIRE_FALSE(finished);
        CHECK(finished.error().kind == FailureKind::misconfigured);
    }
    CHECK(run(loop, {.argv = {"/no/such/program"}}).error().detail ==
          "cannot run '/no/such/program': No such file or directory");
    CHECK(reaps_all(loop));
}

TEST_CASE("a program that hangs is killed with all its children when its time is over") {
    test::RealLoop loop;
    const Note note;
    // A busy machine may need more time even to start it.
    for (auto timeout = 250ms; note.pid() == 0 && timeout < 10s; timeout *= 2) {
        const auto finished = run(loop, shell("sleep 1000 & echo $! > " + note.path + "; trap '' TERM; wait", timeout));
        REQUIRE_FALSE(finished);
        CHECK(finished.error().kind == FailureKind::timed_out);
        CHECK_THAT(finished.error().detail, StartsWith("expected '/bin/sh' to end within "));
    }
    REQUIRE(note.pid() > 0);
    CHECK(dies(note.pid()));
    CHECK(reaps_all(loop));
}

TEST_CASE("a program that floods is stopped, on either stream") {
    test::RealLoop loop;
    for (const char* script : {"yes", "yes >&2"}) {
        Command command = shell(script);
        command.max_output = 100'000;
        const auto finished = run(loop, command);
        REQUIRE_FALSE(finished);
        CHECK(finished.error().kind == FailureKind::bad_answer);
        CHECK_THAT(finished.error().detail, StartsWith("expected at most 100000 bytes on std"));
    }
    CHECK(reaps_all(loop));
}

TEST_CASE("output up to the limit arrives whole") {
    test::RealLoop loop;
    Command command = shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
    command.max_output = 3'000'000;
    const auto finished = run(loop, command);
    REQUIRE(finished);
    CHECK(finished->out.size() == 3'000'000);
    CHECK(finished->err.size() == 3'000'000);
}

TEST_CASE("a child that forks and leaves does not keep us waiting, and nothing of it stays") {
    test::RealLoop loop;
    const Note note;
    const auto finished = run(loop, shell("sleep 1000 & echo $! > " + note.path + "; echo done; exit 0"));
    REQUIRE(finished);
    CHECK(finished->out == "done\n");
    CHECK(finished->status == 0);
    CHECK(dies(note.pid()));
    const auto quiet = run(loop, shell("sleep 1000 >/dev/null 2>&1 & echo $! > " + note.path));
    CHECK(quiet);
    CHECK(dies(note.pid()));
    CHECK(reaps_all(loop));
}

TEST_CASE("a descendant that left the group can keep the pipes, but not us") {
    test::RealLoop loop;
    const Note note;
    const auto began = std::chrono::steady_clock::now();
    const auto finished = run(loop, shell("setsid sh -c 'echo $$ > " + note.path + "; exec sleep 20' & while [ ! -s " +
                                          note.path + " ]; do sleep 0.01; done"));
    CHECK(finished);
    CHECK(std::chrono::steady_clock::now() - began < 10s);
    REQUIRE(note.pid() > 0);
    ::kill(note.pid(), SIGKILL);
}

TEST_CASE("a descendant may finish writing shortly after the program ended") {
    test::RealLoop loop;
    CHECK(run(loop, shell("(sleep 0.01; echo late) & echo early"))->out == "early\nlate\n");
}

TEST_CASE("large input reaches a program that answers while it reads") {
    test::RealLoop loop;
    Command command{.argv = {"cat"}};
    command.input = std::string(4U << 20U, 'x') + "end";
    const auto finished = run(loop, command);
    REQUIRE(finished);
    CHECK(finished->out == command.input);
}

TEST_CASE("a program that does not read its input ends as it likes") {
    test::RealLoop loop;
    Command command = shell("exec <&-; echo fine");
    command.input = std::string(4U << 20U, 'x');
    const auto finished = run(loop, command);
    REQUIRE(finished);
    CHECK(finished->out == "fine\n");
    CHECK(run(loop, shell("cat"))->out.empty());
}

TEST_CASE("environment and folder are the command's, and systemd's private variables are not passed on") {
    test::RealLoop loop;
    ::setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
    ::setenv("RECOVERD_TEST_OLD", "old", 1);
    Command command = shell("echo \"$NOTIFY_SOCKET|$RECOVERD_TEST_OLD|$RECOVERD_TEST_NEW|$(pwd)\"");
    command.env = {{"RECOVERD_TEST_OLD", "replaced"}, {"RECOVERD_TEST_NEW", "new"}};
    command.directory = "/usr";
    CHECK(run(loop, command)->out == "|replaced|new|/usr\n");
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("RECOVERD_TEST_OLD");
}

TEST_CASE("a variable that is withheld is not the child's, unless the command sets it itself") {
    test::RealLoop loop;
    ::setenv("RECOVERD_TEST_SECRET", "canary", 1);
    ::setenv("RECOVERD_TEST_SECRETS", "no secret", 1);
    Command command = shell("echo \"${RECOVERD_TEST_SECRET-unset}|$RECOVERD_TEST_SECRETS\"");
    command.withheld = {"RECOVERD_TEST_SECRET"};
    CHECK(run(loop, command)->out == "unset|no secret\n");
    command.env = {{"RECOVERD_TEST_SECRET", "given"}};
    CHECK(run(loop, command)->out == "given|no secret\n");
    ::unsetenv("RECOVERD_TEST_SECRET");
    ::unsetenv("RECOVERD_TEST_SECRETS");
}

TEST_CASE("a child inherits neither our descriptors nor our signals") {
    test::RealLoop loop;
    const int stray = ::dup(STDERR_FILENO);
    CHECK(run(loop, shell("ls /proc/self/fd | wc -l"))->out == "4\n");
    ::close(stray);
    // SIGPIPE, which the agent ignores, ends a child as it should.
    CHECK(run(loop, {.argv = {"sh", "-c", "trap; yes | head -n 1; kill -PIPE $$; echo alive"}})->signal == SIGPIPE);
}

TEST_CASE("whoever is cancelled leaves no child and no descriptor behind") {
    test::RealLoop loop;
    CHECK(run(loop, {.argv = {"true"}}));
    const std::size_t before = open_descriptors();
    const Note note;
    // At every stage of its start, and at last when it runs.
    pid_t child = 0;
    for (auto after = 0ms; child == 0 && after < 10s; after += after / 2 + 1ms) {
        auto task = run_process(loop.timers, loop.pool, shell("echo $$ > " + note.path + "; exec sleep 1000"));
        const auto ended = loop.run_until_end(std::move(task), after);
        REQUIRE(ended.thrown);
        CHECK(is_cancellation(ended.thrown));
        CHECK(ended.took < 5s);
        // Read once: one that was cancelled earlier and started late may empty the note before it is ended.
        child = note.pid();
    }
    REQUIRE(child > 0);
    CHECK(dies(child));
    CHECK(run(loop, {.argv = {"true"}}));
    CHECK(reaps_all(loop));
    CHECK(open_descriptors() == before);
}

TEST_CASE("a loop that ends takes its children with it") {
    const Note note;
    {
        test::RealLoop loop;
        auto task = run_process(loop.timers, loop.pool, shell("echo $$ > " + note.path + "; exec sleep 1000"));
        asio::co_spawn(loop.ioc, std::move(task), [](const std::exception_ptr&, const Result<Finished>&) {});
        for (int i = 0; note.pid() == 0 && i < 500; ++i)
            loop.ioc.run_for(10ms);
    }
    REQUIRE(note.pid() > 0);
    CHECK(dies(note.pid()));
}

TEST_CASE("last words are the last line that says something, fit for a log") {
    CHECK(last_words("").empty());
    CHECK(last_words("\n \n").empty());
    CHECK(last_words("first\nERROR: [055]: unable\n\n  \n") == "ERROR: [055]: unable");
    CHECK(last_words("10%\r100%\rfailed\x07 here") == "failed  here");
    CHECK(last_words(std::string(5000, 'x')) == std::string(200, 'x'));
    CHECK(last_words(std::string(199, 'x') + "\xc3\xa9") == std::string(199, 'x'));
}

} // namespace recoverd::io
