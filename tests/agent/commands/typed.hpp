// SPDX-License-Identifier: Apache-2.0
// Commands as they are typed, and what they said.
#pragma once

#include <string>
#include <vector>

namespace recoverd::test {

struct Ended {
    int code = 0;
    std::string out;
    std::string err;
};

Ended typed(std::vector<std::string> words);

/// A folder of its own that goes with the test.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string path(const std::string& name) const { return path_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const;
    std::string read(const std::string& name) const;

  private:
    std::string path_;
};

} // namespace recoverd::test
