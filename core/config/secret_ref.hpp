// SPDX-License-Identifier: Apache-2.0
// Where a secret is kept. The configuration holds only this; io/secret.hpp opens it where it is used.
#pragma once

#include <cstdint>
#include <string>

namespace recoverd::core::config {

struct SecretRef {
    enum class Source : std::uint8_t { none, file, env, credential };

    Source source = Source::none;
    /// A path, an environment variable, or a name below $CREDENTIALS_DIRECTORY.
    std::string name;

    explicit operator bool() const { return source != Source::none; }
    bool operator==(const SecretRef&) const = default;
};

} // namespace recoverd::core::config
