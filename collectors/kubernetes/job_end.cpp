// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/job_end.hpp"

namespace recoverd::collectors::kubernetes_parts {

/// A Job has ended when, and only when, one of these two is True: FailureTarget and SuccessCriteriaMet come before, and
/// `failed` counts pods of Jobs that complete as well.
std::optional<JobEnd> end_of_job(const io::Json& job) {
    const io::Json& status = job["status"];
    for (const bool completed : {true, false}) {
        const std::string_view type = completed ? "Complete" : "Failed";
        if (!is_true(job, type))
            continue;
        const io::Json& ended = condition(status["conditions"], type);
        // completionTime is set on success only.
        const io::Json& at = status["completionTime"] ? status["completionTime"] : ended["lastTransitionTime"];
        return JobEnd{completed, at.time(), completed ? std::string{} : kubernetes_parts::why(ended)};
    }
    return std::nullopt;
}

} // namespace recoverd::collectors::kubernetes_parts
