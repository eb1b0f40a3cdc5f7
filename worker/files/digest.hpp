// SPDX-License-Identifier: Apache-2.0
// A checksum over bytes that pass by.
#pragma once

#include <memory>
#include <span>
#include <string>

namespace recoverd::worker::files {

class Digest {
  public:
    /// `algorithm` as OpenSSL names it.
    explicit Digest(const std::string& algorithm);
    ~Digest();
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void add(std::span<const char> bytes);
    /// Lower-case hex of all that was added; empty when it cannot be made. To be asked once.
    std::string hex();

  private:
    struct Context;

    std::unique_ptr<Context> context_;
};

} // namespace recoverd::worker::files
