// SPDX-License-Identifier: Apache-2.0
#include "collectors/all.hpp"

namespace recoverd::collectors {

namespace {

const std::vector<Kind>& list() {
    static const std::vector<Kind> kinds{
        barman(),    borg(),       exec(),   files(),        http(), outcome(), patroni(), pgbackrest(),
        pgbouncer(), postgresql(), restic(), systemd_unit(), tcp(),  tls(),     valkey(),
    };
    return kinds;
}

} // namespace

std::span<const Kind> all() { return list(); }

const Kind* find(std::string_view name) {
    for (const Kind& kind : list())
        if (kind.name == name)
            return &kind;
    return nullptr;
}

} // namespace recoverd::collectors
