// The rules beside this folder as a monitoring mixin: nothing is written twice. Add your own with
//   (import 'mixin.libsonnet') + { _config+:: { job: 'backup-agents', runbookUrl: 'https://wiki.example/runbooks' } }
{
  _config:: {
    // The scrape job of the agents.
    job: 'recoverd',
    // Where docs/runbooks can be read; the alert's name follows.
    runbookUrl: 'https://runbooks.example/recoverd',
  },

  local adapted(text) = std.strReplace(
    std.strReplace(text, 'job="recoverd"', 'job="%s"' % $._config.job),
    'https://runbooks.example/recoverd',
    $._config.runbookUrl
  ),
  local groups(text) = std.parseYaml(adapted(text)).groups,

  prometheusAlerts+:: {
    groups+: groups(importstr '../rules/recoverd-alerts.yml') + groups(importstr '../rules/recoverd-agent.yml'),
  },
  prometheusRules+:: {
    groups+: groups(importstr '../rules/recoverd-recording.yml'),
  },
  grafanaDashboards+:: {
    'recoverd-fleet.json': import '../../grafana/recoverd-fleet.json',
    'recoverd-asset.json': import '../../grafana/recoverd-asset.json',
  },
}
