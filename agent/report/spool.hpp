// SPDX-License-Identifier: Apache-2.0
// Reports that could not be handed over yet: one file each, on disk before anybody is told so.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

struct Spooled {
    /// Which daemon it is for, without credentials.
    std::string url;
    /// The outcome, as it is posted.
    std::string body;
};

class Spool {
  public:
    explicit Spool(std::string folder) : folder_(std::move(folder)) {}

    /// Survives power loss once it answers. The folder is made when it is missing, its parents are not.
    std::expected<void, std::string> put(const Spooled& spooled);
    /// Our own, oldest first. Nothing when there is no such folder.
    std::vector<std::string> names() const;
    /// Nothing when another process has sent it meanwhile. One that is damaged is set aside.
    std::expected<std::optional<Spooled>, std::string> read(const std::string& name);
    void remove(const std::string& name);
    /// Keeps it under another name, to be looked at; it is not sent again.
    void set_aside(const std::string& name);

    const std::string& folder() const { return folder_; }

  private:
    std::string folder_;
    unsigned count_ = 0;
};

} // namespace recoverd::agent
