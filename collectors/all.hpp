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

Kind barman();
Kind borg();
Kind exec();
Kind files();
Kind http();
Kind outcome();
Kind patroni();
Kind pgbackrest();
Kind pgbouncer();
Kind postgresql();
Kind restic();
Kind systemd_unit();
Kind tcp();
Kind tls();
Kind valkey();

} // namespace recoverd::collectors
