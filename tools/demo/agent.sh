# Sourced by ./demo: the agent, and what it says. Every fact that is shown was read from it.

# ask PATH: the agent's answer is in $scratch/answer.json
ask() { curl -fsS --max-time 5 -o "$scratch/answer.json" "$url$1"; }

# Not a blank, so that `read` keeps empty columns.
separator=$'\x1f'

# select_from PATH SQL: rows of what the agent answers there; the document is `answer`
select_from() {
    ask "$1" || return 1
    sqlite3 -batch -noheader -separator "$separator" :memory: \
        "WITH document(answer) AS (SELECT readfile('$scratch/answer.json')) $2"
}

start_agent() { # start_agent CONFIG
    local config=$1
    # The port may be taken between the look and the start: an address nobody chose is tried again.
    for _ in 1 2 3; do
        choose_address
        # The configuration names these.
        export DEMO_FOLDER=$scratch DEMO_ADDRESS=127.0.0.1:$agent_port
        if [ -n "$alertmanager" ]; then
            printf 'include = ["%s"]\n\n[alertmanager]\nurls = ["%s"]\n' "$1" "$alertmanager" >"$scratch/recoverd.toml"
            config=$scratch/recoverd.toml
        fi
        "$build/recoverd" config check "$config" >"$scratch/check.log" 2>&1 || {
            cat "$scratch/check.log" >&2
            fail "the configuration was refused"
        }
        start_child "$scratch/agent.log" "$build/recoverd" run --config.file "$config" \
            --web.listen-address "$DEMO_ADDRESS" --storage.path "$scratch/state"
        agent=$child
        started=$SECONDS
        await_ready && return
        [ -z "$port" ] || break
    done
    fail "the agent did not start on $DEMO_ADDRESS"
}

choose_address() {
    if [ -n "$port" ]; then
        agent_port=$port
        port_is_free "$port" || refuse "--port: somebody listens on 127.0.0.1:$port already" "choose another one"
    elif port_is_free 9754; then
        agent_port=9754
    else
        agent_port=$(free_port)
    fi
    url=http://127.0.0.1:$agent_port
}

await_ready() {
    local until=$((SECONDS + 20))
    while [ $SECONDS -lt $until ]; do
        if has_ended "$agent"; then return 1; fi
        curl -fs --max-time 2 -o /dev/null "$url/-/ready" && return 0
        sleep 0.2
    done
    return 1
}

say_where_to_look() {
    cat <<EOF

  status page  $url/
  metrics      $url/metrics
  verdicts     $url/api/v1/assets
  alerts       $url/api/v1/alerts${alertmanager:+ (sent to $alertmanager)}
  files        $scratch
  Ctrl-C ends it all

EOF
}

declare -A verdict_of=() state_of=()

# Says what has changed since the last look: verdicts of assets, alerts that began or ended.
look() {
    local asset verdict reason until id state priority name about summary
    while IFS=$separator read -r asset verdict reason until; do
        [ "${verdict_of[$asset]:-}" != "$verdict" ] || continue
        verdict_of[$asset]=$verdict
        say "$asset is $verdict${reason:+: $reason}${until:+ (newest moment to go back to: $until)}"
    done < <(select_from /api/v1/assets "
        SELECT value ->> 'name', value ->> '\$.verdict.state', ifnull(value ->> '\$.verdict.reasons[0]', ''),
               CASE WHEN value ->> '\$.verdict.state' IN ('recoverable', 'at_risk')
                    THEN ifnull(substr(value ->> '\$.verdict.recoverable_until', 12, 8) || ' UTC', '') ELSE '' END
        FROM document, json_each(answer, '\$.assets')")
    while IFS=$separator read -r id state priority name about summary; do
        [ "${state_of[$id]:-}" != "$state" ] || continue
        state_of[$id]=$state
        case "$state" in
            firing) say "ALERT $name $priority $about: $summary" ;;
            resolved) say "resolved: $name $about" ;;
        esac
    done < <(select_from /api/v1/alerts "
        SELECT value ->> 'labels', value ->> 'state', value ->> 'priority', value ->> 'alertname',
               ifnull(value ->> '\$.labels.asset', value ->> '\$.labels.check'), value ->> 'reason'
        FROM document, json_each(answer, '\$.alerts') WHERE value ->> 'alertname' <> 'RecoverdWatchdog'")
}

