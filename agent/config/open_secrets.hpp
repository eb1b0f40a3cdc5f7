// SPDX-License-Identifier: Apache-2.0
// Warns of files with secrets that everybody can read: `{ file = … }` and `key_file`, wherever they stand. They are not
// opened.
#pragma once

#include "agent/config/toml.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

namespace recoverd::agent {

class OpenSecrets {
  public:
    explicit OpenSecrets(const Touching& touching) : touching_(touching) {}

    /// `path`: where `node` stands. May be shown the same again, and with more of it filled in.
    void look(const core::config::Node& node, const std::string& path, core::config::Diagnostics& diagnostics);
    void look(const core::config::Table& table, const std::string& path, core::config::Diagnostics& diagnostics);

  private:
    void look_at_file(const core::config::Node& file, const std::string& where, core::config::Diagnostics& diagnostics);

    const Touching& touching_;
    /// Where a path was written, and what it came to.
    std::set<std::tuple<const std::string*, std::uint32_t, std::uint32_t, std::string>> known_;
};

} // namespace recoverd::agent
