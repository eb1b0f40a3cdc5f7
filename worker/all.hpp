// SPDX-License-Identifier: Apache-2.0
// The list of jobs that the worker program can do. A new one adds its line here and in all.cpp.
#pragma once

#include "core/report.hpp"

#include <iosfwd>
#include <string>
#include <string_view>

namespace recoverd::worker {

struct Job {
    std::string_view name;
    /// `options` is a JSON object; what is too large to stand in it follows in `more`. What is answered goes to stdout:
    /// evidence as JSON lines, or what the job's collector understands. May throw io::BadDocument.
    core::Result<std::string> (*run)(std::string_view options, std::istream& more);
    /// Reads so much that others would feel it.
    bool heavy = false;
};

/// The job of that name, or nullptr.
const Job* find(std::string_view name);

namespace files {
core::Result<core::Seen> run(std::string_view options);
}
namespace kafka {
core::Result<core::Seen> run(std::string_view input);
}
namespace terraform_state {
core::Result<std::string> run(std::string_view options, std::istream& more);
}
namespace vault {
core::Result<core::Seen> run(std::string_view input);
core::Result<core::Seen> download(std::string_view input);
} // namespace vault

} // namespace recoverd::worker
