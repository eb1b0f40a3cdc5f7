// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/status_page.hpp"

#include "core/config/values.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/frame.hpp"
#include "exporters/page/parts.hpp"
#include "exporters/page/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters {

using namespace page;

namespace {

std::string summary(const core::Snapshot& snapshot) {
    std::array<std::size_t, 4> verdicts{};
    snapshot.assets.for_each(
        [&](const core::AssetSnapshot& asset) { ++verdicts[static_cast<std::size_t>(asset.verdict.state)]; });
    std::string text = fmt::format("{} of {} assets recoverable", verdicts[0], snapshot.assets.size());
    if (verdicts[1] > 0)
        text += fmt::format(", {} at risk", verdicts[1]);
    if (verdicts[2] > 0)
        text += fmt::format(", {} unknown", verdicts[2]);
    if (verdicts[3] > 0)
        text += fmt::format(", {} unrecoverable", verdicts[3]);
    return text;
}

} // namespace

std::string status_page(const core::Snapshot& snapshot, const AgentFacts& facts) {
    const core::Time now = shown_at(snapshot, facts);
    const Word overall = word(snapshot.status);
    std::string out;
    begin_page(out, snapshot, overall.text, "");
    out += fmt::format("<div class=\"word {}\" role=\"status\"><strong>{}</strong><span>{}</span></div>\n</header>\n"
                       "<main>\n",
                       overall.tone, overall.text, summary(snapshot));
    write_alerts(out, snapshot, now);
    write_scenarios(out, snapshot, now);
    write_assets(out, snapshot, now);
    write_blind(out, snapshot, now);
    write_validations(out, snapshot, now);
    write_exercises(out, snapshot, now);
    end_page(out, snapshot, facts, "");
    return out;
}

} // namespace recoverd::exporters
