// SPDX-License-Identifier: Apache-2.0
// Prometheus' file_sd documents.
#include "agent/config/targets.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    try {
        const io::Json document = io::Json::parse(bytes);
        const auto groups = agent::interpret_targets(document);
        must(groups.size() == document.items().size(), "every group is read");
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
