// SPDX-License-Identifier: Apache-2.0
// What the rules of lifecycle and replication have in common: the objects that they are about.
#pragma once

#include "io/xml.hpp"

#include <string>

namespace recoverd::collectors::s3_parts {

struct Scope {
    std::string prefix;
    /// It asks for tags or sizes as well.
    bool conditional = false;
};

/// Of a <Rule>: <Prefix> as it once was, or <Filter> with one condition, or several within <And>.
Scope scope_of(const io::Xml& rule);

} // namespace recoverd::collectors::s3_parts
