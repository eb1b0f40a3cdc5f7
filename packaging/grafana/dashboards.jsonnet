// Both dashboards: jsonnet -m . dashboards.jsonnet. They ask for the recording rules of ../prometheus where there are some.
local p = import 'panels.libsonnet';

local verdicts = { recoverable: 'green', at_risk: 'orange', unrecoverable: 'red', unknown: 'purple' };
local priorities = { P1: 'red', P2: 'orange', P3: 'yellow', P4: 'blue' };
local everything = '{job=~"$job"}';
local jobs = p.variable('job', 'label_values(recoverd_build_info, job)') { multi: true, includeAll: true, current: { text: 'All', value: '$__all' } };
local to_asset = { title: 'Look at ${__data.fields.asset}', url: '/d/recoverd-asset?var-asset=${__data.fields.asset}&${__url_time_range}' };

local fleet = p.dashboard(
  'recoverd-fleet',
  'recoverd: everything that must be recoverable',
  'If it broke now, what could be recovered, and how much would be lost?',
  [jobs],
  [
    p.stat('Overall', 'The word of each agent for all that it watches.', [['recoverd_status%s == 1' % everything, '{{status}} ({{instance}})']]),
    p.stat('Assets by verdict', 'Unknown is not good: what decides it could not be seen.', [['verdict:recoverd_assets:sum' + everything, '{{verdict}}']], width=9)
    + p.coloured(verdicts),
    p.stat('Firing alerts', 'By priority.', [['priority:recoverd_alerts_firing:sum' + everything, '{{priority}}']], width=9) + p.coloured(priorities),

    p.table(
      'Assets',
      'What would be lost now, the share of the promised RPO that it is, and since when nobody has proven a restore.',
      [
        'recoverd_asset_verdict%s == 1' % everything,
        'asset:recoverd_data_loss:seconds' + everything,
        'asset:recoverd_rpo_used:ratio' + everything,
        'asset:recoverd_rto_used:ratio' + everything,
        'asset:recoverd_proof_age:seconds' + everything,
      ],
      [['asset', 'asset'], ['verdict', 'verdict'], ['Value #B', 'lost now'], ['Value #C', 'of RPO'], ['Value #D', 'of RTO'], ['Value #E', 'proven ago'], ['instance', 'agent']],
      { 'lost now': 's', 'of RPO': 'percentunit', 'of RTO': 'percentunit', 'proven ago': 's' }
    ) { fieldConfig+: { defaults+: { links: [to_asset] } } },

    p.table(
      'What fires',
      'Without the watchdog, which always does.',
      ['recoverd_alert{job=~"$job",state="firing",alertname!="RecoverdWatchdog"}'],
      [['priority', 'priority'], ['alertname', 'alert'], ['asset', 'asset'], ['check', 'check'], ['subject', 'subject'], ['instance', 'agent']],
    ),

    p.series('Would be lost now', 'Per asset: what was written since the newest moment that one can go back to.', [['asset:recoverd_data_loss:seconds' + everything, '{{asset}}']], 's'),
    p.series('Verdicts over time', 'Assets by verdict.', [['verdict:recoverd_assets:sum' + everything, '{{verdict}}']], 'none') + p.coloured(verdicts),

    p.table(
      'Checks that learn nothing',
      'What their last run could not see, nobody sees.',
      ['recoverd_check_success%s == 0' % everything, 'time() - recoverd_check_last_success_timestamp_seconds%s and recoverd_check_success == 0' % everything],
      [['check', 'check'], ['asset', 'asset'], ['Value #B', 'last learned'], ['instance', 'agent']],
      { 'last learned': 's' },
      width=12
    ),
    p.series('Runs that learn nothing', 'By cause.', [['sum by (failure) (rate(recoverd_check_failures_total%s[$__rate_interval]))' % everything, '{{failure}}']], 'ops', height=9),

    p.series(
      'How late checks begin',
      'The 99th percentile; above a second the agent has too much to do.',
      [['histogram_quantile(0.99, sum by (instance, le) (rate(recoverd_scheduler_lag_seconds_bucket%s[$__rate_interval])))' % everything, '{{instance}}']],
      's',
      width=8
    ),
    p.series('Sent to Alertmanager', 'Batches by outcome. Nothing where Prometheus notifies.', [['sum by (url, outcome) (rate(recoverd_alertmanager_sends_total%s[$__rate_interval]))' % everything, '{{outcome}} {{url}}']], 'ops', width=8),
    p.series('Memory', 'Resident memory of each agent.', [['process_resident_memory_bytes' + everything, '{{instance}}']], 'bytes', width=8),
  ]
);

local of_asset = '{job=~"$job",asset="$asset"}';
local age(metric) = 'time() - %s%s' % [metric, of_asset];

