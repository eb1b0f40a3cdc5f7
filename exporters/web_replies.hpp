// SPDX-License-Identifier: Apache-2.0
// What the web answers with. For exporters/web.cpp and exporters/web_history.cpp alone.
#pragma once

#include "io/http_server.hpp"

#include <string>
#include <string_view>

namespace recoverd::exporters {

inline constexpr std::string_view kJson = "application/json";

io::HttpReply reply(int status, std::string body, std::string_view type = "text/plain; charset=utf-8");
/// A page of ours, which runs no script but ours.
io::HttpReply page_of(std::string body);
/// {"errors": [error]}
io::HttpReply refusal_of(int status, std::string_view error);
io::HttpReply wrong_verb(std::string_view allowed);
/// Who pressed a button is led back to the page, which shows what came of it; or is told why nothing did.
io::HttpReply for_a_browser(io::HttpReply answer, std::string_view check);

} // namespace recoverd::exporters
