// SPDX-License-Identifier: Apache-2.0
#include "agent/config/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

std::string who(const core::config::Origin& origin) {
    if (!origin.at.file)
        return origin.from;
    return fmt::format("{} at {}:{}", origin.from, *origin.at.file, origin.at.line);
}

} // namespace

std::string section_text(const std::string& name, const std::vector<core::config::Origin>& origins) {
    std::size_t width = 0;
    for (const auto& origin : origins)
        width = std::max(width, origin.key.size() + origin.value.size());
    // One long line may not push every comment off the screen.
    width = std::min<std::size_t>(width, 60);
    std::string text = name.empty() ? std::string{} : fmt::format("[{}]\n", name);
    for (const auto& origin : origins) {
        const std::size_t used = origin.key.size() + origin.value.size();
        text += fmt::format("{} = {}{}  # {}\n", origin.key, origin.value,
                            std::string(width > used ? width - used : 0, ' '), who(origin));
    }
    return text;
}

std::string config_text(const Loaded& loaded) {
    std::string text;
    const auto add = [&](const auto& sections, bool (*belongs)(const std::string& section)) {
        for (const auto& [section, origins] : sections)
            if (belongs(section))
                text += (text.empty() ? "" : "\n") + section_text(section, origins);
    };
    // What stands in no section would belong to the one before it.
    add(loaded.other_sections, [](const std::string& section) { return section.empty(); });
    add(loaded.origins, [](const std::string&) { return true; });
    add(loaded.other_sections, [](const std::string& section) { return !section.empty(); });
    return text;
}

} // namespace recoverd::agent
