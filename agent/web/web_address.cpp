// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_address.hpp"

#include <string_view>

namespace recoverd::agent {

namespace {

void trim_end(std::string& text) {
    while (text.ends_with('/'))
        text.pop_back();
}

std::string_view path_of(std::string_view url) {
    constexpr std::string_view kSeparator = "://";
    const auto scheme = url.find(kSeparator);
    if (scheme == std::string_view::npos)
        return {};
    url.remove_prefix(scheme + kSeparator.size());
    url = url.substr(0, url.find_first_of("?#"));
    const auto slash = url.find('/');
    return slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
}

} // namespace

WebAddress normalized(WebAddress said) {
    if (said.route_prefix.empty())
        said.route_prefix = path_of(said.external_url);
    trim_end(said.external_url);
    trim_end(said.route_prefix);
    said.route_prefix.erase(0, said.route_prefix.find_first_not_of('/'));
    if (!said.route_prefix.empty())
        said.route_prefix.insert(0, 1, '/');
    return said;
}

} // namespace recoverd::agent
