# bash completion for recoverd. Generated from the tables of the program; `tools/accept-golden` writes it again.

_recoverd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
    COMPREPLY=()
    # `--output=json` is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $previous == "=" ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case "$command:${COMP_WORDS[i]}" in
            :run | :check | :status | :explain | :outcome | :forget | :config | :collectors | :rules | :test-alert | :validate) command=${COMP_WORDS[i]} ;;
            config:check | config:show | config:schema) command+=" ${COMP_WORDS[i]}" ;;
            outcome:--)
                if ((i == COMP_CWORD - 1)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "$current")
                fi
                return ;;
        esac
    done
    local options="--help" words=
    case $command in
        "")
            options="--help --version"
            words="run check status explain outcome forget config collectors rules test-alert validate" ;;
        config) words="check show schema" ;;
        "run")
            options="--help --config.file --web.listen-address --web.config.file --web.external-url --web.route-prefix --web.systemd-socket --web.enable-lifecycle --storage.path --scope --log.level --log.format --config.check --config.auto-reload-interval"
            words=""
            case $previous in
                --scope) options= words="node cluster all" ;;
                --log.level) options= words="debug info warn error" ;;
                --log.format) options= words="logfmt json journal" ;;
                --config.file | --web.listen-address | --web.config.file | --web.external-url | --web.route-prefix | --storage.path | --config.auto-reload-interval) return ;;
            esac ;;
        "check")
            options="--help --config.file --output --scope"
            words=""
            case $previous in
                --output) options= words="table json nagios" ;;
                --scope) options= words="node cluster all" ;;
                --config.file) return ;;
            esac ;;
        "status")
            options="--help --config.file --url --token-file --ca-file --healthy"
            words=""
            case $previous in
                --config.file | --url | --token-file | --ca-file) return ;;
            esac ;;
        "explain")
            options="--help --config.file --url --token-file --ca-file"
            words="BackupTooOld BackupMissing BackupFailed BackupCorrupt BackupStuck BackupSizeAnomaly BackupRetentionShort PitrLagHigh PitrWindowShort WalArchivingFailing WalArchiveGap ReplicaMissing ReplicationLagHigh ReplicationSlotRetaining RestoreTestFailed RestoreTestOverdue ExerciseFailed ExerciseOverdue ExerciseTooLong AssertionFailed MeasurementOutOfRange EndpointDown EndpointDegraded CertificateExpiring ScenarioActive RtoExceeded ValidationFailed AssetUncovered SubjectVanished EvidenceMissing EvidenceImplausible ConfigReloadFailed StateDegraded ClockSkewed RecoverdWatchdog"
            case $previous in
                --config.file | --url | --token-file | --ca-file) return ;;
            esac ;;
        "outcome")
            options="--help --config.file --asset --kind --exercise --outcome --id --started-at --ended-at --depth --rpo --rto --link --message --size --backup-type --url --token-file --ca-file --spool --flush"
            words=""
            case $previous in
                --config.file | --asset | --kind | --exercise | --outcome | --id | --started-at | --ended-at | --depth | --rpo | --rto | --link | --message | --size | --backup-type | --url | --token-file | --ca-file | --spool) return ;;
            esac ;;
        "forget")
            options="--help --config.file --url --token-file --ca-file"
            words=""
            case $previous in
                --config.file | --url | --token-file | --ca-file) return ;;
            esac ;;
        "config check")
            options="--help --config.file"
            words=""
            case $previous in
                --config.file) return ;;
            esac ;;
        "config show")
            options="--help --config.file"
            words=""
            case $previous in
                --config.file) return ;;
            esac ;;
        "config schema")
            options="--help --config.file"
            words=""
            case $previous in
                --config.file) return ;;
            esac ;;
        "collectors")
            options="--help --config.file --rbac --watch --require --namespace"
            words="aiven barman borg dns exec files git github_actions http icmp kafka kubernetes loki outcome patroni pgbackrest pgbouncer postgresql postgresql_validation prometheus restic s3 systemd_unit tcp tempo terraform_state tls valkey vault vault_snapshot walg"
            case $previous in
                --config.file | --watch | --require | --namespace) return ;;
            esac ;;
        "rules")
            options="--help --config.file --runbook-url --dashboard-url"
            words=""
            case $previous in
                --config.file | --runbook-url | --dashboard-url) return ;;
            esac ;;
        "test-alert")
            options="--help --config.file --web.external-url"
            words="P1 P2 P3 P4"
            case $previous in
                --config.file | --web.external-url) return ;;
            esac ;;
        "validate")
            options="--help --config.file --url --token-file --ca-file"
            words=""
            case $previous in
                --config.file | --url | --token-file | --ca-file) return ;;
            esac ;;
    esac
    if [[ $current == -* ]]; then
        words=$options
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

# Where nothing is known, files are what is meant.
complete -o default -F _recoverd recoverd
