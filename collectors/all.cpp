// SPDX-License-Identifier: Apache-2.0
#include "collectors/all.hpp"

namespace recoverd::collectors {

namespace {

const std::vector<Kind>& list() {
    static const std::vector<Kind> kinds{
        aiven(),
        barman(),
        borg(),
        dns(),
        exec(),
        files(),
        git(),
        github_actions(),
        http(),
        icmp(),
        kafka(),
        kubernetes(),
        loki(),
        outcome(),
        patroni(),
        pgbackrest(),
        pgbouncer(),
        postgresql(),
        postgresql_validation(),
        prometheus(),
        restic(),
        s3(),
        systemd_unit(),
        tcp(),
        tempo(),
        terraform_state(),
        tls(),
        valkey(),
        vault(),
        vault_snapshot(),
        walg(),
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
