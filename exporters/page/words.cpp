// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/words.hpp"

namespace recoverd::exporters::page {

Word word(core::Status status) {
    switch (status) {
    case core::Status::operational:
        return {"Operational", "good"};
    case core::Status::degraded:
        return {"Degraded", "warn"};
    case core::Status::partial_outage:
        return {"Partial outage", "bad"};
    case core::Status::major_outage:
        return {"Major outage", "bad"};
    }
    return {"Unknown", "none"};
}

Word word(core::VerdictState state) {
    switch (state) {
    case core::VerdictState::recoverable:
        return {"Recoverable", "good"};
    case core::VerdictState::at_risk:
        return {"At risk", "warn"};
    case core::VerdictState::unknown:
        return {"Unknown", "none"};
    case core::VerdictState::unrecoverable:
        return {"Unrecoverable", "bad"};
    }
    return {"Unknown", "none"};
}

} // namespace recoverd::exporters::page