# Alerts in this state: NAME/ASSET, sorted, divided by blanks.
alerts() { # alerts STATE
    select_from /api/v1/alerts "
        SELECT ifnull(group_concat(what, ' '), '') FROM (SELECT (value ->> 'alertname') || '/' ||
               ifnull(value ->> '\$.labels.asset', value ->> '\$.labels.check') AS what
        FROM document, json_each(answer, '\$.alerts')
        WHERE value ->> 'state' = '$1' AND value ->> 'alertname' <> 'RecoverdWatchdog' ORDER BY what)"
}

reported= # set: a restore test was told of

# report_restore_test ASSET BEGAN OUTCOME MESSAGE
report_restore_test() {
    "$build/recoverd" outcome --url "$url" --spool "$scratch/spool" --asset "$1" --exercise restore-test \
        --started-at "$2" --outcome "$3" --message "$4" --depth queried >"$scratch/outcome.log" 2>&1 ||
        fail "the outcome of a restore test was not taken: $(<"$scratch/outcome.log")"
    [ -n "$reported" ] || say "restore test $3: $4"
    reported=yes
}

# The alert as it is sent, or would be.
show_alert() { # show_alert NAME
    if [ -n "$alertmanager" ]; then echo "       sent to $alertmanager:"; else echo "       an Alertmanager would get:"; fi
    select_from /api/v1/alerts "
        SELECT '         labels       ' || (value ->> 'labels') || char(10) || '         description  ' ||
               replace(value ->> '\$.annotations.description', char(10), char(10) || '                      ')
        FROM document, json_each(answer, '\$.alerts') WHERE value ->> 'alertname' = '$1' AND value ->> 'state' = 'firing'"
}

show_metrics() { # show_metrics PATTERN
    echo "       Prometheus gets from $url/metrics:"
    curl -fsS --max-time 5 "$url/metrics" | grep -E "$1" | sed 's/^/         /'
}

verdict_is() { [ "${verdict_of[$1]:-}" = "$2" ]; } # verdict_is ASSET VERDICT
firing_are() { [ "$(alerts firing)" = "$*" ]; }    # firing_are NAME/ASSET…

# About a second: what the story's jobs do meanwhile, then a look at the agent.
tick() {
    if has_ended "$agent"; then fail "the agent has ended by itself"; fi
    if [ -n "$run_for" ] && [ $((SECONDS - started)) -ge "$run_for" ]; then
        [ -n "$told" ] || fail "$run_for s were over before the story was; it waited for: $awaited"
        say "The time is over."
        exit 0
    fi
    story_jobs
    look || fail "the agent does not answer"
    sleep 0.5
}

# await SECONDS WHAT CONDITION…: goes on when the condition holds
await() {
    local until=$((SECONDS + $1))
    awaited=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $until ] || fail "waited too long for: $awaited (firing: $(alerts firing))"
        tick
    done
    look # the condition may be younger than what was told last
}

# Does the Alertmanager hold exactly these active alerts of ours, by name?
alertmanager_holds() { # alertmanager_holds NAME…
    curl -fsS --max-time 5 -G -o "$scratch/alertmanager.json" "$alertmanager/api/v2/alerts" \
        --data-urlencode 'filter=source="recoverd"' --data-urlencode 'filter=alertname!="RecoverdWatchdog"' || return 1
    [ "$(sqlite3 :memory: "SELECT ifnull(group_concat(name, ' '), '') FROM (
            SELECT value ->> '\$.labels.alertname' AS name FROM json_each(readfile('$scratch/alertmanager.json'))
            ORDER BY name)")" = "$*" ]
}

pause() { # pause SECONDS
    local until=$((SECONDS + $1))
    awaited="a quiet while"
    while [ $SECONDS -lt $until ]; do tick; done
}
