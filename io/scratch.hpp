// SPDX-License-Identifier: Apache-2.0
// A folder for what a run needs on disk and nobody needs afterwards. It goes with its owner, in whatever way that ends:
// done, timed out, cancelled. What a killed agent left behind goes when the next one asks for a folder in that place.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace recoverd::io {

/// Owns a folder; lets go of it by a call that must not block.
class Scratch {
  public:
    using LetGo = std::move_only_function<void(const std::string& path)>;

    Scratch() = default;
    Scratch(std::string path, LetGo let_go) : path_(std::move(path)), let_go_(std::move(let_go)) {}
    Scratch(Scratch&& other) noexcept
        : path_(std::exchange(other.path_, {})), let_go_(std::exchange(other.let_go_, {})) {}
    Scratch& operator=(Scratch&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(let_go_, other.let_go_);
        return *this;
    }
    ~Scratch() {
        if (!path_.empty() && let_go_)
            let_go_(path_);
    }

    const std::string& path() const { return path_; }

  private:
    std::string path_;
    LetGo let_go_;
};

} // namespace recoverd::io
