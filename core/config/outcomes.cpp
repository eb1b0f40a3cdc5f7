// SPDX-License-Identifier: Apache-2.0
#include "core/config/outcomes.hpp"

#include "core/config/compiling.hpp"

namespace recoverd::core::config {

namespace {

constexpr Option<OutcomesOptions> kOptions[] = {
    {"token", &OutcomesOptions::token,
     "what those on other hosts must show to report an outcome or to have something forgotten; nobody may when left "
     "out"},
};

} // namespace

std::span<const Option<OutcomesOptions>> outcomes_options() { return kOptions; }

void compile_outcomes(const Table& root, Compiling& run) {
    const Table* table = section_table(root, "outcomes", run.diagnostics);
    if (!table)
        return;
    const Place place{"outcomes", "outcomes", position_of(root, "outcomes", {})};
    run.out.outcomes = read_options<OutcomesOptions>(*table, place, kOptions, {}, run.diagnostics);
}

} // namespace recoverd::core::config
