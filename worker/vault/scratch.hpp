// SPDX-License-Identifier: Apache-2.0
// A file without a name, for secrets that are to be looked at once: nobody can open it, nothing lists it, and it is
// gone with the process, however that ends.
#pragma once

#include "core/failure.hpp"

#include <string>
#include <string_view>

namespace recoverd::worker::vault {

class Scratch {
  public:
    /// In this folder's file system, of mode 0600.
    static core::Result<Scratch> open(const std::string& folder);
    ~Scratch();
    Scratch(Scratch&& other) noexcept;
    Scratch& operator=(Scratch&&) = delete;
    Scratch(const Scratch&) = delete;

    /// False when it cannot be written: `fault` says why.
    bool write(std::string_view bytes);
    const std::string& fault() const { return fault_; }
    /// By this it is read, in this process alone.
    std::string path() const;

  private:
    explicit Scratch(int fd) : fd_(fd) {}

    int fd_ = -1;
    std::string fault_;
};

} // namespace recoverd::worker::vault
