// SPDX-License-Identifier: Apache-2.0
// What the two files of the client share: librdkafka's types as owners, its errors as failures.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string_view>

namespace recoverd::worker::kafka {

/// Its words, or librdkafka's for the error when there are none.
core::Failure failure_of(rd_kafka_resp_err_t error, std::string_view words = {});

inline core::Duration monotonic() {
    return std::chrono::duration_cast<core::Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

template <auto destroy>
struct Destroy {
    void operator()(auto* what) const { destroy(what); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;

} // namespace recoverd::worker::kafka
