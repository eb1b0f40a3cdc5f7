// SPDX-License-Identifier: Apache-2.0
// What a page of documentation is made of, whatever it is rendered as: Markdown to browse, roff for man(1).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::agent {

/// Words may hold `code` and [text](link), as Markdown has them.
class Page {
  public:
    virtual ~Page() = default;

    /// 2 for a chapter, 3 for what is in it.
    virtual void heading(int level, std::string_view words) = 0;
    virtual void paragraph(std::string_view words) = 0;
    virtual void list(const std::vector<std::string>& items) = 0;
    /// A literal block.
    virtual void example(std::string_view text) = 0;
    /// The names of the columns; rows follow. The first column tells rows apart, the last one explains.
    virtual void table(std::initializer_list<std::string_view> names) = 0;
    virtual void row(std::initializer_list<std::string> cells) = 0;
};

} // namespace recoverd::agent
