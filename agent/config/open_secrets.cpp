// SPDX-License-Identifier: Apache-2.0
#include "agent/config/open_secrets.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace recoverd::agent {

using namespace core::config;

void OpenSecrets::look_at_file(const Node& file, const std::string& where, Diagnostics& diagnostics) {
    // What comes from the environment is filled in later.
    const std::string* path = file.text();
    if (!path || path->contains("${") ||
        !known_.emplace(file.at.file.get(), file.at.line, file.at.column, *path).second)
        return;
    if (touching_)
        touching_(*path);
    struct ::stat status{};
    if (::stat(path->c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0)
        return;
    diagnostics.warning(
        file.at, where,
        fmt::format("everybody can read the secret in '{}' (mode {:04o})", *path, status.st_mode & 07777U),
        fmt::format("chmod o-r {}", *path));
}

void OpenSecrets::look(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    if (const Array* array = node.array())
        for (const Node& item : *array)
            look(item, path, diagnostics);
    if (const Table* table = node.table())
        look(*table, path, diagnostics);
}

void OpenSecrets::look(const Table& table, const std::string& path, Diagnostics& diagnostics) {
    for (const Entry& entry : table) {
        const std::string where = path.empty() ? entry.key : path + "." + entry.key;
        if (entry.key == "key_file" || (entry.key == "file" && table.size() == 1))
            look_at_file(entry.node, where, diagnostics);
        else if (entry.key != "for_each")
            look(entry.node, where, diagnostics);
    }
}

} // namespace recoverd::agent
