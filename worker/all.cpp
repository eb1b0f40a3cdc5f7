// SPDX-License-Identifier: Apache-2.0
#include "worker/all.hpp"

namespace recoverd::worker {

namespace {

constexpr Job kJobs[] = {
    {"files", files::run},
};

} // namespace

const Job* find(std::string_view name) {
    for (const Job& job : kJobs)
        if (job.name == name)
            return &job;
    return nullptr;
}

} // namespace recoverd::worker