local asset = p.dashboard(
  'recoverd-asset',
  'recoverd: one asset',
  'Could it be recovered, from what, and who says so?',
  [jobs, p.variable('asset', 'label_values(recoverd_asset_verdict{job=~"$job"}, asset)')],
  [
    p.stat('Verdict', 'Could it be recovered now?', [['recoverd_asset_verdict%s == 1' % of_asset, '{{verdict}}']], width=5) + p.coloured(verdicts),
    p.stat('Would be lost now', 'And what may be lost, as promised.', [['asset:recoverd_data_loss:seconds' + of_asset, 'now'], ['recoverd_asset_rpo_objective_seconds' + of_asset, 'promised']], 's', width=7),
    p.stat('A recovery takes', 'By the last good proof. And what it may take, as promised.', [['recoverd_asset_rto_actual_seconds' + of_asset, 'measured'], ['recoverd_asset_rto_objective_seconds' + of_asset, 'promised']], 's', width=7),
    p.stat('Proven', 'Time since an exercise restored something.', [['asset:recoverd_proof_age:seconds' + of_asset, 'ago']], 's', width=5),

    p.series('Share of the promise', 'What would be lost of the RPO, what a recovery takes of the RTO. Above 100 % the promise is broken.', [['asset:recoverd_rpo_used:ratio' + of_asset, 'RPO'], ['asset:recoverd_rto_used:ratio' + of_asset, 'RTO']], 'percentunit') + p.limit(1),
    p.series('Age of the newest backup', 'Per subject, with the first threshold of BackupTooOld.', [[age('recoverd_backup_last_success_timestamp_seconds'), '{{subject}} {{backup_type}}'], ['recoverd_threshold_seconds{job=~"$job",asset="$asset",rule="BackupTooOld"}', 'threshold of {{check}}']], 's'),

    p.table(
      'What is wrong',
      'What the rules find right now, fired or not.',
      ['recoverd_finding' + of_asset],
      [['priority', 'priority'], ['rule', 'rule'], ['check', 'check'], ['subject', 'subject'], ['instance', 'agent']],
      height=7
    ),

    p.series('Size of backups', 'Before compression, and what is stored.', [['recoverd_backup_last_size_bytes' + of_asset, '{{subject}} {{backup_type}}'], ['recoverd_backup_last_stored_bytes' + of_asset, 'stored {{subject}} {{backup_type}}']], 'bytes', width=8),
    p.series('Duration of backups', 'Of the newest good one.', [['recoverd_backup_last_duration_seconds' + of_asset, '{{subject}} {{backup_type}}']], 's', width=8),
    p.series('Points kept', 'And how far back they reach.', [['recoverd_backup_points' + of_asset, '{{subject}}']], 'none', width=8),

    p.series('Kept back to', 'Age of the oldest good point, and what was promised.', [[age('recoverd_backup_oldest_timestamp_seconds'), '{{subject}}'], ['recoverd_asset_retention_objective_seconds' + of_asset, 'promised']], 's', width=8),
    p.series('Log archive: not yet safe', 'Age of the newest recoverable moment.', [[age('recoverd_pitr_newest_timestamp_seconds'), '{{check}} {{subject}}']], 's', width=8),
    p.series('Log archive: waiting', 'Written and not yet archived.', [['recoverd_pitr_pending_bytes' + of_asset, '{{check}} {{subject}}']], 'bytes', width=8),

    p.series('Followers are behind', 'Replication lag.', [['recoverd_replication_lag_seconds' + of_asset, '{{subject}}']], 's', width=12),
    p.series('Slots hold back', 'What the primary keeps for them on its disk.', [['recoverd_replication_slot_retained_bytes' + of_asset, '{{subject}}']], 'bytes', width=12),

    p.table(
      'Exercises',
      'When each last had which outcome, how long the last one took, and when it is due again.',
      [
        'recoverd_exercise_last_timestamp_seconds%s * 1000' % of_asset,
        'recoverd_exercise_last_duration_seconds' + of_asset,
        'recoverd_exercise_due_timestamp_seconds%s * 1000' % of_asset,
      ],
      [['exercise', 'exercise'], ['outcome', 'outcome'], ['Value #A', 'last'], ['Value #B', 'took'], ['Value #C', 'due']],
      { last: 'dateTimeFromNow', took: 's', due: 'dateTimeFromNow' },
      width=12,
      height=8
    ),
    p.table(
      'Expectations',
      'Whether each holds.',
      ['recoverd_assertion_state%s == 1' % of_asset],
      [['assertion', 'expectation'], ['state', 'state'], ['check', 'check'], ['subject', 'subject']],
      width=12,
      height=8
    ),

    p.series('Endpoints answer', '1 is up, slow or partly wrong included.', [['recoverd_probe_success' + of_asset, '{{target}}']], 'none', width=8),
    p.series('Endpoints take', 'How long an answer takes.', [['recoverd_probe_duration_seconds' + of_asset, '{{target}}']], 's', width=8),
    p.series('Certificates are left', 'Until they expire.', [['recoverd_certificate_not_after_timestamp_seconds%s - time()' % of_asset, '{{target}}']], 's', width=8),

    p.series('Measurements', 'In the unit that each has.', [['recoverd_measurement' + of_asset, '{{measurement}} {{unit}}']], 'none', width=24),
  ],
  [{ type: 'link', title: 'Everything', url: '/d/recoverd-fleet', icon: 'dashboard', keepTime: true }]
);

{
  'recoverd-fleet.json': fleet,
  'recoverd-asset.json': asset,
}
