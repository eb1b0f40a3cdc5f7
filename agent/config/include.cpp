// SPDX-License-Identifier: Apache-2.0
// `include`: one document out of several files. Tables of the same name are joined; nothing may be said twice.
#include "agent/config/toml.hpp"

#include "core/config/options.hpp"
#include "io/whole_file.hpp"

#include <fmt/format.h>

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace recoverd::agent {

using namespace core::config;

namespace {

/// Far beyond what anybody writes; a log file named by mistake is refused instead of read.
constexpr std::uintmax_t kMaxBytes = std::uintmax_t{16} << 20U;

class Reader {
  public:
    Reader(Document& document, Diagnostics& diagnostics, const Touching& touching)
        : document_(document), diagnostics_(diagnostics), touching_(touching) {}

    void read(const std::string& path, const Position& from) {
        touch(path);
        // Of a link to itself, or of a pipe, there is none: what is wrong with it content() says.
        std::error_code unknown;
        const auto real = std::filesystem::weakly_canonical(path, unknown);
        const std::string known = unknown ? path : real.string();
        if (std::ranges::find(open_, known) != open_.end())
            return mistake(from, fmt::format("'{}' includes itself", path));
        if (std::ranges::find(read_, known) != read_.end())
            return mistake(from, fmt::format("'{}' is included twice", path));
        read_.push_back(known);
        document_.files.push_back(path);
        Table table;
        const auto text = content(path, from);
        if (!text || !parse_toml(*text, path, table, diagnostics_)) {
            document_.whole = false;
            return;
        }
        open_.push_back(known);
        const std::vector<Included> included = includes_of(table, path);
        // Only the first file keeps its own `include`, which tells the rest of the program that the key is known.
        if (open_.size() > 1)
            std::erase_if(table, [](const Entry& entry) { return entry.key == "include"; });
        join(std::get<Table>(document_.root.value), std::move(table), {});
        for (const auto& [file, at] : included)
            read(file, at);
        open_.pop_back();
    }

  private:
    struct Included {
        std::string path;
        Position at;
    };

    void touch(const std::string& path) {
        if (touching_)
            touching_(path);
    }
    void mistake(const Position& at, std::string message) { diagnostics_.mistake(at, "include", std::move(message)); }

    std::optional<std::string> content(const std::string& path, const Position& from) {
        const auto fail = [&](std::string message) {
            if (from.file)
                mistake(from, std::move(message));
            else
                diagnostics_.mistake({}, {}, std::move(message), "--config.file names the configuration");
            return std::nullopt;
        };
        std::error_code error;
        if (!std::filesystem::exists(path, error))
            return fail(fmt::format("there is no file '{}'", path));
        if (!std::filesystem::is_regular_file(path, error))
            return fail(fmt::format("'{}' is not a file", path));
        if (std::filesystem::file_size(path, error) > kMaxBytes)
            return fail(fmt::format("'{}' is larger than 16MiB", path));
        auto text = io::read_whole(path);
        if (!text)
            return fail(fmt::format("cannot read '{}': {}", path, text.error()));
        return std::move(*text);
    }

    std::vector<Included> includes_of(const Table& table, const std::string& path) {
        std::vector<Included> files;
        const Entry* include = find(table, "include");
        if (!include)
            return files;
        std::vector<std::string> patterns;
        core::config::read(include->node, "include", patterns, diagnostics_);
        const auto folder = std::filesystem::path{path}.parent_path();
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const Position& at = (*include->node.array())[i].at;
            document_.folders.push_back(folder_of(folder / patterns[i]));
            for (std::string& file : matches((folder / patterns[i]).string(), at))
                files.push_back({std::move(file), at});
        }
        return files;
    }

    /// The deepest one that has a name: below a pattern nobody knows beforehand.
    static std::string folder_of(std::filesystem::path pattern) {
        do
            pattern = pattern.parent_path();
        while (pattern.string().find_first_of("*?[") != std::string::npos);
        return pattern.empty() ? "." : pattern.string();
    }

    /// In the order of their names. A pattern may match nothing, a file must be there.
    std::vector<std::string> matches(const std::string& pattern, const Position& at) {
        if (pattern.find_first_of("*?[") == std::string::npos)
            return {pattern};
        touch(pattern);
        std::vector<std::string> files;
        ::glob_t found{};
        const int code = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
        if (code == 0)
            files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        else if (code != GLOB_NOMATCH) {
            mistake(at, fmt::format("cannot list '{}'", pattern));
            document_.whole = false;
        }
        ::globfree(&found);
        return files;
    }

    void join(Table& into, Table from, const std::string& path) {
        for (Entry& entry : from) {
            const std::string name = path.empty() ? entry.key : path + "." + entry.key;
            const auto known = std::ranges::find(into, entry.key, &Entry::key);
            if (known == into.end()) {
                into.push_back(std::move(entry));
                continue;
            }
            auto* array = std::get_if<Array>(&known->node.value);
            auto* more = std::get_if<Array>(&entry.node.value);
            // One level: [asset.a] of two files stand side by side, but an asset is written in one place.
            if (path.empty() && known->node.table() && entry.node.table())
                join(std::get<Table>(known->node.value), std::move(std::get<Table>(entry.node.value)), name);
            else if (path.empty() && array && more)
                array->insert(array->end(), std::move_iterator{more->begin()}, std::move_iterator{more->end()});
            else
                diagnostics_.mistake(entry.key_at, name, fmt::format("'{}' was said before", name),
                                     fmt::format("it stands at {}:{}:{}", *known->key_at.file, known->key_at.line,
                                                 known->key_at.column));
        }
    }

    Document& document_;
    Diagnostics& diagnostics_;
    const Touching& touching_;
    std::vector<std::string> open_;
    std::vector<std::string> read_;
};

} // namespace

Document read_document(const std::string& path, Diagnostics& diagnostics, const Touching& touching) {
    Document document{{Table{}, {std::make_shared<const std::string>(path), 0, 0}}, {}, {}, true};
    Reader{document, diagnostics, touching}.read(path, {});
    return document;
}

} // namespace recoverd::agent
