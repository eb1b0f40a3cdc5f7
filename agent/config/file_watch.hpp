// SPDX-License-Identifier: Apache-2.0
// Whether the files of a configuration are others than before, without reading them. Behind a path is whatever its
// links lead to: kubelet changes a ConfigMap by turning one link to another folder.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace recoverd::agent {

class FileWatch {
  public:
    /// Whether, since it was asked last, any of `paths` (files and folders) became another one, was written, got other
    /// rights, came or went; a path that was not among them then counts as changed. Blocks on files: not for the loop's
    /// thread.
    bool changed(const std::vector<std::string>& paths);

  private:
    /// What stat tells of each; empty for what is not there.
    std::map<std::string, std::string> known_;
};

} // namespace recoverd::agent
