// SPDX-License-Identifier: Apache-2.0
// XML of foreign origin: a tree of elements whose accessors throw BadDocument with the place of what is wrong. What S3
// and STS say is elements and text: attributes, comments and namespaces are passed over. The parser behind it is Expat.
#pragma once

#include "core/time.hpp"
#include "io/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::io {

class Xml {
  public:
    /// Throws BadDocument, with the byte where it stopped, for what is not XML or not whole, has a document type (and
    /// so could define entities), is nested deeper than 32, is larger than `max_bytes` or holds more than 100,000
    /// elements.
    static Xml parse(std::string_view bytes, std::size_t max_bytes = std::size_t{8} << 20U);

    /// Without a namespace's prefix.
    const std::string& name() const { return name_; }
    const std::vector<Xml>& children() const { return children_; }
    /// The child of that name, or nullptr. Several are BadDocument: which one counts?
    const Xml* find(std::string_view name) const;
    /// The child of that name, which must be there.
    const Xml& child(std::string_view name) const;
    std::vector<const Xml*> all(std::string_view name) const;

    // The element's own text as a value; BadDocument when it is none, or there are elements in it.
    const std::string& text() const;
    std::uint64_t natural() const;
    /// RFC 3339.
    core::Time time() const;
    /// "true" or "false", in any case.
    bool boolean() const;
    /// Says where it stands and what stands there.
    [[noreturn]] void bad(std::string_view expected) const;

  private:
    friend class XmlBuilder;

    std::string place() const;

    std::string name_;
    std::string text_;
    std::vector<Xml> children_;
    /// Byte of the document where it begins.
    std::size_t at_ = 0;
};

} // namespace recoverd::io
