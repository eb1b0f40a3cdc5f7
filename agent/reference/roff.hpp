// SPDX-License-Identifier: Apache-2.0
// A page as man(7) has it. A row of a table becomes a tagged paragraph: a terminal has no room for columns.
#pragma once

#include "agent/reference/page.hpp"

namespace recoverd::agent {

class Roff : public Page {
  public:
    /// `name` and `summary` are what apropos(1) lists. There is no date: the same sources give the same bytes.
    Roff(std::string_view name, int section, std::string_view summary);

    void heading(int level, std::string_view words) override;
    void paragraph(std::string_view words) override;
    void list(const std::vector<std::string>& items) override;
    void example(std::string_view text) override;
    void table(std::initializer_list<std::string_view> names) override;
    void row(std::initializer_list<std::string> cells) override;

    std::string take() { return std::move(out_); }

  private:
    std::string out_;
    std::vector<std::string> columns_;
};

} // namespace recoverd::agent
