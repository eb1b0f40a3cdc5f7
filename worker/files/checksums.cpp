// SPDX-License-Identifier: Apache-2.0
#include "core/ascii.hpp"
#include "core/backup_names.hpp"
#include "io/whole_file.hpp"
#include "worker/files/proof.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace recoverd::worker::files {

namespace {

struct Algorithm {
    std::string_view name;
    std::size_t hex_digits;
    std::string_view list;
};

// Strongest first: that one is used when there are several.
constexpr Algorithm kAlgorithms[] = {
    {"sha512", 128, "SHA512SUMS"},
    {"sha256", 64, "SHA256SUMS"},
    {"sha1", 40, "SHA1SUMS"},
    {"md5", 32, "MD5SUMS"},
};

/// Far more than lists of checksums have; somebody's backup may be named like one.
constexpr std::size_t kMaxList = std::size_t{16} << 20U;

std::optional<std::string> slurp(const std::string& path, std::int64_t& written) {
    struct stat seen{};
    if (::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode) || static_cast<std::size_t>(seen.st_size) > kMaxList)
        return std::nullopt;
    written = mtime_of(seen);
    auto text = io::read_whole(path);
    return text ? std::optional{std::move(*text)} : std::nullopt;
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

} // namespace

std::map<std::string, std::string, std::less<>> parse_checksums(std::string_view text, std::size_t hex_digits) {
    std::map<std::string, std::string, std::less<>> found;
    while (!text.empty()) {
        const std::size_t newline = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, newline);
        text.remove_prefix(std::min(newline + 1, text.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        // BSD: "SHA256 (name) = hex"
        const std::size_t opens = line.find(" (");
        const std::size_t closes = line.rfind(") = ");
        if (opens != std::string_view::npos && closes != std::string_view::npos && opens + 2 < closes) {
            const std::string_view hex = line.substr(closes + 4);
            if (hex.size() == hex_digits && is_hex(hex))
                found[std::string{core::base_name(line.substr(opens + 2, closes - opens - 2))}] =
                    core::ascii_lower(hex);
            continue;
        }
        // GNU: "hex  name", "hex *name", or the hex alone, which is found under the empty name
        if (line.size() < hex_digits || !is_hex(line.substr(0, hex_digits)))
            continue;
        std::string_view name = line.substr(hex_digits);
        if (!name.empty() && name.front() != ' ' && name.front() != '\t')
            continue;
        name.remove_prefix(std::min(name.find_first_not_of(" \t*"), name.size()));
        found[std::string{core::base_name(name)}] = core::ascii_lower(line.substr(0, hex_digits));
    }
    return found;
}

std::optional<Checksum> Checksums::of(const std::string& folder, const std::string& name) {
    for (const auto& algorithm : kAlgorithms) {
        const std::string path = folder + "/" + name + "." + std::string{algorithm.name};
        std::int64_t written = 0;
        const auto text = slurp(path, written);
        if (!text)
            continue;
        const auto found = parse_checksums(*text, algorithm.hex_digits);
        auto at = found.find(name);
        if (at == found.end())
            at = found.find("");
        // A sidecar made in another folder may name the file as it was called there.
        if (at == found.end() && found.size() == 1)
            at = found.begin();
        if (at != found.end())
            return Checksum{std::string{algorithm.name}, at->second, path, written};
    }
    auto known = folders_.find(folder);
    if (known == folders_.end()) {
        known = folders_.emplace(folder, List{}).first;
        for (const auto& algorithm : kAlgorithms) {
            const std::string path = folder + "/" + std::string{algorithm.list};
            std::int64_t written = 0;
            if (const auto text = slurp(path, written))
                for (const auto& [of, hex] : parse_checksums(*text, algorithm.hex_digits))
                    known->second.by_name.try_emplace(of, Checksum{std::string{algorithm.name}, hex, path, written});
        }
    }
    const auto at = known->second.by_name.find(name);
    return at == known->second.by_name.end() ? std::nullopt : std::optional{at->second};
}

} // namespace recoverd::worker::files
