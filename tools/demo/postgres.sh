# Sourced by ./demo: the story of a PostgreSQL whose WAL is no longer archived.
# The cluster, its repository and its restored copy are in the scratch folder and listen on a socket there, nowhere
# else: other clusters of this machine are neither seen nor touched.

story_config= # set by story_prepare
next_backup=0 # these two: seconds of the demo's life
next_restore=0

# Nothing of the caller's may lead to another server or repository.
unset "${!PG@}" "${!PGBACKREST_@}"

story_needs() {
    local hint='sudo apt-get install --no-install-recommends postgresql pgbackrest'
    pg_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$pg_bin/initdb" ] || refuse "--postgres: PostgreSQL's server is not installed" "$hint"
    command -v pgbackrest >/dev/null || refuse "--postgres: pgbackrest is not installed" "$hint"
    [ "$(id -u)" -ne 0 ] || as_server=(setpriv --reuid=postgres --regid=postgres --init-groups)
}

as_server() { "${as_server[@]}" "$@"; }
backrest() { as_server pgbackrest --config="$scratch/pgbackrest.conf" --stanza=orders "$@"; }
sql() { as_server "$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -h "$scratch" -p "$DEMO_PORT" -U postgres postgres "$@"; }

story_prepare() {
    # A socket's address holds 107 bytes.
    [ ${#scratch} -le 75 ] || refuse "\$TMPDIR: $TMPDIR is too long for PostgreSQL's socket" "leave it out to use /tmp"
    echo "making a PostgreSQL cluster and its first backup in $scratch …"
    # Also root's demo runs the agent as the server's user, who may not be able to read the build.
    install -D -t "$scratch/bin" "$build/recoverd" "$build/worker"
    build=$scratch/bin
    story_config=$scratch/postgres.toml
    cp "$root/tools/demo/postgres.toml" "$story_config"
    install "$root/tools/demo/pg-restore-test" "$scratch/bin/"
    [ ${#as_server[@]} -eq 0 ] || chown -R postgres: "$scratch"
    cd "$scratch"
    export HOME=$scratch DEMO_PORT
    DEMO_PORT=$(free_port)
    make_cluster >"$scratch/prepare.log" 2>&1 || {
        cat "$scratch/prepare.log" "$scratch/postgres.log" >&2
        fail "the cluster could not be made"
    }
}

make_cluster() {
    as_server "$pg_bin/initdb" -D "$scratch/pg" -U postgres -A trust --no-sync || return
    cat >"$scratch/pgbackrest.conf" <<EOF
[global]
repo1-path=$scratch/repo
repo1-retention-full=2
log-path=$scratch
lock-path=$scratch
spool-path=$scratch
start-fast=y
compress-level=1
archive-timeout=30
[orders]
pg1-path=$scratch/pg
pg1-port=$DEMO_PORT
pg1-socket-path=$scratch
pg1-user=postgres
EOF
    cat >>"$scratch/pg/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$scratch'
unix_socket_permissions = 0700
port = $DEMO_PORT
shared_buffers = 32MB
archive_mode = on
archive_command = 'pgbackrest --config=$scratch/pgbackrest.conf --stanza=orders archive-push %p'
archive_timeout = 2s
EOF
    start_child "$scratch/postgres.log" "$pg_bin/postgres" -D "$scratch/pg"
    postgres=$child
    for _ in {1..100}; do as_server "$pg_bin/pg_isready" -q -h "$scratch" -p "$DEMO_PORT" && break || sleep 0.1; done
    sql -c "CREATE ROLE recoverd LOGIN; GRANT pg_monitor TO recoverd;
        CREATE TABLE orders(id bigserial PRIMARY KEY, placed_at timestamptz DEFAULT now(), total numeric);
        INSERT INTO orders(total) SELECT i % 97 FROM generate_series(1, 5000) i" || return
    backrest stanza-create || return
    backrest backup --type=full
}

# Jobs that take their time: each runs beside the story. start_job NAME COMMAND…; job_has_ended NAME, then $job_status
declare -A job=()
start_job() {
    local name=$1
    shift
    start_child "$scratch/$name.log" "$@"
    job[$name]=$child
}
job_has_ended() {
    [ -n "${job[$1]:-}" ] && has_ended "${job[$1]}" || return 1
    job_status=0
    reap "${job[$1]}" || job_status=$?
    job[$1]=
}

# Restores everything into a new cluster, and tells the agent how that ended.
test_restores() {
    local outcome=passed
    if [ -z "${job[restore]:-}" ] && [ $SECONDS -ge $next_restore ]; then
        restore_began=$(date +%s.%3N)
        start_job restore "$scratch/bin/pg-restore-test" "$pg_bin" "$scratch"
    elif job_has_ended restore; then
        [ "$job_status" -eq 0 ] || outcome=failed
        report_restore_test orders-db "$restore_began" "$outcome" "$(tail -n 1 "$scratch/restore.log")"
        next_restore=$((SECONDS + 20))
    fi
}

make_backups() {
    if [ -z "${job[backup]:-}" ] && [ $SECONDS -ge $next_backup ]; then
        start_job backup pgbackrest --config="$scratch/pgbackrest.conf" --stanza=orders --type=incr \
            --log-level-console=warn backup
    elif job_has_ended backup; then
        next_backup=$((SECONDS + 45))
    fi
}

story_jobs() {
    if has_ended "$postgres"; then fail "PostgreSQL has ended by itself: $(tail -n 3 "$scratch/postgres.log")"; fi
    sql -c 'INSERT INTO orders(total) SELECT random() * 97 FROM generate_series(1, 10)' || fail "orders were refused"
    make_backups
    test_restores
}

# What an administrator might do: a parameter is changed, the server reads it again.
archive_by() { # archive_by COMMAND, or nothing for what it was at first
    if [ $# -gt 0 ]; then sql -c "ALTER SYSTEM SET archive_command = '$1'"; else sql -c 'ALTER SYSTEM RESET archive_command'; fi
    sql -c 'SELECT pg_reload_conf()' >/dev/null
}

story_tell() {
    next_restore=$((SECONDS + 4))
    next_backup=$((SECONDS + 45))
    say "Orders come in; WAL is archived every 2 s; a job restores backup and WAL into a new cluster and queries it."
    await 60 "orders-db to be recoverable" verdict_is orders-db recoverable
    pause 8
    firing_are || fail "expected no alert while all is well, found: $(alerts firing)"
    say "From now on archive_command fails (it is '/bin/false'). The database itself runs as before."
    archive_by /bin/false
    await 60 "the alert of WAL that is not archived" firing_are WalArchivingFailing/orders-db
    show_alert WalArchivingFailing
    await 60 "more to be at risk than the RPO of 15 s allows" verdict_is orders-db at_risk
    show_metrics '^recoverd_(asset_verdict.* 1|asset_recoverable_until|pitr_(newest|pending).*orders-wal|alert\{)'
    if [ -n "$alertmanager" ]; then
        await 30 "the alert to be at $alertmanager" alertmanager_holds WalArchivingFailing
        say "$alertmanager holds it."
    fi
    archive_by
    say "archive_command is mended."
    await 60 "the alert to be resolved" firing_are
    await 60 "orders-db to be recoverable again" verdict_is orders-db recoverable
    [ "$(alerts resolved)" = WalArchivingFailing/orders-db ] ||
        fail "expected exactly one alert to have come and gone, found: $(alerts resolved)"
    if [ -n "$alertmanager" ]; then
        await 30 "the alert to be over at $alertmanager" alertmanager_holds
        say "$alertmanager knows that it is over."
    fi
}

# A restored cluster that was asked something when the demo was ended.
story_end() {
    local pid
    if [ -s "$scratch/restored/postmaster.pid" ] && pid=$(head -n 1 "$scratch/restored/postmaster.pid"); then
        as_server "$pg_bin/pg_ctl" -D "$scratch/restored" -m immediate -w stop >/dev/null 2>&1 || kill -9 "$pid" || true
    fi
}
