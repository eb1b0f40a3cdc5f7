// SPDX-License-Identifier: Apache-2.0
// The list of collectors. A new one adds its line here and in all.cpp.
#pragma once

#include "collectors/collector.hpp"

#include <span>

namespace recoverd::collectors {

/// Every collector, by name.
std::span<const Kind> all();
/// The collector of that name, or nullptr.
const Kind* find(std::string_view name);

Kind aiven();
Kind barman();
Kind borg();
Kind dns();
Kind exec();
Kind files();
Kind git();
Kind github_actions();
Kind http();
Kind icmp();
Kind kafka();
Kind kubernetes();
Kind loki();
Kind outcome();
Kind patroni();
Kind pgbackrest();
Kind pgbouncer();
Kind postgresql();
Kind postgresql_validation();
Kind prometheus();
Kind restic();
Kind s3();
Kind systemd_unit();
Kind tcp();
Kind tempo();
Kind terraform_state();
Kind tls();
Kind valkey();
Kind vault();
Kind vault_snapshot();
Kind walg();

} // namespace recoverd::collectors
