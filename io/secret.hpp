// SPDX-License-Identifier: Apache-2.0
// A secret that was opened. It cannot be formatted, printed or compared, only handed over where it is used.
#pragma once

#include "core/config/secret_ref.hpp"
#include "core/failure.hpp"

#include <string>

namespace recoverd::io {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    /// The value itself. Call it only in the argument of what sends it.
    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

  private:
    std::string value_;
};

/// Opens a reference: the file's content without trailing white space, the variable, or the systemd credential.
/// A reference to nothing is an empty secret. Fails with `misconfigured` when it is missing, empty or over 64 KiB.
/// Files are read again when they changed; the read is bounded and of a regular file only.
core::Result<Secret> open_secret(const core::config::SecretRef& ref);

} // namespace recoverd::io
