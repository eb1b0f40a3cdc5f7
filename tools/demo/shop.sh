# Sourced by ./demo: the story of a shop whose backups are cut off, without anybody's job failing.
# The jobs are done by the demo itself, one after the other, so nothing of them can stay behind.

story_config=$root/tools/demo/recoverd.toml
cut_off= # set: what is copied to the backups ends half way
# When the jobs are due next, and when a backup was made last, in seconds of the demo's life.
next_backup=0
next_dump=0
next_test=0
last_backup=0

story_needs() { :; }

story_prepare() {
    mkdir "$scratch/backups"
    sqlite3 "$scratch/orders.db" "
        CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, placed_at INTEGER, total REAL);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO orders SELECT i, i % 500, unixepoch() - 5000 + i, i % 97 FROM n;
        INSERT INTO customers SELECT DISTINCT customer, 'customer ' || customer FROM orders"
    back_up_orders
    dump_customers
    next_test=$((SECONDS + 4))
}

now_in_name() { date -u +%Y%m%dT%H%M%SZ; }

# The names sort by time; the newest eight stay.
keep_newest() { printf '%s\n' "$@" | head -n -8 | xargs -r rm -f; }

back_up_orders() {
    local made=$scratch/copy.db name
    name=$scratch/backups/orders-$(now_in_name).db
    sqlite3 "$scratch/orders.db" ".backup '$made'"
    # What a full disk or a broken connection does, behind a script that does not look at exit statuses.
    if [ -n "$cut_off" ]; then truncate -s $(($(stat -c %s "$made") / 2)) "$made"; fi
    mv "$made" "$name"
    keep_newest "$scratch"/backups/orders-*.db
    last_backup=$SECONDS
    next_backup=$((SECONDS + 4))
}

dump_customers() {
    local made=$scratch/customers.part
    sqlite3 "$scratch/orders.db" '.dump customers' | gzip >"$made"
    mv "$made" "$scratch/backups/customers-$(now_in_name).sql.gz"
    keep_newest "$scratch"/backups/customers-*.sql.gz
    next_dump=$((SECONDS + 5))
}

# Restores the newest copy into a new file, asks it something, and tells the agent how that ended.
test_restore() {
    local began outcome=passed message newest
    began=$(date +%s.%3N)
    newest=$(printf '%s\n' "$scratch"/backups/orders-*.db | tail -n 1)
    message=$("$root/tools/demo/restore-test" "$newest" "$scratch/restored.db" 2>&1) || outcome=failed
    report_restore_test orders "$began" "$outcome" "$message"
    next_test=$((SECONDS + 8))
}

story_jobs() {
    sqlite3 "$scratch/orders.db" "
        INSERT INTO orders(customer, placed_at, total) VALUES (abs(random()) % 500, unixepoch(), abs(random()) % 97)"
    if [ $SECONDS -ge $next_backup ]; then back_up_orders; fi
    if [ $SECONDS -ge $next_dump ]; then dump_customers; fi
    if [ $SECONDS -ge $next_test ]; then test_restore; fi
}

story_tell() {
    say "Orders come in; a job backs them up every 4 s, another restores the newest backup every 8 s and queries it."
    await 30 "orders to be recoverable" verdict_is orders recoverable
    await 30 "customers to be at risk, as no restore was ever tried" verdict_is customers at_risk
    pause 10
    firing_are || fail "expected no alert while all is well, found: $(alerts firing)"
    say "From now on every backup of the orders is cut off half way. The job still says that all went well."
    cut_off=yes
    await 40 "the alerts of a backup that cannot be restored" firing_are BackupCorrupt/orders RestoreTestFailed/orders
    verdict_is orders unrecoverable || fail "expected orders to be unrecoverable, found ${verdict_of[orders]}"
    say "An age check would be green still: a backup was written $((SECONDS - last_backup)) s ago."
    show_alert BackupCorrupt
    show_metrics '^recoverd_(asset_verdict.*"orders".* 1|asset_recoverable_until.*"orders"|alert\{)'
    if [ -n "$alertmanager" ]; then
        await 30 "both alerts to be at $alertmanager" alertmanager_holds BackupCorrupt RestoreTestFailed
        say "$alertmanager holds both."
    fi
    pause 5
    cut_off=
    say "The backup job is mended."
    await 40 "all alerts to be resolved" firing_are
    await 30 "orders to be recoverable again" verdict_is orders recoverable
    [ "$(alerts resolved)" = "BackupCorrupt/orders RestoreTestFailed/orders" ] ||
        fail "expected exactly two alerts to have come and gone, found: $(alerts resolved)"
    if [ -n "$alertmanager" ]; then
        await 30 "both alerts to be over at $alertmanager" alertmanager_holds
        say "$alertmanager knows that both are over."
    fi
}
