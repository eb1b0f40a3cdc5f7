// SPDX-License-Identifier: Apache-2.0
#include "agent/web/outcome_token.hpp"

namespace recoverd::agent {

void OutcomeToken::use(core::config::SecretRef ref) {
    if (ref == ref_)
        return;
    ref_ = std::move(ref);
    warned_.clear();
    token_.set(std::make_shared<const std::string>());
}

io::Task<void> OutcomeToken::read() {
    const core::config::SecretRef asked = ref_;
    if (!asked)
        co_return;
    auto opening = world_.secret(asked);
    const auto secret = co_await std::move(opening);
    // What came of a reference that is no longer configured is not used.
    if (asked != ref_)
        co_return;
    if (!secret && warned_ != secret.error().detail)
        warn_(warned_ = secret.error().detail);
    if (secret)
        warned_.clear();
    token_.set(std::make_shared<const std::string>(secret ? secret->reveal() : std::string{}));
}

io::Task<void> OutcomeToken::run() {
    for (;;) {
        co_await world_.timers().sleep(kReadEvery);
        co_await read();
    }
}

} // namespace recoverd::agent
