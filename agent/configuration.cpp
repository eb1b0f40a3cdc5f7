// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.hpp"

#include "agent/config/text.hpp"
#include "io/gzip.hpp"

namespace recoverd::agent {

Configuration prepare(Loaded loaded) {
    if (loaded.diagnostics.has_mistakes())
        return {std::move(loaded), {}};
    std::string text = io::gzip(config_text(loaded));
    loaded.origins.clear();
    loaded.other_sections.clear();
    return {std::move(loaded), std::move(text)};
}

Configuration read_configuration(const std::string& file, const Touching& touching) {
    return prepare(load(file, collectors::all(), touching));
}

} // namespace recoverd::agent
