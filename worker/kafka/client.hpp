// SPDX-License-Identifier: Apache-2.0
// The one place that knows librdkafka. Its threads, sockets and look-ups of names live in the worker's process, one per
// run: with that they end, whatever hangs.
#pragma once

#include "worker/kafka/answer.hpp"
#include "worker/kafka/options.hpp"

#include <span>

struct rd_kafka_s;

namespace recoverd::worker::kafka {

class Client {
  public:
    /// Everything below ends by `options.time_limit` from here on.
    static core::Result<Client> open(const Options& options);
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) = delete;
    ~Client();

    /// Leaves threads and sockets to the end of the process: closing waits for whatever hangs.
    void abandon();

    /// Brokers, topics with their partitions, id and controller of the cluster. Fails as soon as no broker can let us
    /// in: `refused` for credentials, our certificate among them, `bad_answer` for the broker's, `unreachable`,
    /// `timed_out`.
    core::Result<Answer> metadata();
    /// Asks each broker something of its own, to see that it answers.
    void knock(std::vector<Broker>& brokers);
    void configs(std::vector<Topic*> topics);
    /// Ids and states; the failure is of the brokers that did not tell theirs.
    std::optional<core::Failure> groups(std::vector<Group>& groups);
    /// What each has committed.
    void committed(std::span<Group> groups);
    std::map<TopicPartition, core::Result<Range>> ranges(const std::vector<TopicPartition>& partitions);

  private:
    struct Heard;
    Client(const Options& options, std::unique_ptr<Heard> heard, rd_kafka_s* handle);
    static std::unique_ptr<Heard> make_heard();

    core::Duration left() const;
    int left_ms(core::Duration at_most) const;

    core::Duration limit_;
    core::Duration began_;
    std::unique_ptr<Heard> heard_;
    rd_kafka_s* handle_ = nullptr;
};

} // namespace recoverd::worker::kafka
