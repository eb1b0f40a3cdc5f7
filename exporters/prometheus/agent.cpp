// SPDX-License-Identifier: Apache-2.0
// The agent itself: its build, its configuration, and its process as /proc tells (proc(5)).
#include "exporters/own_metrics.hpp"
#include "exporters/prometheus/families.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace recoverd::exporters::families {

namespace {

constexpr std::string_view kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif

/// The fields of /proc/self/stat from the third on: the second is the program's name, which may hold blanks.
std::vector<std::string> stat_fields() {
    std::ifstream in("/proc/self/stat");
    std::string line;
    std::getline(in, line);
    const auto close = line.rfind(')');
    if (close == std::string::npos)
        return {};
    std::istringstream rest(line.substr(close + 1));
    std::vector<std::string> fields;
    for (std::string field; rest >> field;)
        fields.push_back(field);
    return fields;
}

double boot_time() {
    std::ifstream in("/proc/stat");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("btime "))
            return std::stod(line.substr(6));
    return 0;
}

std::uint64_t open_descriptors() {
    std::uint64_t count = 0;
    if (DIR* const directory = opendir("/proc/self/fd"); directory != nullptr) {
        while (const dirent* entry = readdir(directory))
            if (entry->d_name[0] != '.')
                ++count;
        closedir(directory);
        // One of them is this look itself.
        if (count > 0)
            --count;
    }
    return count;
}

} // namespace

void write_agent(SeriesWriter& out, const AgentFacts& facts) {
    using M = MetricId;
    out.add(M::push_enabled, {}, facts.push_enabled);
    out.add(M::store_size, {}, facts.store_size_bytes);
    out.add(M::killed_children, {}, facts.killed_children);
    out.add(M::clock_skew, {}, facts.clock_skew);
    out.add(M::config_reload_successful, {}, facts.config_reload_successful);
    out.add(M::config_reload_time, {}, facts.config_reloaded_at);
    out.add(M::build_info,
            LabelText{}.add("version", facts.version).add("revision", facts.revision).add("compiler", kCompiler).text(),
            true);
    if (facts.own != nullptr)
        facts.own->write(out);
}

void write_process(SeriesWriter& out) {
    using M = MetricId;
    const auto fields = stat_fields();
    // Indices count from the state, which is field 3 in proc(5).
    constexpr std::size_t kUtime = 11, kStime = 12, kThreads = 17, kStart = 19, kVirtual = 20, kResident = 21;
    if (fields.size() > kResident) {
        const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
        const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        out.add(M::process_cpu, {}, (std::stod(fields[kUtime]) + std::stod(fields[kStime])) / ticks);
        out.add(M::process_resident, {}, std::uint64_t{std::stoull(fields[kResident])} * page);
        out.add(M::process_virtual, {}, std::uint64_t{std::stoull(fields[kVirtual])});
        out.add(M::process_start, {}, boot_time() + std::stod(fields[kStart]) / ticks);
        out.add(M::process_threads, {}, std::uint64_t{std::stoull(fields[kThreads])});
    }
    out.add(M::process_open_fds, {}, open_descriptors());
    if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.add(M::process_max_fds, {}, std::uint64_t{limit.rlim_cur});
}

} // namespace recoverd::exporters::families
