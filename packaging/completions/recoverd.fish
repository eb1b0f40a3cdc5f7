# fish completion for recoverd. Generated from the tables of the program; `tools/accept-golden` writes it again.

# Whether this is the command that was typed so far: "", "run", "config", "config check".
function __recoverd_is
    set -l command
    for word in (commandline -opc)[2..]
        switch "$command:$word"
            case ':run'
                set command run
            case ':check'
                set command check
            case ':status'
                set command status
            case ':explain'
                set command explain
            case ':outcome'
                set command outcome
            case ':forget'
                set command forget
            case ':config'
                set command config
            case ':collectors'
                set command collectors
            case ':rules'
                set command rules
            case ':test-alert'
                set command test-alert
            case 'config:check'
                set command 'config check'
            case 'config:show'
                set command 'config show'
            case 'config:schema'
                set command 'config schema'
        end
    end
    test "$command" = "$argv"
end

complete -c recoverd -f
complete -c recoverd -n '__recoverd_is' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is' -l version -d 'Tell what was built'
complete -c recoverd -n '__recoverd_is ' -a run -d 'Watch: the daemon'
complete -c recoverd -n '__recoverd_is ' -a check -d 'Run every check once, now, without the daemon; exit 0 good, 1 P3 or P4, 3 something is unknown, 2 P1 or P2'
complete -c recoverd -n '__recoverd_is ' -a status -d 'The running daemon\'s verdicts; exit 0 good, 1 P3, P4 or at risk, 3 something is unknown, 2 P1, P2 or unrecoverable'
complete -c recoverd -n '__recoverd_is ' -a explain -d 'Why an asset or an alert stands as it does, and what would mend it'
complete -c recoverd -n '__recoverd_is ' -a outcome -d 'Report how an exercise or a job went; exit 75 when the report waits in the spool'
complete -c recoverd -n '__recoverd_is ' -a forget -d 'Drop something that is gone for good, and all that is remembered of it'
complete -c recoverd -n '__recoverd_is ' -a config -d 'Look at the configuration without running it'
complete -c recoverd -n '__recoverd_is ' -a collectors -d 'List the collectors, or tell the options of one'
complete -c recoverd -n '__recoverd_is ' -a rules -d 'Print alerting rules for Prometheus, where it shall notify instead of the daemon'
complete -c recoverd -n '__recoverd_is ' -a test-alert -d 'Send a marked test alert and say whether each Alertmanager took it'
complete -c recoverd -n '__recoverd_is config' -a check -d 'Tell every mistake and warning, with file, line and column'
complete -c recoverd -n '__recoverd_is config' -a show -d 'Show the merged result, and where each value came from'
complete -c recoverd -n '__recoverd_is config' -a schema -d 'Print a JSON Schema of the configuration, for editors'
complete -c recoverd -n '__recoverd_is run' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is run' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is run' -l web.listen-address -r -F -d 'Where to serve: HOST:PORT or unix:PATH; may be repeated'
complete -c recoverd -n '__recoverd_is run' -l web.config.file -r -F -d 'TLS and users, as Prometheus\' exporter-toolkit has it'
complete -c recoverd -n '__recoverd_is run' -l web.external-url -r -F -d 'How people reach this agent, for links'
complete -c recoverd -n '__recoverd_is run' -l web.route-prefix -r -F -d 'Prefix of every path'
complete -c recoverd -n '__recoverd_is run' -l web.systemd-socket -d 'Use the sockets that systemd opened'
complete -c recoverd -n '__recoverd_is run' -l web.enable-lifecycle -d 'Allow POST /-/reload'
complete -c recoverd -n '__recoverd_is run' -l storage.path -r -F -d 'Folder of the state'
complete -c recoverd -n '__recoverd_is run' -l scope -x -a 'node cluster all' -d 'Which checks to run'
complete -c recoverd -n '__recoverd_is run' -l log.level -x -a 'debug info warn error' -d 'What to log'
complete -c recoverd -n '__recoverd_is run' -l log.format -x -a 'logfmt json journal' -d 'How to log'
complete -c recoverd -n '__recoverd_is run' -l config.check -d 'Check the configuration and exit'
complete -c recoverd -n '__recoverd_is run' -l config.auto-reload-interval -r -F -d 'Look so often whether its files changed, and take them over; never when left out'
complete -c recoverd -n '__recoverd_is check' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is check' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is check' -l output -x -a 'table json nagios' -d 'The form; nagios for plug-ins'
complete -c recoverd -n '__recoverd_is check' -l scope -x -a 'node cluster all' -d 'Which checks to run'
complete -c recoverd -n '__recoverd_is status' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is status' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is status' -l url -r -F -d 'The running daemon: http(s)://HOST:PORT or unix:PATH'
complete -c recoverd -n '__recoverd_is status' -l token-file -r -F -d 'File of the token to show it; else $RECOVERD_TOKEN'
complete -c recoverd -n '__recoverd_is status' -l ca-file -r -F -d 'Authorities that may vouch for it; the system\'s when left out'
complete -c recoverd -n '__recoverd_is status' -l healthy -d 'Only whether the daemon works, whatever it found: exit 0 or 1, as health checks of containers are'
complete -c recoverd -n '__recoverd_is explain' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is explain' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is explain' -l url -r -F -d 'The running daemon: http(s)://HOST:PORT or unix:PATH'
complete -c recoverd -n '__recoverd_is explain' -l token-file -r -F -d 'File of the token to show it; else $RECOVERD_TOKEN'
complete -c recoverd -n '__recoverd_is explain' -l ca-file -r -F -d 'Authorities that may vouch for it; the system\'s when left out'
complete -c recoverd -n '__recoverd_is explain' -a 'BackupTooOld BackupMissing BackupFailed BackupCorrupt BackupStuck BackupSizeAnomaly BackupRetentionShort PitrLagHigh PitrWindowShort WalArchivingFailing WalArchiveGap ReplicaMissing ReplicationLagHigh ReplicationSlotRetaining RestoreTestFailed RestoreTestOverdue ExerciseFailed ExerciseOverdue ExerciseTooLong AssertionFailed MeasurementOutOfRange EndpointDown EndpointDegraded CertificateExpiring AssetUncovered SubjectVanished EvidenceMissing EvidenceImplausible ConfigReloadFailed StateDegraded ClockSkewed RecoverdWatchdog'
complete -c recoverd -n '__recoverd_is outcome' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is outcome' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is outcome' -l asset -r -F -d 'The asset it was about'
complete -c recoverd -n '__recoverd_is outcome' -l kind -r -F -d 'exercise or backup'
complete -c recoverd -n '__recoverd_is outcome' -l exercise -r -F -d 'What the configuration calls the exercise'
complete -c recoverd -n '__recoverd_is outcome' -l outcome -r -F -d 'started, passed, failed or aborted; COMMAND\'s own when there is one'
complete -c recoverd -n '__recoverd_is outcome' -l id -r -F -d 'Names the run, to report its start and its end; made up when left out'
complete -c recoverd -n '__recoverd_is outcome' -l started-at -r -F -d 'RFC 3339, or seconds since 1970'
complete -c recoverd -n '__recoverd_is outcome' -l ended-at -r -F -d 'RFC 3339, or seconds since 1970; now when left out'
complete -c recoverd -n '__recoverd_is outcome' -l depth -r -F -d 'How deep the proof goes: exists, listed, checksummed, restored, queried or smoke_tested'
complete -c recoverd -n '__recoverd_is outcome' -l rpo -r -F -d 'The measured loss, as 4m or in seconds'
complete -c recoverd -n '__recoverd_is outcome' -l rto -r -F -d 'The measured recovery time, as 20m or in seconds'
complete -c recoverd -n '__recoverd_is outcome' -l link -r -F -d 'Where to read more, such as the run\'s page'
complete -c recoverd -n '__recoverd_is outcome' -l message -r -F -d 'One line for people'
complete -c recoverd -n '__recoverd_is outcome' -l size -r -F -d 'The backup\'s size, as 10GiB or in bytes'
complete -c recoverd -n '__recoverd_is outcome' -l backup-type -r -F -d 'full, incremental …'
complete -c recoverd -n '__recoverd_is outcome' -l url -r -F -d 'The running daemon: http(s)://HOST:PORT or unix:PATH'
complete -c recoverd -n '__recoverd_is outcome' -l token-file -r -F -d 'File of the token to show it; else $RECOVERD_TOKEN'
complete -c recoverd -n '__recoverd_is outcome' -l ca-file -r -F -d 'Authorities that may vouch for it; the system\'s when left out'
complete -c recoverd -n '__recoverd_is outcome' -l spool -r -F -d 'Folder for reports while the daemon is away'
complete -c recoverd -n '__recoverd_is outcome' -l flush -d 'Send what is spooled, and nothing else'
complete -c recoverd -n '__recoverd_is outcome' -F
complete -c recoverd -n '__recoverd_is forget' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is forget' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is forget' -l url -r -F -d 'The running daemon: http(s)://HOST:PORT or unix:PATH'
complete -c recoverd -n '__recoverd_is forget' -l token-file -r -F -d 'File of the token to show it; else $RECOVERD_TOKEN'
complete -c recoverd -n '__recoverd_is forget' -l ca-file -r -F -d 'Authorities that may vouch for it; the system\'s when left out'
complete -c recoverd -n '__recoverd_is config check' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is config check' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is config check' -F
complete -c recoverd -n '__recoverd_is config show' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is config show' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is config schema' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is config schema' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is collectors' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is collectors' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is collectors' -a 'barman borg exec files http outcome patroni pgbackrest pgbouncer postgresql restic systemd_unit tcp tls valkey'
complete -c recoverd -n '__recoverd_is rules' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is rules' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is rules' -l runbook-url -r -F -d 'Where runbooks are, instead of the configuration\'s'
complete -c recoverd -n '__recoverd_is test-alert' -l help -d 'Tell what it takes'
complete -c recoverd -n '__recoverd_is test-alert' -l config.file -r -F -d 'The configuration to read'
complete -c recoverd -n '__recoverd_is test-alert' -l web.external-url -r -F -d 'As the daemon has it, for the alert\'s link'
complete -c recoverd -n '__recoverd_is test-alert' -a 'P1 P2 P3 P4'
