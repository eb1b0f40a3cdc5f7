// SPDX-License-Identifier: Apache-2.0
// Runs and workflows as GitHub lists them, its headers, and what is kept from run to run.
#include "collectors/github_actions.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    collectors::GithubMemory memory = collectors::GithubMemory::read(bytes);
    must(collectors::GithubMemory::read(memory.write()).runs.size() == memory.runs.size(), "what is kept is read again",
         bytes);
    must_be_sound(collectors::github_seen(memory));
    try {
        const io::Json json = io::Json::parse(bytes);
        memory.runs = collectors::interpret_github_runs(json, {"restore-test", core::Depth::restored, {}});
        must(memory.runs.size() <= 2, "one that ended, and one that runs", bytes);
        must_be_sound(collectors::github_seen(memory));
        memory.state = collectors::interpret_github_workflow(json);
        must_be_sound(collectors::github_seen(memory));
    } catch (const io::BadDocument&) {
    }
    for (const int status : {200, 403, 429}) {
        io::HttpAnswer answer;
        answer.status = status;
        answer.headers = {{"retry-after", std::string{bytes.substr(0, 64)}},
                          {"x-ratelimit-reset", std::string{bytes.substr(0, 64)}},
                          {"x-ratelimit-remaining", "0"}};
        const auto until = collectors::github_not_before(answer, kNow);
        must(until.has_value() == (status != 200), "a limit is one", bytes);
        must(!until || (*until > kNow && *until <= kNow + std::chrono::hours{1}), "nobody waits for long", bytes);
    }
}

} // namespace recoverd::fuzz
