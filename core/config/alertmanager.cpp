// SPDX-License-Identifier: Apache-2.0
#include "core/config/alertmanager.hpp"

#include "core/config/compiling.hpp"
#include "core/config/values.hpp"

namespace recoverd::core::config {

namespace {

constexpr Option<AlertmanagerOptions> kOptions[] = {
    {"urls", &AlertmanagerOptions::urls, "where; every A or SRV record behind a name is one Alertmanager"},
    {"labels", &AlertmanagerOptions::labels, "labels on every alert"},
    {"severity", &AlertmanagerOptions::severity, "the severity of each priority: { P1 = \"critical\", … }"},
    {"auth", &AlertmanagerOptions::auth, "{ basic | bearer | header }"},
    {"tls", &AlertmanagerOptions::tls, "{ ca_file, cert_file, key_file, server_name, insecure_skip_verify }"},
    {"proxy", &AlertmanagerOptions::proxy, "the proxy to go through"},
    {"interval", &AlertmanagerOptions::interval, "how often firing alerts are sent again"},
    {"timeout", &AlertmanagerOptions::timeout, "how long one Alertmanager may take"},
};

bool is_url(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/')
            return true;
    return false;
}

/// user:password@ before the host; nothing would send it.
bool has_credentials(std::string_view url) {
    const auto host = url.find("://") + 3;
    return url.substr(host, url.find_first_of("/?#", host) - host).contains('@');
}

void compile_severities(const Table& table, const AlertmanagerOptions& options, Compiling& run) {
    const Entry* said = find(table, "severity");
    const Table* severities = said ? said->node.table() : nullptr;
    if (!severities)
        return;
    for (const Entry& entry : *severities)
        if (!from_name<Priority>(entry.key))
            report_unknown_key(entry, {"alertmanager.severity", "severities", said->node.at}, Names<Priority>::values,
                               run.diagnostics);
    for (const auto& [name, severity] : options.severity)
        if (const auto priority = from_name<Priority>(name))
            run.config.severity[static_cast<std::size_t>(*priority)] = severity;
}

} // namespace

std::span<const Option<AlertmanagerOptions>> alertmanager_options() { return kOptions; }

void compile_alertmanager(const Table& root, Compiling& run) {
    const Table* table = section_table(root, "alertmanager", run.diagnostics);
    if (!table)
        return;
    const Position at = position_of(root, "alertmanager", {});
    AlertmanagerOptions& options = run.out.alertmanager;
    options = read_options<AlertmanagerOptions>(*table, {"alertmanager", "the Alertmanager", at}, kOptions, {},
                                                run.diagnostics);
    const Entry* urls = find(*table, "urls");
    for (std::size_t i = 0; i < options.urls.size(); ++i) {
        if (!urls || !urls->node.array()->at(i).text())
            continue;
        // The URL itself is not repeated: it may hold a password.
        const Position& where = urls->node.array()->at(i).at;
        const std::string path = fmt::format("alertmanager.urls[{}]", i);
        if (!is_url(options.urls[i]))
            run.diagnostics.mistake(where, path, "expected a URL such as 'http://alertmanager:9093'");
        else if (has_bad_port(options.urls[i]))
            run.diagnostics.mistake(where, path, "expected a URL with a port from 1 to 65535, found another one");
        else if (has_credentials(options.urls[i]))
            run.diagnostics.warning(where, path,
                                    "expected a URL without credentials, found some before its host: they are not sent",
                                    "write auth = { basic = { username = \"…\", password = { file = \"…\" } } }");
    }
    check_labels(find(*table, "labels"), "alertmanager.labels", options.labels, run.diagnostics);
    run.config.alert_labels = options.labels;
    compile_severities(*table, options, run);
    if (options.interval < 1s)
        run.diagnostics.mistake(position_of(*table, "interval", at), "alertmanager.interval",
                                "expected at least 1s between two sends");
    if (options.timeout < 1ms)
        run.diagnostics.mistake(position_of(*table, "timeout", at), "alertmanager.timeout", "expected more than 0");
}

} // namespace recoverd::core::config
