// SPDX-License-Identifier: Apache-2.0
// The first value counts until somebody forgets it. One that may rise moves on with it; one that differs stays noted
// until it returns.
#include "core/remember_parts.hpp"

#include <algorithm>
#include <string_view>

namespace recoverd::core {

namespace {

/// Did the value go back? Numbers of any length by their size; other texts of one length (timelines, LSNs) by order.
bool went_back(std::string_view before, std::string_view now) {
    const auto significant = [](std::string_view text) {
        return text.substr(std::min(text.find_first_not_of('0'), text.size()));
    };
    before = significant(before);
    now = significant(now);
    return now.size() != before.size() ? now.size() < before.size() : now < before;
}

} // namespace

void remember_fingerprint(SubjectMemory& seen, const Fingerprint& fingerprint, const Learned& learned) {
    if (fingerprint.value.empty())
        return;
    const auto known = std::ranges::find(seen.fingerprints, fingerprint.name, &PastFingerprint::name);
    if (known == seen.fingerprints.end()) {
        seen.fingerprints.push_back({fingerprint.name, fingerprint.value, learned.looked_at, {}, {}});
        return;
    }
    const bool broken = fingerprint.constancy == Constancy::rising ? went_back(known->value, fingerprint.value)
                                                                   : fingerprint.value != known->value;
    if (!broken) {
        if (known->value != fingerprint.value)
            known->since = learned.looked_at;
        known->value = fingerprint.value;
        known->broken_value.clear();
        known->broken_since = Time{};
        return;
    }
    if (known->broken_value.empty())
        known->broken_since = learned.looked_at;
    known->broken_value = fingerprint.value;
}

} // namespace recoverd::core
