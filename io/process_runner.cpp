// SPDX-License-Identifier: Apache-2.0
// A child is a small machine of callbacks, not coroutines: it must go on (die, be reaped) when the coroutine that
// wanted it is cancelled, and after that nothing can be awaited there.
#include "io/process_runner.hpp"

#include "io/deadline.hpp"
#include "io/spawn.hpp"

#include <asio/posix/stream_descriptor.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace recoverd::io {

namespace {

/// How long descendants may keep the pipes open after the program itself has ended.
constexpr std::chrono::milliseconds kGrace{500};
/// So that one that writes without end leaves the loop time for others.
constexpr int kReadsAtOnce = 8;

/// Writing to a program that does not read its input is no reason to die.
void ignore_broken_pipes() { [[maybe_unused]] static const auto before = std::signal(SIGPIPE, SIG_IGN); }

class Child : public std::enable_shared_from_this<Child> {
  public:
    Child(const asio::any_io_executor& executor, Spawned spawned, std::shared_ptr<const Command> command)
        : spawned_(std::move(spawned)),
          command_(std::move(command)),
          pidfd_(executor, spawned_.pidfd.release()),
          in_(executor),
          out_{{executor, spawned_.out.release()}, {}, "stdout"},
          err_{{executor, spawned_.err.release()}, {}, "stderr"},
          grace_(executor),
          over_(executor, asio::steady_timer::time_point::max()) {
        if (spawned_.in)
            in_.assign(spawned_.in.release());
    }

    void start() {
        await_end();
        await_output(out_);
        await_output(err_);
        if (in_.is_open())
            write_input();
    }

    /// Completes when there is an answer.
    Task<void> over() {
        asio::error_code woken;
        co_await over_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (!stopped_)
            throw asio::system_error(asio::error::operation_aborted);
    }
    Result<Finished> take() {
        finished_.out = std::move(out_.bytes);
        finished_.err = std::move(err_.bytes);
        if (failure_)
            return std::unexpected(std::move(*failure_));
        return std::move(finished_);
    }

    /// Kills what is left of the group, and lets go of everything but the wait for the leader's end.
    void stop() {
        if (std::exchange(stopped_, true))
            return;
        spawned_.kill_group();
        asio::error_code ignored;
        in_.close(ignored);
        out_.descriptor.close(ignored);
        err_.descriptor.close(ignored);
        grace_.cancel();
        if (spawned_.reap())
            pidfd_.close(ignored);
        over_.expires_at(asio::steady_timer::time_point::min());
    }

  private:
    struct Output {
        asio::posix::stream_descriptor descriptor;
        std::string bytes;
        std::string_view name;
    };

    void await_end() {
        pidfd_.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](asio::error_code error) {
            if (error)
                return;
            if (self->stopped_)
                self->spawned_.reap();
            else if (self->spawned_.ended(self->finished_))
                self->leader_ended();
            else
                self->await_end();
        });
    }

    void leader_ended() {
        ended_ = true;
        finished_.took = std::chrono::duration_cast<core::Duration>(std::chrono::steady_clock::now() - started_);
        stop_if_done();
        if (stopped_)
            return;
        grace_.expires_after(kGrace);
        grace_.async_wait([self = shared_from_this()](asio::error_code error) {
            if (!error)
                self->stop();
        });
    }

    void stop_if_done() {
        if (ended_ && !out_.descriptor.is_open() && !err_.descriptor.is_open())
            stop();
    }

    void await_output(Output& output) {
        output.descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                     [self = shared_from_this(), &output](asio::error_code error) {
                                         if (!error && !self->stopped_)
                                             self->read_output(output);
                                     });
    }

    void read_output(Output& output) {
        std::array<char, 16 * 1024> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
        for (int i = 0; i < kReadsAtOnce; ++i) {
            const ssize_t count = ::read(output.descriptor.native_handle(), buffer.data(), buffer.size());
            if (count < 0 && (errno == EAGAIN || errno == EINTR))
                break;
            if (count <= 0) {
                asio::error_code ignored;
                output.descriptor.close(ignored);
                stop_if_done();
                return;
            }
            output.bytes.append(buffer.data(), static_cast<std::size_t>(count));
            if (output.bytes.size() > command_->max_output) {
                failure_ = Failure{FailureKind::bad_answer,
                                   fmt::format("expected at most {} bytes on {} of '{}', found more",
                                               command_->max_output, output.name, command_->argv.front())};
                stop();
                return;
            }
        }
        await_output(output);
    }

    void write_input() {
        in_.async_wait(asio::posix::descriptor_base::wait_write, [self = shared_from_this()](asio::error_code error) {
            if (error || self->stopped_)
                return;
            const std::string_view left = std::string_view{self->command_->input}.substr(self->written_);
            const ssize_t count = ::write(self->in_.native_handle(), left.data(), left.size());
            const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
            self->written_ += count > 0 ? static_cast<std::size_t>(count) : 0;
            if (later || (count >= 0 && self->written_ < self->command_->input.size()))
                return self->write_input();
            asio::error_code ignored;
            self->in_.close(ignored);
        });
    }

    Spawned spawned_;
    std::shared_ptr<const Command> command_;
    asio::posix::stream_descriptor pidfd_;
    asio::posix::stream_descriptor in_;
    Output out_;
    Output err_;
    asio::steady_timer grace_;
    asio::steady_timer over_;
    std::size_t written_ = 0;
    bool ended_ = false;
    bool stopped_ = false;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    Finished finished_;
    std::optional<Failure> failure_;
};

/// Stops the child when the coroutine ends, in whatever way.
struct Leash {
    std::shared_ptr<Child> child;
    ~Leash() { child->stop(); }
};

/// What may hang at its start.
std::string program_of(const Command& command) {
    return fmt::format("program '{}'{}", command.argv.empty() ? std::string{} : command.argv.front(),
                       command.directory.empty() ? "" : fmt::format(" in '{}'", command.directory));
}

Task<Result<Finished>> run_child(BlockingPool& pool, Command command) {
    const auto executor = co_await asio::this_coro::executor;
    // Shared, because the input may be long.
    const auto shared = std::make_shared<const Command>(std::move(command));
    // exec may hang in a dead file system, and posix_spawn returns only after it.
    auto start = [shared, environment = environment_of(*shared)] { return spawn(*shared, environment); };
    auto starting = run_unless_hung(pool, std::move(start), program_of(*shared));
    auto spawned = co_await std::move(starting);
    if (!spawned)
        co_return std::unexpected(spawned.error());
    const Leash leash{std::make_shared<Child>(executor, std::move(*spawned), shared)};
    leash.child->start();
    co_await leash.child->over();
    co_return leash.child->take();
}

} // namespace

Task<Result<Finished>> run_process(Timers& timers, BlockingPool& pool, Command command) {
    ignore_broken_pipes();
    const core::Duration timeout = command.timeout;
    std::string late =
        fmt::format("expected '{}' to end within {} s, found it still running",
                    command.argv.empty() ? std::string{} : command.argv.front(), core::to_seconds(timeout));
    auto child = run_child(pool, std::move(command));
    co_return co_await with_deadline(timers, timeout, std::move(child), std::move(late));
}

} // namespace recoverd::io
