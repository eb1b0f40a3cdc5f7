// SPDX-License-Identifier: Apache-2.0
// What the web answers once the disk has told what happened: the pages of assets and checks, and the history itself.
#include "exporters/api.hpp"
#include "exporters/page/details.hpp"
#include "exporters/page/frame.hpp"
#include "exporters/page/history.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/web.hpp"
#include "exporters/web_replies.hpp"

#include <fmt/format.h>

#include <utility>

namespace recoverd::exporters {

std::optional<io::HttpReply> Web::detail(core::HistoryOf of, std::string name, const io::HttpIncoming& request,
                                         const io::HttpReplier& later) const {
    const auto snapshot = sources_.snapshot();
    const AgentFacts facts = sources_.facts();
    const bool of_asset = of == core::HistoryOf::asset;
    auto shown = of_asset ? page::asset_page(*snapshot, facts, name)
                          : page::check_page(*snapshot, facts, name, is_trusted(request));
    if (!shown)
        return reply(404, fmt::format("there is no {} of this name\n", of_asset ? "asset" : "check"));
    const core::Time now = page::shown_at(*snapshot, facts);
    std::string more = fmt::format("../api/v1/history?{}={}", name_of(of), page::path_part(name));
    ask_history(of, std::move(name), page::kMostEvents + 1,
                [later, now, page = std::move(*shown), more = std::move(more)](const auto& events) {
                    later(page_of(page.above + page::history(events, more, now) + page.below));
                });
    return std::nullopt;
}

void Web::ask_history(core::HistoryOf of, std::string name, std::size_t most, HistoryReader then) const {
    // Who judges hands on what the disk says: of one that has stopped nobody would hear.
    if (has_stopped())
        then(core::failed(core::FailureKind::timed_out, "recoverd has stopped judging"));
    else
        sources_.history(of, std::move(name), most, std::move(then));
}

std::optional<io::HttpReply> Web::history(std::string_view query, const io::HttpReplier& later) const {
    auto asked = api::read_history_query(query);
    if (!asked)
        return refusal_of(400, asked.error());
    ask_history(asked->of, asked->name, asked->most, [later, asked = *asked](const auto& events) {
        later(events ? reply(200, api::history(asked, *events), kJson) : refusal_of(503, events.error().detail));
    });
    return std::nullopt;
}

} // namespace recoverd::exporters
