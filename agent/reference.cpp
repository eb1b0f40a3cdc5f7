// SPDX-License-Identifier: Apache-2.0
#include "agent/reference.hpp"

#include "agent/cli.hpp"
#include "agent/reference/markdown.hpp"
#include "agent/reference/roff.hpp"
#include "agent/reference/sections.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

constexpr std::string_view kOpening =
    R"(# Reference

Generated from the tables of the program; a test compares. After a change of a table, `tools/accept-golden` writes this
page again. Durations are written as Prometheus does (`90s`, `1h30m`, `7d`), sizes as `10GiB`, ratios as 0 to 1.

- [Commands](#commands)
- [Configuration](#configuration)
- [Collectors](#collectors)
- [Alerts and policy keys](#alerts-and-policy-keys)
- [Metrics](#metrics)
)";

constexpr std::string_view kWhatItDoes =
    R"(recoverd looks at backups, WAL archives, replicas, restore tests and endpoints, judges them against what was
promised, and tells Prometheus, Alertmanager and a status page: could it be recovered now, how much would be lost, how
long would it take? What cannot be read, parsed or reached is a finding of its own: unknown is never green.)";

constexpr std::string_view kFirstConfiguration = R"([asset.orders-db]
backup_every = "24h"
retention = "14d"
restore_test_every = "30d"

[check.orders-dumps]
asset = "orders-db"
collector = "files"
path = "/srv/backups/orders-*.dump"

[alertmanager]
urls = ["http://127.0.0.1:9093"])";

void write_exit_status(Page& page) {
    page.heading(2, "Exit status");
    page.table({"status", "what"});
    page.row({"`0`", "all is well"});
    page.row({fmt::format("`{}`", kFailed), "it failed, and says why; `check` and `status` have numbers of their own"});
    page.row({fmt::format("`{}`", kUsageError), "the arguments made no sense"});
}

void write_surroundings(Page& page) {
    page.heading(2, "Environment");
    page.table({"variable", "what"});
    page.row({"`RECOVERD_TOKEN`", "what to show to the running daemon, unless `--token-file` is given"});
    page.row({"`NO_COLOR`", "no colours on a terminal"});
    page.row({"`CREDENTIALS_DIRECTORY`", "where systemd put what `{ credential = \"NAME\" }` names"});
    page.heading(2, "Signals");
    page.table({"signal", "what `recoverd run` does"});
    page.row({"`SIGHUP`", "takes over the configuration; one with a mistake is refused, and the old one goes on"});
    page.row({"`SIGTERM`, `SIGINT`", "ends"});
    page.heading(2, "Files");
    page.table({"file", "what"});
    page.row({fmt::format("`{}`", Console{}.config_file), "the configuration"});
    page.row({"`/etc/default/recoverd`", "arguments of the service, as `ARGS=\"…\"`"});
    page.row({"`/var/lib/recoverd`", "the state: what is remembered over restarts"});
}

} // namespace

std::string reference_markdown() {
    Markdown page{kOpening};
    write_commands(page);
    write_configuration(page);
    write_collectors(page);
    write_alerts(page);
    write_metrics(page);
    return page.take();
}

std::string recoverd_1() {
    Roff page{"recoverd", 1, "know whether you could recover, how much would be lost and how long it would take"};
    page.heading(2, "Synopsis");
    page.paragraph("`recoverd` COMMAND [ARGUMENT …]");
    page.heading(2, "Description");
    page.paragraph(kWhatItDoes);
    write_commands(page);
    write_exit_status(page);
    write_surroundings(page);
    page.heading(2, "See also");
    page.paragraph("recoverd.toml(5), systemctl(1), /usr/share/doc/recoverd/reference.md");
    return page.take();
}

std::string recoverd_toml_5() {
    Roff page{"recoverd.toml", 5, "configuration of recoverd"};
    page.heading(2, "Description");
    page.paragraph("What must be recoverable (assets), how we find out (checks), what is bad (policy), whom to tell. "
                   "Durations are written as `90s`, `1h30m` or `7d`, sizes as `10GiB`, ratios as 0 to 1.");
    page.heading(2, "Example");
    page.example(kFirstConfiguration);
    write_configuration(page);
    write_collectors(page);
    write_alerts(page);
    page.heading(2, "See also");
    page.paragraph("recoverd(1), /usr/share/doc/recoverd/reference.md, /usr/share/doc/recoverd/runbooks");
    return page.take();
}

} // namespace recoverd::agent
