// SPDX-License-Identifier: Apache-2.0
// JSON that is too large for a tree: it is told piece by piece while it is read, and nothing of it is kept. 50 MB of
// Terraform state are 580 MB as a tree, as they are when one long text in them is held (nlohmann's lexer holds each
// token twice); so a text is cut after its first bytes.
#pragma once

#include "io/json.hpp"

#include <functional>

namespace recoverd::io {

/// What a document holds, in the order in which it stands there.
class JsonVisitor {
  public:
    virtual ~JsonVisitor() = default;
    virtual void begin_object() = 0;
    virtual void end_object() = 0;
    virtual void begin_array() = 0;
    virtual void end_array() = 0;
    virtual void key(const std::string& name) = 0;
    /// Null, a boolean, a number or a text.
    virtual void scalar(Json::Value value) = 0;
};

/// Of texts and names so many bytes are told, where there are as many, and at most twice as many.
inline constexpr std::size_t kMaxStreamedText = 4096;
inline constexpr std::size_t kMaxStreamedDepth = 512;

/// `next` gives the document's bytes, which must be good until it is called again, and none at the end. Throws
/// BadDocument, with the byte where it stopped, for what is not JSON or is nested deeper than 512. What is left out
/// of a text is not looked at but for control characters.
void read_json(const std::function<std::string_view()>& next, JsonVisitor& visitor);

} // namespace recoverd::io
