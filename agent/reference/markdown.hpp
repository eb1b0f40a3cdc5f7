// SPDX-License-Identifier: Apache-2.0
// A page as Markdown, as GitHub shows it.
#pragma once

#include "agent/reference/page.hpp"

namespace recoverd::agent {

class Markdown : public Page {
  public:
    explicit Markdown(std::string_view opening) : out_(opening) {}

    void heading(int level, std::string_view words) override;
    void paragraph(std::string_view words) override;
    void list(const std::vector<std::string>& items) override;
    void example(std::string_view text) override;
    void table(std::initializer_list<std::string_view> names) override;
    void row(std::initializer_list<std::string> cells) override;

    std::string take();

  private:
    void end_table();

    std::string out_;
};

} // namespace recoverd::agent
